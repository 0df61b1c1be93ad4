"""Accents that fonts of 128 characters, such as TeX's, draw apart from their letters."""

from __future__ import annotations

from pathlib import Path

import pytest

from bienc_cli.formats.accents import accented
from pdf_samples import drawn_pdf
from test_pdf_contents import ENGINES, read


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("shown", "words"),
    [
        # In Helvetica, `a` is 556 wide, and accents are 333.
        ("[(h) -111 (¨) 444 (a) (ufig)] TJ", "häufig"),
        ("[(nt. h) -111 (¨) 444 (aufig n) -111 (¨) 444 (achst)] TJ", "nt. häufig nächst"),
        ("[(l'\\264) 333 (et\\264) 333 (e)] TJ", "l'été"),
        ("[(Gar) -83 (¸) 416 (con)] TJ", "Garçon"),
        ("[(C) 583 (¸) -139 (a) -333 (C) 583 (¸) -472 (va)] TJ", "Ça Ç va"),
        ("(Das ) Tj 25.7 2.4 Td (¨) Tj -2.14 -2.4 Td (Uber) Tj", "Das Über"),
        ("[(Das)] TJ 25.7 2.4 Td [(¨)] TJ -2.14 -2.4 Td [(Uber) -300 (uns)] TJ", "Das Über uns"),
        ("(Ende) Tj 0 -15 Td (¨) Tj -2.14 -2.4 Td (Uber) Tj", "Ende Über"),
    ],
)
def test_an_accent_stands_on_the_letter_that_it_is_drawn_on(
    engine: str, shown: str, words: str, tmp_path: Path
) -> None:
    content = drawn_pdf(f"BT /F1 11 Tf 50 750 Td {shown} ET")
    assert read(tmp_path, content, engine).text.split() == words.split()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_mark_that_is_drawn_beside_letters_stays_what_it_is(engine: str, tmp_path: Path) -> None:
    content = drawn_pdf("BT /F1 11 Tf 50 750 Td [(it\\264s `echo` )(\\250) 10 (a)] TJ ET")
    assert read(tmp_path, content, engine).text.split() == ["it´s", "`echo`", "¨a"]


@pytest.mark.parametrize(
    ("accent", "letter", "whole"),
    [("¨", "u", "ü"), ("´", "ı", "í"), ("ˇ", "C", "Č"), ("¨", "x", "ẍ"), ("¨", "t", "ẗ")],
)
def test_the_letter_that_carries_an_accent(accent: str, letter: str, whole: str) -> None:
    assert accented(accent, letter) == whole


@pytest.mark.parametrize(("accent", "letter"), [("¨", "q"), ("´", "1"), ("-", "u"), ("¸", " ")])
def test_no_letter_carries_it(accent: str, letter: str) -> None:
    assert accented(accent, letter) is None
