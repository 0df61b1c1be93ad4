"""Two or three rankings of a query made into one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, islice, zip_longest

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bienc_cli.types import BlendWeights, TunedBlend

RRF_K = 60
"""The constant of reciprocal rank fusion, as its authors set it."""

HEADS = 6
"""One candidate in so many is safe for being among the best of one ranking: three of twenty."""

DEFAULT_BLEND = BlendWeights(similarity=0.8, bm25=0.4)
"""Learned with `POOLING` by benchmarks/learn_blend.py, and rounded."""


@dataclass(frozen=True, slots=True)
class Pooling:
    """How scores become votes.

    Attributes:
        scale: a logit, or a BM25 score, that is higher by so much has e times the vote. Both are
            logarithms of odds, whatever the query.
        sharpness: the same of similarities, as the power of e for one standard deviation. The
            cosines of each model have a scale of their own.
        summed: what the weighted sum of the scores says beside the votes.
        trust_in_code: what relevance weighs in code, of which a cross-encoder knows less.
        numbers: the logarithm of what a candidate gains that has all numbers of the query.
    """

    scale: float
    sharpness: float
    summed: float
    trust_in_code: float
    numbers: float


POOLING = Pooling(scale=3.5, sharpness=1.2, summed=0.2, trust_in_code=0.45, numbers=0.45)

DEFAULT_LIGHT_BLEND = BlendWeights(similarity=1.0, bm25=0.4)
"""For candidates that no cross-encoder has read; by the same program, for the worst case over
collections."""

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


def pooled(
    weights: BlendWeights,
    similarities: ArrayLike,
    bm25: ArrayLike,
    relevances: ArrayLike,
    codelike: float = 0.0,
    numbers: ArrayLike = 0.0,
    how: Pooling = POOLING,
) -> NDArray[np.float64]:
    """One score for each candidate that a cross-encoder has read: what three opinions come to.

    Each signal deals out one vote over the candidates, a softmax of its scores. One that is sure
    of a candidate gives it nearly all; one that finds all alike gives each the same, and so leaves
    the order to the others. The votes are added by weight (a linear opinion pool), so that what
    one signal is sure of no other can take away. The logarithm of that sum, and beside it a small
    part of the weighted sum of the scores themselves, which orders what nobody votes for, and
    what the numbers of the query say, which no model reads well.

    More relevance or BM25 never costs a candidate its place. More similarity nearly never does: it
    is standardised, which moves the others too.

    Source: Stone, "The opinion pool", Annals of Mathematical Statistics 32(4), 1961.

    Args:
        weights: of similarity and BM25, beside 1 for relevance.
        similarities: shape (n,), cosines.
        bm25: shape (n,), 0 for a candidate with none of the words.
        relevances: shape (n,), logits.
        codelike: 0 for prose to 1 for code, where relevance counts for less.
        numbers: shape (n,), the share of the query's numbers that a candidate has; or 0 for all.
        how: scores become votes.

    Returns:
        Shape (n,).
    """
    signals = (
        (how.trust_in_code**codelike, np.asarray(relevances, dtype=np.float64) / how.scale),
        (weights.similarity, _standardised(similarities) * how.sharpness),
        (weights.bm25, np.asarray(bm25, dtype=np.float64) / how.scale),
    )
    votes = np.zeros_like(signals[0][1])
    summed = np.zeros_like(votes)
    for weight, scores in signals:
        behind = scores - scores.max(initial=-np.inf)
        shares = np.exp(behind)
        votes += weight * shares / shares.sum()
        summed += weight * behind
    # A candidate far behind in all has no vote that a float could hold.
    pool = np.log(votes + np.finfo(np.float64).tiny) + how.summed * summed
    return pool + how.numbers * np.asarray(numbers, dtype=np.float64)


def blended(weights: BlendWeights, similarities: ArrayLike, bm25: ArrayLike) -> NDArray[np.float64]:
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

    Returns:
        Shape (n,).
    """
    return weights.similarity * _standardised(similarities) + weights.bm25 * _standardised(bm25)


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
