"""EPUB: the chapters of a book in the order of reading, through the reader of HTML."""

from __future__ import annotations

import contextlib
import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats.bookmarks import lines_of_title
from bienc_cli.formats.builder import DocumentBuilder
from bienc_cli.formats.decoding import decode
from bienc_cli.formats.html import document_of
from bienc_cli.formats.html_nodes import raising_classes
from bienc_cli.formats.package import Package
from bienc_cli.types import Document, Heading

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_Label = tuple[int, str, bool]
"""An entry of the table of contents: its level, 1 highest, its title, and whether it is a place
within a file and not all of it."""

_TYPE = "{http://www.idpf.org/2007/ops}type"
_MOST_PARTS = 200

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
        raising = _raising(package)
        builder = DocumentBuilder()
        for reference in tree.iterfind("{*}spine/{*}itemref"):
            name, item = items.get(reference.get("idref") or "", ("", None))
            if item is None or _is_contents(item):
                # The table of contents repeats what the chapters have.
                continue
            if name in locked:
                raise UnreadableFile("encrypted", "encrypted, a book with copy protection")
            builder.end_headings()
            _add_chapter(builder, package.data(name), labels.get(name, []), raising)
        title = tree.findtext("{*}metadata/{*}title")
        yield builder.build(doc_id, "epub", title)


def _raising(package: Package) -> set[str]:
    """The classes that the book's style sheets set higher than the line."""
    found: set[str] = set()
    for name in package.names(r".*\.css"):
        with contextlib.suppress(UnreadableFile):
            found |= raising_classes(decode(package.data(name) or b""))
    return found


def _add_chapter(
    builder: DocumentBuilder, data: bytes | None, labels: list[_Label], raising: set[str]
) -> None:
    if data is None:
        return
    try:
        chapter = document_of(_EMPTY.sub(rb"<\1\2></\1>", data), "", raising=raising)
    except UnreadableFile:
        # A picture on a page of its own.
        return
    if not chapter.headings and labels:
        # A part of the book and its first chapter may begin with the same file.
        begun = 1
        while begun < len(labels) and _begins_within(labels[begun - 1], labels[begun]):
            begun += 1
        for level, title, _ in labels[:begun]:
            builder.heading(level, title)
        chapter = replace(chapter, headings=tuple(_parts(chapter.text, labels[begun:])))
    builder.include(chapter)


def _begins_within(outer: _Label, inner: _Label) -> bool:
    return inner[0] > outer[0] and not inner[2]


def _parts(text: str, labels: list[_Label]) -> Iterator[Heading]:
    """Headings at the lines of a chapter that the table of contents has entries for."""
    position = 0
    for level, title, _ in labels[:_MOST_PARTS]:
        if title and (found := lines_of_title(text, title, position)):
            yield Heading(found[0], level, title)
            position = found[1]


def _book(package: Package) -> str:
    """The part that lists all others."""
    container = package.xml("META-INF/container.xml")
    for root in () if container is None else container.iter("{*}rootfile"):
        if (name := root.get("full-path") or "") in package:
            return name
    return next(iter(package.names(r".*\.opf")), "content.opf")


def _labels(
    package: Package, tree: Element, items: dict[str, tuple[str, Element]]
) -> dict[str, list[_Label]]:
    """What the table of contents calls each chapter, and then the parts of it."""
    spine = tree.find("{*}spine")
    old = items.get(spine.get("toc") or "", ("", None))[0] if spine is not None else ""
    pages = [name for name, item in items.values() if _is_contents(item)]
    labels = _of_points(old, package.xml(old))
    for page in pages:
        # Books have it in both forms, for old and new readers.
        labels = _of_list(page, package.xml(page)) | labels
    return labels


def _of_points(part: str, contents: Element | None) -> dict[str, list[_Label]]:
    """By file, the entries of an `ncx`."""
    labels: dict[str, list[_Label]] = {}
    for point in () if contents is None else contents.iter("{*}navPoint"):
        target = point.find("{*}content")
        if target is not None:
            level = 1 + sum(1 for _ in point.iterancestors("{*}navPoint"))
            label = " ".join(point.findtext("{*}navLabel/{*}text", "").split())
            place = target.get("src") or ""
            labels.setdefault(_place(part, place), []).append((level, label, "#" in place))
    return labels


def _of_list(part: str, contents: Element | None) -> dict[str, list[_Label]]:
    """By file, the entries of a page that is the table of contents; others list its pages."""
    labels: dict[str, list[_Label]] = {}
    lists = [] if contents is None else [*contents.iter("{*}nav")] or [contents]
    tables = [one for one in lists if "toc" in (one.get(_TYPE) or "")] or lists
    for link in tables[0].iter("{*}a") if tables else ():
        level = max(1, sum(1 for _ in link.iterancestors("{*}ol")))
        label = " ".join("".join(link.itertext()).split())
        place = link.get("href") or ""
        labels.setdefault(_place(part, place), []).append((level, label, "#" in place))
    return labels


def _is_contents(item: Element) -> bool:
    return "nav" in (item.get("properties") or "").split()


def _locked(package: Package) -> set[str]:
    """Parts that are encrypted; fonts often are, by themselves."""
    tree = package.xml("META-INF/encryption.xml")
    references = () if tree is None else tree.iter("{*}CipherReference")
    return {_place("", reference.get("URI")) for reference in references}


def _place(part: str, target: str | None) -> str:
    """The name of a part that another one names, from where that one is."""
    name = unquote((target or "").split("#", 1)[0])
    return posixpath.normpath(posixpath.join(posixpath.dirname(part), name))
