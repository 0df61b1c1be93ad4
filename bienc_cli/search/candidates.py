"""The first stage: passages worth reading, by their vectors, by their words, or by both."""

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
"""How deep rankings are looked at that are made into one without a model reading anything: a
passage that both know may stand far down in each."""

Ranked = Sequence[tuple[int, float]]
"""(passage id, score), best first."""


@dataclass(frozen=True, slots=True)
class Found:
    """What each source has for one query; empty where it was not asked.

    Attributes:
        by_similarity: the bi-encoder's ranking.
        by_bm25: BM25's.
        exact: passages that have a rare name of the query, with how many of them.
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
    """Ask the sources that a strategy needs.

    Args:
        index: opened for reading.
        query: its words are looked up.
        vector: its vector, shape (dim,); None where the strategy compares none.
        strategy: says which sources.
        depth: how many candidates are wanted in the end.
        where: which documents count.
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
    """What two sources have found, and what has the names of the query exactly.

    Args:
        index: opened for reading.
        query: as it was asked.
        strategy: whose sources they are.
        near: by similarity; empty where the strategy does not compare vectors.
        worded: by BM25; empty where the strategy does not look words up.
        where: which documents count.
    """
    proposed = (one for one, _ in (*near, *worded))
    exact = having_names(index, query, where, proposed) if strategy.blends else {}
    return Found(by_similarity=near, by_bm25=worded, exact=exact)


def depth_of_sources(strategy: Strategy, depth: int) -> int:
    """How deep each source is looked into for so many candidates."""
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
    """Candidates in the order in which the first stage proposes them, `depth` at most.

    Where both sources were asked, each candidate has both scores, whichever proposed it.
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
