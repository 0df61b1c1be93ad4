"""A word is found in its other spellings: color for colour, file name for filename."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.store import open_reader
from bienc_cli.store.folding import plain_letters
from bienc_cli.store.word_variants import apart, otherwise, together
from stores import build


@pytest.mark.parametrize(
    "pair",
    """colour color, favourably favorably, behaviour behavior, neighbours neighbors,
    organise organize, organisation organization, authorised authorized, analysing analyzing,
    centre center, fibres fibers, defence defense, licenced licensed, travelled traveled,
    modelling modeling, enrolment enrollment, catalogue catalog, dialogues dialogs,
    programme program, aluminium aluminum, anaemia anemia, paediatric pediatric,
    haemoglobin hemoglobin, oestrogen estrogen, foetus fetus, diarrhoea diarrhea,
    sulphate sulfate, grey gray, mouldy moldy, sceptical skeptical""".split(","),
)
def test_each_is_written_as_the_other(pair: str) -> None:
    british, american = pair.split()
    assert american in otherwise(british)
    assert british in otherwise(american)


@pytest.mark.parametrize(
    "word",
    """four for hour our filing filling mourning morning course poet poetry does shoes rise promise
    call tire water angel email über 12345""".split(),
)
def test_words_that_look_like_it_are_no_other_word(word: str) -> None:
    words = set(
        "four for for hour our or filing filling mourning morning course corse poet pet shoes shes "
        "rise rize call cal tire tyre angel email".split()
    )
    assert words.isdisjoint(otherwise(word))


def test_an_endless_word_has_no_other_writing() -> None:
    assert list(otherwise("colour" * 1000)) == []


def test_a_word_finds_both_and_counts_once(tmp_path: Path) -> None:
    others = ["a kettle", "a bottle", "another pipe"]
    files = {"a.md": ["the colour of it", "the color of it", *others]}
    build(tmp_path / ".bienc", tmp_path / "keys", files)
    with open_reader(tmp_path / ".bienc", key_dir=tmp_path / "keys") as index:
        for query in ("colour", "Colors"):
            found = index.bm25(query, 9)
            assert [one for one, _ in found] == [1, 2]
            assert found[0][1] == found[1][1]
            assert index.spellings(query) == {}


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
