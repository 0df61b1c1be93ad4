"""Formulas of Word and PowerPoint as one line, with the operators that Office draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
FORMULA = f"{M}oMath"

_DELETED = ("}del", "}moveFrom")
_RAISED_AND_LOWERED = {f"{M}sub": "_", f"{M}sup": "^", f"{M}lim": "_"}


def formula_text(element: Element) -> str:
    """The formula in an element."""
    # Recursion is safe: the parser limits nesting to 256.
    tag = element.tag
    if not isinstance(tag, str) or tag.endswith(("Pr", *_DELETED)):
        return ""
    if tag == f"{M}t":
        return element.text or ""
    if tag == f"{M}d":
        return _bracketed(element)
    if tag == f"{M}nary":
        # The default operator is the integral (ISO 29500-1, 22.1.2.20).
        sign = _character(element, "naryPr", "chr", "∫")
        return f"{sign}{_part(element, 'sub')}{_part(element, 'sup')} {_part(element, 'e')}"
    if tag == f"{M}rad":
        return f"{_part(element, 'deg')}√{_part(element, 'e')}"
    if tag == f"{M}f":
        return f"{_part(element, 'num')}/{_part(element, 'den')}"
    if tag == f"{M}func":
        return f"{_part(element, 'fName')} {_part(element, 'e')}"
    if tag in (f"{M}m", f"{M}mr", f"{M}eqArr"):
        return " ".join(filter(None, map(formula_text, element)))
    text = "".join(map(formula_text, element))
    return f"{_RAISED_AND_LOWERED.get(tag, '')}{text}" if text else ""


def _part(element: Element, name: str) -> str:
    part = element.find(f"{M}{name}")
    return "" if part is None else formula_text(part)


def _bracketed(element: Element) -> str:
    begin = _character(element, "dPr", "begChr", "(")
    between = _character(element, "dPr", "sepChr", "|")
    inside = between.join(map(formula_text, element.iterchildren(f"{M}e")))
    return f"{begin}{inside}{_character(element, 'dPr', 'endChr', ')')}"


def _character(element: Element, properties: str, name: str, default: str) -> str:
    """The character stated in the properties; the default if there is none."""
    stated = element.find(f"{M}{properties}/{M}{name}")
    return default if stated is None else stated.get(f"{M}val") or ""
