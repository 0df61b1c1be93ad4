"""`compare`: the bi-encoder's ranking beside the cross-encoder's, and what each costs.

Three approaches are timed on the same queries:

    bi-encoder                  encode the query, search the graph: no passage is read
    bi-encoder+cross-encoder    the same, then read the candidates with the query
    cross-encoder               read every passage of the index with the query: O(N)

The last is measured where that takes seconds, and otherwise estimated from the measured
time a pair takes, and marked as an estimate.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from bienc_cli.errors import UsageError
from bienc_cli.evaluation.agreement import overlap_at, rank_biased_overlap
from bienc_cli.search.pipeline import (
    DEFAULT_K,
    check_depth,
    check_model,
    check_query,
    check_relevance_model,
    depth_of,
    rerank,
    retrieve,
)
from bienc_cli.search.result import Hit, ModelUse
from bienc_cli.stages import Stopwatch
from bienc_cli.store import Filter, IndexInfo, IndexReader
from bienc_cli.types import BiEncoder, CrossEncoder

EXHAUSTIVE_PAIRS = 400
"""Pairs that the exhaustive cross-encoder may read before its time is estimated instead."""

_BATCH = 256


class Approach(StrEnum):
    """The strategies that are timed side by side."""

    BI_ENCODER = "bi-encoder"
    RERANKED = "bi-encoder+cross-encoder"
    CROSS_ENCODER = "cross-encoder"


@dataclass(frozen=True, slots=True)
class CompareOptions:
    """What to compare, and how deep.

    Attributes:
        k: length of the rankings shown and of overlap@k.
        candidates: how many passages are reranked; None for the default, or `k` if more.
        exhaustive: True measures the cross-encoder over all passages, False never does,
            None does where it is at most `EXHAUSTIVE_PAIRS` pairs.
        where: which documents count.
    """

    k: int = DEFAULT_K
    candidates: int | None = None
    exhaustive: bool | None = None
    where: Filter = field(default_factory=Filter)

    def __post_init__(self) -> None:
        check_depth(self.k, self.candidates)

    @property
    def depth(self) -> int:
        """How many candidates are reranked."""
        return depth_of(self.k, self.candidates)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one approach took for one query; seconds of wall time.

    Attributes:
        passages_scored: (query, passage) pairs that went through a model together.
        estimated: `rerank` was not measured but computed from the time a pair took.
    """

    approach: Approach
    encode_query: float
    search: float
    rerank: float
    passages_scored: int
    estimated: bool = False

    @property
    def total(self) -> float:
        """Seconds from query to ranking, models loaded."""
        return self.encode_query + self.search + self.rerank

    @property
    def seconds_per_pair(self) -> float | None:
        """Seconds for one pair; None where no pair was scored."""
        return self.rerank / self.passages_scored if self.passages_scored else None


@dataclass(frozen=True, slots=True)
class QueryComparison:
    """Both rankings of one query.

    Attributes:
        bi_encoder: the top `k` by similarity, `rank` being that rank.
        cross_encoder: the top `k` of the candidates by relevance.
        exhaustive: the top `k` of all passages by relevance, where that was measured.
        overlap: overlap@k of the two.
        rbo: rank-biased overlap (p = 0.9) of the two.
        exhaustive_overlap: overlap@k of the reranked with the exhaustive ranking.
    """

    query: str
    bi_encoder: tuple[Hit, ...]
    cross_encoder: tuple[Hit, ...]
    exhaustive: tuple[Hit, ...] | None
    candidates: int
    overlap: float
    rbo: float
    exhaustive_overlap: float | None
    costs: tuple[Cost, ...]


@dataclass(frozen=True, slots=True)
class CostSummary:
    """One approach over all queries: medians, and the 95th percentile of the total."""

    approach: Approach
    encode_query: float
    search: float
    rerank: float
    total: float
    total_p95: float
    passages_scored: float
    seconds_per_pair: float | None
    estimated: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """The answer of `compare`."""

    k: int
    queries: tuple[QueryComparison, ...]
    costs: tuple[CostSummary, ...]
    mean_overlap: float
    mean_rbo: float
    passages: int
    index: IndexInfo
    bi_encoder: ModelUse
    cross_encoder: ModelUse
    warnings: tuple[str, ...] = ()


