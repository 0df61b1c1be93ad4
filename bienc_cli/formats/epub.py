"""EPUB: the chapters of a book in reading order, each read as HTML."""

from __future__ import annotations

import contextlib
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats.bookmarks import lines_of_title
from bienc_cli.formats.builder import DocumentBuilder
from bienc_cli.formats.decoding import decode
from bienc_cli.formats.epub_styles import heading_levels, looks, with_headings
from bienc_cli.formats.html import document_of
from bienc_cli.formats.html_nodes import raising_classes
from bienc_cli.formats.package import Package
from bienc_cli.types import Document, Heading

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_Label = tuple[int, str, bool]
"""An entry of the table of contents: its level, 1 highest, its title, and whether it points into
a file instead of to the whole file."""

_TYPE = "{http://www.idpf.org/2007/ops}type"
_MOST_PARTS = 200

_UNTITLED = "Unknown Title"
_NUMBERED = re.compile(r"Section \d+\Z")
"""What LibreOffice calls a book and a part of it that have no names."""

_EMPTY = re.compile(
    # To an HTML parser, a self-closing element goes on to the end of the page.
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
        generators = (meta.get("content") or "" for meta in tree.iterfind("{*}metadata/{*}meta"))
        unnamed = any("libepubgen" in generator for generator in generators)
        locked = _locked(package)
        sheets = _sheets(package)
        raising = raising_classes(sheets)
        names = [items[key][0] for key in _spine(tree) if key in items]
        levels = heading_levels(_pages(package, names), looks(sheets))
        builder = DocumentBuilder()
        for key in _spine(tree):
            name, item = items.get(key, ("", None))
            if item is None or _is_contents(item):
                # The table of contents repeats the headings of the chapters.
                continue
            if name in locked:
                raise UnreadableFile("encrypted", "encrypted, a book with copy protection")
            builder.end_headings()
            data = package.data(name)
            if data is not None:
                entries = [
                    label
                    for label in labels.get(name, [])
                    if not (unnamed and _NUMBERED.match(label[1]))
                ]
                _add_chapter(builder, data, levels, entries, raising)
        title = tree.findtext("{*}metadata/{*}title")
        yield builder.build(doc_id, "epub", None if unnamed and title == _UNTITLED else title)


def _sheets(package: Package) -> str:
    """The book's style sheets, as far as they are readable."""
    sheets = []
    for name in package.names(r".*\.css"):
        with contextlib.suppress(UnreadableFile):
            sheets.append(decode(package.data(name) or b""))
    return "\n".join(sheets)


def _spine(tree: Element) -> Iterator[str]:
    for reference in tree.iterfind("{*}spine/{*}itemref"):
        yield reference.get("idref") or ""


def _pages(package: Package, names: Iterable[str]) -> Iterator[bytes]:
    for name in names:
        with contextlib.suppress(UnreadableFile):
            yield package.data(name) or b""


def _add_chapter(
    builder: DocumentBuilder,
    data: bytes,
    levels: Mapping[bytes, int],
    labels: list[_Label],
    raising: set[str],
) -> None:
    page = _EMPTY.sub(rb"<\1\2></\1>", data)
    try:
        chapter = document_of(with_headings(page, levels), "", raising=raising)
    except UnreadableFile:
        # A page with only a picture.
        return
    if labels and levels and labels[0][1] not in {head.title for head in chapter.headings}:
        # What looks like a heading is something else.
        chapter = document_of(page, "", raising=raising)
    if not chapter.headings and labels:
        # A part of the book and its first chapter may begin in the same file.
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
    """Headings at the lines of a chapter that have entries in the table of contents."""
    position = 0
    for level, title, _ in labels[:_MOST_PARTS]:
        if title and (lines := lines_of_title(text, title, position)):
            yield Heading(lines[0], level, title)
            position = lines[1]


def _book(package: Package) -> str:
    """The name of the package document, which lists all other parts."""
    container = package.xml("META-INF/container.xml")
    for root in () if container is None else container.iter("{*}rootfile"):
        if (name := root.get("full-path") or "") in package:
            return name
    return next(iter(package.names(r".*\.opf")), "content.opf")


def _labels(
    package: Package, tree: Element, items: dict[str, tuple[str, Element]]
) -> dict[str, list[_Label]]:
    """By file, the entries of the table of contents: a chapter, then its parts."""
    spine = tree.find("{*}spine")
    old = items.get(spine.get("toc") or "", ("", None))[0] if spine is not None else ""
    pages = [name for name, item in items.values() if _is_contents(item)]
    labels = _of_points(old, package.xml(old))
    for page in pages:
        # Books have both forms of it, for old and new readers.
        labels = _of_list(page, package.xml(page)) | labels
    return labels


def _of_points(part: str, contents: Element | None) -> dict[str, list[_Label]]:
    """By file, the entries of an NCX (EPUB 2)."""
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
    """By file, the entries of a navigation document (EPUB 3), without its list of pages."""
    labels: dict[str, list[_Label]] = {}
    lists = [] if contents is None else [*contents.iter("{*}nav")] or [contents]
    tables = [nav for nav in lists if "toc" in (nav.get(_TYPE) or "")] or lists
    for link in tables[0].iter("{*}a") if tables else ():
        level = max(1, sum(1 for _ in link.iterancestors("{*}ol")))
        label = " ".join("".join(link.itertext()).split())
        place = link.get("href") or ""
        labels.setdefault(_place(part, place), []).append((level, label, "#" in place))
    return labels


def _is_contents(item: Element) -> bool:
    return "nav" in (item.get("properties") or "").split()


def _locked(package: Package) -> set[str]:
    """Names of encrypted parts; often these are only fonts."""
    tree = package.xml("META-INF/encryption.xml")
    references = () if tree is None else tree.iter("{*}CipherReference")
    return {_place("", reference.get("URI")) for reference in references}


def _place(part: str, target: str | None) -> str:
    """The name of the part that a relative reference in `part` points to."""
    name = unquote((target or "").split("#", 1)[0])
    return posixpath.normpath(posixpath.join(posixpath.dirname(part), name))
