"""OpenDocument: texts by heading, spreadsheets by sheet and row, presentations by slide."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats.builder import DocumentBuilder
from bienc_cli.formats.mathml import formula_text
from bienc_cli.formats.numerals import FORMS, ListLevel
from bienc_cli.formats.odf_text import (
    ASIDES,
    CHART,
    MATH,
    MOST_REPEATED,
    OFFICE,
    STYLE,
    TABLE,
    TEXT,
    TITLE,
    apply_styles,
    chart_lines,
    is_description,
    is_left_out,
    plain_lines,
    text_of,
)
from bienc_cli.formats.package import Package, name_of, parse_xml, whole_number
from bienc_cli.formats.sheets import (
    Row,
    add_sheet,
    columns,
    repeatable,
    sheet_builder,
    table_text,
)
from bienc_cli.formats.titles import says_something
from bienc_cli.types import Document

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_PRESENTATION = "{urn:oasis:names:tc:opendocument:xmlns:presentation:1.0}"
_DRAW = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
_HREF = "{http://www.w3.org/1999/xlink}href"

_ROW_GROUPS = frozenset(
    {f"{TABLE}table-row-group", f"{TABLE}table-header-rows", f"{TABLE}table-rows"}
)
_FORMATS = {"text": "odt", "spreadsheet": "ods", "presentation": "odp", "drawing": "odp"}
_MOST_OBJECTS = 1000
_CONTINUED = f"{TEXT}continue-list"
_Place = tuple[str, int]
_NOT_SHOWN_AGAIN = frozenset("title date-time page-number".split())


def read(path: Path, doc_id: str) -> Iterator[Document]:
    """Read an OpenDocument file, packed or flat; see `table.ReadFunction`."""
    with path.open("rb") as stream:
        flat = stream.read(64).lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<")
    if flat:
        tree = parse_xml(path.read_bytes())
        if tree is None:
            raise UnreadableFile("broken", "not an OpenDocument file")
        yield _document(doc_id, tree, tree, tree)
        return
    with Package(path, "an OpenDocument file") as package:
        manifest = package.xml("META-INF/manifest.xml")
        if manifest is not None and next(manifest.iter("{*}encryption-data"), None) is not None:
            raise UnreadableFile("encrypted", "encrypted, needs a password")
        content = package.needed_xml("content.xml")
        _insert_objects(package, content)
        yield _document(doc_id, content, package.xml("styles.xml"), package.xml("meta.xml"))


def _insert_objects(package: Package, content: Element) -> None:
    """Insert formulas and charts, which are documents of their own, where they are displayed."""
    for frame in itertools.islice(content.iter(f"{_DRAW}object"), _MOST_OBJECTS):
        name = (frame.get(_HREF) or "").removeprefix("./").rstrip("/")
        tree = package.xml(f"{name}/content.xml") if name else None
        if tree is not None:
            frame.append(tree)


def _document(
    doc_id: str, content: Element, styles: Element | None, meta: Element | None
) -> Document:
    body = content.find(f"{OFFICE}body/*")
    kind = _FORMATS.get(name_of(body)) if body is not None else None
    if body is None or kind is None:
        raise UnreadableFile("broken", "not an OpenDocument file with text in it")
    apply_styles(content, styles)
    builder = DocumentBuilder("slide") if kind == "odp" else DocumentBuilder()
    if kind == "ods":
        builder = sheet_builder()
        for table in body.iterchildren(f"{TABLE}table"):
            add_sheet(builder, table.get(f"{TABLE}name") or "", _sheet_rows(table))
            for shapes in table.iterchildren(f"{TABLE}shapes"):
                builder.stand_at(1, table.get(f"{TABLE}name") or "")
                for line in _aside_lines(shapes):
                    builder.row(line)
    elif kind == "odp":
        for number, page in enumerate(body.iterchildren("{*}page"), 1):
            builder.end_headings()
            builder.stand_at(number)
            _add_slide(builder, page)
    else:
        _Text(builder, _list_levels(styles, content)).add(body)
        builder.end_matter(_headers(styles))
    title = None if meta is None else meta.findtext(f".//{OFFICE}meta/{{*}}title")
    if title is None or not says_something(title):
        styled = next(body.iterfind(f".//{TEXT}h[@{TITLE}]"), None)
        title = None if styled is None else text_of(styled, [])
    document = builder.build(doc_id, kind, title or None)
    if kind == "odp" and document.title is None and document.headings:
        # The first slide has the presentation's title.
        document = replace(document, title=document.headings[0].title)
    return document


def _list_levels(*trees: Element | None) -> dict[_Place, ListLevel]:
    """The numbered levels of list styles, by style and depth from 0; later trees win."""
    levels: dict[_Place, ListLevel] = {}
    for tree in trees:
        for style in () if tree is None else tree.iter(f"{TEXT}list-style"):
            for level in style.iterchildren(f"{TEXT}list-level-style-number"):
                depth = (whole_number(level.get(f"{TEXT}level")) or 1) - 1
                form = level.get(f"{STYLE}num-format")
                levels[style.get(f"{STYLE}name") or "", depth] = ListLevel(
                    FORMS.get(form or "", "decimal" if form else ""),
                    level.get(f"{STYLE}num-prefix") or "",
                    level.get(f"{STYLE}num-suffix") or "",
                    whole_number(level.get(f"{TEXT}start-value")) or 1,
                    whole_number(level.get(f"{TEXT}display-levels")) or 1,
                )
    return levels


def _add_slide(builder: DocumentBuilder, page: Element) -> None:
    kinds = [(element.get(f"{_PRESENTATION}class") or "", element) for element in page]
    for kind, element in kinds:
        if kind == "title":
            builder.heading(1, " ".join(plain_lines(element)))
    text = _Text(builder, {})
    for kind, element in kinds:
        if isinstance(element.tag, str) and kind not in _NOT_SHOWN_AGAIN:
            text.add_one(element)


def _headers(styles: Element | None) -> Iterator[str]:
    """The texts of headers and footers."""
    for master in () if styles is None else styles.iter(f"{STYLE}master-page"):
        for part in master:
            yield "\n".join(plain_lines(part))


class _Text:
    """Adds headings, paragraphs, lists and tables, each followed by what is anchored in it."""

    def __init__(self, builder: DocumentBuilder, levels: Mapping[_Place, ListLevel]) -> None:
        self._builder = builder
        self._levels = levels
        # The last number of each level, which a later list may continue.
        self._last: dict[_Place, int] = {}

    def add(self, parent: Element) -> None:
        """Add everything in an element."""
        for element in parent:
            if isinstance(element.tag, str):
                self.add_one(element)

    def add_one(self, element: Element) -> None:
        """Add one element."""
        name = name_of(element)
        asides: list[Element] = []
        if name == "h":
            level = whole_number(element.get(f"{TEXT}outline-level")) or 1
            self._builder.heading(level, text_of(element, asides))
        elif name == "p":
            self._builder.block(text_of(element, asides))
        elif name == "list":
            headings = [*element.iter(f"{TEXT}h")]
            if headings:
                # Numbered headings are items of a list too.
                for item in element:
                    self.add(item)
            else:
                self._builder.block("\n".join(self._items(element, 0, "", asides)))
        elif name == "table":
            rows = [cells for _, cells in _rows(element, asides)]
            self._builder.block(table_text(rows), columns(rows))
        elif element.tag == f"{CHART}chart":
            self._builder.block("\n".join(chart_lines(element)))
        elif element.tag == f"{MATH}math":
            self._builder.block(formula_text(element))
        elif is_description(element):
            self._builder.block(element.text or "")
        elif name in ASIDES:
            self._add_aside(element)
        elif not is_left_out(element):
            self.add(element)
        for aside in asides:
            self._add_aside(aside)

    def _add_aside(self, aside: Element) -> None:
        """Add an aside, whose headings end with it."""
        self._builder.begin_aside()
        self.add(aside)
        self._builder.end_headings(self._builder.end_aside())

    def _items(
        self,
        parent: Element,
        depth: int,
        style: str,
        asides: list[Element],
        above: tuple[str, ...] = (),
    ) -> Iterator[str]:
        style = parent.get(f"{TEXT}style-name") or style
        level = self._levels.get((style, depth))
        count = 0 if level is None else level.start - 1
        if parent.get(f"{TEXT}continue-numbering") == "true" or parent.get(_CONTINUED):
            count = self._last.get((style, depth), count)
        for item in parent.iterchildren(f"{TEXT}list-item", f"{TEXT}list-header"):
            stated = whole_number(item.get(f"{TEXT}start-value"))
            if stated is not None:
                count = stated
            elif any(name_of(child) in ("p", "h") for child in item):
                count += 1
            number = "" if level is None else level.numbered(count)
            marker = "-" if level is None else level.marker((*above, number))
            for child in item:
                if name_of(child) == "list":
                    yield from self._items(child, depth + 1, style, asides, (*above, number))
                elif text := text_of(child, asides):
                    yield f"{'  ' * depth}{marker} {text}"
                    marker = " " * len(marker)
        self._last[style, depth] = count


def _sheet_rows(table: Element) -> Iterator[Row]:
    """The rows of a sheet, each followed by its comments and drawings as rows of one cell."""
    asides: list[Element] = []
    for number, cells in _rows(table, asides):
        if cells:
            yield number, cells
        for aside in asides:
            for line in _aside_lines(aside):
                yield number, [line]
        asides.clear()


def _aside_lines(aside: Element) -> Iterator[str]:
    charts = [*aside.iter(f"{CHART}chart")]
    if not charts:
        yield from plain_lines(aside)
    for chart in charts:
        yield " ".join(chart_lines(chart))


def _rows(table: Element, asides: list[Element]) -> Iterator[Row]:
    """The rows of a table, repeated ones once.

    A cell merged over several rows repeats its text in each. Rows without a value are left out,
    unless something is anchored in them.
    """
    number = 1
    # By column, the number of rows that a cell still spans, and its text.
    merged: dict[int, tuple[int, str]] = {}
    for row in _table_rows(table):
        cells: list[str] = []
        before = len(asides)
        gap = column = 0
        for cell in row.iterchildren(f"{TABLE}table-cell", f"{TABLE}covered-table-cell"):
            repeated = whole_number(cell.get(f"{TABLE}number-columns-repeated")) or 1
            value = _value(cell, asides)
            rows = whole_number(cell.get(f"{TABLE}number-rows-spanned")) or 1
            if rows > 1:
                merged[column] = rows, value
            left, text = merged.pop(column, (0, ""))
            if left > 1:
                merged[column] = left - 1, text
            column += repeated
            if left and name_of(cell) == "covered-table-cell":
                value = value or repeatable(text)
            if not value:
                gap += repeated
                continue
            # The exact distance of a cell far to the right of all others means nothing.
            cells += [""] * min(gap, MOST_REPEATED) + [value] * min(repeated, MOST_REPEATED)
            gap = 0
        if cells or len(asides) > before:
            yield number, cells
        number += whole_number(row.get(f"{TABLE}number-rows-repeated")) or 1


def _table_rows(parent: Element) -> Iterator[Element]:
    for child in parent:
        if child.tag == f"{TABLE}table-row":
            yield child
        elif child.tag in _ROW_GROUPS:
            yield from _table_rows(child)


def _value(cell: Element, asides: list[Element]) -> str:
    """The displayed value of a cell; dates as in ISO 8601."""
    date: str | None = cell.get(f"{OFFICE}date-value")
    lines: list[str] = []
    for child in cell:
        if child.tag == f"{TEXT}p":
            lines.append(text_of(child, asides))
        elif name_of(child) in ASIDES:
            asides.append(child)
        elif not is_left_out(child):
            lines += plain_lines(child)
    if date:
        return date.removesuffix("T00:00:00").replace("T", " ")
    shown = " ".join(" ".join(lines).split())
    return shown or str(cell.get(f"{OFFICE}value") or "")
