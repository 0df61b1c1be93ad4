"""Whether anything that was proposed seems to answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from bienc_cli.search import Hit, SearchOptions, answered, search
from bienc_cli.search.answered import ANSWERS_FROM, seems_answered, stands_out
from bienc_cli.search.reranking import relevance_of
from bienc_cli.stages import Stopwatch
from bienc_cli.store import Filter, IndexReader
from bienc_cli.strategy import Strategy
from bienc_cli.types import PairScores
from fakes import FakeBiEncoder, FakeCrossEncoder
from folders import Folder

IRRELEVANT = relevance_of(-9.0)


@pytest.fixture
def read(
    reader: IndexReader, bi_encoder: FakeBiEncoder, cross_encoder: FakeCrossEncoder
) -> list[Hit]:
    """Five hits of no relevance."""
    result = search(reader, "qwrtz blorf", bi_encoder, cross_encoder, SearchOptions(k=5))
    assert len(result.hits) == 5
    return [replace(hit, relevance=IRRELEVANT) for hit in result.hits]


class Decide:
    """Decides about hits in an index, for a query of four words."""

    def __init__(self, index: IndexReader, bi_encoder: FakeBiEncoder) -> None:
        self.bi_encoder = bi_encoder
        self.watch = Stopwatch()
        self._index = index
        passage_ids = [stored.passage_id for stored in index.iter_passages()]
        self.near: NDArray[np.float32] = index.vectors_of(passage_ids)[0]
        away = -index.vectors_of(passage_ids).sum(axis=0)
        self.far: NDArray[np.float32] = away / np.linalg.norm(away)

    def __call__(
        self,
        hits: Sequence[Hit],
        vector: NDArray[np.float32] | None,
        where: Filter = Filter(),  # noqa: B008 - immutable
        *,
        words_alone: bool = False,
    ) -> bool | None:
        return seems_answered(
            self._index,
            "qwrtz blorf zzxq vlamp",
            vector,
            hits,
            self.bi_encoder,
            where,
            self.watch,
            words_alone=words_alone,
        )


@pytest.fixture
def decide(reader: IndexReader, bi_encoder: FakeBiEncoder) -> Decide:
    return Decide(reader, bi_encoder)


def test_one_relevant_passage_is_enough(read: list[Hit], decide: Decide) -> None:
    above, below = relevance_of(-2.9), relevance_of(-3.0)
    assert below.probability < ANSWERS_FROM < above.probability
    assert decide([*read, replace(read[0], relevance=above)], decide.far) is True
    assert decide([*read, replace(read[0], relevance=below)], decide.far) is False


def test_an_answer_in_other_words_is_near(read: list[Hit], decide: Decide) -> None:
    assert decide(read, decide.near) is None
    assert decide(read, decide.far) is False
    assert [stage.name for stage in decide.watch.times] == ["encode query", "search"]


def test_unrelated_questions_are_asked_of_what_the_filter_lets_through(
    read: list[Hit], decide: Decide, reader: IndexReader
) -> None:
    where = Filter(paths=("pear.txt",))
    (cellar, *_) = [stored.passage_id for stored in reader.iter_passages(where)]
    (vector,) = reader.vectors_of([cellar])
    assert decide(read, vector, where) is None
    assert decide(read, decide.far, where) is False


def test_a_search_that_comes_back_empty_decides_nothing(
    read: list[Hit], decide: Decide, reader: IndexReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(reader), "search", lambda *_: [])
    assert decide(read, decide.far) is None


def test_a_large_index_is_not_asked_unrelated_questions(
    read: list[Hit], decide: Decide, reader: IndexReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answered, "MOST_PASSAGES", reader.info.passages)
    assert decide(read, decide.far) is False
    calls = decide.bi_encoder.calls
    monkeypatch.setattr(answered, "MOST_PASSAGES", reader.info.passages - 1)
    assert decide(read, decide.far) is None
    assert decide.bi_encoder.calls == calls


def test_nothing_is_encoded_where_an_answer_is_seen(read: list[Hit], decide: Decide) -> None:
    calls = decide.bi_encoder.calls
    assert decide([replace(read[0], relevance=relevance_of(4.0))], decide.far) is True
    assert decide([replace(read[0], relevance=None)], decide.far) is None
    assert decide.bi_encoder.calls == calls
    assert decide.watch.times == ()


def test_without_vectors_or_with_something_unread_it_is_unknown(
    read: list[Hit], decide: Decide
) -> None:
    unread = replace(read[0], relevance=None)
    assert decide(read, None) is None
    assert decide([*read, unread], decide.far) is None
    assert decide([unread], decide.far) is None
    assert decide([], decide.far) is None
    assert decide([unread, replace(read[0], relevance=relevance_of(4.0))], decide.far) is True


def test_a_rare_name_to_the_letter_is_an_answer(read: list[Hit], decide: Decide) -> None:
    candidate = read[4].candidate
    assert candidate is not None
    named = replace(read[4], candidate=replace(candidate, exact=1))
    assert decide([*read[:4], named], decide.far) is True


def test_by_words_alone_it_is_known_where_there_is_none(read: list[Hit], decide: Decide) -> None:
    candidate = read[0].candidate
    assert candidate is not None
    unread = replace(read[0], relevance=None, candidate=replace(candidate, bm25=0.0))
    found = replace(unread, candidate=replace(candidate, bm25=0.1))
    assert decide([unread, unread], None, words_alone=True) is False
    assert decide([unread, found], None, words_alone=True) is None
    assert decide([], None, words_alone=True) is None


@given(
    st.floats(-1, 1),
    st.lists(st.floats(-1, 1), min_size=2, max_size=16),
    st.floats(0.1, 10),
    st.floats(-5, 5),
)
def test_the_scale_of_a_model_does_not_matter(
    similarity: float, unrelated: list[float], factor: float, offset: float
) -> None:
    threshold = np.mean(unrelated) + np.std(unrelated)
    assume(abs(similarity - threshold) > 1e-6)
    scaled = [factor * other + offset for other in unrelated]
    assert stands_out(factor * similarity + offset, scaled) == stands_out(similarity, unrelated)
    assert stands_out(similarity, unrelated) == (similarity > threshold)


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
        ("what is corn that pops", None),
    ],
)
def test_a_few_words_ask_for_what_has_them(
    folder: Folder, query: str, answered: bool | None
) -> None:
    folder.write({"popcorn.md": "What corn pops is yellow.\n", "b.md": "A crane of wood.\n"})
    folder.index()
    with folder.open() as reader:
        result = search(reader, query, FakeBiEncoder(), FindsNothing())
    assert result.answered is answered


@pytest.mark.parametrize("strategy", Strategy)
def test_both_models_have_to_agree(
    reader: IndexReader,
    bi_encoder: FakeBiEncoder,
    cross_encoder: FakeCrossEncoder,
    strategy: Strategy,
) -> None:
    options = SearchOptions(strategy=strategy, k=3)
    nonsense = search(reader, "qwrtz blorf", bi_encoder, cross_encoder, options)
    good = search(reader, "apples autumn", bi_encoder, cross_encoder, options)
    both = strategy.needs_cross_encoder and strategy.needs_bi_encoder
    assert nonsense.answered is (False if both else None)
    assert good.answered is (True if strategy.needs_cross_encoder else None)


def test_a_threshold_of_ones_own_does_not_change_it(
    reader: IndexReader, bi_encoder: FakeBiEncoder, cross_encoder: FakeCrossEncoder
) -> None:
    options = SearchOptions(min_relevance=0.999)
    result = search(reader, "apples autumn", bi_encoder, cross_encoder, options)
    assert (result.hits, result.answered) == ((), True)
