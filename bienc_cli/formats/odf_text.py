"""The text of a paragraph of an OpenDocument file, and what is anchored in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bienc_cli.formats.package import whole_number
from bienc_cli.formats.word_list import words

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_SVG = "{urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_LEFT_OUT = frozenset(
    words(
        # What was deleted, what only describes, and data.
        "tracked-changes forms binary-data event-listeners sequence-decls scripts "
        "note-citation ruby-text page-thumbnail"
    )
)
_DESCRIBING = (
    # Who wrote a comment, and when; fields of the same names are text.
    "{http://purl.org/dc/elements/1.1/}",
    "{urn:oasis:names:tc:opendocument:xmlns:meta:1.0}",
    _SVG,
)
_ASIDES = frozenset(words("note annotation frame text-box custom-shape g"))
_SPACES = re.compile(r"\s+")
MOST_REPEATED = 64
"""Copies of one cell that are written out; a sheet is filled to its edge with what is repeated."""


def is_left_out(element: Element) -> bool:
    """Whether an element holds nothing that a reader sees."""
    return name_of(element) in _LEFT_OUT or str(element.tag).startswith(_DESCRIBING)


def is_description(element: Element) -> bool:
    """Whether it says in words what a picture or a drawing shows."""
    return element.tag in (f"{_SVG}title", f"{_SVG}desc")


def take_out_hidden(content: Element, *trees: Element | None) -> None:
    """Take out of a content what its styles or its sections hide.

    Args:
        content: what is changed.
        trees: where its styles may be.
    """
    hidden = {
        style.get(f"{_STYLE}name")
        for tree in (content, *trees)
        if tree is not None
        for style in tree.iter(f"{_STYLE}style")
        if any(one.get(f"{_TEXT}display") == "none" for one in style)
    }
    for body in content.iterchildren(f"{_OFFICE}body"):
        for element in [*body.iter(f"{_TEXT}*")]:
            unseen = (
                element.get(f"{_TEXT}style-name") in hidden
                or element.get(f"{_TEXT}display") == "none"
                or element.get(f"{_TEXT}is-hidden") == "true"
            )
            if unseen:
                _empty(element)


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


def text_of(paragraph: Element, asides: list[Element]) -> str:
    """The text of a paragraph; what is anchored in it is added to `asides`."""
    if is_left_out(paragraph):
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
        elif name and not is_left_out(child):
            _collect(child, pieces, asides)
        pieces.append(_SPACES.sub(" ", child.tail or ""))


def name_of(element: Element) -> str:
    """An element's name without its namespace; "" for an entity."""
    tag = element.tag
    return tag.rsplit("}", 1)[-1] if isinstance(tag, str) else ""
