"""XLSX: the rows of each sheet with the values that Excel shows, never formulas."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bienc_cli.formats.cleaning import RAISED
from bienc_cli.formats.drawing import CHART, description, drawn_text, related_text
from bienc_cli.formats.number_formats import NumberFormat
from bienc_cli.formats.package import Package, R, whole_number
from bienc_cli.formats.sheets import Row, add_sheet, begin_sheet, repeatable, sheet_builder
from bienc_cli.types import Document

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_ROW = re.compile(r"(?<=[A-Z$])[0-9]{1,7}\b")
_CODE = re.compile(r'&(?:"[^"]*"|[0-9]{1,3}|K[0-9A-Fa-f]{6}|(&)|[A-Za-z])')
_MERGED = re.compile(
    rb"<(?:\w{1,9}:)?mergeCell [^<>]{0,99}?\bref="
    rb"""["']([A-Z]{1,3})([0-9]{1,7}):[A-Z]{1,3}([0-9]{1,7})["']"""
)
_MOST_MERGED = 64
"""Limit on columns of one row that are merged with rows above."""

_MOST_COLUMNS = 16_384
_PLAIN = NumberFormat()

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
"""A character that XML does not allow, `_x000D_`, or an underscore that looks like one's start."""


def read(path: Path, doc_id: str) -> Iterator[Document]:
    """Read a workbook; see `table.ReadFunction`."""
    with Package(path, "an Excel workbook") as package:
        book = _Workbook(package)
        builder = sheet_builder()
        for name, part in book.sheets():
            beside: list[tuple[int, str]] = []
            begun = add_sheet(builder, name, book.rows(part, beside))
            for row, text in [*beside, *book.names_of(name), *_beside(package, part)]:
                if not begun:
                    begin_sheet(builder, name, row)
                    begun = True
                builder.stand_at(row, name)
                builder.row(text)
        yield builder.build(doc_id, "xlsx", package.title())


class _Merged:
    """Repeats the text of cells merged over several rows in each of those rows."""

    def __init__(self, package: Package, part: str) -> None:
        # By first row, column and last row of each merged cell.
        self._begin: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for cell in package.matches(part, _MERGED):
            first, last = int(cell[2]), int(cell[3])
            if last > first:
                self._begin[first].append((_column(cell[1].decode()), last))
        # By column, last row and text of the merged cells around the current row.
        self._texts: dict[int, tuple[int, str]] = {}

    def fill(self, number: int, cells: list[str]) -> None:
        """Put the texts of cells that begin above into a row, unless all of its cells are empty."""
        if not any(cells):
            return
        for column, (last, text) in [*self._texts.items()]:
            if number > last:
                del self._texts[column]
                continue
            cells += [""] * (column + 1 - len(cells))
            cells[column] = cells[column] or text
        for column, last in self._begin.get(number, ()):
            known = column < len(cells) and len(self._texts) < _MOST_MERGED
            if known and (text := repeatable(cells[column])):
                self._texts[column] = last, text


