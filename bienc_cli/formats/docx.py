"""DOCX: headings by style, paragraphs, lists and tables in the order of the body.

The XML parts are read one by one: libraries for writing Word files open them all, fail on parts
that are not needed, and leave out content controls, tracked insertions, text boxes and notes.
Boxes, notes and comments follow the paragraph they are anchored in; headers and footers come last,
each once.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bienc_cli.formats.builder import DocumentBuilder
from bienc_cli.formats.docx_styles import ListNumbers, Styles, W, value_of
from bienc_cli.formats.docx_text import (
    BODY,
    MARKUP,
    PICTURE,
    SHAPE,
    WORD_ART,
    content_of,
    paragraph_text,
)
from bienc_cli.formats.drawing import alternative_text, description, drawn_text, related_text
from bienc_cli.formats.office_math import M
from bienc_cli.formats.package import Package, R, whole_number
from bienc_cli.formats.sheets import columns, repeatable, table_text
from bienc_cli.types import Document

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_P, _TABLE, _ROW, _CELL = f"{W}p", f"{W}tbl", f"{W}tr", f"{W}tc"
_FORMULA = f"{M}oMathPara"
_BOX, _CHUNK = f"{W}txbxContent", f"{W}altChunk"
_NOTES = ("footnote", "endnote", "comment")
_INITIAL = f"{W}pPr/{W}framePr[@{W}dropCap]"
"""Path of the frame that makes a paragraph the drop cap of the next one."""

_DELETED = frozenset({f"{W}del", f"{W}moveFrom"})
_MOST_PARAGRAPHS = 4
"""A table with more paragraphs in one cell lays out a page."""


def read(path: Path, doc_id: str) -> Iterator[Document]:
    """Read a Word document; see `table.ReadFunction`."""
    with Package(path, "a Word document") as package:
        main = package.main_part("word/document.xml")
        body = _Body(package, main)
        body.add(package.needed_xml(main))
        body.add_the_rest()
        yield body.builder.build(doc_id, "docx", package.title() or body.title or None)


class _Body:
    """Turns the walk over the body into headings and blocks."""

    def __init__(self, package: Package, main: str) -> None:
        self.builder = DocumentBuilder()
        self.title = ""
        self._package = package
        self._main = main
        self._relations = package.relations(main)
        self._styles = Styles(self._only("styles"))
        self._lists = ListNumbers(self._only("numbering"), self._styles)
        self._notes: dict[tuple[str, str], Element] = {}
        for kind in _NOTES:
            part = self._only(f"{kind}s")
            for note in () if part is None else part.iterchildren(f"{W}{kind}"):
                # Other types are the lines between text and notes.
                if note.get(f"{W}type") in (None, "normal"):
                    self._notes[kind, note.get(f"{W}id") or ""] = note

    def _only(self, kind: str) -> Element | None:
        name = next(self._package.related(self._main, kind), None)
        return None if name is None else self._package.xml(name)

    def add(self, parent: Element) -> None:
        """Add everything in an element."""
        items: list[str] = []
        initial = ""
        for element in _outermost(parent, _P, _FORMULA, _TABLE, _CHUNK):
            if element.tag in (_TABLE, _CHUNK):
                self._end_list(items)
                (self._add_table if element.tag == _TABLE else self._add_chunk)(element)
                continue
            if self._styles.is_of_contents(element):
                continue
            asides: list[Element] = []
            text = initial + paragraph_text(element, asides, self._styles)
            initial = text if element.find(_INITIAL) is not None else ""
            if initial:
                self._add_asides(asides)
                continue
            marker = self._lists.marker(element)
            line = f"{marker} {text}" if marker and text else text
            level = self._styles.level(element)
            if marker is not None and not level:
                items.append(line)
            else:
                self._end_list(items)
                if level:
                    self.builder.heading(level, line)
                    if not self.title and self._styles.is_title(element):
                        self.title = line
                else:
                    self.builder.block(line)
            if asides:
                self._end_list(items)
                self._add_asides(asides)
        self._end_list(items)
        self.builder.block(initial)

    def _end_list(self, items: list[str]) -> None:
        self.builder.block("\n".join(item for item in items if item.strip()))
        items.clear()

    def add_the_rest(self) -> None:
        """Add what has no place in the body: unanchored comments, headers, footers."""
        self.builder.end_headings()
        for (kind, _), note in self._notes.items():
            if kind == "comment":
                self._add_note(kind, note)
        names = (
            name
            for kind in ("header", "footer")
            for name in self._package.related(self._main, kind)
        )
        parts = map(self._package.xml, names)
        self.builder.end_matter(self._plain(part) for part in parts if part is not None)

    def _add_asides(self, asides: list[Element]) -> None:
        for aside in asides:
            if aside.tag == _BOX:
                self.builder.begin_aside()
                self.add(aside)
                self.builder.end_headings(self.builder.end_aside())
                continue
            kind = aside.tag.removeprefix(W).removesuffix("Reference")
            note = self._notes.pop((kind, aside.get(f"{W}id") or ""), None)
            if note is not None:
                self._add_note(kind, note)
            elif kind in _NOTES:
                continue
            elif text := _drawn(aside):
                self.builder.block(text)
            else:
                self.builder.block(related_text(self._package, self._relations, aside))

    def _add_note(self, kind: str, note: Element) -> None:
        text = self._plain(note)
        author = note.get(f"{W}author") if kind == "comment" else None
        self.builder.block(f"Comment by {author}: {text}" if author and text else text)

    def _plain(self, part: Element) -> str:
        """The lines of a note, header or footer and of the boxes in it."""
        asides: list[Element] = []
        paragraphs = _outermost(part, _P)
        lines = [paragraph_text(paragraph, asides, self._styles) for paragraph in paragraphs]
        lines += [self._plain(aside) if aside.tag == _BOX else _drawn(aside) for aside in asides]
        return "\n".join(line for line in lines if line)

    def _add_table(self, table: Element) -> None:
        rows = [
            [*_outermost(row, _CELL)]
            for row in _outermost(table, _ROW)
            if row.find(f"{W}trPr/{W}del") is None
        ]
        if self._lays_out(rows):
            for cell in (cell for row in rows for cell in row):
                self.add(cell)
            return
        asides: list[Element] = []
        above: dict[int, str] = {}
        texts = [self._row_texts(row, above, asides) for row in rows]
        self.builder.block(table_text(texts), columns(texts))
        self._add_asides(asides)

    def _lays_out(self, rows: list[list[Element]]) -> bool:
        """Whether a table only arranges the page."""
        cells = [cell for row in rows for cell in row]
        return len(cells) == 1 or any(
            cell.find(f".//{_TABLE}") is not None
            or len(paragraphs := [*_outermost(cell, _P)]) > _MOST_PARAGRAPHS
            or any(self._styles.level(paragraph) for paragraph in paragraphs)
            for cell in cells
        )

    def _row_texts(
        self, row: list[Element], above: dict[int, str], asides: list[Element]
    ) -> list[str]:
        """The text of each cell; cells merged with the row above repeat that text.

        Args:
            row: its cells.
            above: by column, the texts of the row above; replaced by those of this row.
            asides: receives what is anchored in the cells.
        """
        texts: list[str] = []
        column = 0
        for cell in row:
            text = self._cell_text(cell, asides)
            merged = cell.find(f"{W}tcPr/{W}vMerge")
            if merged is not None and merged.get(f"{W}val") != "restart":
                text = text or repeatable(above.get(column, ""))
            texts.append(text)
            above[column] = text
            column += whole_number(value_of(cell, f"{W}tcPr/{W}gridSpan")) or 1
        return texts

    def _cell_text(self, cell: Element, asides: list[Element]) -> str:
        pieces: list[str] = []
        for paragraph in _outermost(cell, _P):
            text = paragraph_text(paragraph, asides, self._styles)
            marker = self._lists.marker(paragraph)
            pieces += (marker or "", text)
        return " ".join(" ".join(pieces).split())

    def _add_chunk(self, chunk: Element) -> None:
        """Add a document in another format that Word shows as part of this one."""
        from bienc_cli.formats.decoding import decode
        from bienc_cli.formats.html import document_of

        _, name = self._relations.get(chunk.get(f"{R}id") or "", ("", ""))
        data = self._package.data(name)
        if data and name.lower().endswith((".htm", ".html", ".xhtml")):
            self.builder.include(document_of(data, ""))
        elif data and name.lower().endswith(".txt"):
            self.builder.block(decode(data))


def _outermost(parent: Element, *tags: str) -> Iterator[Element]:
    """Elements with these tags, in order; also those in content controls, but no nested ones."""
    pending = [*reversed(content_of(parent))]
    while pending:
        element = pending.pop()
        if element.tag in tags:
            yield element
        elif (
            element.tag not in _DELETED and element.tag not in MARKUP and not _is_contents(element)
        ):
            pending += reversed(content_of(element))


def _is_contents(control: Element) -> bool:
    """Whether a content control holds a table of contents, which repeats the headings."""
    return (
        control.tag == f"{W}sdt"
        and value_of(control, f"{W}sdtPr/{W}docPartObj/{W}docPartGallery") == "Table of Contents"
    )


def _drawn(aside: Element) -> str:
    """The words of a drawing that contains them itself; "" for anything else."""
    if aside.tag == WORD_ART:
        return aside.get("string") or ""
    if aside.tag == PICTURE:
        return description(aside)
    if aside.tag == SHAPE:
        return alternative_text(aside.get("alt") or "")
    return drawn_text(aside) if aside.tag == BODY else ""
