import datetime
import io
import re

import pytest
import xlsxwriter
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

from bienc_cli.chunking.outline import Outline
from bienc_cli.chunking.places import Places
from bienc_cli.errors import UnreadableFile
from bienc_cli.formats import builder
from bienc_cli.formats.sheets import add_sheet, sheet_builder
from bienc_cli.types import Document, Place
from office_samples import changed
from reader_samples import outline, read_one


def xlsx_bytes() -> bytes:
    """A workbook with each thing that the reader tells apart."""
    book = Workbook()
    book.properties.title = "Berths"
    sheet = book.active
    sheet.title = "Fees"
    for row in (["Berth", "Fee", "Since"], ["North", 12.5, datetime.date(2024, 5, 1)]):
        sheet.append(row)
    sheet["A5"] = "South"
    sheet["B5"] = "=B2*2"
    sheet["B5"].comment = Comment("ask the bursar", "Ada")
    sheet["C5"] = 0.25
    sheet["C5"].number_format = "0.0%"
    hidden = book.create_sheet("Notes")
    hidden.sheet_state = "hidden"
    hidden["C3"] = "two\nlines"
    book.create_sheet("Empty")
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def read(tmp_path, content: bytes) -> Document:
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    return read_one(path)


def place_of(document: Document, words: str) -> Place:
    start = document.text.index(words)
    return Places(document).of(start, start + len(words), ())


def test_sheets_are_headings_and_rows_places(tmp_path):
    document = read(tmp_path, xlsx_bytes())
    assert document.title == "Berths"
    assert outline(document) == [(1, "Fees"), (2, "Berth, Fee, Since"), (1, "Notes")]
    assert document.text.split("\n") == [
        "Fees",
        "",
        "Berth | Fee | Since",
        "North | 12.5 | 2024-05-01",
        "South |  | 25%",
        "B5: ask the bursar",
        "Notes",
        "",
        " |  | two lines".strip(),
        "",
    ]
    for words, row, name in (
        ("Berth |", 1, "Fees"),
        ("North", 2, "Fees"),
        ("South", 5, "Fees"),
        ("bursar", 5, "Fees"),
        ("two lines", 3, "Notes"),
    ):
        assert place_of(document, words) == Place("row", row, row, name)


def test_the_header_heads_the_rows_of_its_sheet_only(tmp_path):
    document = read(tmp_path, xlsx_bytes())
    fees, header, notes = document.headings
    assert fees.end == header.end == notes.start