class _Workbook:
    """What the sheets of a workbook share: strings, formats, and day 0 of dates."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._main = package.main_part("xl/workbook.xml")
        self._tree = package.xml(self._main)
        shared = [*package.related(self._main, "sharedStrings")]
        self._strings = [
            _string(item)
            for part in shared or package.names(r"xl/sharedstrings\.xml")
            for item in package.elements(part, "si")
        ]
        self._formats = [*self._cell_formats()]
        properties = None if self._tree is None else self._tree.find("{*}workbookPr")
        since_1904 = properties is not None and properties.get("date1904") in ("1", "true")
        self._epoch = datetime(1904, 1, 1) if since_1904 else datetime(1899, 12, 30)

    def sheets(self) -> Iterator[tuple[str, str]]:
        """Name and part of each sheet in order, hidden ones too."""
        relations = self._package.relations(self._main)
        has_sheets = False
        names: list[str] = []
        for sheet in () if self._tree is None else self._tree.iterfind("{*}sheets/{*}sheet"):
            names.append(sheet.get("name") or "")
            kind, part = relations.get(sheet.get(f"{R}id") or "", ("", ""))
            if kind in ("worksheet", "chartsheet") and part in self._package:
                has_sheets = True
                yield names[-1], part
        if not has_sheets:
            # The list that maps sheets to parts is broken.
            for index, part in enumerate(self._package.names(r"xl/worksheets/sheet\d+\.xml")):
                yield names[index] if index < len(names) else f"Sheet {index + 1}", part

    def names_of(self, sheet: str) -> Iterator[tuple[int, str]]:
        """Names defined for cells of a sheet, each with its row."""
        if self._tree is None:
            return
        for defined in self._tree.iterfind("{*}definedNames/{*}definedName"):
            name, place = defined.get("name") or "", defined.text or ""
            quoted, _, cells = place.rpartition("!")
            row = _ROW.search(cells)
            is_here = quoted.strip("'").replace("''", "'") == sheet
            if is_here and row and not _is_internal(defined):
                yield int(row[0]), f"{name}: {defined.get('comment') or place}"

    def rows(self, part: str, beside: list[tuple[int, str]]) -> Iterator[Row]:
        """The rows of a sheet; `beside` receives its texts outside cells, each with a row."""
        number = 0
        merged = _Merged(self._package, part)
        for row in self._package.elements(part, "row", "dataValidation", "headerFooter"):
            if row.tag.endswith("}dataValidation"):
                beside += _advice(row)
                continue
            if row.tag.endswith("}headerFooter"):
                beside += ((1, text) for text in dict.fromkeys(map(_printed, row)) if text)
                continue
            stated = whole_number(row.get("r"))
            number = number + 1 if stated is None else stated
            cells: list[str] = []
            for cell in row.iterchildren("{*}c"):
                reference = _REFERENCE.match(cell.get("r") or "")
                column = _column(reference[1]) if reference else len(cells)
                if len(cells) <= column < _MOST_COLUMNS and (value := self._value(cell)):
                    cells += [""] * (column - len(cells))
                    cells.append(value)
            merged.fill(number, cells)
            yield number, cells

    def _value(self, cell: Element) -> str:
        kind = cell.get("t") or "n"
        if kind == "inlineStr":
            inline = cell.find("{*}is")
            return "" if inline is None else _string(inline)
        value = cell.findtext("{*}v") or ""
        if kind == "s":
            index = whole_number(value)
            known = index is not None and index < len(self._strings)
            return self._strings[index or 0] if known else ""
        if kind == "b":
            return "TRUE" if value == "1" else "FALSE"
        return (
            self._number(value, whole_number(cell.get("s"))) if kind == "n" else _unescaped(value)
        )

    def _number(self, value: str, style: int | None) -> str:
        known = style is not None and style < len(self._formats)
        shown_as = self._formats[style or 0] if known else _PLAIN
        return shown_as.shown(value, self._epoch)

    def _cell_formats(self) -> Iterator[NumberFormat]:
        for part in self._package.related(self._main, "styles"):
            styles = self._package.xml(part)
            if styles is None:
                continue
            codes = {
                form.get("numFmtId"): form.get("formatCode") or ""
                for form in styles.iterfind("{*}numFmts/{*}numFmt")
            }
            for cell in styles.iterfind("{*}cellXfs/{*}xf"):
                number = cell.get("numFmtId") or ""
                yield NumberFormat.of(number, codes.get(number, ""))


def _string(item: Element) -> str:
    """A string, of one piece or several in different fonts, without phonetic readings."""
    pieces = [item.findtext("{*}t") or ""]
    for run in item.iterfind("{*}r"):
        text = run.findtext("{*}t") or ""
        aligned = run.find("{*}rPr/{*}vertAlign")
        raised = aligned is not None and aligned.get("val") == "superscript"
        pieces.append(text.translate(RAISED) if raised and text.strip().isdecimal() else text)
    return _unescaped("".join(pieces))


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda code: chr(int(code[1], 16)), text) if "_x" in text else text


def _column(letters: str) -> int:
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1


def _is_internal(name: Element) -> bool:
    return name.get("hidden") == "1" or (name.get("name") or "").startswith("_xlnm.")


def _advice(validation: Element) -> Iterator[tuple[int, str]]:
    """The messages of a cell for whoever fills it in, and its choices."""
    place = validation.get("sqref") or validation.findtext("{*}sqref") or ""
    row = _ROW.search(place)
    names = ("promptTitle", "prompt", "errorTitle", "error")
    messages = [validation.get(name) or "" for name in names]
    if validation.get("type") == "list":
        choices = "".join(validation.itertext("{*}formula1", "{*}f"))
        if choices.startswith('"'):
            messages.append(choices.strip('"').replace(",", ", "))
    text = " ".join(_unescaped(" ".join(messages)).split())
    if text:
        yield int(row[0]) if row else 1, f"{place}: {text}"


def _printed(part: Element) -> str:
    """The text of a header or footer without codes for fonts and page numbers."""
    return " ".join(_CODE.sub(lambda code: code[1] or " ", part.text or "").split())


def _beside(package: Package, part: str) -> Iterator[tuple[int, str]]:
    """A sheet's comments, text boxes, charts and pictures, each with its row."""
    for kind, tag in (("comments", "comment"), ("threadedComment", "threadedComment")):
        for comments in package.related(part, kind):
            for comment in package.elements(comments, tag):
                reference = _REFERENCE.match(comment.get("ref") or "")
                text = " ".join("".join(comment.itertext("{*}t", "{*}text")).split())
                if text:
                    yield int(reference[2]) if reference else 1, f"{comment.get('ref')}: {text}"
    for drawing in package.related(part, "drawing"):
        tree = package.xml(drawing)
        relations = package.relations(drawing)
        for anchor in () if tree is None else tree:
            texts = [drawn_text(anchor)]
            texts += [related_text(package, relations, chart) for chart in anchor.iter(CHART)]
            texts += map(description, anchor.iter("{*}cNvPr"))
            text = " ".join(" ".join(texts).split())
            if text:
                yield (whole_number(anchor.findtext("{*}from/{*}row")) or 0) + 1, text
