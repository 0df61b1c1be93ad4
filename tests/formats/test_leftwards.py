"""Arabic and Hebrew in PDFs, whose letters are drawn from left to right."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.formats.layout import TextRun
from bienc_cli.formats.leftwards import lines_read, read_from_the_right, with_lines_read
from bienc_cli.formats.pdf_fonts import sheltered, unsheltered
from pdf_samples import drawn_pdf
from test_pdf_contents import ENGINES, read
from test_pdf_operators import stream

LETTERS = "שלוםעכברגדי"
"""Codes 1 and so on, in the font; code 99 is a space."""


def font(table: str) -> list[str]:
    return [
        "<< /Type /Font /Subtype /Type0 /BaseFont /AAAAAA+Some /Encoding /Identity-H "
        "/ToUnicode 7 0 R /DescendantFonts [<< /Type /Font /Subtype /CIDFontType2 /DW 500 "
        "/BaseFont /AAAAAA+Some /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) "
        "/Supplement 0 >> >>] >>",
        stream(
            f"begincmap\n1 begincodespacerange\n<0000> <ffff>\nendcodespacerange\n{table}\nendcmap"
        ),
    ]


CHARACTERS = "\n".join(f"<{n:04x}> <{ord(letter):04x}>" for n, letter in enumerate(LETTERS, 1))
TABLES = {
    "characters": f"12 beginbfchar\n{CHARACTERS}\n<0063> <0020>\nendbfchar",
    "range": (
        f"2 beginbfrange\n<0001> <000b> [{' '.join(f'<{ord(c):04x}>' for c in LETTERS)}]\n"
        "<0063> <0063> <0020>\nendbfrange"
    ),
}


def shown(text: str) -> str:
    """Glyphs in the order in which they stand on the line."""
    codes = "".join(f"{LETTERS.index(c) + 1 if c != ' ' else 99:04x}" for c in reversed(text))
    return f"<{codes}>"


def words_of(tmp_path: Path, drawn: str, engine: str, table: str = "characters") -> list[str]:
    resources = "/Font << /F1 3 0 R /F2 6 0 R >>"
    content = drawn_pdf(drawn, objects=font(TABLES[table]), resources=resources)
    return read(tmp_path, content, engine).text.split()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "drawn",
    [
        f"BT /F2 11 Tf 50 700 Td {shown('שלום עכבר')} Tj ET",
        f"BT /F2 11 Tf 50 700 Td [{shown('עכבר')} -400 {shown('שלום')}] TJ ET",
        # Each word by itself, the first one first, as LibreOffice draws what a number divides.
        f"BT /F2 11 Tf 80 700 Td {shown('שלום')} Tj ET "
        f"BT /F2 11 Tf 50 700 Td {shown('עכבר')} Tj ET",
    ],
)
def test_words_from_right_to_left(engine: str, table: str, drawn: str, tmp_path: Path) -> None:
    assert words_of(tmp_path, drawn, engine, table) == ["שלום", "עכבר"]


@pytest.mark.parametrize("engine", ENGINES)
def test_numbers_and_names_among_them_keep_their_direction(engine: str, tmp_path: Path) -> None:
    words = f"{shown('גדי ')} Tj /F1 11 Tf (Old Town 308) Tj /F2 11 Tf {shown('שלום ')} Tj"
    drawn = f"BT /F2 11 Tf 50 700 Td {words} ET"
    assert words_of(tmp_path, drawn, engine) == ["שלום", "Old", "Town", "308", "גדי"]


def test_a_text_that_is_said_to_stand_for_letters_is_in_its_order(tmp_path: Path) -> None:
    said = "/Span << /ActualText <FEFF05DC05D5> >> BDC"
    drawn = f"BT /F2 11 Tf 50 700 Td {shown('ם')} Tj {said} {shown('ד')} Tj EMC {shown('ש')} Tj ET"
    assert words_of(tmp_path, drawn, "pypdf") == ["שלום"]


@pytest.mark.parametrize("engine", ENGINES)
def test_cells_that_are_drawn_from_the_right_stay_apart(engine: str, tmp_path: Path) -> None:
    cells = ((300, "Region7"), (200, "411.5"), (100, "Zorah"))
    drawn = " ".join(f"BT /F1 11 Tf {x} 700 Td ({cell}) Tj ET" for x, cell in cells)
    assert sorted(words_of(tmp_path, drawn, engine)) == ["411.5", "Region7", "Zorah"]


@pytest.mark.parametrize(
    ("line", "read_line"),
    [
        ("רבכע םולש", "שלום עכבר"),
        ("רבכע 12.5% םולש", "שלום 12.5% עכבר"),
        ("(רבכע) םולש", "שלום (עכבר)"),
        ("16–23 םולש", "שלום 23–16"),
        ("The word םולש is Hebrew", "The word שלום is Hebrew"),
        ("ﺮﺤﺒﻟﺍ", "البحر"),
        ("plain 12", "plain 12"),
    ],
)
def test_a_line_is_read_from_the_right(line: str, read_line: str) -> None:
    assert read_from_the_right(line) == read_line


@given(st.text(alphabet="אבגabc12 .(–\n", max_size=30))
def test_no_character_comes_or_goes(text: str) -> None:
    mirrored = {"(": ")"}
    kept = sorted(mirrored.get(c, c) for c in read_from_the_right(text))
    assert kept == sorted(mirrored.get(c, c) for c in text)
    assert unsheltered(sheltered(text)) in {text, text[::-1]}


def test_a_shape_for_two_letters_has_them_in_their_order() -> None:
    """Both begin where the shape does, in whichever order the engine has them."""
    places = (("س", 20), ("ل", 10), ("ا", 10), ("م", 0))
    for order in (places, places[::-1]):
        runs = [TextRun(letter, left, left + 10, 0, 12) for letter, left in order]
        assert [run.text for run in lines_read(runs)] == ["سلام\n"]


def test_other_lines_of_the_page_keep_the_order_of_the_engine() -> None:
    """Marks of Indic letters begin where their letter does, or in front of it."""
    places = (("ह", 20), ("ै", 19), (" ", 30), ("क", 40), ("ि", 35))
    runs = [TextRun(letter, left, left + 5, 0, 12) for letter, left in places]
    line = TextRun("א", 0, 5, 30, 12)
    assert [run.text for run in lines_read([line, *runs])] == ["א\n", "है कि\n"]


def test_lines_from_left_to_right_stay_as_they_are() -> None:
    runs = [TextRun("one\n", 0, 20, 30, 12), TextRun("two", 0, 20, 10, 12)]
    assert with_lines_read(runs) == runs
