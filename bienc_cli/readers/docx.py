"""DOCX: headings by style, paragraphs, lists and tables in the order of the body.

The body is walked as XML rather than through python-docx's paragraphs, which leave out what
stands in content controls, tracked insertions and smart tags. Nothing is fetched, and the
package's parser does not expand entities.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bienc_cli.errors import UnreadableFile
from bienc_cli.readers.builder import DocumentBuilder
from bienc_cli.types import Document

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_LARGEST_XML = 1 << 28
"""Bytes of XML, unpacked, above which a package is taken for a bomb."""

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_HEADING = re.compile(r"heading ([1-9])\Z", re.IGNORECASE)
_ENCRYPTED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""An OLE container: what Word writes when a .docx has a password (and what a .doc is)."""

_CHARACTERS = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}
_LEFT_OUT = frozenset({f"{_W}del", f"{_W}moveFrom", f"{_W}instrText", f"{_W}pPr", _FALLBACK})


def read(path: Path, doc_id: str) -> Iterator[Document]:
    """Read a Word document; see `table.ReadFunction`."""
    from docx import Document as open_package

    _refuse_what_is_none(path)
    package = open_package(str(path))
    styles = package.styles.element
    levels = _heading_levels(styles)
    numbered = {
        style.get(f"{_W}styleId")
        for style in styles.findall(f"{_W}style")
        if style.find(f"{_W}pPr/{_W}numPr") is not None
    }
    builder = DocumentBuilder()
    items: list[str] = []
    for element in _outermost(package.element.body, f"{_W}p", f"{_W}tbl"):
        style = _value(element, f"pPr/{_W}pStyle") or ""
        listed = style in numbered or element.find(f"{_W}pPr/{_W}numPr") is not None
        if listed and style not in levels:
            items.append(f"- {_text(element)}")
            continue
        builder.block("\n".join(items))
        items.clear()
        if element.tag == f"{_W}tbl":
            builder.block("\n".join(_rows(element)))
        elif style in levels:
            builder.heading(levels[style], _text(element))
        else:
            builder.block(_text(element))
    builder.block("\n".join(items))
    yield builder.build(doc_id, "docx", package.core_properties.title or None)


def _refuse_what_is_none(path: Path) -> None:
    """Tell what only has the suffix, and refuse bombs before anything is unpacked.

    Raises:
        UnreadableFile: not a Word document, or one with a password.
    """
    with path.open("rb") as stream:
        if stream.read(8) == _ENCRYPTED:
            raise UnreadableFile("encrypted", "encrypted, or an old .doc under another name")
    try:
        with zipfile.ZipFile(path) as package:
            names = set(package.namelist())
            parts = [
                part for part in package.infolist() if part.filename.endswith((".xml", ".rels"))
            ]
    except zipfile.BadZipFile as error:
        raise UnreadableFile("broken", f"not a Word document ({error})") from error
    if "[Content_Types].xml" not in names:
        raise UnreadableFile("broken", "not a Word document, only a zip archive")
    if sum(part.file_size for part in parts) > _LARGEST_XML:
        raise UnreadableFile("too_large", f"unpacks to more than {_LARGEST_XML >> 20} MiB of XML")


def _heading_levels(styles: Element) -> dict[str, int]:
    """Level of each style that makes a heading, by id; styles inherit from one another.

    Built-in styles carry their English name in every language, only their ids are translated;
    styles of people's own state an outline level (0 is highest, 9 means body text).
    """
    levels: dict[str, int] = {}
    parents: dict[str, str] = {}
    for style in styles.findall(f"{_W}style"):
        style_id = style.get(f"{_W}styleId") or ""
        name = _value(style, "name") or ""
        outline = _value(style, f"pPr/{_W}outlineLvl") or ""
        if named := _HEADING.match(name):
            levels[style_id] = int(named[1])
        elif name.lower() == "title":
            levels[style_id] = 1
        elif outline.isdecimal() and int(outline) < 9:
            levels[style_id] = int(outline) + 1
        else:
            parents[style_id] = _value(style, "basedOn") or ""
    for style_id, parent in parents.items():
        # Bounded: the chain may be a loop.
        for _ in range(16):
            if parent in levels:
                levels[style_id] = levels[parent]
                break
            parent = parents.get(parent, "")
    return levels


def _value(element: Element, child: str) -> str | None:
    found = element.find(f"{_W}{child}")
    return None if found is None else found.get(f"{_W}val")


def _outermost(parent: Element, *tags: str) -> Iterator[Element]:
    """Elements of these kinds in order, also inside content controls, but not in one another."""
    pending = list(reversed(parent))
    while pending:
        element = pending.pop()
        if element.tag in tags:
            yield element
        elif element.tag not in _LEFT_OUT:
            pending += reversed(element)


def _text(paragraph: Element) -> str:
    """All text of a paragraph as it stands after accepting every change."""
    pieces: list[str] = []
    pending = [paragraph]
    while pending:
        element = pending.pop()
        if element.tag == f"{_W}t":
            pieces.append(element.text or "")
        elif element.tag in _CHARACTERS:
            pieces.append(_CHARACTERS[element.tag])
        elif element.tag not in _LEFT_OUT:
            pending += reversed(element)
    return "".join(pieces).strip()


def _rows(table: Element) -> Iterator[str]:
    """A line for each row, its cells between bars."""
    for row in _outermost(table, f"{_W}tr"):
        cells = (
            " ".join(" ".join(map(_text, _outermost(cell, f"{_W}p"))).split())
            for cell in _outermost(row, f"{_W}tc")
        )
        line = " | ".join(cells)
        if line.strip(" |"):
            yield line
