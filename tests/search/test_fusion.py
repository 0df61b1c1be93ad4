"""Fusion of rankings against its formulas, and what must hold of any."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.search.fusion import (
    DEFAULT_BLEND,
    HEADS,
    ONE_BY_ONE,
    POOLING,
    blended,
    head_of,
    in_turn,
    pooled,
    ranked_by_votes,
    reciprocal_rank_fusion,
)
from bienc_cli.types import BlendWeights

RANKINGS = st.lists(st.lists(st.integers(1, 30), unique=True, max_size=20), max_size=3)
SCORES = st.lists(
    st.tuples(*[st.floats(-20, 20, allow_nan=False)] * 3), min_size=1, max_size=20
).map(lambda rows: np.array(rows).T)


def test_reciprocal_rank_fusion_by_hand() -> None:
    """1/61 + 1/63 for 7, 1/62 + 1/62 for 5, 1/63 for 9, 1/61 for 2: 7 is ahead by a hair."""
    assert reciprocal_rank_fusion([[7, 5, 9], [2, 5, 7]]) == [7, 5, 2, 9]


def test_equal_sums_are_ordered_by_passage_id() -> None:
    assert reciprocal_rank_fusion([[9, 4], [4, 9]]) == [4, 9]


@given(RANKINGS)
def test_fusion_knows_each_passage_once(rankings: list[list[int]]) -> None:
    fused = reciprocal_rank_fusion(rankings)
    assert sorted(fused) == sorted({one for ranking in rankings for one in ranking})


def test_in_turn_by_hand() -> None:
    assert in_turn([[1, 2, 3], [2, 9]], 10) == [1, 2, 9, 3]
    assert in_turn([[1, 2, 3], [2, 9]], 3) == [1, 2, 9]


@given(RANKINGS, st.integers(1, 40))
def test_in_turn_takes_the_best_of_each(rankings: list[list[int]], limit: int) -> None:
    taken = in_turn(rankings, limit)
    everything = {one for ranking in rankings for one in ranking}
    assert len(taken) == len(set(taken)) == min(limit, len(everything))
    for ranking in rankings:
        # What is taken of a ranking by its own merit is a head of it.
        head = ranking[: -(-limit // max(1, len(rankings)))]
        assert set(head[: limit // max(1, len(rankings))]) <= set(taken)


def test_the_head_of_a_fused_ranking_by_hand() -> None:
    """The words' first passage stands last in the sum, and is read all the same."""
    fused = [1, 2, 3, 4, 5, 6, 7, 8]
    assert head_of(fused, [[1, 2, 3], [8, 1]], 6) == [1, 2, 3, 4, 5, 8]
    assert head_of(fused, [[1, 2, 3], [8, 1]], 5) == [1, 2, 3, 4, 5]


