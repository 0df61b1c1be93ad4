"""The text of a paragraph of an OpenDocument file, and what is anchored in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bienc_cli.formats.package import whole_number
from bienc_cli.formats.words import words

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
LEFT_OUT = frozenset(
    words(
        # What was deleted, what only describes, and data.
        "tracked-changes forms binary-data title desc event-listeners sequence-decls scripts "
        "note-citation ruby-text creator date date-string page-thumbnail"
    )
)
_ASIDES = frozenset(words("note annotation frame text-box custom-shape g"))
_SPACES = re.compile(r"\s+")
MOST_REPEATED = 64
"""Copies of one cell that are written out; a sheet is filled to its edge with what is repeated."""


def plain_lines(element: Element) -> Iterator[str]:
    """The lines of an element and of all that is anchored in it."""
    for paragraph in element.iter(f"{_TEXT}p", f"{_TEXT}h"):
        pieces: list[str] = []
        _collect(paragraph, pieces, [])
        if text := "".join(pieces).strip():
            yield text


def text_of(paragraph: Element, asides: list[Element]) -> str:
    """The text of a paragraph; what is anchored in it is added to `asides`."""
    if name_of(paragraph) in LEFT_OUT:
        return ""
    if name_of(paragraph) in _ASIDES:
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
        if name in _ASIDES:
            asides.append(child)
        elif name == "s":
            pieces.append(" " * min(whole_number(child.get(f"{_TEXT}c")) or 1, MOST_REPEATED))
        elif name in ("tab", "line-break"):
            pieces.append("\t" if name == "tab" else "\n")
        elif name and name not in LEFT_OUT:
            _collect(child, pieces, asides)
        pieces.append(_SPACES.sub(" ", child.tail or ""))


def name_of(element: Element) -> str:
    """An element's name without its namespace; "" for an entity."""
    tag = element.tag
    return tag.rsplit("}", 1)[-1] if isinstance(tag, str) else ""
