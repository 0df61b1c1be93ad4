"""Text objects that go on with the word of the one before, as in PDFs of browsers."""

from __future__ import annotations

from pathlib import Path

import pytest

from pdf_samples import drawn_pdf
from test_pdf_contents import ENGINES, read

SIMPLE = (
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /FirstChar 32 /LastChar 122 "
    f"/Widths [{' '.join(['600'] * 91)}] /Encoding /WinAnsiEncoding >>"
)
WIDE = (
    "<< /Type /Font /Subtype /Type0 /BaseFont /AAAAAA+Some /Encoding /Identity-H "
    "/ToUnicode 8 0 R /DescendantFonts [<< /Type /Font /Subtype /CIDFontType2 /DW 900 "
    "/W [1 [600 600] 3 20 600] /BaseFont /AAAAAA+Some /CIDSystemInfo << /Registry (Adobe) "
    "/Ordering (Identity) /Supplement 0 >> >>] >>"
)
CMAP = (
    "begincmap\n1 begincodespacerange\n<0000> <ffff>\nendcodespacerange\n"
    "1 beginbfrange\n<0001> <0014> <0061>\nendbfrange\nendcmap"
)
OBJECTS = [SIMPLE, WIDE, f"<< /Length {len(CMAP)} >>\nstream\n{CMAP}\nendstream"]
RESOURCES = "/Font << /F1 6 0 R /F2 7 0 R >>"


def text_at(x: float, shown: str, font: str = "F1") -> str:
    """A text object that begins at the line's beginning and moves to its place."""
    return f"BT /{font} 10 Tf 1 0 0 1 50 700 Tm {x - 50} 0 Td {shown} ET"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("shown", "words"),
    [
        # Every letter is 6 points wide.
        ([(50, "(Ti) Tj"), (62, "<0005> Tj", "F2"), (68, "(ng) Tj")], ["Tieng"]),
        ([(50, "<00010002> Tj", "F2"), (62, "(out) Tj")], ["about"]),
        ([(50, "[(a) -100 (b)] TJ"), (63, "(out) Tj")], ["about"]),
        ([(50, "(a) Tj 6 0 Td (b) Tj"), (62, "(out) Tj")], ["about"]),
        ([(50, "(ab) Tj"), (66, "(out) Tj")], ["ab", "out"]),
        ([(50, "(12) Tj"), (64.5, "(34) Tj")], ["12", "34"]),
        ([(50, "(ab) Tj"), (62, "( out) Tj")], ["ab", "out"]),
    ],
)
def test_what_stands_right_behind_a_text_is_of_its_word(
    engine: str, shown: list[tuple[float, str]], words: list[str], tmp_path: Path
) -> None:
    drawn = " ".join(text_at(*one) for one in shown)
    content = drawn_pdf(drawn, objects=OBJECTS, resources=RESOURCES)
    assert read(tmp_path, content, engine).text.split() == words


def test_a_font_without_widths_leaves_pypdf_its_gaps(tmp_path: Path) -> None:
    drawn = f"{text_at(50, '(ab) Tj', 'F3')} {text_at(62, '(out) Tj', 'F3')}"
    resources = "/Font << /F3 3 0 R >>"
    assert "ab" in read(tmp_path, drawn_pdf(drawn, resources=resources), "pypdf").text
