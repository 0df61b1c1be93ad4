"""`compare`: rankings of the same queries side by side, and what each costs.

Strategies are timed on the same queries, and beside them the cross-encoder alone, reading
every passage of the index with the query: O(N). That is measured where it takes seconds, and
otherwise estimated from the measured time a pair takes, and marked as an estimate.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from bienc_cli.errors import UsageError
from bienc_cli.evaluation.agreement import overlap_at, rank_biased_overlap
from bienc_cli.formats.cleaning import clean
from bienc_cli.search.pipeline import (
    DEFAULT_K,
    SearchOptions,
    blend_of,
    check_depth,
    check_model,
    check_query,
    retrieve,
)
from bienc_cli.search.reranking import check_relevance_model, rank_all, rerank
from bienc_cli.search.result import Hit, ModelUse
from bienc_cli.stages import Stopwatch
from bienc_cli.store import Filter, IndexInfo, IndexReader
from bienc_cli.strategy import Order, Strategy
from bienc_cli.types import BiEncoder, CrossEncoder, TunedBlend

DEFAULT_STRATEGIES = (Strategy.BI_ENCODER, Strategy.BI_ENCODER_RERANKED)
"""The two approaches pure: what they have in common is all but the model that orders."""

EXHAUSTIVE_PAIRS = 400
"""Pairs that the exhaustive cross-encoder may read before its time is estimated instead."""


@dataclass(frozen=True, slots=True)
class CompareOptions:
    """What to compare, and how deep.

    Attributes:
        strategies: at least two; the first and the last are shown side by side, and agreement
            is theirs. `cross-encoder` alone is always timed and not one of them.
        k: length of the rankings shown and of overlap@k.
        candidates: how many passages are reranked; None for the default, or `k` if more.
        exhaustive: True measures the cross-encoder over all passages and lets it read any number
            of candidates, False never does,
            None does where it is at most `EXHAUSTIVE_PAIRS` pairs.
        where: which documents count.
        blend: weights for the strategies that blend; None for those learned for the index, or
            the defaults.
    """

    strategies: tuple[Strategy, ...] = DEFAULT_STRATEGIES
    k: int = DEFAULT_K
    candidates: int | None = None
    exhaustive: bool | None = None
    where: Filter = field(default_factory=Filter)
    blend: TunedBlend | None = None

    def __post_init__(self) -> None:
        check_depth(self.k, self.candidates)
        if len(self.strategies) < 2 or Strategy.CROSS_ENCODER in self.strategies:
            raise UsageError(
                "Comparing takes two strategies, and cross-encoder is timed beside them anyway.",
                "give --strategies bi-encoder,blend, say",
            )

    def searching(self, strategy: Strategy) -> SearchOptions:
        """How one of the strategies searches."""
        return SearchOptions(
            strategy=strategy,
            k=self.k,
            candidates=self.candidates,
            exhaustive=bool(self.exhaustive),
            where=self.where,
            blend=self.blend,
        )


@dataclass(frozen=True, slots=True)
class Cost:
    """What one strategy took for one query; seconds of wall time.

    Attributes:
        passages_scored: (query, passage) pairs that went through a model together.
        estimated: `rerank` was not measured but computed from the time a pair took.
    """

    strategy: Strategy
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
class StrategyRanking:
    """The top `k` of one strategy."""

    strategy: Strategy
    hits: tuple[Hit, ...]

    @property
    def ids(self) -> list[int]:
        """Passage ids in order."""
        return [hit.passage.passage_id for hit in self.hits]


@dataclass(frozen=True, slots=True)
class QueryComparison:
    """The rankings of one query.

    Attributes:
        rankings: one for each strategy.
        exhaustive: the top `k` of all passages by relevance, where that was measured.
        overlap: overlap@k of the first ranking and the last.
        rbo: rank-biased overlap (p = 0.9) of the same two.
        exhaustive_overlap: overlap@k of the last ranking with the exhaustive one.
        costs: one for each strategy, and `cross-encoder` last.
    """

    query: str
    rankings: tuple[StrategyRanking, ...]
    exhaustive: tuple[Hit, ...] | None
    overlap: float
    rbo: float
    exhaustive_overlap: float | None
    costs: tuple[Cost, ...]

    @property
    def first(self) -> StrategyRanking:
        """What stands on the left."""
        return self.rankings[0]

    @property
    def last(self) -> StrategyRanking:
        """What stands on the right."""
        return self.rankings[-1]


@dataclass(frozen=True, slots=True)
class CostSummary:
    """One strategy over all queries: medians, and the 95th percentile of the total."""

    strategy: Strategy
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
    strategies: tuple[Strategy, ...]
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
    """Run every query through the strategies, one after the other.

    All of it is run once on the first query before anything is timed, so that no strategy
    pays for another's warming up.

    Args:
        index: opened for reading.
        queries: at least one.
        bi_encoder: the model that the index was made with.
        cross_encoder: with one label.
        options: which strategies, depth of the rankings, and what to measure.
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
    run = _Run(index, bi_encoder, cross_encoder, options, total)
    first = [run.ranked(queries[0], strategy)[0] for strategy in options.strategies]
    if not exhaustive and not any(one.needs_cross_encoder for one in options.strategies):
        run.seconds_per_pair(queries[0], first)
    compared = []
    for query in queries:
        compared.append(run.one(query, exhaustive))
        on_query(compared[-1])
    return Comparison(
        k=options.k,
        strategies=options.strategies,
        queries=tuple(compared),
        costs=tuple(
            _summary(costs) for costs in zip(*(one.costs for one in compared), strict=True)
        ),
        mean_overlap=statistics.fmean(one.overlap for one in compared),
        mean_rbo=statistics.fmean(one.rbo for one in compared),
        passages=total,
        index=index.info,
        bi_encoder=ModelUse(bi_encoder.identity, bi_encoder.runtime),
        cross_encoder=ModelUse(cross_encoder.identity, cross_encoder.runtime),
        warnings=tuple(index.warnings),
    )


