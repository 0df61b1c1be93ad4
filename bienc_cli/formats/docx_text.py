"""The text of one paragraph of a Word document, with all tracked changes accepted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bienc_cli.formats.cleaning import RAISED
from bienc_cli.formats.docx_styles import Styles, W, value_of
from bienc_cli.formats.drawing import CHART, DIAGRAM, A, alternative
from bienc_cli.formats.office_math import FORMULA, formula_text
from bienc_cli.formats.package import whole_number
from bienc_cli.formats.symbols import symbol, with_symbols

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

BODY = f"{A}txBody"
WORD_ART = "{urn:schemas-microsoft-com:vml}textpath"
SHAPE = "{urn:schemas-microsoft-com:vml}shape"
PICTURE = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}docPr"

MARKUP = frozenset({f"{W}pPr", f"{W}rPr", f"{W}sdtPr", f"{W}tblPr", f"{W}trPr", f"{W}tcPr"})
"""Elements that describe others and contain no text."""

_LEFT_OUT = MARKUP | {f"{W}del", f"{W}moveFrom", f"{W}instrText"}
_READING = f"{W}rt"
"""Ruby text, printed in small letters above others; here it follows the paragraph."""

_ASIDES = frozenset(
    {
        f"{W}txbxContent",
        f"{W}footnoteReference",
        f"{W}endnoteReference",
        f"{W}commentReference",
        CHART,
        DIAGRAM,
        BODY,
        WORD_ART,
        PICTURE,
    }
)
# No soft hyphens: they only mark where a word may be divided.
_CHARACTERS = {
    f"{W}tab": "\t",
    f"{W}ptab": "\t",
    f"{W}br": "\n",
    f"{W}cr": "\n",
    f"{W}noBreakHyphen": "-",
}

_APART = "\x00"
"""Placeholder for an aside; it separates the text around it only after punctuation."""

_GAP = re.compile(rf"(?<=[^\w\s{_APART}]){_APART}+(?=\w)")


def content_of(element: Element) -> list[Element]:
    """An element's children; of alternative contents, only one."""
    return [offer for child in element for offer in alternative(child)]


def paragraph_text(paragraph: Element, asides: list[Element], styles: Styles) -> str:
    """The text of a paragraph.

    Args:
        paragraph: a `w:p`.
        asides: receives what is anchored in it, in order: boxes, references to notes and comments,
            charts.
        styles: of the document.
    """
    pieces: list[str] = []
    readings: list[str] = []
    # For each open field, whether its result, which is what Word shows, has begun.
    fields: list[bool] = []
    pending = [paragraph]
    while pending:
        element = pending.pop()
        tag = element.tag
        if tag == SHAPE and element.get("alt"):
            asides.append(element)
            pieces.append(_APART)
        if tag in _ASIDES:
            asides.append(element)
            pieces.append(_APART)
        elif tag == f"{W}fldChar":
            if all(fields):
                pieces.append(_chosen(element))
            _turn(fields, element.get(f"{W}fldCharType"))
        elif tag == FORMULA:
            if all(fields):
                pieces.append(formula_text(element))
        elif tag == _READING:
            readings += element.itertext(f"{W}t")
        elif tag in _LEFT_OUT or (tag == f"{W}r" and styles.hides(element)):
            continue
        else:
            if all(fields):
                pieces.append(_characters(element, styles))
            pending += reversed(content_of(element))
    text = _GAP.sub(" ", "".join(pieces)).replace(_APART, "").strip()
    return f"{text} ({' '.join(readings)})" if readings else text


def _turn(fields: list[bool], kind: str | None) -> None:
    if kind == "begin":
        fields.append(False)
    elif kind == "separate" and fields:
        fields[-1] = True
    elif kind == "end" and fields:
        fields.pop()


def _chosen(field: Element) -> str:
    """The selected entry of a form's list, which Word shows instead of the field."""
    choices = field.findall(f"{W}ffData/{W}ddList/{W}listEntry")
    place = f"{W}ffData/{W}ddList"
    chosen = value_of(field, f"{place}/{W}result") or value_of(field, f"{place}/{W}default")
    index = whole_number(chosen) or 0
    return (choices[index].get(f"{W}val") or "") if index < len(choices) else ""


def _characters(element: Element, styles: Styles) -> str:
    if element.tag == f"{W}t":
        text = element.text or ""
        run = element.getparent()
        if run is None or not text:
            return text
        if text.strip().isdecimal() and styles.raises(run):
            return text.translate(RAISED)
        font = run.find(f"{W}rPr/{W}rFonts")
        return with_symbols(text, "" if font is None else font.get(f"{W}ascii") or "")
    if element.tag == f"{W}sym":
        return _symbol(element.get(f"{W}char") or "", element.get(f"{W}font") or "")
    return _CHARACTERS.get(element.tag, "")


def _symbol(code: str, font: str) -> str:
    try:
        return symbol(int(code, 16), font)
    except ValueError:
        return ""
