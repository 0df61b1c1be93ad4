"""Compounds are taken apart where an index has the parts, and found by them."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bienc_cli.store.bm25 import Bm25
from bienc_cli.store.compounds import COMPOUNDING, Compounds
from bienc_cli.store.postings import lengths_checksum
from bienc_cli.store.tokenizer import has_stems
from test_bm25 import ALWAYS, index_of, small_blocks

__all__ = ["small_blocks"]

# Stems, each with how many passages have it.
VOCABULARY = {
    "kundig": 5,
    "frist": 4,
    "kundigungsfrist": 2,
    "wohnung": 6,
    "markt": 9,
    "haus": 8,
    "rathaus": 7,
    "erfolg": 6,
    "reich": 1,
    "erfolgreich": 5,
    "arbeit": 3,
    "zeit": 3,
    "arbeitszeit": 1,
    "uber": 20,
    "donau": 1,
    "dampf": 1,
    "schiff": 2,
    "fahrt": 2,
}


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("kundigungsfristen", ("kundig", "frist")),
        ("wohnungsmarkt", ("wohnung", "markt")),
        ("arbeitszeiten", ("arbeit", "zeit")),
        ("donaudampfschifffahrt", ("donau", "dampf", "schiff", "fahrt")),
        # As common as its parts, it is a word of its own.
        ("erfolgreich", ()),
        # A part is too short, unknown, or among the commonest words.
        ("rathaus", ()),
        ("wohnungsmiete", ()),
        ("uberzeit", ()),
        ("markt", ()),
        ("haus2haus", ()),
    ],
)
def test_a_word_and_its_parts(word: str, parts: tuple[str, ...]) -> None:
    assert Compounds("de", VOCABULARY).parts(word) == parts


def test_the_words_around_some() -> None:
    assert Compounds("de", VOCABULARY).around(["frist", "kundig", "zeit", "haus", "none"]) == {
        "frist": ["kundigungsfrist"],
        "kundig": ["kundigungsfrist"],
        "zeit": ["arbeitszeit"],
    }


def test_a_word_that_stands_within_others_only() -> None:
    compounds = Compounds("de", VOCABULARY)
    assert compounds.holding("arbeits") == ["arbeitszeit"]
    assert compounds.holding("szeit") == ["arbeitszeit"]
    # In the midst; too little beside it; by itself.
    assert compounds.holding("beit") == compounds.holding("arbeitsz") == []
    assert compounds.holding("zeit") == []


WORDS = st.text("abns", min_size=4, max_size=6)


@given(
    st.dictionaries(WORDS, st.integers(1, 9), min_size=1, max_size=8),
    st.lists(st.sampled_from(["", "s", "en"]), max_size=3),
    st.sampled_from(sorted(COMPOUNDING)),
    st.data(),
)
@settings(max_examples=60)
def test_parts_are_words_that_the_index_has(
    vocabulary: dict[str, int], links: list[str], language: str, data: st.DataObject
) -> None:
    compounds = Compounds(language, vocabulary)
    words = [data.draw(st.sampled_from(sorted(vocabulary))) + link for link in links]
    parts = compounds.parts("".join(words))
    assert set(parts) <= vocabulary.keys()
    assert len(parts) != 1
    for stem, around in compounds.around(list(vocabulary)).items():
        for word in around:
            assert word in vocabulary
            assert word != stem
            assert word.startswith(stem) or word.endswith(stem)


def test_every_compounding_language_has_stems() -> None:
    assert all(map(has_stems, COMPOUNDING))


# ---------------------------------------------------------------- in an index

GERMAN = {
    1: "Die Kündigungsfrist ist im Vertrag nicht genannt und wird erfragt",
    2: "Die Frist für eine Kündigung ist im Gesetz genannt und wird beachtet",
    3: "Eine Frist ist mit dem Amt zu klären, wenn es die Post nicht gab",
    4: "Der Apfel ist reif und wird im Keller gelagert, aber nicht lange",
    5: "The notice is in the contract and there is a frist in it",
}


@pytest.fixture(scope="module")
def german():
    connection, plain = index_of(GERMAN)
    index = Bm25(connection, len(GERMAN), lengths_checksum(connection), ["de"])
    yield index
    index.close()
    plain.close()
    connection.close()


def ranked(index: Bm25, query: str) -> list[int]:
    return [one for one, _ in index.best(query, 9)]


def test_who_asks_for_a_compound_finds_its_parts(german: Bm25) -> None:
    assert ranked(german, "Kündigungsfristen")[:2] == [1, 2]
    assert set(ranked(german, "Kündigungsfristen")) == {1, 2, 3}
    # Nobody misspelt what nobody wrote.
    assert german.spellings("Fristkündigung") == {}
    assert set(ranked(german, "Fristkündigung")) == {1, 2, 3}


def test_who_asks_for_a_word_finds_it_within_others_and_behind_itself(german: Bm25) -> None:
    found = ranked(german, "Kündigung")
    assert found == [2, 1]
    assert set(ranked(german, "Fristen")) == {1, 2, 3}
    assert ranked(german, "Frist")[-1] == 1


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("Versicherungen", [1]),
        ("Haftpflicht", [1]),
        ("Kapitän", [2]),
        ("Dampfschifffahrt", [2]),
        ("Schiff", []),
        ("Versicherung Keller", [3, 1]),
    ],
)
def test_a_word_that_nobody_wrote_by_itself_is_found_in_compounds(
    query: str, found: list[int]
) -> None:
    texts = {
        1: "Die Haftpflichtversicherung zahlt nicht für den Schaden an der Wohnung",
        2: "Der Donaudampfschifffahrtskapitän ist nicht mehr auf dem Fluss",
        3: "Der Keller ist nicht trocken und wird nicht vermietet",
    }
    connection, plain = index_of(texts)
    index = Bm25(connection, len(texts), lengths_checksum(connection), ["de"])
    assert ranked(index, query) == found
    assert index.spellings(query) == {}
    index.close()
    plain.close()
    connection.close()


def test_what_must_be_there_or_not_is_the_word_itself(german: Bm25) -> None:
    assert german.holding("Frist") == [2, 3, 5]
    assert german.holding("Kündigungsfrist") == [1]


WORDS_ASKED = ["frist", "kündigung", "kündigungsfrist", "fristkündigung", "apfel", "ist", "notice"]
TEXTS = st.dictionaries(st.integers(1, 80), st.sampled_from([*GERMAN.values()]), min_size=1)


@given(
    texts=TEXTS,
    query=st.lists(st.sampled_from(WORDS_ASKED), max_size=5).map(" ".join),
    k=st.integers(1, 20),
)
@example(texts={1: GERMAN[1], 8: GERMAN[2], 16: GERMAN[1]}, query="frist kündigungsfrist", k=1)
@ALWAYS
def test_the_best_are_the_same_however_they_are_found(
    small_blocks: str, texts: dict[int, str], query: str, k: int
) -> None:
    connection, plain = index_of(texts)
    index = Bm25(connection, len(texts), lengths_checksum(connection), ["de"])
    scores = index.scores_of(query, range(90))
    everything = sorted(
        ((one, score) for one, score in enumerate(scores) if score), key=lambda hit: (-hit[1], hit)
    )
    assert index.best(query, k) == everything[:k]
    plain.close()
    index.close()
    connection.close()
