"""Phrases and minuses against going through every passage and reading it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bienc_cli.search import SearchOptions, search
from bienc_cli.search.narrowing import Narrowed
from bienc_cli.search.query_syntax import ParsedQuery, parse_operators
from bienc_cli.store import Filter, IndexReader
from bienc_cli.strategy import Strategy
from fakes import FakeBiEncoder, FakeCrossEncoder
from folders import Folder

WORDS = ["fig", "pear", "plum", "kiwi", "10.0.0.1", "10.0.1.0", "mx-77", "mx-77-b"]
EVERYTHING = Filter()


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    folder = Folder(Path(tmp_path_factory.mktemp("many")))
    random = np.random.default_rng(7)
    folder.write(
        {
            f"{'even' if n % 2 == 0 else 'odd'}/{n}.txt": " ".join(random.choice(WORDS, 6)) + "\n"
            for n in range(60)
        }
    )
    folder.index()
    return folder


def reads(text: str, phrase: str) -> bool:
    """Word by word: an oracle for words between blanks."""
    words, wanted = text.split(), phrase.split()
    return any(words[at : at + len(wanted)] == wanted for at in range(len(words)))


def expected(reader: IndexReader, parsed: ParsedQuery, where: Filter) -> set[int]:
    return {
        stored.passage_id
        for stored in reader.iter_passages(where)
        if all(reads(stored.passage.text, phrase) for phrase in parsed.phrases)
        and not any(reads(stored.passage.text, phrase) for phrase in parsed.without_phrases)
        and not set(parsed.without) & set(re.findall(r"\w+", stored.passage.text))
    }


PHRASES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=2).map(" ".join)


@given(
    phrases=st.lists(PHRASES, max_size=2, unique=True),
    without=st.lists(st.sampled_from(["fig", "pear"]), max_size=1),
    without_phrases=st.lists(PHRASES, max_size=1),
    where=st.sampled_from([EVERYTHING, Filter(paths=("even/",))]),
    k=st.integers(1, 70),
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_narrowed_index_is_what_is_left(
    many: Folder,
    phrases: list[str],
    without: list[str],
    without_phrases: list[str],
    where: Filter,
    k: int,
) -> None:
    parsed = ParsedQuery("fig plum", tuple(phrases), tuple(without), tuple(without_phrases))
    vector = FakeBiEncoder().encode_queries(["fig plum"])[0]
    with many.open() as reader:
        left = expected(reader, parsed, where)
        narrowed = Narrowed(reader, parsed, where)
        assert narrowed.count(where) == len(left)
        assert {one.passage_id for one in narrowed.iter_passages(where)} == left
        near = [hit for hit in reader.search(vector, 60, where) if hit[0] in left]
        assert narrowed.search(vector, k, where) == near[:k]
        worded = [hit for hit in reader.bm25("fig plum", 60, where) if hit[0] in left]
        assert [hit for hit in narrowed.bm25("fig plum", k, where) if hit[1] > 0] == worded[:k]


@pytest.mark.parametrize("strategy", list(Strategy))
def test_every_strategy_keeps_to_it(many: Folder, strategy: Strategy) -> None:
    options = SearchOptions(strategy=strategy, k=60)
    with many.open() as reader:
        query = '"10.0.0.1" pear -kiwi'
        result = search(reader, query, FakeBiEncoder(), FakeCrossEncoder(), options)
        assert {hit.passage.passage_id for hit in result.hits} == expected(
            reader, parse_operators(query), EVERYTHING
        )
        assert result.hits
        assert result.query == query


def test_what_leaves_nothing_is_said(many: Folder) -> None:
    with many.open() as reader:
        result = search(reader, '"fig of nowhere" -plum', FakeBiEncoder(), FakeCrossEncoder())
    assert result.hits == ()
    assert result.warnings == ("there is no passage with \"fig of nowhere\" and without 'plum'",)


def test_the_models_read_the_query_without_marks(many: Folder) -> None:
    bi_encoder, cross_encoder = FakeBiEncoder(), FakeCrossEncoder()
    with many.open() as reader:
        search(reader, '"fig" pear -kiwi', bi_encoder, cross_encoder)
    assert bi_encoder.queries_encoded == ["fig pear"]
    assert {query for query, _ in cross_encoder.pairs_scored} == {"fig pear"}
