"""Formulas in MathML as one line: operators mark fractions, roots, sub- and superscripts."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

SIGNS: Mapping[tuple[str, int], str] = MappingProxyType(
    {
        ("mfrac", 1): "/",
        ("msup", 1): "^",
        ("msub", 1): "_",
        ("mover", 1): "^",
        ("munder", 1): "_",
        ("msubsup", 1): "_",
        ("msubsup", 2): "^",
        ("munderover", 1): "_",
        ("munderover", 2): "^",
        ("msqrt", 0): "√",
    }
)
"""The operator before a child, by the parent's tag and the child's index."""

_UNSEEN = frozenset({"annotation", "annotation-xml"})


def formula_text(element: Element) -> str:
    """The formula in an element."""
    # Recursion is safe: the parser limits nesting to 256.
    pieces = [_words(element.text)]
    name = _name(element)
    for index, child in enumerate(child for child in element if _name(child)):
        if _name(child) not in _UNSEEN:
            pieces += (SIGNS.get((name, index), ""), formula_text(child))
    return "".join(pieces)


def _words(text: str | None) -> str:
    return " ".join((text or "").split())


def _name(element: Element) -> str:
    tag = element.tag
    return tag.rsplit("}", 1)[-1] if isinstance(tag, str) else ""
