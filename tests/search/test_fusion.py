"""Fusion of rankings against its formulas, and what must hold of any."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.search.fusion import HEADS, blended, head_of, in_turn, reciprocal_rank_fusion
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
    """Similarities 1, 2, 3 standardised are -1.2247, 0, 1.2247; relevances likewise, turned."""
    weights = BlendWeights(similarity=0.5, bm25=1.0)
    scores = blended(weights, [1, 2, 3], [0, 0, 0], [30, 20, 10])
    assert scores == pytest.approx([0.61237, 0.0, -0.61237], abs=1e-5)


@given(SCORES, st.floats(0.1, 10), st.floats(-5, 5))
def test_a_blend_does_not_know_scales(scores: np.ndarray, factor: float, offset: float) -> None:
    weights = BlendWeights(0.75, 0.1)
    similar, bm25, relevant = np.round(scores, 3)
    one = blended(weights, similar, bm25, relevant)
    other = blended(weights, similar * factor + offset, bm25, relevant)
    assert other == pytest.approx(one, abs=1e-6)


@pytest.mark.parametrize("weights", [(-0.1, 0), (0, float("nan")), (float("inf"), 0)])
def test_weights_that_make_no_sense(weights: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="finite and not negative"):
        BlendWeights(*weights)


def test_no_candidates() -> None:
    assert len(blended(BlendWeights(1, 1), [], [], [])) == 0
