"""A cell that is merged over several rows says the same in each of them."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest

from reader_samples import read_one

TABLE = [
    ["Day", "Place", "Time"],
    ["Monday", "North", "8:00"],
    [None, None, "9:00"],
    [None, "South", "10:00"],
    ["Tuesday", "South", "11:00"],
]
"""None is merged with the cell above."""

SHOWN = [
    "Day | Place | Time",
    "Monday | North | 8:00",
    "Monday | North | 9:00",
    "Monday | South | 10:00",
    "Tuesday | South | 11:00",
]
Table = Sequence[Sequence[str | None]]


def rows_of(table: Table, row: int, column: int) -> int:
    """Over how many rows a cell is merged."""
    last = row + 1
    while last < len(table) and table[last][column] is None:
        last += 1
    return last - row


def docx(table: Table) -> bytes:
    from docx import Document as new_document

    document = new_document()
    made = document.add_table(rows=len(table), cols=len(table[0]))
    for row, cells in enumerate(table):
        for column, text in enumerate(cells):
            if text is not None:
                last = row + rows_of(table, row, column) - 1
                made.cell(row, column).merge(made.cell(last, column)).text = text
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def xlsx(table: Table) -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    for cells in table:
        sheet.append(cells)
    for row, cells in enumerate(table):
        for column, text in enumerate(cells):
            over = rows_of(table, row, column)
            if text is not None and over > 1:
                sheet.merge_cells(
                    start_row=row + 1, start_column=column + 1, end_row=row + over,
                    end_column=column + 1,
                )  # fmt: skip
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def html(table: Table) -> bytes:
    rows = []
    for row, cells in enumerate(table):
        rows.append(
            "".join(
                f"<td rowspan={rows_of(table, row, column)}>{text}</td>"
                for column, text in enumerate(cells)
                if text is not None
            )
        )
    return ("<table>" + "\n".join(f"<tr>{row}</tr>" for row in rows) + "</table>").encode()


def open_document(table: Table, kind: str) -> bytes:
    from odf.opendocument import OpenDocumentSpreadsheet, OpenDocumentText
    from odf.table import CoveredTableCell, TableCell, TableRow
    from odf.table import Table as OdfTable
    from odf.text import P

    document = OpenDocumentText() if kind == "odt" else OpenDocumentSpreadsheet()
    made = OdfTable(name="T")
    for row, cells in enumerate(table):
        line = TableRow()
        for column, text in enumerate(cells):
            over = rows_of(table, row, column)
            merged = {"numberrowsspanned": over, "numbercolumnsspanned": 1} if over > 1 else {}
            cell = CoveredTableCell() if text is None else TableCell(valuetype="string", **merged)
            if text is not None:
                cell.addElement(P(text=text))
            line.addElement(cell)
        made.addElement(line)
    (document.text if kind == "odt" else document.spreadsheet).addElement(made)
    buffer = io.BytesIO()
    document.write(buffer)
    return buffer.getvalue()


WRITERS = [
    (docx, "a.docx"),
    (xlsx, "a.xlsx"),
    (html, "a.html"),
    (lambda table: open_document(table, "odt"), "a.odt"),
    (lambda table: open_document(table, "ods"), "a.ods"),
]


def lines_of(tmp_path, write, name: str, table: Table) -> list[str]:
    path = tmp_path / name
    path.write_bytes(write(table))
    return [line for line in read_one(path).text.split("\n") if line.strip()]


@pytest.mark.parametrize(("write", "name"), WRITERS)
def test_each_row_says_what_it_is_merged_with(tmp_path, write, name):
    assert lines_of(tmp_path, write, name, TABLE)[-5:] == SHOWN


@pytest.mark.parametrize(("write", "name"), WRITERS)
def test_a_text_of_some_length_is_said_once(tmp_path, write, name):
    long = "Words of a cell. " * 20
    lines = lines_of(tmp_path, write, name, [["A", "B"], [long.strip(), "1"], [None, "2"]])
    assert sum("Words of a cell." in line for line in lines) == 1
    assert lines[-1].strip(" |") == "2"


def test_rows_of_a_page_are_cited_by_their_own_lines(tmp_path):
    path = tmp_path / "a.html"
    path.write_bytes(html(TABLE))
    document = read_one(path)
    numbers = {anchor.number: anchor.start for anchor in document.numbering.anchors}
    for number, line in enumerate(SHOWN, 1):
        assert document.text[numbers[number] :].startswith(line)


def test_rows_with_nothing_of_their_own_stay_empty(tmp_path):
    table = [["A", "B"], ["Monday", "1"], [None, ""], [None, "3"]]
    assert lines_of(tmp_path, xlsx, "a.xlsx", table)[-3:] == ["A | B", "Monday | 1", "Monday | 3"]
