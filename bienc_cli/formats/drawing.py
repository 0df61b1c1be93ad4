"""Text in DrawingML, for documents, slides and sheets alike."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from bienc_cli.formats.cleaning import RAISED
from bienc_cli.formats.office_math import FORMULA, formula_text
from bienc_cli.formats.package import Package, R, whole_number

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}chart"
DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}relIds"

_C = CHART.removesuffix("chart")
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_CHARACTERS = {f"{A}t": "", f"{A}br": " ", f"{A}tab": " "}
_TEXTS = ("{*}t", "{*}txbxContent", CHART, DIAGRAM)
_PROPERTIES = ("{*}docPr", "{*}cNvPr")

_PROGRAMS_OWN = re.compile(
    # File names, and what Office adds to descriptions that it generated.
    r"\A[^\n]*\.(?:png|jpe?g|gif|bmp|tiff?|[ew]mf|svg|webp|heic)\Z"
    r"|\A(?:Picture|Image|Grafik|Bild) ?\d*\Z"
    r"|\s*(?:Description automatically generated[^\n]*|AI-generated content may be incorrect\.?)\Z",
    re.IGNORECASE,
)


def alternative(element: Element) -> list[Element]:
    """The element itself or, if it has alternatives for old and new programs, one of these."""
    if not isinstance(element.tag, str):
        # An entity reference.
        return []
    if element.tag != f"{_MC}AlternateContent":
        return [] if element.tag == f"{_MC}Fallback" else [element]
    offers = [*element.iterchildren(f"{_MC}Choice", f"{_MC}Fallback")]
    for wanted in (_TEXTS, _PROPERTIES):
        for offer in offers:
            if next(offer.iter(*wanted), None) is not None:
                return [child for child in offer if isinstance(child.tag, str)]
    return []


def related_text(
    package: Package, relations: Mapping[str, tuple[str, str]], element: Element
) -> str:
    """The words of the chart or diagram that an element refers to, one per line."""
    relation = element.get(f"{R}id" if element.tag == CHART else f"{R}dm") or ""
    _, name = relations.get(relation, ("", ""))
    tree = package.xml(name)
    if tree is None:
        return ""
    if element.tag == DIAGRAM:
        return "\n".join(filter(None, (drawn_text(body) for body in tree.iter("{*}t"))))
    # Titles and names, each once; nobody searches for values without units.
    words = [drawn_text(title) for title in tree.iter(f"{_C}title")]
    for place in (f"{_C}ser/{_C}tx", f"{_C}ser/{_C}cat"):
        words += [value.text or "" for value in tree.iterfind(f".//{place}//{_C}v")]
    return "\n".join(dict.fromkeys(word.strip() for word in words if word.strip()))


def description(properties: Element | None) -> str:
    """The alternative text of a picture; "" if there is none."""
    if properties is None:
        return ""
    return alternative_text(properties.get("descr") or properties.get("title") or "")


def alternative_text(text: str) -> str:
    """The alternative text of a picture without what programs put there."""
    return _PROGRAMS_OWN.sub("", text.strip())


def drawn_text(body: Element) -> str:
    """The paragraphs of a text body, one per line."""
    lines = ("".join(_pieces(paragraph)).strip() for paragraph in body.iter(f"{A}p"))
    return "\n".join(line for line in lines if line)


def _pieces(paragraph: Element) -> Iterator[str]:
    pending = [paragraph]
    while pending:
        element = pending.pop()
        if element.tag == FORMULA:
            yield formula_text(element)
            continue
        if element.tag in _CHARACTERS:
            text = _CHARACTERS[element.tag] or element.text or ""
            yield text.translate(RAISED) if text.isdecimal() and _is_raised(element) else text
        children = [offer for child in element for offer in alternative(child)]
        pending += reversed(children)


def _is_raised(text: Element) -> bool:
    run = text.getparent()
    properties = None if run is None else run.find(f"{A}rPr")
    return properties is not None and (whole_number(properties.get("baseline")) or 0) > 0
