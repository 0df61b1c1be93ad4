"""The text of paragraphs of an OpenDocument file, and what is anchored in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bienc_cli.formats.cleaning import RAISED
from bienc_cli.formats.mathml import formula_text
from bienc_cli.formats.package import name_of, whole_number
from bienc_cli.formats.symbols import with_symbols

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_SVG = "{urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0}"
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
CHART = "{urn:oasis:names:tc:opendocument:xmlns:chart:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
MATH = "{http://www.w3.org/1998/Math/MathML}"
STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_LEFT_OUT = frozenset(
    (
        # Deleted text, descriptions of the document, and data.
        "tracked-changes forms binary-data event-listeners sequence-decls scripts "
        "note-citation ruby-text page-thumbnail page-number "
        # Repeats the headings.
        "table-of-content"
    ).split()
)
_DESCRIBING = (
    # Author and date of a comment; fields with the same local names are text.
    "{http://purl.org/dc/elements/1.1/}",
    "{urn:oasis:names:tc:opendocument:xmlns:meta:1.0}",
    _SVG,
)
_RAISES = re.compile(r"super\b|[1-9]")
"""Start of a text position that is superscript: `super 58%`, `33% 58%`."""

_LONGEST_CHAIN = 16
"""Limit on a chain of inheriting styles, which may be a loop."""

TITLE = f"{STYLE}title"
"""Not part of the format: `apply_styles` sets it."""

ASIDES = frozenset("note annotation frame text-box custom-shape g".split())
_SPACES = re.compile(r"\s+")
MOST_REPEATED = 64
"""Limit on copies of one cell: programs fill sheets to the edge with repeated cells."""


def is_left_out(element: Element) -> bool:
    """Whether an element contains nothing visible."""
    return name_of(element) in _LEFT_OUT or str(element.tag).startswith(_DESCRIBING)


def is_description(element: Element) -> bool:
    """Whether it is the alternative text of a picture or a drawing."""
    return element.tag in (f"{_SVG}title", f"{_SVG}desc")


def apply_styles(content: Element, *trees: Element | None) -> None:
    """Apply styles to a content: remove hidden text, convert superscript digits and symbol fonts.

    A paragraph with the title style becomes a heading with the attribute `TITLE`.

    Args:
        content: is modified.
        trees: further places of its styles.
    """
    # Where names clash, the styles in the content itself win.
    styles = _Styles(*(tree for tree in (*trees, content) if tree is not None))
    for body in content.iterchildren(f"{OFFICE}body"):
        for element in [*body.iter(f"{TEXT}*")]:
            name = element.get(f"{TEXT}style-name") or ""
            unseen = (
                styles.get(name, "hidden")
                or element.get(f"{TEXT}display") == "none"
                or element.get(f"{TEXT}is-hidden") == "true"
            )
            text = element.text or ""
            if element.tag == f"{TEXT}p" and styles.get(name, "title"):
                element.tag = f"{TEXT}h"
                element.set(TITLE, "true")
            if unseen:
                _empty(element)
            elif text.strip().isdecimal() and styles.get(name, "raised"):
                element.text = text.translate(RAISED)
            elif not text.isascii():
                element.text = with_symbols(text, styles.get(name, "font"))
        for reading in body.iter(f"{TEXT}ruby-text"):
            _set_behind(reading)


class _Styles:
    """Character properties of styles, by the name of the style.

    Args:
        trees: where styles are; later ones win.
    """

    def __init__(self, *trees: Element) -> None:
        self._stated: dict[str, dict[str, str]] = {}
        self._parents: dict[str, str] = {}
        families = {
            face.get(f"{STYLE}name"): (face.get(f"{_SVG}font-family") or "").strip("'\"")
            for tree in trees
            for face in tree.iter(f"{STYLE}font-face")
        }
        for style in (style for tree in trees for style in tree.iter(f"{STYLE}style")):
            name = style.get(f"{STYLE}name") or ""
            displayed = style.get(f"{STYLE}display-name") or name
            stated = {"title": "title"} if displayed.lower() == "title" else {}
            for properties in style:
                if display := properties.get(f"{TEXT}display"):
                    stated["hidden"] = "hidden" if display == "none" else ""
                if position := properties.get(f"{STYLE}text-position"):
                    stated["raised"] = "raised" if _RAISES.match(position) else ""
                if font := families.get(properties.get(f"{STYLE}font-name")):
                    stated["font"] = font
            self._stated[name] = stated
            self._parents[name] = style.get(f"{STYLE}parent-style-name") or ""

    def get(self, name: str, key: str) -> str:
        """A property of a style or of the nearest style it inherits from; "" if none states it."""
        for _ in range(_LONGEST_CHAIN):
            stated = self._stated.get(name)
            if stated is None:
                break
            if key in stated:
                return stated[key]
            name = self._parents[name]
        return ""


def _set_behind(reading: Element) -> None:
    """Repeat ruby text at the end of its paragraph."""
    paragraph = next(reading.iterancestors(f"{TEXT}p", f"{TEXT}h"), None)
    if paragraph is not None and reading.text:
        paragraph[-1].tail = f"{paragraph[-1].tail or ''} ({reading.text})"


def _empty(element: Element) -> None:
    tail = element.tail
    element.clear()
    element.tail = tail


def plain_lines(element: Element) -> Iterator[str]:
    """The lines of an element and of everything anchored in it."""
    for paragraph in element.iter(f"{TEXT}p", f"{TEXT}h"):
        pieces: list[str] = []
        _collect(paragraph, pieces, [])
        if text := "".join(pieces).strip():
            yield text


def chart_lines(chart: Element) -> Iterator[str]:
    """Titles and labels of a chart, each once, without its values."""
    lines: dict[str, None] = {}
    for element in chart.iter(f"{CHART}title", f"{CHART}subtitle", f"{TABLE}table-cell"):
        value = element.get(f"{OFFICE}value-type")
        if value in (None, "string"):
            lines |= dict.fromkeys(plain_lines(element))
    yield from lines


def text_of(paragraph: Element, asides: list[Element]) -> str:
    """The text of a paragraph; what is anchored in it is added to `asides`."""
    if is_left_out(paragraph):
        return ""
    if name_of(paragraph) in ASIDES:
        asides.append(paragraph)
        return ""
    pieces: list[str] = []
    _collect(paragraph, pieces, asides)
    return "".join(pieces).strip()


def _collect(element: Element, pieces: list[str], asides: list[Element]) -> None:
    # Recursion is safe: the parser limits nesting to 256.
    pieces.append(_SPACES.sub(" ", element.text or ""))
    for child in element:
        name = name_of(child)
        if name == "frame" and (formula := _formula_of(child)):
            pieces.append(formula)
        elif name in ASIDES:
            asides.append(child)
        elif name == "s":
            pieces.append(" " * min(whole_number(child.get(f"{TEXT}c")) or 1, MOST_REPEATED))
        elif name in ("tab", "line-break"):
            pieces.append("\t" if name == "tab" else "\n")
        elif name and not is_left_out(child):
            _collect(child, pieces, asides)
        pieces.append(_SPACES.sub(" ", child.tail or ""))


def _formula_of(frame: Element) -> str:
    formula = frame.find(f"{{*}}object/{MATH}math")
    return "" if formula is None else formula_text(formula)