def compare(
    index: IndexReader,
    queries: Sequence[str],
    bi_encoder: BiEncoder,
    cross_encoder: CrossEncoder,
    options: CompareOptions | None = None,
    on_query: Callable[[QueryComparison], None] = lambda _: None,
) -> Comparison:
    """Run every query through the approaches, one after the other.

    Both models are run once on the first query before anything is timed, so that no
    approach pays for another's warming up.

    Args:
        index: opened for reading.
        queries: at least one.
        bi_encoder: the model that the index was made with.
        cross_encoder: with one label.
        options: depth of the rankings, and what to measure.
        on_query: called as each query is finished.

    Raises:
        UsageError: no query, or an empty one.
        IndexMismatch: the index was made with another model.
    """
    options = options or CompareOptions()
    if not queries:
        raise UsageError("There is no query to compare.", "bienc compare 'your question'")
    for query in queries:
        check_query(query)
    check_model(index.info.encoder, bi_encoder.identity)
    check_relevance_model(cross_encoder)
    total = index.count(options.where)
    exhaustive = options.exhaustive
    if exhaustive is None:
        exhaustive = total * len(queries) <= EXHAUSTIVE_PAIRS
    _warm_up(index, queries[0], bi_encoder, cross_encoder, options)
    compared = []
    for query in queries:
        compared.append(
            _compare_one(index, query, bi_encoder, cross_encoder, options, total, exhaustive)
        )
        on_query(compared[-1])
    return Comparison(
        k=options.k,
        queries=tuple(compared),
        costs=tuple(
            _summary([costs[position] for costs in (one.costs for one in compared)])
            for position in range(len(Approach))
        ),
        mean_overlap=statistics.fmean(one.overlap for one in compared),
        mean_rbo=statistics.fmean(one.rbo for one in compared),
        passages=total,
        index=index.info,
        bi_encoder=ModelUse(bi_encoder.identity, bi_encoder.runtime),
        cross_encoder=ModelUse(cross_encoder.identity, cross_encoder.runtime),
        warnings=tuple(index.warnings),
    )


def _compare_one(
    index: IndexReader,
    query: str,
    bi_encoder: BiEncoder,
    cross_encoder: CrossEncoder,
    options: CompareOptions,
    total: int,
    exhaustive: bool,
) -> QueryComparison:
    watch = Stopwatch()
    with watch.stage("encode"):
        (vector,) = bi_encoder.encode_queries([query])
    with watch.stage("search"):
        candidates = retrieve(index, vector, options.depth, options.where)
    with watch.stage("rerank"):
        reranked = rerank(query, candidates, cross_encoder)
    ranking: list[Hit] | None = None
    if exhaustive:
        with watch.stage("exhaustive"):
            ranking = _rank_all(index, query, cross_encoder, options)
    seconds = {stage.name: stage.seconds for stage in watch.times}
    per_pair = seconds["rerank"] / len(candidates) if candidates else 0.0
    all_pairs = seconds["exhaustive"] if exhaustive else per_pair * total
    bi_top, cross_top = candidates[: options.k], reranked[: options.k]
    bi_ids, cross_ids = _ids(bi_top), _ids(cross_top)
    return QueryComparison(
        query=query,
        bi_encoder=tuple(bi_top),
        cross_encoder=tuple(cross_top),
        exhaustive=tuple(ranking) if ranking is not None else None,
        candidates=len(candidates),
        overlap=overlap_at(bi_ids, cross_ids, options.k),
        rbo=rank_biased_overlap(bi_ids, cross_ids),
        exhaustive_overlap=(
            overlap_at(cross_ids, _ids(ranking), options.k) if ranking is not None else None
        ),
        costs=(
            Cost(Approach.BI_ENCODER, seconds["encode"], seconds["search"], 0.0, 0),
            Cost(
                Approach.RERANKED,
                seconds["encode"],
                seconds["search"],
                seconds["rerank"],
                len(candidates),
            ),
            Cost(Approach.CROSS_ENCODER, 0.0, 0.0, all_pairs, total, estimated=not exhaustive),
        ),
    )


def _rank_all(
    index: IndexReader, query: str, cross_encoder: CrossEncoder, options: CompareOptions
) -> list[Hit]:
    """The top `k` of all passages by the cross-encoder alone."""
    best: list[Hit] = []
    batch: list[Hit] = []

    def keep_best() -> None:
        nonlocal best
        merged = [*best, *rerank(query, batch, cross_encoder)]
        merged.sort(key=lambda hit: (-_logit(hit), hit.passage.passage_id))
        best = merged[: options.k]
        batch.clear()

    for stored in index.iter_passages(options.where):
        batch.append(Hit(rank=0, passage=stored))
        if len(batch) == _BATCH:
            keep_best()
    keep_best()
    return best


def _logit(hit: Hit) -> float:
    return hit.relevance.logit if hit.relevance else float("-inf")


def _ids(hits: Sequence[Hit]) -> list[int]:
    return [hit.passage.passage_id for hit in hits]


def _warm_up(
    index: IndexReader,
    query: str,
    bi_encoder: BiEncoder,
    cross_encoder: CrossEncoder,
    options: CompareOptions,
) -> None:
    (vector,) = bi_encoder.encode_queries([query])
    rerank(query, retrieve(index, vector, options.depth, options.where), cross_encoder)


def _summary(costs: Sequence[Cost]) -> CostSummary:
    per_pair = [cost.seconds_per_pair for cost in costs if cost.seconds_per_pair is not None]
    totals = [cost.total for cost in costs]
    return CostSummary(
        approach=costs[0].approach,
        encode_query=statistics.median(cost.encode_query for cost in costs),
        search=statistics.median(cost.search for cost in costs),
        rerank=statistics.median(cost.rerank for cost in costs),
        total=statistics.median(totals),
        total_p95=float(np.percentile(totals, 95)),
        passages_scored=statistics.median(cost.passages_scored for cost in costs),
        seconds_per_pair=statistics.median(per_pair) if per_pair else None,
        estimated=any(cost.estimated for cost in costs),
    )
