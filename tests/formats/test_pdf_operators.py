"""What a page's operators say of the letters that they draw, by both engines."""

from __future__ import annotations

from pathlib import Path

import pytest

from pdf_samples import drawn_pdf
from test_pdf_contents import ENGINES, read

TABLE = """begincmap
1 begincodespacerange
<0000> <ffff>
endcodespacerange
3 begin{kind}char
<0001> {first}
<0002> {second}
<0003> {third}
end{kind}char
endcmap
"""


def stream(content: str, entries: str = "") -> str:
    return f"<< {entries} /Length {len(content)} >>\nstream\n{content}\nendstream"


def words_of(tmp_path: Path, content: bytes, engine: str) -> list[str]:
    return read(tmp_path, content, engine).text.split()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("shown", "words"),
    [
        ("(The o) Tj /Span << /ActualText (ffi) >> BDC (#) Tj EMC (ce) Tj", ["The", "office"]),
        ("/Span << /ActualText (office) >> BDC (o) Tj (#) Tj EMC ( x) Tj", ["office", "x"]),
        ("/Span << /ActualText <FEFF00FC> >> BDC [(u) 30 (e)] TJ EMC (ber) Tj", ["über"]),
        ("/P << /MCID 0 >> BDC /Span << /ActualText (a) >> BDC (#) Tj EMC (b) Tj EMC", ["ab"]),
        ("/Span /Named BDC (#) Tj EMC (c) Tj", ["abc"]),
        ("/Span << /ActualText () >> BDC (a) Tj EMC (b) Tj", ["ab"]),
        ("/Span << /MCID 3 >> BDC (a) Tj EMC (b) Tj EMC (c) Tj", ["abc"]),
        # In Helvetica of 11 points `The oW` is 38.51 points wide.
        ("(The o) Tj /Span << /ActualText (i) >> BDC (W) Tj EMC 38.51 0 Td (l) Tj", ["The", "oil"]),
        (
            "(The o) Tj /Span << /ActualText (i) >> BDC [(W)] TJ EMC 38.51 0 Td (l) Tj",
            ["The", "oil"],
        ),
        ("[(a)] TJ /Span << /ActualText (fi) >> BDC [() -400 (#)] TJ EMC [(t)] TJ", ["a", "fit"]),
        ("/Span /Unknown BDC (a) Tj EMC (b) Tj", ["ab"]),
    ],
)
def test_the_text_that_is_said_to_stand_for_letters_is_read(
    engine: str, shown: str, words: list[str], tmp_path: Path
) -> None:
    resources = "/Font << /F1 3 0 R >> /Properties << /Named << /ActualText (ab) >> >>"
    content = drawn_pdf(f"BT /F1 11 Tf 50 750 Td {shown} ET", resources=resources)
    assert words_of(tmp_path, content, engine) == words


def test_contents_that_are_marked_within_one_another(tmp_path: Path) -> None:
    """PDFium says the text once for each of them."""
    shown = "/Span << /ActualText (a) >> BDC /X BMC (#) Tj EMC (#) Tj EMC (b) Tj"
    assert words_of(tmp_path, drawn_pdf(f"BT /F1 11 Tf 50 750 Td {shown} ET"), "pypdf") == ["ab"]


@pytest.mark.parametrize("engine", ENGINES)
def test_letters_that_are_raised_by_rise_are_raised(engine: str, tmp_path: Path) -> None:
    shown = "(word) Tj 4 Ts /F1 7 Tf (12) Tj 0 Ts /F1 11 Tf ( and CO) Tj -2 Ts /F1 7 Tf (2) Tj"
    words = words_of(tmp_path, drawn_pdf(f"BT /F1 11 Tf 50 750 Td {shown} ET"), engine)
    assert words == ["word¹²", "and", "CO2"]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("within", ["page", "form"])
