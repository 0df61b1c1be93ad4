"""First-stage retrieval: candidate passages by vector, by BM25, or by both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bienc_cli.search.exact_names import passages_with_names
from bienc_cli.search.fusion import blended, head_of, in_turn, reciprocal_rank_fusion
from bienc_cli.search.result import Candidate
from bienc_cli.store import Filter, Searchable
from bienc_cli.strategy import Source, Strategy
from bienc_cli.types import BlendWeights

FUSED_DEPTH = 100
"""Minimum depth of rankings that are fused: a passage may rank far down in both and still be among
the best of the fusion."""

Ranked = Sequence[tuple[int, float]]
"""(passage id, score), best first."""


@dataclass(frozen=True, slots=True)
class Found:
    """What each source returned for one query; empty where it was not asked.

    Attributes:
        by_similarity: the bi-encoder's ranking.
        by_bm25: the BM25 ranking.
        exact: passage id to the number of the query's rare names that the passage contains.
    """

    by_similarity: Ranked = ()
    by_bm25: Ranked = ()
    exact: Mapping[int, int] = field(default_factory=dict)


def look_up(
    index: Searchable,
    query: str,
    vector: NDArray[np.float32] | None,
    strategy: Strategy,
    depth: int,
    where: Filter,
) -> Found:
    """Query the sources that a strategy needs.

    Args:
        index: opened for reading.
        query: the text that BM25 looks up.
        vector: the query's vector, shape (dim,); None where the strategy compares no vectors.
        strategy: decides which sources are asked.
        depth: how many candidates are wanted in the end.
        where: restricts the search to these documents.
    """
    depth = depth_of_sources(strategy, depth)
    by_similarity: Ranked = ()
    if strategy.needs_bi_encoder and vector is not None:
        by_similarity = index.search(vector, depth, where)
    by_bm25 = index.bm25(query, depth, where) if strategy.needs_bm25 else ()
    return found_by(index, query, strategy, by_similarity, by_bm25, where)


def found_by(
    index: Searchable,
    query: str,
    strategy: Strategy,
    by_similarity: Ranked,
    by_bm25: Ranked,
    where: Filter,
) -> Found:
    """Combine the two rankings and add the passages that contain the query's rare names.

    Args:
        index: opened for reading.
        query: as it was asked.
        strategy: the one the rankings were made for.
        by_similarity: the bi-encoder's ranking; empty where the strategy compares no vectors.
        by_bm25: the BM25 ranking; empty where the strategy looks no words up.
        where: restricts the search to these documents.
    """
    proposed = (passage_id for passage_id, _ in (*by_similarity, *by_bm25))
    exact = passages_with_names(index, query, where, proposed) if strategy.blends else {}
    return Found(by_similarity=by_similarity, by_bm25=by_bm25, exact=exact)


def depth_of_sources(strategy: Strategy, depth: int) -> int:
    """How many passages to ask each source for, to end up with `depth` candidates."""
    fuses = strategy.source in (Source.FUSION, Source.LIGHT_BLEND)
    return max(depth, FUSED_DEPTH) if fuses else depth


def propose(
    index: Searchable,
    query: str,
    vector: NDArray[np.float32] | None,
    found: Found,
    strategy: Strategy,
    depth: int,
    light_weights: BlendWeights,
) -> list[Candidate]:
    """The candidates, at most `depth`, in the order in which the first stage ranks them.

    Where both sources were asked, every candidate gets both scores, whichever source proposed it.
    """
    by_similarity, by_bm25 = dict(found.by_similarity), dict(found.by_bm25)
    ids = _proposed(found, strategy, depth)
    similarities, bm25 = by_similarity, by_bm25
    if strategy.needs_bi_encoder and strategy.needs_bm25 and vector is not None:
        similarities = _completed(
            by_similarity, ids, lambda unscored: index.similarities(vector, unscored)
        )
        bm25 = _completed(by_bm25, ids, lambda unscored: index.bm25_of(query, unscored))
    if strategy.source is Source.LIGHT_BLEND:
        scores = blended(
            light_weights,
            [similarities[passage_id] for passage_id in ids],
            [bm25[passage_id] for passage_id in ids],
        )
        ids = _in_order(ids, scores, found.exact)
        if strategy.needs_cross_encoder:
            ids = head_of(ids, [list(by_similarity), list(by_bm25)], depth)
        ids = ids[:depth]
    similarity_ranks, bm25_ranks = _ranks(by_similarity), _ranks(by_bm25)
    return [
        Candidate(
            passage_id=passage_id,
            rank=rank,
            similarity=similarities.get(passage_id),
            similarity_rank=similarity_ranks.get(passage_id),
            bm25=bm25.get(passage_id),
            bm25_rank=bm25_ranks.get(passage_id),
            exact=found.exact.get(passage_id, 0),
        )
        for rank, passage_id in enumerate(ids, 1)
    ]


def _proposed(found: Found, strategy: Strategy, depth: int) -> list[int]:
    """The passages that the sources propose; in no final order if they are to be blended."""
    rankings = [
        [passage_id for passage_id, _ in ranking]
        for ranking in (found.by_similarity, found.by_bm25)
    ]
    if strategy.source is Source.FUSION:
        return reciprocal_rank_fusion(rankings)[:depth]
    if strategy.source is Source.LIGHT_BLEND:
        limit = depth_of_sources(strategy, depth)
        exact = sorted(found.exact, key=lambda passage_id: (-found.exact[passage_id], passage_id))
        return list(dict.fromkeys([*exact, *in_turn(rankings, limit)]))[:limit]
    return [*rankings[0], *rankings[1]][:depth]


def _completed(
    scores: Mapping[int, float],
    ids: Iterable[int],
    scores_of: Callable[[list[int]], Sequence[float]],
) -> dict[int, float]:
    """A source's scores, with those of the passages that only the other source proposes."""
    unscored = [passage_id for passage_id in ids if passage_id not in scores]
    return {**scores, **dict(zip(unscored, scores_of(unscored), strict=True))}


def _in_order(
    ids: Sequence[int], scores: NDArray[np.float64], exact: Mapping[int, int]
) -> list[int]:
    """Passages by (-rare names of the query, -score, id)."""
    order = sorted(
        range(len(ids)),
        key=lambda position: (-exact.get(ids[position], 0), -scores[position], ids[position]),
    )
    return [ids[position] for position in order]


def _ranks(ids: Iterable[int]) -> dict[int, int]:
    return {passage_id: rank for rank, passage_id in enumerate(ids, 1)}
