"""EPUB: the chapters of a book in the order of reading, through the reader of HTML."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats.builder import DocumentBuilder
from bienc_cli.formats.html import document_of
from bienc_cli.formats.package import Package
from bienc_cli.types import Document

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_EMPTY = re.compile(
    # To a parser of HTML, an element that XML ends at once goes on to the end of the page.
    rb"<(?!(?:area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr)\b)"
    rb"([A-Za-z][\w:.-]*)((?:\s[^<>]*?)?)/>"
)


def read(path: Path, doc_id: str) -> Iterator[Document]:
    """Read a book; see `table.ReadFunction`."""
    with Package(path, "an EPUB book") as package:
        opf = _book(package)
        tree = package.needed_xml(opf)
        items = {
            item.get("id") or "": (_place(opf, item.get("href")), item)
            for item in tree.iterfind("{*}manifest/{*}item")
        }
        labels = _labels(package, tree, items)
        locked = _locked(package)
        builder = DocumentBuilder()
        for reference in tree.iterfind("{*}spine/{*}itemref"):
            name, item = items.get(reference.get("idref") or "", ("", None))
            if item is None or "nav" in (item.get("properties") or "").split():
                # The table of contents repeats what the chapters have.
                continue
            if name in locked:
                raise UnreadableFile("encrypted", "encrypted, a book with copy protection")
            builder.end_headings()
            _add_chapter(builder, package.data(name), labels.get(name, ""))
        title = tree.findtext("{*}metadata/{*}title")
        yield builder.build(doc_id, "epub", title)


def _add_chapter(builder: DocumentBuilder, data: bytes | None, label: str) -> None:
    if data is None:
        return
    try:
        chapter = document_of(_EMPTY.sub(rb"<\1\2></\1>", data), "")
    except UnreadableFile:
        # A picture on a page of its own.
        return
    if not chapter.headings:
        builder.heading(1, label)
    builder.include(chapter)


def _book(package: Package) -> str:
    """The part that lists all others."""
    container = package.xml("META-INF/container.xml")
    for root in () if container is None else container.iter("{*}rootfile"):
        if (name := root.get("full-path") or "") in package:
            return name
    return next(iter(package.names(r".*\.opf")), "content.opf")


def _labels(
    package: Package, tree: Element, items: dict[str, tuple[str, Element]]
) -> dict[str, str]:
    """What the table of contents calls each chapter; the first entry where it has several."""
    labels: dict[str, str] = {}
    spine = tree.find("{*}spine")
    old = items.get(spine.get("toc") or "", ("", None))[0] if spine is not None else ""
    contents = package.xml(old)
    for point in () if contents is None else contents.iter("{*}navPoint"):
        target = point.find("{*}content")
        if target is not None:
            label = " ".join(point.findtext("{*}navLabel/{*}text", "").split())
            labels.setdefault(_place(old, target.get("src")), label)
    for name, item in items.values():
        if "nav" in (item.get("properties") or "").split():
            contents = package.xml(name)
            for link in () if contents is None else contents.iter("{*}a"):
                label = " ".join("".join(link.itertext()).split())
                labels.setdefault(_place(name, link.get("href")), label)
    return labels


def _locked(package: Package) -> set[str]:
    """Parts that are encrypted; fonts often are, by themselves."""
    tree = package.xml("META-INF/encryption.xml")
    references = () if tree is None else tree.iter("{*}CipherReference")
    return {_place("", reference.get("URI")) for reference in references}


def _place(part: str, target: str | None) -> str:
    """The name of a part that another one names, from where that one is."""
    name = unquote((target or "").split("#", 1)[0])
    return posixpath.normpath(posixpath.join(posixpath.dirname(part), name))