@dataclass(frozen=True, slots=True)
class _Run:
    """The models, the index and what is asked of them."""

    index: IndexReader
    bi_encoder: BiEncoder
    cross_encoder: CrossEncoder
    options: CompareOptions
    passages: int

    def one(self, query: str, exhaustive: bool) -> QueryComparison:
        """All strategies on one query."""
        rankings, costs = [], []
        for strategy in self.options.strategies:
            ranking, cost = self.ranked(query, strategy)
            rankings.append(ranking)
            costs.append(cost)
        whole, whole_cost = self._exhaustive(query, exhaustive, rankings, costs)
        first, last = rankings[0].ids, rankings[-1].ids
        k = self.options.k
        return QueryComparison(
            query=query,
            rankings=tuple(rankings),
            exhaustive=tuple(whole) if whole is not None else None,
            overlap=overlap_at(first, last, k),
            rbo=rank_biased_overlap(first, last),
            exhaustive_overlap=(
                overlap_at(last, [hit.passage.passage_id for hit in whole], k)
                if whole is not None
                else None
            ),
            costs=(*costs, whole_cost),
        )

    def ranked(self, query: str, strategy: Strategy) -> tuple[StrategyRanking, Cost]:
        """One strategy on one query."""
        # As `search` reads it; it is reported as it was asked.
        query = clean(query)
        search = self.options.searching(strategy)
        watch = Stopwatch()
        vector: NDArray[np.float32] | None = None
        if strategy.needs_bi_encoder:
            with watch.stage("encode"):
                (vector,) = self.bi_encoder.encode_queries([query])
        with watch.stage("search"):
            hits = retrieve(self.index, query, vector, strategy, search)
        scored = len(hits) if strategy.needs_cross_encoder else 0
        if scored:
            blends = strategy.order is Order.BLEND
            weights = blend_of(self.index, self.options.blend).weights if blends else None
            with watch.stage("rerank"):
                hits = rerank(query, hits, self.cross_encoder, weights=weights)
        seconds = {stage.name: stage.seconds for stage in watch.times}
        return StrategyRanking(strategy, tuple(hits[: self.options.k])), Cost(
            strategy,
            seconds.get("encode", 0.0),
            seconds["search"],
            seconds.get("rerank", 0.0),
            scored,
        )

    def seconds_per_pair(self, query: str, rankings: Sequence[StrategyRanking]) -> float:
        """What a pair takes where no strategy has read any: the cross-encoder reads a sample."""
        sample = next((list(one.hits) for one in rankings if one.hits), [])
        if not sample:
            some = islice(self.index.iter_passages(self.options.where), self.options.k)
            sample = [Hit(rank=0, passage=stored) for stored in some]
        if not sample:
            return 0.0
        watch = Stopwatch()
        with watch.stage("rerank"):
            rerank(clean(query), sample, self.cross_encoder)
        return watch.times[0].seconds / len(sample)

    def _exhaustive(
        self,
        query: str,
        measured: bool,
        rankings: Sequence[StrategyRanking],
        costs: Sequence[Cost],
    ) -> tuple[list[Hit] | None, Cost]:
        """The cross-encoder over all passages, or what that would take."""
        if measured:
            watch = Stopwatch()
            with watch.stage("rerank"):
                hits = rank_all(
                    self.index, clean(query), self.cross_encoder, self.options.k, self.options.where
                )
            (stage,) = watch.times
            return hits, Cost(Strategy.CROSS_ENCODER, 0.0, 0.0, stage.seconds, self.passages)
        per_pair = [cost.seconds_per_pair for cost in costs if cost.seconds_per_pair is not None]
        pair = statistics.fmean(per_pair) if per_pair else self.seconds_per_pair(query, rankings)
        seconds = pair * self.passages
        return None, Cost(Strategy.CROSS_ENCODER, 0.0, 0.0, seconds, self.passages, estimated=True)


def _summary(costs: Sequence[Cost]) -> CostSummary:
    per_pair = [cost.seconds_per_pair for cost in costs if cost.seconds_per_pair is not None]
    totals = [cost.total for cost in costs]
    return CostSummary(
        strategy=costs[0].strategy,
        encode_query=statistics.median(cost.encode_query for cost in costs),
        search=statistics.median(cost.search for cost in costs),
        rerank=statistics.median(cost.rerank for cost in costs),
        total=statistics.median(totals),
        total_p95=float(np.percentile(totals, 95)),
        passages_scored=statistics.median(cost.passages_scored for cost in costs),
        seconds_per_pair=statistics.median(per_pair) if per_pair else None,
        estimated=any(cost.estimated for cost in costs),
    )