def test_strings_that_cells_share_and_rich_ones(tmp_path):
    """As Excel itself writes them, and xlsxwriter."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet = book.add_worksheet("Fees")
        bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "d mmm yyyy"})
        sheet.write_row(0, 0, ["Berth", "Fee", "Since"])
        sheet.write_row(1, 0, ["North", 12])
        sheet.write_datetime(1, 2, datetime.datetime(2024, 5, 1), day)
        sheet.write_rich_string(2, 0, "So", bold, "uth")
        sheet.write_string(3, 0, "North")
        sheet.write_formula(3, 1, "=B2*2", value=24)
        sheet.insert_textbox(6, 0, "Ask the bursar")
    document = read(tmp_path, buffer.getvalue())
    lines = ["Berth | Fee | Since", "North | 12 | 2024-05-01", "South", "North | 24"]
    assert document.text.split("\n")[2:] == [*lines, "Ask the bursar", ""]
    assert place_of(document, "bursar").first == 7


def rows_of(*rows: list[str]) -> Document:
    made = sheet_builder()
    add_sheet(made, "S", enumerate(rows, 1))
    return made.build("a", "xlsx", None)


@pytest.mark.parametrize(
    ("rows", "header"),
    [
        ([["name", "city"], ["Ada", "Oslo"]], "name, city"),
        ([["Members of 2024"], [], ["name", "city"], ["Ada", "Oslo"]], "name, city"),
        ([["", "q1", "q2"], ["north", "1", "2"]], "q1, q2"),
        ([["1", "2"], ["3", "4"]], None),
        ([["a", "a"], ["b", "c"]], None),
        ([["only"], ["one"], ["column"]], None),
        ([["a header", "of nothing"]], None),
    ],
)
def test_which_row_names_the_columns(rows, header):
    titles = [title for level, title in outline(rows_of(*rows)) if level == 2]
    assert titles == ([header] if header else [])


@pytest.mark.parametrize(
    ("below", "header"),
    [
        ([["Product", "Price", "Stock"], ["Pear", "1.5", "yes"]], "Product, Price, Stock"),
        ([["Products"], ["Product", "Price"], ["Pear", "1.5"]], "Product, Price"),
        ([["West", "7"]], None),
        ([["Note", "as of May"], ["Made by", "Ann"]], None),
        ([["Total", "7"], ["Mean", "3.5"]], None),
    ],
)
def test_a_second_table_of_a_sheet_has_a_header_of_its_own(below, header):
    document = rows_of(["Region", "Sum"], ["North", "1"], ["South", "3"], [], *below)
    trail = Outline(document.headings).trail(document.text.index(below[-1][0]))
    assert trail == ("S", header or "Region, Sum")
    # What stands above a header is not under the one before.
    first = Outline(document.headings).trail(document.text.index(below[0][0]))
    assert first == trail or first == ("S",)


def test_a_huge_sparse_sheet_is_as_large_as_its_cells(tmp_path):
    book = Workbook()
    book.active["A1"] = "first"
    book.active["XFD1"] = "far right"
    book.active["B1048576"] = "far down"
    buffer = io.BytesIO()
    book.save(buffer)
    document = read(tmp_path, buffer.getvalue())
    assert len(document.text) < 100
    assert place_of(document, "far right").first == 1
    assert place_of(document, "far down").first == 1_048_576


def test_raised_digits_and_sheets_of_a_chart(tmp_path):
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        raised = book.add_format({"font_script": 1})
        book.add_worksheet("Fees").write_rich_string(0, 0, "word", raised, "12", " x")
        chart = book.add_chart({"type": "column"})
        chart.add_series({"name": "Berths", "values": "=Fees!$A$1:$A$1"})
        chart.set_title({"name": "Fees by port"})
        book.add_chartsheet("Drawn").set_chart(chart)
    document = read(tmp_path, buffer.getvalue())
    assert "word¹² x" in document.text
    assert place_of(document, "Fees by port").name == "Drawn"
    assert outline(document) == [(1, "Fees"), (1, "Drawn")]


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("<v>0.30000000000000004</v>", "0.3"),
        ("<v>12345678901234567</v>", "12345678901234567"),
        ("<v>1E-3</v>", "0.001"),
        ("<f>1+1</f><v>2</v>", "2"),
        ("<f>1+1</f>", None),
        ("<v>junk</v>", "junk"),
        ("<v>1e999</v>", "inf"),
        ("<is><t>two_x000D_\nlines _x005F_x000D_</t></is>", "two lines _x000D_"),
    ],
)
def test_numbers_are_shown_without_noise_and_formulas_by_their_values(tmp_path, cell, shown):
    name = "xl/worksheets/sheet1.xml"

    def put(parts: dict[str, bytes]) -> None:
        kind = ' t="inlineStr"' if "<is>" in cell else ""
        row = f'<row r="7"><c r="A7"{kind}>{cell}</c><c r="B7" t="b"><v>1</v></c></row></sheetData>'
        parts[name] = parts[name].replace(b"</sheetData>", row.encode())

    lines = read(tmp_path, changed(xlsx_bytes(), put)).text.split("\n")
    assert (f"{shown} | TRUE" if shown else "| TRUE") in lines


def test_what_stands_beside_the_rows_is_cited_where_it_stands(tmp_path):
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer)
    sheet = book.add_worksheet("Fees")
    sheet.write_column("A2", ["Berth", *map("Berth {}".format, range(20))])
    sheet.write_comment("A4", "ask the bursar")
    pixel = bytes.fromhex("424d360000000000000036000000280000000100000001000000010018" + "00" * 28)
    options = {"image_data": io.BytesIO(pixel), "description": "A heron"}
    sheet.insert_image("C9", "x.bmp", options)
    book.close()
    document = read(tmp_path, buffer.getvalue())
    assert place_of(document, "A4: ask the bursar") == Place("row", 4, 4, "Fees")
    assert place_of(document, "A heron") == Place("row", 9, 9, "Fees")
    start = document.text.index("Berth")
    assert Places(document).of(start, len(document.text), ()) == Place("row", 2, 22, "Fees")


def strict(parts: dict[str, bytes]) -> None:
    for name, content in parts.items():
        parts[name] = re.sub(
            rb"http://schemas\.openxmlformats\.org/(\w+)/2006/(main|relationships)",
            rb"http://purl.oclc.org/ooxml/\1/\2",
            content,
        )


def gone(*names: str):
    return lambda parts: [parts.pop(name) for name in names]


def junk(*names: str):
    return lambda parts: parts.update(dict.fromkeys(names, b"<junk"))


@pytest.mark.parametrize(
    "change",
    [
        strict,
        gone("docProps/core.xml", "xl/theme/theme1.xml"),
        gone("[Content_Types].xml", "_rels/.rels"),
        junk("docProps/core.xml", "xl/theme/theme1.xml"),
        junk("xl/styles.xml"),
        junk("xl/workbook.xml"),
        junk("xl/_rels/workbook.xml.rels"),
        gone("xl/worksheets/sheet3.xml"),
        gone("xl/comments/comment1.xml"),
    ],
)
def test_a_bad_part_costs_itself_only(tmp_path, change):
    document = read(tmp_path, changed(xlsx_bytes(), change))
    assert place_of(document, "North").first == 2
    assert place_of(document, "two lines").first == 3


def test_a_sheet_that_breaks_off_is_read_to_there(tmp_path):
    name = "xl/worksheets/sheet1.xml"

    def cut(parts: dict[str, bytes]) -> None:
        parts[name] = parts[name][: parts[name].index(b'<row r="5"')]

    document = read(tmp_path, changed(xlsx_bytes(), cut))
    assert "North" in document.text
    assert "two lines" in document.text


def test_one_long_text_in_many_cells_is_refused_before_it_is_all_written_out(tmp_path, monkeypatch):
    monkeypatch.setattr(builder, "_MOST_CHARACTERS", 5_000_000)
    text = "<si><t>" + "long " * 200_000 + "</t></si>"
    row = '<row><c t="s"><v>0</v></c></row>'

    def repeat(parts: dict[str, bytes]) -> None:
        name, strings = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
        parts[strings] = b"<sst>" + text.encode() + b"</sst>"
        parts[name] = parts[name].replace(b"</sheetData>", row.encode() * 1000 + b"</sheetData>")

    content = changed(xlsx_bytes(), repeat)
    assert len(content) < 100_000
    with pytest.raises(UnreadableFile) as refusal:
        read(tmp_path, content)
    assert refusal.value.code == "too_large"


def beside_cells() -> bytes:
    """A workbook with words that stand in no cell."""
    book = Workbook()
    sheet = book.active
    sheet.title = "Ann's"
    sheet.append(["Berth", "State"])
    choice = DataValidation(type="list", formula1='"free,taken"', promptTitle="Pick", prompt="one")
    choice.add("B2:B9")
    elsewhere = DataValidation(type="list", formula1="$D$1:$D$3")
    elsewhere.add("B3")
    for validation in (choice, elsewhere):
        sheet.add_data_validation(validation)
    sheet.oddHeader.center.text = "Fees && dues &P & &12more"
    sheet.oddFooter.left.text = "Confidential"
    sheet.oddFooter.left.font = "Arial,Bold"
    names = {"TideTable": "'Ann''s'!$A$4:$C$9", "_xlnm.Print_Area": "'Ann''s'!$A$1"}
    for name, place in names.items():
        book.defined_names[name] = DefinedName(name, attr_text=place)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_words_that_stand_in_no_cell(tmp_path):
    document = read(tmp_path, beside_cells())
    assert document.text.split("\n")[2:] == [
        "Berth | State",
        "B2:B9: Pick one free, taken",
        "Fees & dues & more",
        "Confidential",
        "TideTable: 'Ann''s'!$A$4:$C$9",
        "",
    ]
    for words, row in (("Pick", 2), ("Confidential", 1), ("TideTable", 4)):
        assert place_of(document, words) == Place("row", row, row, "Ann's")