def test_fonts_whose_file_defines_their_encoding(engine: str, within: str, tmp_path: Path) -> None:
    """As WeasyPrint and programs for Japanese write them."""
    font = (
        "<< /Type /Font /Subtype /Type0 /BaseFont /AAAAAA+Some /Encoding 7 0 R /ToUnicode 8 0 R "
        "/DescendantFonts [<< /Type /Font /Subtype /CIDFontType2 /BaseFont /AAAAAA+Some /DW 600 "
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>] >>"
    )
    encoding = TABLE.format(kind="cid", first=1, second=2, third=3)
    meaning = TABLE.format(kind="bf", first="<0077>", second="<006f>", third="<0072>")
    shown = "BT /F2 11 Tf 50 700 Td <000100020003> Tj ET"
    fonts = "/Font << /F2 6 0 R >>"
    resources = f"{fonts} /XObject << /X 9 0 R >>"
    drawn = f"/Type /XObject /Subtype /Form /BBox [0 0 600 800] /Resources << {fonts} >>"
    content = drawn_pdf(
        shown if within == "page" else "/X Do",
        resources=resources,
        objects=[
            font,
            stream(encoding, "/Type /CMap /CMapName /Own"),
            stream(meaning),
            stream(shown, drawn),
        ],
    )
    assert words_of(tmp_path, content, engine) == ["wor"]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("shown", "words"),
    [
        # In Helvetica of 11 points `a b c e` is 33.02 points wide, and has three spaces.
        ("6 Tw (a b c e) Tj 51.02 0 Td 0 Tw (xtra) Tj", ["a", "b", "c", "extra"]),
        ("6 Tw [(a b ) -10 (c e)] TJ 51.13 0 Td (xtra) Tj", ["a", "b", "c", "extra"]),
        ("6 Tw (a b ) Tj (c e) Tj 51.02 0 Td (xtra) Tj", ["a", "b", "c", "extra"]),
        ("6 Tw (a b c e) Tj 54.1 0 Td (xtra) Tj", ["a", "b", "c", "e", "xtra"]),
        ("-2 Tw (a b c e) Tj 30.08 0 Td (xtra) Tj", ["a", "b", "c", "e", "xtra"]),
        ("q 6 Tw Q (a b c e) Tj 33.02 0 Td (xtra) Tj", ["a", "b", "c", "extra"]),
        ("6 Tw (a b c e) Tj 51.02 0 Td 0 Tw (xt) Tj 8.56 0 Td (ra) Tj", ["a", "b", "c", "extra"]),
        (
            "6 Tw (a b c e) Tj 51.02 0 Td (xtra) Tj -51.02 -14 Td 0 Tw (e) Tj 6.12 0 Td (xtra) Tj",
            ["a", "b", "c", "extra", "extra"],
        ),
    ],
)
def test_words_set_apart_divide_none_behind_them(
    engine: str, shown: str, words: list[str], tmp_path: Path
) -> None:
    content = drawn_pdf(f"BT /F1 11 Tf 50 750 Td {shown} ET")
    assert words_of(tmp_path, content, engine) == words


@pytest.mark.parametrize("engine", ENGINES)
def test_a_font_without_a_space_says_nothing_of_how_wide_one_is(
    engine: str, tmp_path: Path
) -> None:
    """The code of a space stands for something else in it, which may be wider than a gap."""
    letters = " ".join(f"/{letter}" for letter in "abcdefghijklmnopqrstuvwxyz")
    widths = " ".join(["600"] + ["0"] * 64 + ["500"] * 26)
    font = (
        "<< /Type /Font /Subtype /Type1 /BaseFont /ABCDEF+Plain /FirstChar 32 /LastChar 122 "
        f"/Widths [{widths}] /Encoding << /Type /Encoding /Differences [97 {letters}] >> >>"
    )
    shown = "[(two) -230 (wor) 28 (ds) -230 (nar) -28 (row)] TJ"
    resources = "/Font << /F2 6 0 R >>"
    content = drawn_pdf(f"BT /F2 11 Tf 50 750 Td {shown} ET", objects=[font], resources=resources)
    assert words_of(tmp_path, content, engine) == ["two", "words", "narrow"]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_letter_elsewhere_in_another_size_is_no_repetition(engine: str, tmp_path: Path) -> None:
    """Both are as many times their size away from the corner of the page."""
    shown = " ".join(
        f"BT /F1 {size} Tf {12 * size} {60 * size} Td (e) Tj ET" for size in (9, 10, 11)
    )
    assert words_of(tmp_path, drawn_pdf(shown), engine) == ["e", "e", "e"]
