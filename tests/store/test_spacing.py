"""What is written together is found by those who write it apart, and the other way round."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.store import open_reader
from bienc_cli.store.folding import plain_letters
from bienc_cli.store.spacing import apart, together
from stores import build


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("file name", ["filename"]),
        ("Pre-processing of data", ["preprocessing"]),
        ("log in to the web site", ["login", "website"]),
        ("time\nout", ["timeout"]),
        ("Wi-Fi", ["wifi"]),
        # The commonest words are no parts of others, and what stands between parts is no space.
        ("the me is land of a way", []),
        ("file, name. file_name, file/name x ray", []),
        ("Bücher Regal", ["bucherregal"]),
        ("東京 大学", []),
    ],
)
def test_neighbours_that_may_be_one_word(query: str, words: list[str]) -> None:
    assert ["".join(pair) for pair in together(plain_letters(query))] == words


@given(st.text("abcdefghijklm", max_size=12))
def test_a_word_taken_apart_is_itself_put_together(word: str) -> None:
    for first, second in apart(word):
        assert together(f"{first} {second}") == [(first, second)]
        assert min(len(first), len(second)) >= 3


def test_an_endless_word_is_not_taken_apart() -> None:
    assert len(list(apart("x" * 40))) == 35
    assert list(apart("x" * 41)) == []


def test_no_word_of_a_script_without_spaces_is_taken_apart() -> None:
    assert list(apart("ประเทศไทย")) == []


FILES = {
    "a.md": [
        "The filename must not be empty.",
        "Cash flow was positive in the last year, and a cash box holds the rest.",
        "A timeout ends the request.",
        "Preprocessing takes hours.",
    ],
    "b.md": ["A kettle for water.", "The laptop is new.", "labs on top of a hill"],
}


@pytest.mark.parametrize(
    ("query", "passage", "looked_up"),
    [
        ("file name", 1, {}),
        ("pre-processing", 4, {}),
        ("time out", 3, {}),
        ("cashflow", 2, {"cashflow": ("cash", "flow")}),
        ("kettle water", 5, {}),
        # A slip is likelier than a space that is missing.
        ("labtop", 6, {"labtop": ("laptop",)}),
    ],
)
def test_what_is_written_the_other_way_is_found(
    tmp_path: Path, query: str, passage: int, looked_up: dict[str, tuple[str, ...]]
) -> None:
    build(tmp_path / ".bienc", tmp_path / "keys", FILES)
    with open_reader(tmp_path / ".bienc", key_dir=tmp_path / "keys") as index:
        assert next(one for one, _ in index.bm25(query, 9)) == passage
        assert index.spellings(query) == looked_up


def test_what_is_written_as_asked_comes_first(tmp_path: Path) -> None:
    others = [f"the kettle of {one}" for one in ("Ada", "Bob", "Cleo", "Dan", "Eve")]
    files = {"a.md": ["a filename", "a file and its name", *others]}
    build(tmp_path / ".bienc", tmp_path / "keys", files)
    with open_reader(tmp_path / ".bienc", key_dir=tmp_path / "keys") as index:
        found = dict(index.bm25("filename", 9))
        assert [*found] == [1]
        apart = dict(index.bm25("file name", 9))
        assert apart[2] > apart[1] > 0


def test_a_space_that_a_text_lacks_makes_no_rare_word(tmp_path: Path) -> None:
    """Each of the two is found in what both are written together in, as often as by itself."""
    others = [f"the file of {one}" for one in ("Ada", "Bob", "Cleo", "Dan", "Eve")]
    files = {"a.md": ["a filename", "a name", *others]}
    build(tmp_path / ".bienc", tmp_path / "keys", files)
    with open_reader(tmp_path / ".bienc", key_dir=tmp_path / "keys") as index:
        found = dict(index.bm25("file name", 9))
        apart = {2: dict(index.bm25("name", 9))[2], 3: dict(index.bm25("file", 9))[3]}
        assert found[1] < apart[2] + apart[3]


@pytest.mark.parametrize(
    ("texts", "query", "looked_up"),
    [
        (["a web page", "a kettle"], "webpage", {"webpage": ("web", "page")}),
        # Two words that no passage has together are two words.
        (["a spider's web", "a page"], "webpage", {}),
        (["a coat", "the mer"], "coatmer", {}),
        # What is left of an ending is no word.
        (["rot is at the root", "a kettle"], "rotate", {}),
        (["an author is here", "a kettle"], "authorised", {}),
    ],
)
def test_a_word_is_taken_apart_into_two_that_stand_together(
    tmp_path: Path, texts: list[str], query: str, looked_up: dict[str, tuple[str, ...]]
) -> None:
    build(tmp_path / ".bienc", tmp_path / "keys", {"a.md": texts})
    with open_reader(tmp_path / ".bienc", key_dir=tmp_path / "keys") as index:
        assert index.spellings(query) == looked_up
