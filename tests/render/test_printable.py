from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.render import printable
from bienc_cli.render.printable import cell, one_line, visible


@given(st.text())
def test_nothing_that_a_terminal_obeys_comes_through(text: str) -> None:
    for char in visible(text):
        assert char in "\t\n" or (ord(char) >= 0x20 and not 0x7F <= ord(char) <= 0x9F)


def test_escape_sequences_are_shown() -> None:
    assert visible("\x1b[31mred\x07\x9b2J") == "␛[31mred␇\\x9b2J"
    assert visible("evil\u202etxt.exe") == "evil\\u202etxt.exe"
    assert visible("\udcff") == "\\udcff"


def test_markup_of_rich_is_left_as_text() -> None:
    assert visible("[bold]x[/bold]") == "[bold]x[/bold]"


def test_one_line_folds_white_space() -> None:
    assert one_line("  a\n\n b\tc\r\n") == "a b c"


def test_a_cell_is_no_formula() -> None:
    assert cell("=1+1") == "'=1+1"
    assert cell("plain = text") == "plain = text"


@pytest.mark.parametrize("number", ["-0.063", "+0.080702", "-3", "+0"])
def test_a_number_stays_a_number_in_a_cell(number: str) -> None:
    assert cell(number) == number


@pytest.mark.parametrize("text", ["-1+2", "+1;cmd", "=1", "-", "@x", "-0.5.1"])
def test_what_a_spreadsheet_would_compute_is_no_cell(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.0004, "0.4 ms"),
        (0.012, "12 ms"),
        (0.9996, "1.00 s"),
        (1.534, "1.53 s"),
        (12.34, "12.3 s"),
        (59.97, "1 min 00 s"),
        (125, "2 min 05 s"),
        (12_000, "3 h 20 min"),
    ],
)
def test_duration(seconds: float, shown: str) -> None:
    assert printable.duration(seconds) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0, "0 B"), (999, "999 B"), (3_400, "3.4 kB"), (12_000_000, "12.0 MB"), (999_999, "1.0 MB")],
)
def test_size(number: int, shown: str) -> None:
    assert printable.size(number) == shown


def test_count_and_rate() -> None:
    assert printable.count(1, "passage") == "1 passage"
    assert printable.count(5183, "passage") == "5,183 passages"
    assert printable.count(2, "query", "queries") == "2 queries"
    assert printable.rate(210, 2.0, "passages") == "105 passages/s"
    assert printable.rate(0, 2.0, "passages") == ""
