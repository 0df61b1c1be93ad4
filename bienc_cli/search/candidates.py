"""First-stage retrieval: candidate passages by vector, by BM25, or by both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bienc_cli.search.exactness import having_names
from bienc_cli.search.fusion import blended, head_of, in_turn, reciprocal_rank_fusion
from bienc_cli.search.narrowing import Searched
from bienc_cli.search.result import Candidate
from bienc_cli.store import Filter
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
    index: Searched,
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
    near: Ranked = ()
    if strategy.needs_bi_encoder and vector is not None:
        near = index.search(vector, depth, where)
    worded = index.bm25(query, depth, where) if strategy.needs_bm25 else ()
    return found_by(index, query, strategy, near, worded, where)


def found_by(
    index: Searched, query: str, strategy: Strategy, near: Ranked, worded: Ranked, where: Filter
) -> Found:
    """Combine the two rankings and add the passages that contain the query's rare names.

    Args:
        index: opened for reading.
        query: as it was asked.
        strategy: the one the rankings were made for.
        near: the ranking by similarity; empty where the strategy compares no vectors.
        worded: the ranking by BM25; empty where the strategy looks no words up.
        where: restricts the search to these documents.
    """
    proposed = (one for one, _ in (*near, *worded))
    exact = having_names(index, query, where, proposed) if strategy.blends else {}
    return Found(by_similarity=near, by_bm25=worded, exact=exact)


def depth_of_sources(strategy: Strategy, depth: int) -> int:
    """How many passages to ask each source for, to end up with `depth` candidates."""
    fuses = strategy.source in (Source.FUSION, Source.LIGHT_BLEND)
    return max(depth, FUSED_DEPTH) if fuses else depth


def propose(
    index: Searched,
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
    near = dict(found.by_similarity)
    worded = dict(found.by_bm25)
    if strategy.source is Source.FUSION:
        ids = reciprocal_rank_fusion([list(near), list(worded)])[:depth]
    elif strategy.source is Source.LIGHT_BLEND:
        limit = depth_of_sources(strategy, depth)
        exact = sorted(found.exact, key=lambda one: (-found.exact[one], one))
        ids = list(dict.fromkeys([*exact, *in_turn([list(near), list(worded)], limit)]))[:limit]
    else:
        ids = [*near, *worded][:depth]
    if strategy.needs_bi_encoder and strategy.needs_bm25 and vector is not None:
        unseen = [one for one in ids if one not in near]
        near_too = {**near, **dict(zip(unseen, index.similarities(vector, unseen), strict=True))}
        unheard = [one for one in ids if one not in worded]
        worded_too = {**worded, **dict(zip(unheard, index.bm25_of(query, unheard), strict=True))}
    else:
        near_too, worded_too = near, worded
    if strategy.source is Source.LIGHT_BLEND:
        scores = blended(
            light_weights, [near_too[one] for one in ids], [worded_too[one] for one in ids]
        )
        order = sorted(
            range(len(ids)),
            key=lambda place: (-found.exact.get(ids[place], 0), -scores[place], ids[place]),
        )
        ids = [ids[place] for place in order]
        if strategy.needs_cross_encoder:
            ids = head_of(ids, [list(near), list(worded)], depth)
        ids = ids[:depth]
    near_ranks = {passage_id: rank for rank, passage_id in enumerate(near, 1)}
    word_ranks = {passage_id: rank for rank, passage_id in enumerate(worded, 1)}
    return [
        Candidate(
            passage_id=passage_id,
            rank=rank,
            similarity=near_too.get(passage_id),
            similarity_rank=near_ranks.get(passage_id),
            bm25=worded_too.get(passage_id),
            bm25_rank=word_ranks.get(passage_id),
            exact=found.exact.get(passage_id, 0),
        )
        for rank, passage_id in enumerate(ids, 1)
    ]
