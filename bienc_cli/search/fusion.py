"""Fuses several rankings of one query into one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, islice, zip_longest

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bienc_cli.types import BlendWeights, TunedBlend

RRF_K = 60
"""The constant of reciprocal rank fusion, as published."""

HEADS = 6
"""One candidate in this many is guaranteed a place for leading one of the rankings: three in
twenty."""

DEFAULT_BLEND = BlendWeights(similarity=0.8, bm25=0.4)
"""Learned together with `POOLING` by benchmarks/learn_blend.py, and rounded."""


@dataclass(frozen=True, slots=True)
class Pooling:
    """How scores become votes.

    Attributes:
        scale: a logit or BM25 score higher by this much gets e times the vote. Both are log-odds,
            comparable across queries.
        sharpness: the same for similarities: the exponent of e per standard deviation, because
            every model has its own scale of cosines.
        summed: weight of the weighted sum of scores beside the votes.
        trust_in_code: weight of relevance for code, which a cross-encoder reads less well.
        numbers: what a candidate with all of the query's numbers gains, as a logarithm.
    """

    scale: float
    sharpness: float
    summed: float
    trust_in_code: float
    numbers: float


POOLING = Pooling(scale=3.5, sharpness=1.2, summed=0.2, trust_in_code=0.45, numbers=0.45)

ONE_BY_ONE = 3
"""Places of a blend's ranking that are voted on one after the other. Among the last few candidates
the spread of similarities means little, so the rest is ranked at once."""

DEFAULT_LIGHT_BLEND = BlendWeights(similarity=1.0, bm25=0.4)
"""For candidates that no cross-encoder has read; learned by the same program, for the worst case
over the collections."""

DEFAULTS = TunedBlend(DEFAULT_BLEND, DEFAULT_LIGHT_BLEND, queries=0)
"""The weights of an index without learned ones."""


def reciprocal_rank_fusion(rankings: Sequence[Sequence[int]], k: int = RRF_K) -> list[int]:
    """Fuse rankings by the sum of 1 / (k + rank), ordered by (-sum, passage id).

    Source: Cormack, Clarke, Büttcher, "Reciprocal rank fusion outperforms Condorcet and
    individual rank learning methods", SIGIR 2009.

    Args:
        rankings: passage ids, best first, without repeats within one ranking.
        k: dampens the first ranks.
    """
    sums: dict[int, float] = {}
    for ranking in rankings:
        for rank, passage_id in enumerate(ranking, 1):
            sums[passage_id] = sums.get(passage_id, 0.0) + 1.0 / (k + rank)
    return sorted(sums, key=lambda passage_id: (-sums[passage_id], passage_id))


def in_turn(rankings: Sequence[Sequence[int]], limit: int) -> list[int]:
    """Take the best of each ranking in turn, without repeats, up to `limit`."""
    mixed = chain.from_iterable(zip_longest(*rankings))
    return list(
        islice(dict.fromkeys(passage_id for passage_id in mixed if passage_id is not None), limit)
    )


def head_of(fused: Sequence[int], rankings: Sequence[Sequence[int]], limit: int) -> list[int]:
    """The first `limit` of a fused ranking, guaranteed to include the best of each source ranking.

    The only passage with a certain number may lead one ranking and be missing from the other; no
    sum of scores should keep it from being read.

    Args:
        fused: passage ids, best first; holds those of `rankings`.
        rankings: the ones that were fused.
        limit: how many; at most one in `HEADS` of them is guaranteed to any one ranking.
    """
    heads = in_turn([ranking[: limit // HEADS] for ranking in rankings], limit)
    chosen = set(islice(dict.fromkeys([*heads, *fused]), limit))
    return [passage_id for passage_id in fused if passage_id in chosen]


def pooled(
    weights: BlendWeights,
    similarities: ArrayLike,
    bm25: ArrayLike,
    relevances: ArrayLike,
    codelike: float = 0.0,
    numbers: ArrayLike = 0.0,
    how: Pooling = POOLING,
) -> NDArray[np.float64]:
    """Combine similarity, BM25 and relevance into one score per reranked candidate.

    Each signal distributes one vote over the candidates: a softmax of its scores. A signal that is
    sure of a candidate gives it nearly everything; one that finds all alike votes uniformly and
    leaves the order to the others. The votes are summed by weight (a linear opinion pool), so what
    one signal is sure of, no other can take away. The score is the logarithm of that sum, plus a
    small share of the weighted sum of the scores, which orders the candidates without votes, plus a
    bonus for matching the query's numbers, which no model reads well.

    A higher relevance or BM25 score never lowers a candidate's rank. A higher similarity almost
    never does: it is standardised, which shifts the other candidates too.

    Source: Stone, "The opinion pool", Annals of Mathematical Statistics 32(4), 1961.

    Args:
        weights: of similarity and BM25; relevance has weight 1.
        similarities: shape (n,), cosines.
        bm25: shape (n,), 0 for a candidate with none of the words.
        relevances: shape (n,), logits.
        codelike: 0 for prose to 1 for code, where relevance counts less.
        numbers: shape (n,), the fraction of the query's numbers in each candidate; or 0 for all.
        how: how scores become votes.

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
    # The votes of a candidate far behind in every signal underflow to 0.
    pool = np.log(votes + np.finfo(np.float64).tiny) + how.summed * summed
    return pool + how.numbers * np.asarray(numbers, dtype=np.float64)


