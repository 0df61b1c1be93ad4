"""Words that no space divides, but where the letters stand, as Ghostscript writes them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from bienc_cli.formats.word_gaps import GAP, with_words_apart
from pdf_samples import drawn_pdf
from test_pdf_contents import ENGINES, read
from test_pdf_pen import OBJECTS, RESOURCES

SENTENCES = [
    "Every wall was of Valencian brick, as Professor W. A. Tavernier knew; two of them were new.",
    "We have a way of saving waves: you take away the five oldest ones by hand, if you can.",
    "A LAW TO SAVE EVERY WATERWAY TOOK EFFECT IN TWO YEARS, TO THE AMAZEMENT OF AVALON.",
    "It is known who wrote it (a Yorkshire vicar), where, and why it was never to be read aloud.",
]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("shown", "words"),
    [
        # Every letter is 6 points wide; 2.5 points are a gap.
        ("(Wilhelmsha) Tj 60 0 Td 2.5 Tc (nh) Tj 14.5 0 Td 0 Tc (as a) Tj", ["Wilhelmshan", "has"]),
        ("(winter) Tj 2.5 Tc 36 0 Td [(,a) 250 (sP)] TJ 29 0 Td 0 Tc (art) Tj", ["as", "Part"]),
        ("(is) Tj 12 0 Td 2.5 Tc (.A) Tj 17 0 Td 0 Tc (stream) Tj", ["is.", "A", "stream"]),
        ("(tw) Tj 12 0 Td 2.5 Tc (op) Tj 14.5 0 Td 0 Tc (laces) Tj", ["two", "places"]),
        ("(one) Tj 20 TL 2 Tw (tw)' 2.5 Tc 12 0 Td (op) Tj 14.5 0 Td 0 Tc (ut) Tj", ["two", "put"]),
        ('(one) Tj 20 TL 0 2.5 (ab)" 14.5 0 Td (cd) Tj 14.5 0 Td 0 Tc (ef) Tj', ["a", "bc", "def"]),
        # The letters of a word are drawn closer to one another, and so may be what is around it.
        ("(A) Tj 6 0 Td -1.35 Tc (VA) Tj 10.65 0 Td 0 Tc (ILABLE) Tj", ["AVAILABLE"]),
        ("(T) Tj 6 0 Td -0.2 Tc -5.6 Tw (av e) Tj 17.6 0 Td 0 Tc 0 Tw (rnier) Tj", ["Tavernier"]),
        ("(word) Tj 24 0 Td -3 Tw ( and) Tj", ["word", "and"]),
    ],
)
def test_gaps_between_letters_divide_words(
    engine: str, shown: str, words: list[str], tmp_path: Path
) -> None:
    # PDFium is asked for its gaps only where few letters are drawn at once, but more than one.
    rest = "BT /F1 10 Tf 50 600 Td (what else the page says) Tj ET"
    drawn = f"BT /F1 10 Tf 50 700 Td {shown} ET {rest}"
    content = drawn_pdf(drawn, objects=OBJECTS, resources=RESOURCES)
    found = read(tmp_path, content, engine).text.split()
    assert set(words) <= set(found)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("shown", "words"),
    [
        ("2.5 Tc (HEADING) Tj", ["HEADING"]),
        ("2.5 Tc [(H) -60 (EAD) 40 (ING)] TJ", ["HEADING"]),
        ("2.5 Tc (TWO WORDS) Tj", ["TWO", "WORDS"]),
        ("1.5 Tc (what is spaced out) Tj", ["what", "is", "spaced", "out"]),
    ],
)
def test_a_word_whose_letters_are_set_apart_is_a_word(
    engine: str, shown: str, words: list[str], tmp_path: Path
) -> None:
    drawn = f"BT /F1 10 Tf 50 700 Td {shown} ET"
    assert read(tmp_path, drawn_pdf(drawn), engine).text.split() == words


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("font", ["Times-Roman", "Times-BoldItalic"])
def test_a_letter_that_reaches_into_the_space_before_it_leaves_it(
    engine: str, font: str, tmp_path: Path
) -> None:
    fonts = f"<< /Type /Font /Subtype /Type1 /BaseFont /{font} /Encoding /WinAnsiEncoding >>"
    drawn = "BT /F1 8 Tf 50 700 Td -0.1 Tw (a nonconsolidated joint fund) Tj ET"
    content = drawn_pdf(drawn, objects=[fonts], resources="/Font << /F1 6 0 R >>")
    assert "nonconsolidated joint fund" in read(tmp_path, content, engine).text


@pytest.mark.parametrize("moved", ["1 0 0 1 140.5 700 Tm", "/F1 1 Tf 10 0 0 10 140.5 700 Tm"])
def test_a_gap_before_a_text_object_of_its_own(moved: str, tmp_path: Path) -> None:
    """As a link has one, for its colour."""
    before = "BT /F1 10 Tf 1 0 0 1 50 700 Tm (fo) Tj 2.5 Tc 12 0 Td (rf) Tj 14.5 0 Td"
    drawn = f"{before} 0 Tc (urther see) Tj ET q 1 0 0 rg BT {moved} (System) Tj ET Q"
    content = drawn_pdf(drawn, objects=OBJECTS, resources=RESOURCES)
    assert read(tmp_path, content, "pypdf").text.split() == ["for", "further", "see", "System"]


def test_which_gaps_are_between_words() -> None:
    for marked, text in {
        "n.|It|is|": "n. It is",
        "wa|s": "wa s",
        "was|a|boy": "was a boy",
        "L|E|T|T|ER": "LETTER",
        "|word": "word",
    }.items():
        assert with_words_apart(marked.replace("|", GAP)) == text


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("family", ["T", "H"])
@pytest.mark.parametrize("columns", ["1", "2"])
@pytest.mark.skipif(
    not (shutil.which("groff") and shutil.which("ps2pdf")), reason="no groff or ps2pdf"
)
def test_what_groff_writes_has_its_words(
    engine: str, family: str, columns: str, tmp_path: Path
) -> None:
    paragraphs = "".join(f".PP\n{sentence} \\fI{sentence}\\fP\n" for sentence in SENTENCES)
    source = f".fam {family}\n.nr HY 0\n.{columns}C\n{paragraphs}"
    drawn = subprocess.run(
        ["groff", "-Tps", "-ms"], input=source.encode(), capture_output=True, check=True
    )
    made = tmp_path / "made.pdf"
    subprocess.run(["ps2pdf", "-", str(made)], input=drawn.stdout, check=True)
    text = " ".join(read(tmp_path, made.read_bytes(), engine).text.split())
    assert [sentence for sentence in SENTENCES if text.count(sentence) < 2] == []