@given(RANKINGS, st.integers(1, 40))
def test_a_head_keeps_the_best_of_each(rankings: list[list[int]], limit: int) -> None:
    fused = reciprocal_rank_fusion(rankings)
    head = head_of(fused, rankings, limit)
    assert head == [one for one in fused if one in head]
    assert len(head) == min(limit, len(fused))
    for ranking in rankings:
        assert set(ranking[: limit // HEADS]) <= set(head)


def test_a_blend_by_hand() -> None:
    """Similarities 1, 2, 3 standardised are -1.2247, 0, 1.2247; BM25 likewise, turned."""
    weights = BlendWeights(similarity=0.5, bm25=1.0)
    assert blended(weights, [1, 2, 3], [30, 20, 10]) == pytest.approx(
        [0.61237, 0.0, -0.61237], abs=1e-5
    )


@given(SCORES, st.floats(0.1, 10), st.floats(-5, 5))
def test_a_blend_does_not_know_scales(scores: np.ndarray, factor: float, offset: float) -> None:
    weights = BlendWeights(0.75, 0.1)
    similar, bm25, _ = np.round(scores, 3)
    one = blended(weights, similar, bm25)
    other = blended(weights, similar * factor + offset, bm25)
    assert other == pytest.approx(one, abs=1e-6)


def test_a_pool_by_hand() -> None:
    """Of two candidates relevance votes 3 to 1 for the first, the others know no difference."""
    weights = BlendWeights(similarity=1.0, bm25=0.5)
    scores = pooled(weights, [0.8, 0.8], [2.0, 2.0], [POOLING.scale * math.log(3), 0.0])
    votes = [0.75 + 0.5 + 0.25, 0.25 + 0.5 + 0.25]
    summed = [0.0, -math.log(3)]
    assert scores == pytest.approx(
        [math.log(vote) + POOLING.summed * one for vote, one in zip(votes, summed, strict=True)]
    )
    # In code that vote weighs less.
    in_code = pooled(weights, [0.8, 0.8], [2.0, 2.0], [POOLING.scale * math.log(3), 0.0], 1.0)
    assert 0 < in_code[0] - in_code[1] < scores[0] - scores[1]


@given(SCORES, st.floats(0.1, 10), st.floats(-5, 5), st.floats(0, 1))
def test_a_pool_knows_differences_only(
    scores: np.ndarray, factor: float, offset: float, codelike: float
) -> None:
    similar, bm25, relevant = np.round(scores, 3)
    one = pooled(DEFAULT_BLEND, similar, bm25, relevant, codelike)
    other = pooled(
        DEFAULT_BLEND, similar * factor + offset, bm25 + offset, relevant - offset, codelike
    )
    assert other == pytest.approx(one, abs=1e-6)


@given(SCORES, st.integers(0, 2), st.floats(0.01, 30))
def test_a_better_score_never_costs_a_candidate_its_place(
    scores: np.ndarray, signal: int, more: float
) -> None:
    """Relevance and BM25 only: similarities are standardised, which moves all of them."""
    signals = np.round(scores, 3)
    if signal == 0:
        signals[0] = 0.0
    before = pooled(DEFAULT_BLEND, *signals)
    raised = signals.copy()
    raised[max(1, signal), 0] += more
    after = pooled(DEFAULT_BLEND, *raised)
    assert np.isfinite(after).all()
    assert ((before[0] >= before) <= (after[0] >= after - 1e-9)).all()


@given(SCORES, st.randoms(use_true_random=False))
def test_a_pool_does_not_know_the_order_of_candidates(
    scores: np.ndarray, chance: random.Random
) -> None:
    order = list(range(scores.shape[1]))
    chance.shuffle(order)
    one = pooled(DEFAULT_BLEND, *scores)
    assert pooled(DEFAULT_BLEND, *scores[:, order]) == pytest.approx(one[order])


def test_candidates_that_nobody_tells_apart_are_equal() -> None:
    assert len(set(pooled(DEFAULT_BLEND, [0.5] * 3, [2.0] * 3, [-1.0] * 3))) == 1
    assert np.isfinite(pooled(DEFAULT_BLEND, [0.5], [0.0], [9.0])).all()
    first, second, third = pooled(DEFAULT_BLEND, [0.9, 0.5, 0.9], [1, 2, 1], [3, 4, 3])
    assert first == third != second


def test_what_one_signal_is_sure_of_the_others_do_not_bury() -> None:
    """Far ahead for the bi-encoder and last for the others, as an answer in code often is."""
    similar = [0.90, *np.linspace(0.70, 0.69, 9)]
    relevant = [-6.0, *np.linspace(3.0, 1.0, 7), -4.0, -5.0]
    bm25 = [4.0, *np.linspace(9.0, 6.0, 9)]
    scores = pooled(DEFAULT_BLEND, similar, bm25, relevant)
    assert scores.argmax() == 0
    # As little as two passages that the others like a little were enough in a sum.
    weights = BlendWeights(similarity=1.0, bm25=0.2)
    summed = blended(weights, similar, bm25) + blended(BlendWeights(1.0, 0.0), relevant, bm25)
    assert (summed > summed[0]).sum() == 2


@given(SCORES, st.randoms(use_true_random=False))
def test_each_of_the_first_places_is_voted_on_among_what_is_left(
    scores: np.ndarray, chance: random.Random
) -> None:
    signals = np.round(scores, 3)
    ids = list(range(signals.shape[1]))
    chance.shuffle(ids)
    ranking = ranked_by_votes(ids, DEFAULT_BLEND, *signals).tolist()
    assert sorted(ranking) == sorted(ids)
    for rank, place in enumerate(ranking):
        left = ranking[min(rank, ONE_BY_ONE) :]
        votes = dict(zip(left, pooled(DEFAULT_BLEND, *signals[:, left]), strict=True))
        for other in ranking[rank + 1 :]:
            assert (-votes[place], ids[place]) < (-votes[other] + 1e-9, ids[other])


def test_a_passage_that_is_the_query_silences_nobody_about_the_others() -> None:
    """BM25 and similarity are sure of it, and of the next one; relevance, barely, of another."""
    bm25 = [300.0, 20.0, *[12.0] * 8]
    similar = [1.0, 0.8, *np.linspace(0.74, 0.72, 8)]
    relevant = [6.0, 0.0, 4.0, *[-4.0] * 7]
    ranking = ranked_by_votes(range(10), DEFAULT_BLEND, similar, bm25, relevant)
    assert ranking[:2].tolist() == [0, 1]
    # By votes on all of them at once, they have none left for it.
    assert np.argsort(-pooled(DEFAULT_BLEND, similar, bm25, relevant))[1] == 2


@pytest.mark.parametrize("weights", [(-0.1, 0), (0, float("nan")), (float("inf"), 0)])
def test_weights_that_make_no_sense(weights: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="finite and not negative"):
        BlendWeights(*weights)


def test_no_candidates() -> None:
    assert len(blended(BlendWeights(1, 1), [], [])) == 0
    assert len(pooled(BlendWeights(1, 1), [], [], [])) == 0
    assert len(ranked_by_votes([], BlendWeights(1, 1), [], [], [])) == 0
