"""What is read, in what time, and what an answer is told by."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.errors import UsageError
from bienc_cli.search import Hit, SearchOptions, search
from bienc_cli.search.reranking import (
    ANSWERS_FROM,
    NO_ANSWER_BELOW,
    relevance_of,
    seems_answered,
    sigmoid,
)
from bienc_cli.store import IndexReader
from bienc_cli.strategy import Strategy
from bienc_cli.types import PairScores
from fakes import FakeBiEncoder, FakeCrossEncoder
from folders import Folder


@pytest.fixture
def read(
    reader: IndexReader, bi_encoder: FakeBiEncoder, cross_encoder: FakeCrossEncoder
) -> list[Hit]:
    """Five hits of no relevance."""
    result = search(reader, "qwrtz blorf", bi_encoder, cross_encoder, SearchOptions(k=5))
    assert len(result.hits) == 5
    return [replace(hit, relevance=relevance_of(-9.0)) for hit in result.hits]


def test_one_passage_of_some_relevance_is_enough(read: list[Hit]) -> None:
    above, below = relevance_of(-2.9), relevance_of(-3.0)
    assert below.probability < ANSWERS_FROM < above.probability
    assert seems_answered([*read, replace(read[0], relevance=above)]) is True
    assert seems_answered([*read, replace(read[0], relevance=below)]) is None


def test_there_is_no_answer_where_every_passage_is_irrelevant(read: list[Hit]) -> None:
    above, below = relevance_of(-6.9), relevance_of(-6.91)
    assert below.probability < NO_ANSWER_BELOW < above.probability
    assert seems_answered(read) is False
    assert seems_answered([*read, replace(read[0], relevance=below)]) is False
    assert seems_answered([*read, replace(read[0], relevance=above)]) is None


def test_what_was_not_read_may_answer(read: list[Hit]) -> None:
    unread = replace(read[0], relevance=None)
    assert seems_answered([*read, unread]) is None
    assert seems_answered([unread]) is None
    assert seems_answered([]) is None
    assert seems_answered([unread, replace(read[0], relevance=relevance_of(4.0))]) is True


def test_of_code_a_cross_encoder_does_not_know(read: list[Hit]) -> None:
    def says(text: str) -> list[Hit]:
        passage = read[0].passage
        inner = replace(passage.passage, text=text)
        return [replace(read[0], passage=replace(passage, passage=inner))] * 3

    code = "def f(x):\n    return {'a': x[0], 'b': (x[1] + 1) / len(x)}\n"
    assert seems_answered(says(code)) is None
    assert seems_answered(says("It returns both, the first one as it is.")) is False


def test_a_rare_name_to_the_letter_is_an_answer(read: list[Hit]) -> None:
    candidate = read[4].candidate
    assert candidate is not None
    named = replace(read[4], candidate=replace(candidate, exact=1))
    assert seems_answered([*read[:4], named]) is True


def test_by_words_alone_it_is_known_where_there_is_none(read: list[Hit]) -> None:
    candidate = read[0].candidate
    assert candidate is not None
    unread = replace(read[0], relevance=None, candidate=replace(candidate, bm25=0.0))
    found = replace(unread, candidate=replace(candidate, bm25=0.1))
    assert seems_answered([unread, unread], words_alone=True) is False
    assert seems_answered([unread, found], words_alone=True) is None
    assert seems_answered([], words_alone=True) is None


class FindsNothing(FakeCrossEncoder):
    def score_pairs(self, pairs: Sequence[tuple[str, str]]) -> PairScores:
        return PairScores(
            np.full((len(pairs), 1), -9.0, np.float32), np.zeros(len(pairs), np.bool_)
        )


@pytest.mark.parametrize(
    ("query", "answered"),
    [
        ("popcorn", True),
        ("popping corn", True),
        ("yellow corn pops", True),
        ("corn cheesecake", False),
        ("mortgage", False),
        ("what is corn that pops", False),
    ],
)
def test_a_few_words_ask_for_what_has_them(folder: Folder, query: str, answered: bool) -> None:
    folder.write({"popcorn.md": "What corn pops is yellow.\n", "b.md": "A crane of wood.\n"})
    folder.index()
    with folder.open() as reader:
        result = search(reader, query, FakeBiEncoder(), FindsNothing())
    assert result.answered is answered


@pytest.mark.parametrize("strategy", Strategy)
def test_only_a_cross_encoder_knows(
    reader: IndexReader,
    bi_encoder: FakeBiEncoder,
    cross_encoder: FakeCrossEncoder,
    strategy: Strategy,
) -> None:
    options = SearchOptions(strategy=strategy, k=3)
    nonsense = search(reader, "qwrtz blorf", bi_encoder, cross_encoder, options)
    good = search(reader, "apples autumn", bi_encoder, cross_encoder, options)
    if strategy.needs_cross_encoder:
        # BM25 proposes nothing for words that are nowhere.
        assert nonsense.answered is (None if strategy is Strategy.BM25_RERANKED else False)
        assert good.answered is True
    else:
        assert (nonsense.answered, good.answered) == (None, None)


def test_a_threshold_of_ones_own_does_not_change_it(
    reader: IndexReader, bi_encoder: FakeBiEncoder, cross_encoder: FakeCrossEncoder
) -> None:
    options = SearchOptions(min_relevance=0.999)
    result = search(reader, "apples autumn", bi_encoder, cross_encoder, options)
    assert (result.hits, result.answered) == ((), True)


@given(st.floats(-1000, 1000))
def test_sigmoid_is_the_logistic_function(logit: float) -> None:
    assert 0 <= sigmoid(logit) <= 1
    assert sigmoid(logit) + sigmoid(-logit) == pytest.approx(1)
    if abs(logit) < 30:
        assert math.log(sigmoid(logit) / (1 - sigmoid(logit))) == pytest.approx(logit, abs=1e-2)


def test_a_budget_reads_the_best_candidates_and_keeps_the_rest_in_order(
    folder: Folder, bi_encoder: FakeBiEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock that a pair moves by 10 ms: 4 pairs, then 60 ms are left of 100, then none."""
    from bienc_cli.search import reranking

    class Timed(FakeCrossEncoder):
        def score_pairs(self, pairs):  # type: ignore[no-untyped-def]
            clock[0] += 0.01 * len(pairs)
            return super().score_pairs(pairs)

    clock = [0.0]
    monkeypatch.setattr(reranking.time, "perf_counter", lambda: clock[0])
    folder.write({f"{n}.txt": f"Number {n} of a kind.\n" for n in range(30)})
    folder.index()
    cross_encoder = Timed()
    by_vectors = SearchOptions(strategy=Strategy.BI_ENCODER, k=30)
    with folder.open() as reader:
        plain = search(reader, "Number 7", bi_encoder, options=by_vectors)
        options = SearchOptions(
            strategy=Strategy.BI_ENCODER_RERANKED, k=30, rerank_seconds=0.1 + 1e-9
        )
        result = search(reader, "Number 7", bi_encoder, cross_encoder, options)
    assert (result.candidates, result.reranked) == (30, 10)
    assert len(cross_encoder.pairs_scored) == 10
    order = [hit.passage.passage_id for hit in result.hits]
    before = [hit.passage.passage_id for hit in plain.hits]
    assert set(order[:10]) == set(before[:10])
    assert order[10:] == before[10:]
    assert [hit.rank for hit in result.hits] == list(range(1, 31))
    assert all((hit.relevance is None) == (hit.rank > 10) for hit in result.hits)


def test_a_budget_that_is_too_small_still_reads_a_few(
    reader: IndexReader, bi_encoder: FakeBiEncoder, cross_encoder: FakeCrossEncoder
) -> None:
    result = search(reader, "pear", bi_encoder, cross_encoder, SearchOptions(rerank_seconds=1e-9))
    assert result.reranked == 4
    with pytest.raises(UsageError, match="above zero"):
        SearchOptions(rerank_seconds=0)
