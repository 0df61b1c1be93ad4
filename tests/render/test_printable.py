import pytest
from hypothesis import given
from hypothesis import strategies as st

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
