"""`compare`: rankings of the same queries side by side, and the cost of each strategy.

The strategies are timed on the same queries, beside the exhaustive cross-encoder, which reads every
passage of the index with each query: O(N). Its time is measured if that takes only seconds, and
otherwise estimated from the measured time per pair, and marked as an estimate.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from bienc_cli.errors import UsageError
from bienc_cli.evaluation.agreement import overlap_at, rank_biased_overlap
from bienc_cli.evaluation.experiment import evaluate
from bienc_cli.evaluation.qrels import Qrels, Unit, judged_in
from bienc_cli.evaluation.queries import Query
from bienc_cli.evaluation.results import (
    Cost,
    Evaluation,
    EvaluationOptions,
    Latency,
    SystemResult,
)
from bienc_cli.evaluation.side_by_side import RankedEntry, side_by_side
from bienc_cli.formats.cleaning import clean
from bienc_cli.search.request import DEFAULT_K, check_depth, check_query, depth_of
from bienc_cli.search.reranking import check_relevance_model, rerank
from bienc_cli.search.result import Hit, ModelUse
from bienc_cli.stages import Stopwatch
from bienc_cli.store import Filter, IndexInfo, IndexReader
from bienc_cli.strategy import Strategy
from bienc_cli.types import BiEncoder, CrossEncoder, TunedBlend

COMPARED_BY_DEFAULT = (Strategy.BI_ENCODER, Strategy.BI_ENCODER_RERANKED)
"""The two approaches in their pure form: they differ only in the model that orders."""

EXHAUSTIVE_PAIRS = 400
"""Pairs that the exhaustive cross-encoder may read before its time is estimated instead."""


@dataclass(frozen=True, slots=True)
class CompareOptions:
    """What to compare, and to which depth.

    Attributes:
        strategies: at least two; the first and the last are shown side by side and compared for
            agreement. The exhaustive `cross-encoder` is always timed and need not be listed.
        k: length of the rankings shown and of overlap@k.
        candidates: number of passages to rerank; None for the default, or `k` if more.
        exhaustive: True measures the exhaustive cross-encoder, and allows any number of candidates;
            False never measures it; None does for at most `EXHAUSTIVE_PAIRS` pairs.
        where: only documents that pass this filter.
        blend: weights for the blending strategies; None for those learned for the index, else the
            defaults.
    """

    strategies: tuple[Strategy, ...] = COMPARED_BY_DEFAULT
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

    def measured(self, *, exhaustive: bool) -> EvaluationOptions:
        """The options of the evaluation that computes this comparison."""
        strategies = (*self.strategies, Strategy.CROSS_ENCODER) if exhaustive else self.strategies
        return EvaluationOptions(
            strategies=strategies,
            candidates=(depth_of(self.k, self.candidates),),
            measures=(),
            where=self.where,
            exhaustive=bool(self.exhaustive),
            blend=self.blend,
            k=self.k,
        )


@dataclass(frozen=True, slots=True)
class StrategyRanking:
    """The top `k` of one strategy for one query."""

    strategy: Strategy
    hits: tuple[Hit, ...]

    @property
    def ids(self) -> list[int]:
        """Passage ids in order."""
        return [hit.passage.passage_id for hit in self.hits]


@dataclass(frozen=True, slots=True)
class QueryComparison:
    """The rankings and costs of one query.

    Attributes:
        rankings: one for each strategy.
        left: entries of the first ranking, with their ranks in the last one.
        right: entries of the last ranking, with their ranks in the first one.
        exhaustive: the top `k` of all passages by relevance, if measured.
        overlap: overlap@k of the first and the last ranking.
        rbo: rank-biased overlap (p = 0.9) of the same two.
        exhaustive_overlap: overlap@k of the last ranking and the exhaustive one.
        costs: one for each strategy, and `cross-encoder` last.
    """

    query: str
    rankings: tuple[StrategyRanking, ...]
    left: tuple[RankedEntry, ...]
    right: tuple[RankedEntry, ...]
    exhaustive: tuple[Hit, ...] | None
    overlap: float
    rbo: float
    exhaustive_overlap: float | None
    costs: tuple[Cost, ...]

    @property
    def first(self) -> StrategyRanking:
        """The ranking on the left."""
        return self.rankings[0]

    @property
    def last(self) -> StrategyRanking:
        """The ranking on the right."""
        return self.rankings[-1]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The result of `compare`.

    Attributes:
        strategies: the compared strategies.
        costs: the total cost of each over all queries; the exhaustive `cross-encoder` last.
    """

    k: int
    strategies: tuple[Strategy, ...]
    queries: tuple[QueryComparison, ...]
    costs: tuple[Latency, ...]
    passages: int
    index: IndexInfo
    bi_encoder: ModelUse
    cross_encoder: ModelUse
    warnings: tuple[str, ...] = ()

    @property
    def mean_overlap(self) -> float:
        """Mean overlap of the first and the last strategy over the queries."""
        return statistics.fmean(comparison.overlap for comparison in self.queries)

    @property
    def mean_rbo(self) -> float:
        """Mean rank-biased overlap of the same two."""
        return statistics.fmean(comparison.rbo for comparison in self.queries)


