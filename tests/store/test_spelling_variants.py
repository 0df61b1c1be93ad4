"""American and British writings of a word are one word."""

from __future__ import annotations

from pathlib import Path

import pytest

from bienc_cli.store import open_reader
from bienc_cli.store.spelling_variants import otherwise
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
