"""What a page of a PDF says besides its plain lines, by both engines."""

from __future__ import annotations

from pathlib import Path

import pytest

from bienc_cli.formats.reading import read_documents
from bienc_cli.formats.table import ReadingOptions
from bienc_cli.types import Document
from pdf_samples import drawn_pdf, lines

ENGINES = ["pypdf", "pdfium"]
FILLER = "goes on over the whole of its line, as prose in columns"


def read(tmp_path: Path, content: bytes, engine: str) -> Document:
    if engine == "pdfium":
        pytest.importorskip("pypdfium2")
    path = tmp_path / "a.pdf"
    path.write_bytes(content)
    (document,) = read_documents(path, "a.pdf", ReadingOptions(engine))
    assert isinstance(document, Document)
    return document


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("times", [2, 3])
def test_text_that_is_drawn_again_to_look_bold_is_there_once(
    engine: str, times: int, tmp_path: Path
) -> None:
    drawn = " ".join(lines("MAINTENANCE WINCHES", x=50 + 0.3 * n) for n in range(times))
    below = lines("Grease the cable.", y=700)
    text = read(tmp_path, drawn_pdf(f"{drawn} {below}"), engine).text
    assert text.split() == ["MAINTENANCE", "WINCHES", "Grease", "the", "cable."]


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_said_twice_in_two_places_stays_twice(engine: str, tmp_path: Path) -> None:
    twice = f"{lines('Total 12')} {lines('Total 12', y=600)}"
    assert read(tmp_path, drawn_pdf(twice), engine).text.split() == ["Total", "12"] * 2


@pytest.mark.parametrize("engine", ENGINES)
def test_form_fields_and_notes_are_read(engine: str, tmp_path: Path) -> None:
    content = drawn_pdf(
        lines("Application"),
        page="/Annots [6 0 R 7 0 R 8 0 R]",
        catalog="/AcroForm << /Fields [6 0 R 8 0 R] >>",
        objects=[
            "<< /Type /Annot /Subtype /Widget /FT /Tx /T (Applicant) /V (Perpetua Windlesham) "
            "/Rect [50 600 300 620] >>",
            "<< /Type /Annot /Subtype /Text /T (Reviewer) /Contents (says puffin) "
            "/Rect [50 500 70 520] >>",
            # A password is nobody's to find.
            "<< /Type /Annot /Subtype /Widget /FT /Tx /Ff 8192 /T (Secret) /V (hunter2) "
            "/Rect [50 400 300 420] >>",
        ],
    )
    text = read(tmp_path, content, engine).text
    assert "Applicant" in text
    assert text.count("Perpetua Windlesham") == 1
    assert "says puffin" in text
    assert "hunter2" not in text


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_a_turned_page_loses_nothing(engine: str, turned: int, tmp_path: Path) -> None:
    numbered = [f"Line number {number} of the page." for number in range(40)]
    content = drawn_pdf(lines(*numbered, y=780), page=f"/Rotate {turned}")
    text = " ".join(read(tmp_path, content, engine).text.split())
    assert all(line in text for line in numbered)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("columns", [2, 3])
def test_columns_are_read_one_after_the_other(engine: str, columns: int, tmp_path: Path) -> None:
    """Drawn line by line across the page, as many programs do it."""
    headline = lines("A headline that goes across all of the columns of this page", y=770)
    width = 540 / columns
    rows = [
        lines(f"c{column}r{row} {FILLER[: 70 // columns]}", x=40 + column * width, y=720 - 15 * row)
        for row in range(24)
        for column in range(columns)
    ]
    text = read(tmp_path, drawn_pdf(" ".join([headline, *rows])), engine).text
    found = [word for word in text.split() if word[0] == "c" and word[1:2].isdigit()]
    assert found == [f"c{column}r{row}" for column in range(columns) for row in range(24)]
    assert text.startswith("A headline")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("field", "shown"),
    [
        ("/FT /Ch /Ff 131072 /Opt [[(r) (Rosslare)] [(c) (Cork)]] /V (r)", "Rosslare"),
        ("/FT /Ch /Ff 131072 /Opt [(Rosslare) (Cork)] /V (Rosslare)", "Rosslare"),
        ("/FT /Ch /Ff 131072 /Opt [[(r) (Rosslare)]] /V (Elsewhere)", "Elsewhere"),
        ("/FT /Ch /Opt [[(r) (Rosslare)] [(c) (Cork)] [(w) (Wexford)]] /V [(r) (c)]",
         "Rosslare, Cork\nRosslare, Cork, Wexford"),
        ("/FT /Ch /Opt [(Rosslare) (Cork)]", "Rosslare, Cork"),
        ("/FT /Btn /Opt [(Rosslare) (Cork)] /AS /1", "Cork"),
        ("/FT /Btn /AS /Yes", "Yes"),
        ("/FT /Btn /AS /Off", ""),
        ("/FT /Ch /Ff 131072 /Opt [(Rosslare) (Cork)]", ""),
    ],
)  # fmt: skip
def test_choices_are_read_as_they_are_shown(
    engine: str, field: str, shown: str, tmp_path: Path
) -> None:
    content = drawn_pdf(
        lines("Port"),
        page="/Annots [6 0 R]",
        objects=[f"<< /Type /Annot /Subtype /Widget {field} /Rect [50 600 300 620] >>"],
    )
    assert read(tmp_path, content, engine).text.strip().split("\n", 1)[1:] == (
        [f"\n{shown}"] if shown else []
    )


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("initial", "words"), [("T", ["The"]), ("O", ["Ohe", "he"])])
def test_a_big_first_letter_is_part_of_its_word(
    engine: str, initial: str, words: list[str], tmp_path: Path
) -> None:
    """It reaches down beside the next lines; where it may be a word itself, both are found."""
    big = f"BT /F1 36 Tf 1 0 0 1 50 640 Tm ({initial}) Tj ET"
    beside = " ".join(
        lines(text, x=80, y=y) for text, y in (("he harbour", 655), ("is closed", 640))
    )
    headline = lines("Notice", y=700)
    text = read(tmp_path, drawn_pdf(f"{big} {headline} {beside}"), engine).text
    assert sorted(text.split()) == sorted(["Notice", *words, "harbour", "is", "closed"])