def compare(
    index: IndexReader,
    queries: Sequence[str],
    bi_encoder: BiEncoder,
    cross_encoder: CrossEncoder,
    options: CompareOptions | None = None,
    on_step: Callable[[str, int], None] = lambda _name, _queries: None,
) -> Comparison:
    """Answer every query with each strategy in turn.

    This is an evaluation without judgments, of a few queries that are all timed.

    Args:
        index: opened for reading.
        queries: at least one.
        bi_encoder: the model that the index was made with.
        cross_encoder: with one label.
        options: strategies, depth of the rankings, and what to measure.
        on_step: called with the strategy at work, and with 0 when it starts, then with how many
            more queries it has answered; `cross-encoder` comes last, whether it is measured or
            estimated.

    Raises:
        UsageError: no query, or an empty one.
        IndexMismatch: the index was made with another model.
    """
    options = options or CompareOptions()
    if not queries:
        raise UsageError("There is no query to compare.", "bienc compare 'your question'")
    for query in queries:
        check_query(query)
    check_relevance_model(cross_encoder)
    total = index.count(options.where)
    exhaustive = options.exhaustive
    if exhaustive is None:
        exhaustive = total * len(queries) <= EXHAUSTIVE_PAIRS
    evaluation = evaluate(
        index,
        [Query(str(number), text) for number, text in enumerate(queries, 1)],
        judged_in(Qrels(Unit.DOCUMENT, {}), ()),
        bi_encoder,
        cross_encoder,
        options.measured(exhaustive=exhaustive),
        on_step=on_step,
    )
    strategy_count = len(options.strategies)
    compared = evaluation.systems[:strategy_count]
    exhaustive_result = evaluation.systems[strategy_count] if exhaustive else None
    if exhaustive_result is not None:
        exhaustive_costs = _costs(exhaustive_result)
    else:
        on_step(Strategy.CROSS_ENCODER.value, 0)
        exhaustive_costs = _estimates(index, cross_encoder, options, evaluation, total)
        on_step(Strategy.CROSS_ENCODER.value, len(queries))
    return Comparison(
        k=options.k,
        strategies=options.strategies,
        queries=tuple(
            _of_query(evaluation, query, compared, exhaustive_result, costs, options.k)
            for query, *costs in zip(
                evaluation.queries, *map(_costs, compared), exhaustive_costs, strict=True
            )
        ),
        costs=(*(Latency(_costs(result)) for result in compared), Latency(exhaustive_costs)),
        passages=total,
        index=evaluation.index,
        bi_encoder=ModelUse.of(bi_encoder),
        cross_encoder=ModelUse.of(cross_encoder),
        warnings=evaluation.warnings,
    )


def _costs(result: SystemResult) -> tuple[Cost, ...]:
    return result.latency.costs if result.latency else ()


def _of_query(
    evaluation: Evaluation,
    query: Query,
    compared: Sequence[SystemResult],
    exhaustive_result: SystemResult | None,
    costs: Sequence[Cost],
    k: int,
) -> QueryComparison:
    """One query's part of an evaluation; `exhaustive_result` is the cross-encoder's."""
    query_id = query.query_id
    rankings = tuple(
        StrategyRanking(result.system.strategy, result.hits[query_id])
        for result in compared
        if result.system
    )
    left, right = side_by_side(evaluation, query_id, compared[0], compared[-1])
    first, last = rankings[0].ids, rankings[-1].ids
    exhaustive = (
        StrategyRanking(Strategy.CROSS_ENCODER, exhaustive_result.hits[query_id])
        if exhaustive_result
        else None
    )
    return QueryComparison(
        query=query.text,
        rankings=rankings,
        left=left,
        right=right,
        exhaustive=exhaustive.hits if exhaustive else None,
        overlap=overlap_at(first, last, k),
        rbo=rank_biased_overlap(first, last),
        exhaustive_overlap=overlap_at(last, exhaustive.ids, k) if exhaustive else None,
        costs=tuple(costs),
    )


def _estimates(
    index: IndexReader,
    cross_encoder: CrossEncoder,
    options: CompareOptions,
    evaluation: Evaluation,
    passages: int,
) -> tuple[Cost, ...]:
    """The estimated time of reading every passage, per query, from the time per pair."""
    costs = []
    for position, query in enumerate(evaluation.queries):
        pair_times = [_costs(result)[position].seconds_per_pair for result in evaluation.systems]
        measured = [pair_time for pair_time in pair_times if pair_time is not None]
        if measured:
            seconds_per_pair = statistics.fmean(measured)
        else:
            sample = next((result.hits[query.query_id] for result in evaluation.systems), ())
            seconds_per_pair = _seconds_per_pair(index, cross_encoder, options, query.text, sample)
        seconds = seconds_per_pair * passages
        costs.append(Cost(Strategy.CROSS_ENCODER, 0.0, 0.0, seconds, passages, estimated=True))
    return tuple(costs)


def _seconds_per_pair(
    index: IndexReader,
    cross_encoder: CrossEncoder,
    options: CompareOptions,
    query: str,
    sample: Sequence[Hit],
) -> float:
    """The time per pair if no strategy has read any: the cross-encoder reads a sample."""
    if not sample:
        passages = islice(index.iter_passages(options.where), options.k)
        sample = [Hit(rank=0, passage=stored) for stored in passages]
    if not sample:
        return 0.0
    # Warm up.
    rerank(clean(query), sample[:1], cross_encoder)
    watch = Stopwatch()
    with watch.stage("rerank"):
        rerank(clean(query), sample, cross_encoder)
    return watch.times[0].seconds / len(sample)
