"""The text of a paragraph of an OpenDocument file, and what is anchored in it."""

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

_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_SVG = "{urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_CHART = "{urn:oasis:names:tc:opendocument:xmlns:chart:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_MATH = "{http://www.w3.org/1998/Math/MathML}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_LEFT_OUT = frozenset(
    (
        # What was deleted, what only describes, and data.
        "tracked-changes forms binary-data event-listeners sequence-decls scripts "
        "note-citation ruby-text page-thumbnail page-number "
        # What says what the headings say.
        "table-of-content"
    ).split()
)
_DESCRIBING = (
    # Who wrote a comment, and when; fields of the same names are text.
    "{http://purl.org/dc/elements/1.1/}",
    "{urn:oasis:names:tc:opendocument:xmlns:meta:1.0}",
    _SVG,
)
_RAISES = re.compile(r"super\b|[1-9]")
"""How a position begins that is above the line: `super 58%`, `33% 58%`."""

_LONGEST_CHAIN = 16
"""Styles that inherit from one another, at most: the chain may be a loop."""

TITLE = f"{_STYLE}title"
"""No attribute of the format: set by `apply_styles`."""

ASIDES = frozenset("note annotation frame text-box custom-shape g".split())
_SPACES = re.compile(r"\s+")
MOST_REPEATED = 64
"""Copies of one cell that are written out; a sheet is filled to its edge with what is repeated."""


def is_left_out(element: Element) -> bool:
    """Whether an element holds nothing that a reader sees."""
    return name_of(element) in _LEFT_OUT or str(element.tag).startswith(_DESCRIBING)


def is_description(element: Element) -> bool:
    """Whether it says in words what a picture or a drawing shows."""
    return element.tag in (f"{_SVG}title", f"{_SVG}desc")


def apply_styles(content: Element, *trees: Element | None) -> None:
    """Take out of a content what its styles or its sections hide; raise and show what they say.

    A paragraph in the style of titles becomes a heading with the attribute `TITLE`.

    Args:
        content: what is changed.
        trees: where its styles may be.
    """
    # Both have styles of the same names; those beside the text are the text's.
    styles = _Styles(*(tree for tree in (*trees, content) if tree is not None))
    for body in content.iterchildren(f"{_OFFICE}body"):
        for element in [*body.iter(f"{_TEXT}*")]:
            name = element.get(f"{_TEXT}style-name") or ""
            unseen = (
                styles.says(name, "hidden")
                or element.get(f"{_TEXT}display") == "none"
                or element.get(f"{_TEXT}is-hidden") == "true"
            )
            text = element.text or ""
            if element.tag == f"{_TEXT}p" and styles.says(name, "title"):
                element.tag = f"{_TEXT}h"
                element.set(TITLE, "true")
            if unseen:
                _empty(element)
            elif text.strip().isdecimal() and styles.says(name, "raised"):
                element.text = text.translate(RAISED)
            elif not text.isascii():
                element.text = with_symbols(text, styles.says(name, "font"))
        for reading in body.iter(f"{_TEXT}ruby-text"):
            _set_behind(reading)


class _Styles:
    """What styles say of characters, by the name of the style.

    Args:
        trees: where they may be.
    """

    def __init__(self, *trees: Element) -> None:
        self._said: dict[str, dict[str, str]] = {}
        self._parents: dict[str, str] = {}
        families = {
            face.get(f"{_STYLE}name"): (face.get(f"{_SVG}font-family") or "").strip("'\"")
            for tree in trees
            for face in tree.iter(f"{_STYLE}font-face")
        }
        for style in (style for tree in trees for style in tree.iter(f"{_STYLE}style")):
            name = style.get(f"{_STYLE}name") or ""
            named = style.get(f"{_STYLE}display-name") or name
            said = {"title": "title"} if named.lower() == "title" else {}
            for properties in style:
                if display := properties.get(f"{_TEXT}display"):
                    said["hidden"] = "hidden" if display == "none" else ""
                if position := properties.get(f"{_STYLE}text-position"):
                    said["raised"] = "raised" if _RAISES.match(position) else ""
                if font := families.get(properties.get(f"{_STYLE}font-name")):
                    said["font"] = font
            self._said[name] = said
            self._parents[name] = style.get(f"{_STYLE}parent-style-name") or ""

    def says(self, name: str, what: str) -> str:
        """What a style, or the nearest that it is based on, says; "" where none does."""
        for _ in range(_LONGEST_CHAIN):
            said = self._said.get(name)
            if said is None:
                break
            if what in said:
                return said[what]
            name = self._parents[name]
        return ""


def _set_behind(reading: Element) -> None:
    """Repeat what stands in small letters above others behind their paragraph."""
    paragraph = next(reading.iterancestors(f"{_TEXT}p", f"{_TEXT}h"), None)
    if paragraph is not None and reading.text:
        paragraph[-1].tail = f"{paragraph[-1].tail or ''} ({reading.text})"


def _empty(element: Element) -> None:
    tail = element.tail
    element.clear()
    element.tail = tail


def plain_lines(element: Element) -> Iterator[str]:
    """The lines of an element and of all that is anchored in it."""
    for paragraph in element.iter(f"{_TEXT}p", f"{_TEXT}h"):
        pieces: list[str] = []
        _collect(paragraph, pieces, [])
        if text := "".join(pieces).strip():
            yield text


def chart_lines(chart: Element) -> Iterator[str]:
    """Titles of a chart and names of what it shows, once each; values are no words."""
    found: dict[str, None] = {}
    for element in chart.iter(f"{_CHART}title", f"{_CHART}subtitle", f"{_TABLE}table-cell"):
        value = element.get(f"{_OFFICE}value-type")
        if value in (None, "string"):
            found |= dict.fromkeys(plain_lines(element))
    yield from found


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
    # Recursive: the parser lets elements nest no deeper than 256.
    pieces.append(_SPACES.sub(" ", element.text or ""))
    for child in element:
        name = name_of(child)
        if name == "frame" and (formula := _formula_of(child)):
            pieces.append(formula)
        elif name in ASIDES:
            asides.append(child)
        elif name == "s":
            pieces.append(" " * min(whole_number(child.get(f"{_TEXT}c")) or 1, MOST_REPEATED))
        elif name in ("tab", "line-break"):
            pieces.append("\t" if name == "tab" else "\n")
        elif name and not is_left_out(child):
            _collect(child, pieces, asides)
        pieces.append(_SPACES.sub(" ", child.tail or ""))


def _formula_of(frame: Element) -> str:
    formula = frame.find(f"{{*}}object/{_MATH}math")
    return "" if formula is None else formula_text(formula)