@pytest.mark.parametrize("engine", ENGINES)
def test_letters_that_are_big_by_themselves_stay_alone(engine: str, tmp_path: Path) -> None:
    index = "BT /F1 36 Tf 1 0 0 1 50 640 Tm (T) Tj ET " + lines("turbot", x=50, y=600)
    text = read(tmp_path, drawn_pdf(index), engine).text
    assert text.split() == ["T", "turbot"]


@pytest.mark.parametrize("engine", ENGINES)
def test_the_number_of_a_footnote_is_no_part_of_its_first_word(engine: str, tmp_path: Path) -> None:
    """Typesetting puts it next to the word, smaller and raised."""
    body = lines("As the harbour log says.", y=200)
    number = "BT /F1 7 Tf 1 0 0 1 50 154 Tm (12) Tj ET"
    note = lines("See the log of 1911.", "14C dates it.", x=57.8, y=150)
    text = read(tmp_path, drawn_pdf(f"{body} {number} {note}"), engine).text
    assert text.split("\n")[1:3] == ["¹² See the log of 1911.", "14C dates it."]


LOW_FONT = (
    "<< /Type /Font /Subtype /Type1 /BaseFont /ABCDEF+Low /FirstChar 32 /LastChar 122 "
    f"/Widths [{' '.join(['500'] * 91)}] /Encoding /WinAnsiEncoding /FontDescriptor << "
    "/Type /FontDescriptor /FontName /ABCDEF+Low /Flags 32 /FontBBox [0 0 500 300] "
    "/ItalicAngle 0 /Ascent 300 /Descent 0 /CapHeight 300 /StemV 80 >> >>"
)


@pytest.mark.parametrize("engine", ENGINES)
def test_how_big_a_letter_is_drawn_does_not_depend_on_what_its_font_says_of_its_height(
    engine: str, tmp_path: Path
) -> None:
    """The font of the big first letter says that it is low, as one of that letter alone does."""
    big = "BT /F2 36 Tf 1 0 0 1 50 640 Tm (T) Tj ET"
    beside = " ".join(
        lines(text, x=80, y=y) for text, y in (("he harbour", 655), ("is closed", 640))
    )
    resources = "/Font << /F1 3 0 R /F2 6 0 R >>"
    content = drawn_pdf(f"{big} {beside}", objects=[LOW_FONT], resources=resources)
    text = read(tmp_path, content, engine).text
    assert text.split() == ["The", "harbour", "is", "closed"]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_hyphen_that_is_drawn_by_itself_ends_its_line(engine: str, tmp_path: Path) -> None:
    """As LibreOffice does where it divides a word, here behind a turned label."""
    label = "BT /F1 11 Tf 0 1 -1 0 500 400 Tm (x) Tj ET"
    first = lines("The keeper goes to the har", y=700)
    hyphen = "BT /F1 11 Tf 1 0 0 1 182.5 700 Tm (-) Tj ET"
    rest = lines("bour at night.", *["In the morning he comes back."] * 12, y=685)
    text = read(tmp_path, drawn_pdf(f"{label} {first} {hyphen} {rest}"), engine).text
    assert "(harbour)" in text.split()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_lone_hyphen_is_drawn_apart_by_a_hair(engine: str, tmp_path: Path) -> None:
    first = lines("The keeper goes to the har", y=700)
    hyphen = "BT 183 700 Td /F1 11 Tf (-) Tj ET"
    table = lines("Cash", y=660) + " BT 300 660 Td /F1 11 Tf (-) Tj ET " + lines("in hand", y=645)
    content = drawn_pdf(f"{first} {hyphen} {lines('bour at night.', y=685)} {table}")
    words = read(tmp_path, content, engine).text.split()
    assert words[5:] == ["har-bour", "(harbour)", "at", "night.", "Cash", "-", "in", "hand"]
