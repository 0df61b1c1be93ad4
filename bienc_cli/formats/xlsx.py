"""XLSX: each sheet's rows with the values that Excel shows, never the formulas."""

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
"""Columns of one row that are merged with those above, at most."""

_MOST_COLUMNS = 16_384
_PLAIN = NumberFormat()

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
"""A character that XML does not take, `_x000D_`, or an underscore that would seem to begin one."""


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
    """Cells that are merged over several rows, and say the same in each of them."""

    def __init__(self, package: Package, part: str) -> None:
        # By the row where they begin, their columns and last rows.
        self._begin: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for found in package.matches(part, _MERGED):
            first, last = int(found[2]), int(found[3])
            if last > first:
                self._begin[first].append((_column(found[1].decode()), last))
        self._said: dict[int, tuple[int, str]] = {}

    def fill(self, number: int, cells: list[str]) -> None:
        """Put into a row what cells of rows above say in it, if it says anything itself."""
        if not any(cells):
            return
        for column, (last, text) in [*self._said.items()]:
            if number > last:
                del self._said[column]
                continue
            cells += [""] * (column + 1 - len(cells))
            cells[column] = cells[column] or text
        for column, last in self._begin.get(number, ()):
            known = column < len(cells) and len(self._said) < _MOST_MERGED
            if known and (text := repeatable(cells[column])):
                self._said[column] = last, text


class _Workbook:
    """What the sheets of a workbook share: strings, formats, the day that dates begin at."""

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
        """Name and part of each sheet in its order, hidden ones too."""
        relations = self._package.relations(self._main)
        found = False
        names: list[str] = []
        for sheet in () if self._tree is None else self._tree.iterfind("{*}sheets/{*}sheet"):
            names.append(sheet.get("name") or "")
            kind, part = relations.get(sheet.get(f"{R}id") or "", ("", ""))
            if kind in ("worksheet", "chartsheet") and part in self._package:
                found = True
                yield names[-1], part
        if not found:
            # What says which part is which sheet is broken.
            for index, part in enumerate(self._package.names(r"xl/worksheets/sheet\d+\.xml")):
                yield names[index] if index < len(names) else f"Sheet {index + 1}", part

    def names_of(self, sheet: str) -> Iterator[tuple[int, str]]:
        """The names that people gave to places of a sheet, each with its row."""
        found = () if self._tree is None else self._tree.iterfind("{*}definedNames/{*}definedName")
        for one in found:
            name, place = one.get("name") or "", one.text or ""
            of, _, cells = place.rpartition("!")
            row = _ROW.search(cells)
            if of.strip("'").replace("''", "'") == sheet and row and not _is_of_excel(one):
                said = one.get("comment")
                yield int(row[0]), f"{name}: {said or place}"

    def rows(self, part: str, beside: list[tuple[int, str]]) -> Iterator[Row]:
        """The rows of a sheet; `beside` receives what it says elsewhere, each with its row."""
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
                found = _REFERENCE.match(cell.get("r") or "")
                column = _column(found[1]) if found else len(cells)
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
    """A string of one piece, or of several in different fonts; no reading of its letters."""
    pieces = [item.findtext("{*}t") or ""]
    for run in item.iterfind("{*}r"):
        text = run.findtext("{*}t") or ""
        aligned = run.find("{*}rPr/{*}vertAlign")
        raised = aligned is not None and aligned.get("val") == "superscript"
        pieces.append(text.translate(RAISED) if raised and text.strip().isdecimal() else text)
    return _unescaped("".join(pieces))


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def _column(letters: str) -> int:
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1


def _is_of_excel(name: Element) -> bool:
    return name.get("hidden") == "1" or (name.get("name") or "").startswith("_xlnm.")


def _advice(validation: Element) -> Iterator[tuple[int, str]]:
    """What a cell tells whoever fills it in, and what can be chosen there."""
    place = validation.get("sqref") or validation.findtext("{*}sqref") or ""
    row = _ROW.search(place)
    said = [validation.get(name) or "" for name in ("promptTitle", "prompt", "errorTitle", "error")]
    if validation.get("type") == "list":
        choices = "".join(validation.itertext("{*}formula1", "{*}f"))
        if choices.startswith('"'):
            said.append(choices.strip('"').replace(",", ", "))
    text = " ".join(_unescaped(" ".join(said)).split())
    if text:
        yield int(row[0]) if row else 1, f"{place}: {text}"


def _printed(part: Element) -> str:
    """The words at the edge of a printed page, without fonts and numbers of pages."""
    return " ".join(_CODE.sub(lambda code: code[1] or " ", part.text or "").split())


def _beside(package: Package, part: str) -> Iterator[tuple[int, str]]:
    """A sheet's comments, text boxes, charts and pictures, each with the row where it stands."""
    for kind, tag in (("comments", "comment"), ("threadedComment", "threadedComment")):
        for found in package.related(part, kind):
            for comment in package.elements(found, tag):
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
