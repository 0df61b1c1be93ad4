"""Hits for other programs: each format is read back by what reads it."""

from __future__ import annotations

import csv
import shutil
import subprocess
from pathlib import Path

import pytest

from bienc_cli.render import markdown_answers
from bienc_cli.render.hits import line_of, link_to
from bienc_cli.render.listing import COLUMNS, as_argument
from bienc_cli.search.result import Hit, Span
from bienc_cli.store import StoredPassage
from bienc_cli.types import Passage, Place


def hit(place: Place, text: str = "one\ntwo\nthree", best: Span | None = None) -> Hit:
    passage = Passage("a.md", 0, 0, len(text), text, place)
    return Hit(1, StoredPassage(1, 1, passage, "a.md", None, "text"), best=best)


@pytest.mark.parametrize(
    ("place", "best", "line"),
    [
        (Place("line", 7, 9), None, 7),
        (Place("line", 7, 9), Span(4, 7), 8),
        # The text's lines are not the file's, so nothing is counted in it.
        (Place("line", 7, 30), Span(4, 7), 7),
        (Place("page", 3, 3), Span(4, 7), None),
        (Place("heading", name="Use"), None, None),
    ],
)
def test_a_line_is_one_of_the_file(place: Place, best: Span | None, line: int | None) -> None:
    assert line_of(hit(place, best=best)) == line


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("a  b.md", "a  b.md"),
        ('it\'s "q".md', 'it\'s "q".md'),
        ("-rf", "./-rf"),
        ("docs/-rf", "docs/-rf"),
        ("x\n/etc/passwd", "x\u240a/etc/passwd"),
        ("x\r\x1b[2Jy", "x\u240d\u241b[2Jy"),
    ],
)
def test_a_name_is_one_line_and_no_option(path: str, shown: str) -> None:
    assert as_argument(path) == shown


@pytest.mark.skipif(shutil.which("xargs") is None, reason="no xargs is installed")
def test_names_with_blanks_and_quotes_reach_other_programs(tmp_path: Path) -> None:
    names = ["a  b.md", 'it\'s "q".md', "back\\slash.md", "-rf"]
    for name in names:
        (tmp_path / name).touch()
    lines = "".join(f"{as_argument(name)}\n" for name in names)
    command = ["xargs", "-d", "\n", "ls"]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_what_is_elsewhere_has_no_link() -> None:
    assert link_to(hit(Place("line", 7, 9)), "file://{host}{path}") == ""


@pytest.mark.parametrize("text", ["a|b *c* _d_ [e](f) <g> # h", "``` `x`", "\x1b[31mred\nline"])
def test_markdown_is_shown_and_not_obeyed(text: str) -> None:
    shown = markdown_answers.escaped(text)
    assert "\n" not in shown
    assert "\x1b" not in shown
    assert all(f"\\{mark}" in shown for mark in "|*_[<#`" if mark in text)
    assert markdown_answers.code("a`b``c") == "```a`b``c```"
    assert markdown_answers.code("`a") == "`` `a ``"


def test_csv_names_its_columns() -> None:
    assert next(csv.reader([",".join(COLUMNS)])) == list(COLUMNS)
    assert Path(COLUMNS[5]) == Path("path")
