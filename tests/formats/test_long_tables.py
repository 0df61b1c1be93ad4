"""The names of a table's columns go with every passage of it, in every format that has tables."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from bienc_cli.chunking.chunker import chunk
from bienc_cli.types import ChunkingParameters, Passage
from fakes import FakeTokenizer
from reader_samples import read_one

Table = Sequence[Sequence[str]]
NAMES = ["Article", "Unit price", "In stock"]
ROWS = [[f"widget{n}", f"{n}.50 EUR", f"{3 * n}"] for n in range(60)]
TABLE = [NAMES, *ROWS]


def docx(table: Table) -> bytes:
    from docx import Document as new_document

    document = new_document()
    document.add_heading("Parts", 1)
    document.add_paragraph("What there is:")
    made = document.add_table(rows=0, cols=len(table[0]))
    for row in table:
        for cell, text in zip(made.add_row().cells, row, strict=True):
            cell.text = text
    document.add_paragraph("That was the table.")
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def pptx(table: Table) -> bytes:
    from pptx import Presentation
    from pptx.util import Inches

    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "Parts"
    inch = Inches(1)
    made = slide.shapes.add_table(len(table), len(table[0]), inch, inch, inch, inch).table
    for number, row in enumerate(table):
        for column, text in enumerate(row):
            made.cell(number, column).text = text
    buffer = io.BytesIO()
    deck.save(buffer)
    return buffer.getvalue()


def odt(table: Table) -> bytes:
    from odf.opendocument import OpenDocumentText
    from odf.table import Table as OdfTable
    from odf.table import TableCell, TableHeaderRows, TableRow
    from odf.text import H, P

    document = OpenDocumentText()
    document.text.addElement(H(outlinelevel=1, text="Parts"))
    made = OdfTable(name="T")
    for number, row in enumerate(table):
        line = TableRow()
        for text in row:
            cell = TableCell()
            cell.addElement(P(text=text))
            line.addElement(cell)
        head = TableHeaderRows()
        head.addElement(line)
        made.addElement(line if number else head)
    document.text.addElement(made)
    document.text.addElement(P(text="That was the table."))
    buffer = io.BytesIO()
    document.write(buffer)
    return buffer.getvalue()


def rtf(table: Table) -> bytes:
    rows = "\n".join(
        r"\trowd\cellx1000\cellx2000\cellx3000"
        + "".join(rf"\pard\intbl {text}\cell" for text in row)
        + r"\row"
        for row in table
    )
    start = r"{\rtf1\ansi{\stylesheet{\s1\outlinelevel0 heading 1;}}\pard\s1 Parts\par\pard "
    return f"{start}{rows}\\pard That was the table.\\par}}".encode()


def html(table: Table) -> bytes:
    head, *rows = ["".join(f"<td><p>{text}</p></td>" for text in row) for row in table]
    body = "\n".join(f"<tr>{row}</tr>" for row in rows)
    head = head.replace("td>", "th>")
    table_of = f"<table><caption>All</caption><thead><tr>{head}</tr></thead>\n{body}</table>"
    return f"<h1>Parts</h1><p>What there is:</p>{table_of}<p>That was the table.</p>".encode()


def html_of_cells(table: Table) -> bytes:
    return html(table).replace(b"th>", b"td>").replace(b"<thead>", b"").replace(b"</thead>", b"")


def message(table: Table) -> bytes:
    return b"Subject: Parts\nMIME-Version: 1.0\nContent-Type: text/html\n\n" + html(table)


def markdown(table: Table) -> bytes:
    head, *rows = ["| " + " | ".join(row) + " |" for row in table]
    rule = "|" + "---|" * len(table[0])
    return "\n".join(["# Parts", "", head, rule, *rows, "", "That was the table.", ""]).encode()


WRITERS = [
    (docx, ".docx"),
    (pptx, ".pptx"),
    (odt, ".odt"),
    (rtf, ".rtf"),
    (html, ".html"),
    (html_of_cells, ".htm"),
    (message, ".eml"),
    (markdown, ".md"),
]


def passages(tmp_path: Path, write: Callable[[Table], bytes], suffix: str, table: Table):
    path = tmp_path / f"parts{suffix}"
    path.write_bytes(write(table))
    document = read_one(path)
    return [*chunk(document, FakeTokenizer(), ChunkingParameters(64, 8))]


def rows_in(passage: Passage) -> list[str]:
    return [line for line in passage.text.split("\n") if "widget" in line]


@pytest.mark.parametrize(("write", "suffix"), WRITERS)
def test_every_passage_has_the_names_of_the_columns(tmp_path, write, suffix):
    cut = passages(tmp_path, write, suffix, TABLE)
    of_table = [passage for passage in cut if rows_in(passage)]
    assert len(of_table) > 5
    for passage in of_table:
        assert all(name in passage.embedded_text for name in NAMES)
        assert (passage.heading[-1] == "Article, Unit price, In stock") != (
            "Unit price" in passage.text
        )
        # The passage is cited as what stands around it, not by a row.
        assert passage.place.name in ("", "Parts")
        assert passage.heading[0] == "Parts"
    assert [p.heading[-1] for p in cut if "That was" in p.text and not rows_in(p)] in (
        [],
        ["Parts"],
    )


@pytest.mark.parametrize(("write", "suffix"), WRITERS[:-1])
@pytest.mark.parametrize(
    "table",
    [
        ROWS,
        [["1", "2", "3"], *ROWS],
        [["same", "same", "same"], *ROWS],
    ],
)
def test_a_table_without_names_has_none(tmp_path, write, suffix, table):
    for passage in passages(tmp_path, write, suffix, table):
        assert set(passage.heading) <= {"Parts"}
