"""The text of one paragraph of a Word document, as it stands after accepting every change."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bienc_cli.formats.cleaning import RAISED
from bienc_cli.formats.docx_styles import W
from bienc_cli.formats.drawing import CHART, DIAGRAM, A, alternative

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

BODY = f"{A}txBody"
WORD_ART = "{urn:schemas-microsoft-com:vml}textpath"
PICTURE = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}docPr"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"

MARKUP = frozenset({f"{W}pPr", f"{W}rPr", f"{W}sdtPr", f"{W}tblPr", f"{W}trPr", f"{W}tcPr"})
"""Elements that describe others, and hold no text."""

_LEFT_OUT = MARKUP | {
    f"{W}del",
    f"{W}moveFrom",
    f"{W}instrText",
    # The reading above a character, not the character.
    f"{W}rt",
}
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
# Soft hyphens are left out: they divide a word where it happens to stand at a line's end.
_CHARACTERS = {
    f"{W}tab": "\t",
    f"{W}ptab": "\t",
    f"{W}br": "\n",
    f"{W}cr": "\n",
    f"{W}noBreakHyphen": "-",
    # Between the two halves of a fraction, and in front of exponents and indices.
    f"{_M}den": "/",
    f"{_M}sup": "^",
    f"{_M}sub": "_",
}
_TEXTS = (f"{W}t", f"{_M}t")

_APART = "\x00"
"""Stands for an aside. Anchored anywhere, it parts what is around it only behind a mark."""

_GAP = re.compile(rf"(?<=[^\w\s{_APART}]){_APART}+(?=\w)")

# Characters of the fonts Symbol and Wingdings that mean something, by their codes.
_SYMBOL = dict(
    zip(
        b"abgdezhqiklmnxoprstufcywABGDEZHQIKLMNXOPRSTUFCYW",
        "αβγδεζηθικλμνξοπρστυφχψωΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ",
        strict=True,
    )
) | {0xA3: "≤", 0xA5: "∞", 0xAC: "←", 0xAE: "→", 0xB0: "°", 0xB1: "±", 0xB3: "≥", 0xB4: "×",
     0xB7: "•", 0xB8: "÷", 0xB9: "≠", 0xBB: "≈", 0xD6: "√", 0xE5: "∑"}  # fmt: skip
_WINGDINGS = {0xFC: "✓", 0xFB: "✗", 0xFE: "☑", 0xFD: "☒", 0xA8: "☐", 0x6F: "☐", 0xE0: "→",
              0xDF: "←", 0xA7: "•", 0x4A: "☺"}  # fmt: skip


def content_of(element: Element) -> list[Element]:
    """An element's children; of contents that stand in for one another, those of one."""
    return [offer for child in element for offer in alternative(child)]


def paragraph_text(paragraph: Element, asides: list[Element]) -> str:
    """The text of a paragraph.

    Args:
        paragraph: a `w:p`.
        asides: receives what stands beside the text: boxes, references to notes and comments,
            charts; in order.
    """
    pieces: list[str] = []
    # For each field that is open: whether its result has begun, which is what Word shows.
    fields: list[bool] = []
    pending = [paragraph]
    while pending:
        element = pending.pop()
        tag = element.tag
        if tag in _ASIDES:
            asides.append(element)
            pieces.append(_APART)
        elif tag == f"{W}fldChar":
            _turn(fields, element.get(f"{W}fldCharType"))
        elif tag in _LEFT_OUT or (tag == f"{W}r" and _is_hidden(element)):
            continue
        else:
            if all(fields):
                pieces.append(_characters(element))
            pending += reversed(content_of(element))
    return _GAP.sub(" ", "".join(pieces)).replace(_APART, "").strip()


def _is_hidden(run: Element) -> bool:
    """Whether its text is there for fields and indexes, and shown to nobody."""
    hidden = run.find(f"{W}rPr/{W}vanish")
    return hidden is not None and hidden.get(f"{W}val") not in ("0", "false", "off")


def _is_raised(text: Element) -> bool:
    run = text.getparent()
    raised = None if run is None else run.find(f"{W}rPr/{W}vertAlign")
    return raised is not None and raised.get(f"{W}val") == "superscript"


def _turn(fields: list[bool], kind: str | None) -> None:
    if kind == "begin":
        fields.append(False)
    elif kind == "separate" and fields:
        fields[-1] = True
    elif kind == "end" and fields:
        fields.pop()


def _characters(element: Element) -> str:
    if element.tag in _TEXTS:
        text = element.text or ""
        return text.translate(RAISED) if text.strip().isdecimal() and _is_raised(element) else text
    if element.tag == f"{W}sym":
        return _symbol(element.get(f"{W}char") or "", element.get(f"{W}font") or "")
    return _CHARACTERS.get(element.tag, "")


def _symbol(code: str, font: str) -> str:
    try:
        number = int(code, 16)
    except ValueError:
        return ""
    if not (0xF000 <= number <= 0xF0FF or number <= 0xFF):
        return chr(number) if number < 0xD800 or 0xE000 <= number <= 0xFFFF else ""
    number &= 0xFF
    if font.lower() == "symbol":
        return _SYMBOL.get(number, chr(number) if number < 0x7F else " ")
    if font.lower().startswith("wingdings"):
        return _WINGDINGS.get(number, " ")
    return chr(number) if number >= 0x20 else " "