def ranked_by_votes(
    ids: ArrayLike,
    weights: BlendWeights,
    similarities: ArrayLike,
    bm25: ArrayLike,
    relevances: ArrayLike,
    codelike: float = 0.0,
    numbers: ArrayLike = 0.0,
    how: Pooling = POOLING,
) -> NDArray[np.intp]:
    """Rank candidates by `pooled`, the first `ONE_BY_ONE` places one at a time.

    A signal that is sure of its favourite has spent its vote on it. For the next place the
    remaining candidates are voted on anew, so that it also has its say about them. In rare cases a
    candidate's higher score costs it a place behind the first, because a different one is chosen
    before it.

    Source: rankings as repeated choice among what is left; Plackett, "The analysis of
    permutations", Applied Statistics 24(2), 1975.

    Args:
        ids: shape (n,); of candidates that tie, the lowest comes first.
        weights: as the following, see `pooled`.

    Returns:
        The places of the candidates, best first, shape (n,).
    """
    similarities, bm25, relevances = map(np.asarray, (similarities, bm25, relevances))
    remaining = np.argsort(np.asarray(ids), kind="stable")
    numbers = np.broadcast_to(np.asarray(numbers), remaining.shape)
    ranking: list[int] = []
    while len(remaining):
        scores = pooled(
            weights,
            similarities[remaining],
            bm25[remaining],
            relevances[remaining],
            codelike,
            numbers[remaining],
            how,
        )
        best = np.argsort(-scores, kind="stable")
        if len(ranking) < ONE_BY_ONE:
            best = best[:1]
        ranking += remaining[best].tolist()
        remaining = np.delete(remaining, best)
    return np.array(ranking, dtype=np.intp)


def blended(weights: BlendWeights, similarities: ArrayLike, bm25: ArrayLike) -> NDArray[np.float64]:
    """Combine similarity and BM25 into a weighted sum of standardised scores, one per candidate.

    Each kind of score is standardised over the candidates of this query (mean 0, standard deviation
    1), so that scales that differ by query and by model weigh the same; a kind on which all
    candidates tie says nothing and counts as 0. Bruch, Gai and Ingber ("An analysis of fusion
    functions for hybrid retrieval", ACM TOIS 42(1), 2023) find that such sums outperform rank
    fusion.

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
    # By rounding, equal values can differ from their own mean.
    if spread <= 1e-9 * max(1.0, float(np.abs(array).max())):
        return np.zeros_like(array)
    standardised: NDArray[np.float64] = (array - array.mean()) / spread
    return standardised
