"""Two or three rankings of a query made into one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, islice, zip_longest

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bienc_cli.types import BlendWeights, TunedBlend

RRF_K = 60
"""The constant of reciprocal rank fusion, as its authors set it."""

HEADS = 6
"""One candidate in so many is safe for being among the best of one ranking: three of twenty."""

DEFAULT_BLEND = BlendWeights(similarity=1.0, bm25=0.2)
"""Learned by benchmarks/learn_blend.py, for the worst case over collections."""

DEFAULT_LIGHT_BLEND = BlendWeights(similarity=1.0, bm25=0.4)
"""Likewise, for candidates that no cross-encoder has read."""


DEFAULTS = TunedBlend(DEFAULT_BLEND, DEFAULT_LIGHT_BLEND, queries=0)
"""What holds for an index for which nothing was learned."""


def reciprocal_rank_fusion(rankings: Sequence[Sequence[int]], k: int = RRF_K) -> list[int]:
    """Fuse rankings by the sum of 1 / (k + rank), ordered by (-sum, passage id).

    Source: Cormack, Clarke, Büttcher, "Reciprocal rank fusion outperforms Condorcet and
    individual rank learning methods", SIGIR 2009.

    Args:
        rankings: passage ids, best first, none twice in one.
        k: dampens the first ranks.
    """
    sums: dict[int, float] = {}
    for ranking in rankings:
        for rank, passage_id in enumerate(ranking, 1):
            sums[passage_id] = sums.get(passage_id, 0.0) + 1.0 / (k + rank)
    return sorted(sums, key=lambda passage_id: (-sums[passage_id], passage_id))


def in_turn(rankings: Sequence[Sequence[int]], limit: int) -> list[int]:
    """The best of each ranking in turn, each passage once, until there are `limit`."""
    mixed = chain.from_iterable(zip_longest(*rankings))
    return list(islice(dict.fromkeys(one for one in mixed if one is not None), limit))


def head_of(fused: Sequence[int], rankings: Sequence[Sequence[int]], limit: int) -> list[int]:
    """The first `limit` of a fused ranking, the best of each that it was made of among them.

    A passage with a number that no other has is the first of one ranking and may be nowhere in
    the other; no sum of scores is to keep it from being read.

    Args:
        fused: passage ids, best first; holds those of `rankings`.
        rankings: that it was made of.
        limit: how many; at most one in `HEADS` stands there for the sake of one ranking.
    """
    heads = in_turn([ranking[: limit // HEADS] for ranking in rankings], limit)
    chosen = set(islice(dict.fromkeys([*heads, *fused]), limit))
    return [one for one in fused if one in chosen]


def blended(
    weights: BlendWeights,
    similarities: ArrayLike,
    bm25: ArrayLike,
    relevances: ArrayLike | None = None,
) -> NDArray[np.float64]:
    """One score for each candidate: a weighted sum of its standardised scores.

    Each kind of score is standardised over the candidates of this one query (mean 0, standard
    deviation 1), so that scales that differ by query and by model weigh the same; a kind in
    which all candidates are equal says nothing and counts as 0. Bruch, Gai and Ingber ("An
    analysis of fusion functions for hybrid retrieval", ACM TOIS 42(1), 2023) find such sums
    ahead of rank fusion.

    Args:
        weights: see `BlendWeights`.
        similarities: shape (n,), cosines.
        bm25: shape (n,), 0 for a candidate with none of the words.
        relevances: shape (n,), logits; None where no cross-encoder has read the candidates.

    Returns:
        Shape (n,).
    """
    score: NDArray[np.float64] = weights.similarity * _standardised(similarities)
    score = score + weights.bm25 * _standardised(bm25)
    return score if relevances is None else score + _standardised(relevances)


def _standardised(values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if not len(array):
        return array
    spread = array.std()
    # Equal values differ by rounding from their own mean.
    if spread <= 1e-9 * max(1.0, float(np.abs(array).max())):
        return np.zeros_like(array)
    standardised: NDArray[np.float64] = (array - array.mean()) / spread
    return standardised
