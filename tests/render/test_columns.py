"""Paths break between their words, and nothing of them is lost."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from bienc_cli.render.columns import AT_BLANKS, Flow, Grid, Words, broken

LONG = "docs/pears of the northern-hemisphere/a-rather-long_name-of-a-file.ipynb"
PLACES = [":1034", " p.317", " slide 4", " Sheet1!1204", "#Setting up for the first time"]


WIDTHS = [40, 60, 80, 100, 120]


def words(text: str) -> set[str]:
    return set(re.findall(r"[^\s/_#+-]+", text))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("width", [20, 31, *WIDTHS])
def test_no_word_and_no_number_is_cut(place: str, width: int) -> None:
    lines = broken(LONG + place, width)
    assert max(map(cell_len, lines)) <= width
    assert set().union(*map(words, lines)) == words(LONG + place)


def test_prose_keeps_a_number_with_its_unit() -> None:
    text = "catalog 1.2 MB, graph 11 min 09 s, half 50 % of it"
    assert broken(text, 14, AT_BLANKS) == [
        "catalog",
        "1.2 MB, graph",
        "11 min 09 s,",
        "half 50 % of",
        "it",
    ]


def test_the_marks_of_a_change_stay_with_what_has_changed() -> None:
    text = "def [-celsius_to_fahrenheit-]{+fahrenheit_to_celsius+} (degrees: (-d) x"
    assert broken(text, 12, AT_BLANKS) == [
        "def",
        "[-celsius_",
        "to_",
        "fahrenheit-]",
        "{+fahrenheit",
        "_to_",
        "celsius+}",
        "(degrees:",
        "(-d) x",
    ]


@given(st.text("ab/-_# .漢", max_size=60), st.integers(2, 30))
def test_nothing_is_lost(text: str, width: int) -> None:
    lines = broken(text, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(cell_len(line) <= width for line in lines)


@pytest.mark.parametrize("width", [20, 26, 40, 60, 200])
def test_parts_that_flow_are_all_there_whatever_the_width(width: int) -> None:
    """One that is longer than a line leaves no separator alone at the begin of the next."""
    parts = ["served", "1 hit with 'shallow clone' of 8,653 passages", "blend", "granite-30m"]
    stream = io.StringIO()
    Console(file=stream, width=width, color_system=None).print(Flow(parts))
    shown = stream.getvalue().splitlines()
    assert max(map(len, shown)) <= width
    assert all(line == line.strip(" ·") for line in map(str.rstrip, shown))
    assert " ".join(" ".join(shown).replace("·", " ").split()) == " ".join(parts)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("width", WIDTHS)
def test_nor_in_a_column_of_a_table(place: str, width: int) -> None:
    stream = io.StringIO()
    table = Grid()
    table.column("relev.")
    table.column("passage", wraps=True)
    table.row("0.123", Words(LONG + place, "bold"))
    Console(file=stream, width=width, color_system=None).print(table)
    _, first, *rest = stream.getvalue().splitlines()
    lines = [first.removeprefix("0.123"), *rest]
    assert max(map(cell_len, [first, *rest])) <= width
    assert set().union(*map(words, lines)) == words(LONG + place)
