"""PPTX: one page per slide, its title as heading, with tables, charts, notes and comments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bienc_cli.formats.builder import DocumentBuilder
from bienc_cli.formats.drawing import (
    CHART,
    DIAGRAM,
    A,
    alternative,
    description,
    drawn_text,
    related_text,
)
from bienc_cli.formats.package import Package, R
from bienc_cli.formats.sheets import columns, table_text
from bienc_cli.types import Document

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_TITLES = frozenset({"title", "ctrTitle"})
_UNREAD = frozenset({"dt", "sldNum", "sldImg"})
"""Placeholders for the date, the slide number, and the image of the slide."""

_REPEATED = frozenset({"ftr", "hdr"})


def read(path: Path, doc_id: str) -> Iterator[Document]:
    """Read a presentation; see `table.ReadFunction`."""
    with Package(path, "a PowerPoint presentation") as package:
        builder = DocumentBuilder("slide")
        seen: set[str] = set()
        for number, name in enumerate(_slides(package), 1):
            builder.end_headings()
            builder.stand_at(number)
            tree = package.xml(name)
            if tree is not None:
                _Slide(package, name, builder, seen).add(tree)
        document = builder.build(doc_id, "pptx", package.title())
        if document.title is None and document.headings:
            # The first slide has the presentation's title.
            document = replace(document, title=document.headings[0].title)
        yield document


def _slides(package: Package) -> list[str]:
    """Names of the slides' parts in the order of presentation, missing ones included."""
    main = package.main_part("ppt/presentation.xml")
    tree = package.xml(main)
    relations = package.relations(main)
    listed = () if tree is None else tree.iterfind(f"{_P}sldIdLst/{_P}sldId")
    slides = [relations.get(slide.get(f"{R}id") or "", ("", ""))[1] for slide in listed]
    if any(slide in package for slide in slides):
        return slides
    return package.names(r"ppt/slides/slide\d+\.xml")


class _Slide:
    """Adds the content of one slide.

    Args:
        package: the presentation.
        name: of the slide's part.
        builder: receives the content.
        seen: footers of earlier slides, which are not repeated.
    """

    def __init__(
        self, package: Package, name: str, builder: DocumentBuilder, seen: set[str]
    ) -> None:
        self._package = package
        self._name = name
        self._relations = package.relations(name)
        self._builder = builder
        self._seen = seen

    def add(self, tree: Element) -> None:
        """Add title, shapes, notes and comments."""
        shapes = [*_shapes(tree)]
        # The title comes first, wherever it is drawn: what is above it belongs to it too.
        titles = [shape for shape in shapes if _placeholder(shape) in _TITLES]
        for shape in titles:
            self._builder.heading(1, drawn_text(shape))
        for shape in shapes:
            if shape not in titles:
                self._add_shape(shape)
        for name in self._package.related(self._name, "notesSlide"):
            notes = self._package.xml(name)
            for shape in () if notes is None else _shapes(notes):
                self._add_shape(shape)
        for name in self._package.related(self._name, "comments"):
            comments = self._package.xml(name)
            for comment in () if comments is None else comments.iter("{*}cm"):
                self._builder.block(comment.findtext("{*}text") or drawn_text(comment))

    def _add_shape(self, shape: Element) -> None:
        kind = _placeholder(shape)
        if kind in _UNREAD:
            return
        table = shape.find(f".//{A}tbl")
        rows = [] if table is None else [*_rows(table)]
        text = drawn_text(shape) if table is None else table_text(rows)
        if kind in _REPEATED:
            if text in self._seen:
                return
            self._seen.add(text)
        self._builder.block(text, columns(rows))
        self._builder.block(description(shape.find(f"*/{_P}cNvPr")))
        for reference in shape.iter(CHART, DIAGRAM):
            self._builder.block(related_text(self._package, self._relations, reference))


def _shapes(tree: Element) -> Iterator[Element]:
    """Shapes, pictures and frames in order, also those in groups."""
    pending = [*reversed(tree)]
    while pending:
        element = pending.pop()
        if element.tag in (f"{_P}sp", f"{_P}pic", f"{_P}graphicFrame", f"{_P}cxnSp"):
            yield element
            continue
        offered = alternative(element)
        pending += reversed([*element] if offered == [element] else offered)


def _placeholder(shape: Element) -> str:
    placeholder = shape.find(f"*/{_P}nvPr/{_P}ph")
    return "" if placeholder is None else placeholder.get("type") or ""


def _rows(table: Element) -> Iterator[list[str]]:
    for row in table.iter(f"{A}tr"):
        yield [" ".join(drawn_text(cell).split()) for cell in row.iter(f"{A}tc")]
