"""The options and the result of an evaluation."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from bienc_cli.errors import UsageError
from bienc_cli.evaluation.measures import DEFAULT_MEASURES, check_measures
from bienc_cli.evaluation.qrels import Unit
from bienc_cli.evaluation.queries import Query
from bienc_cli.evaluation.runs import Run
from bienc_cli.evaluation.significance import Mean, PairedDifference
from bienc_cli.search.request import DEFAULT_CANDIDATES
from bienc_cli.search.result import Hit, ModelUse
from bienc_cli.store import Filter, IndexInfo
from bienc_cli.strategy import Source, Strategy
from bienc_cli.types import TunedBlend

MEASURED_BY_DEFAULT = (
    Strategy.BI_ENCODER,
    Strategy.BM25,
    Strategy.LIGHT_BLEND,
    Strategy.BI_ENCODER_RERANKED,
    Strategy.BLEND,
)
SHOWN = 10
"""Hits of each ranking that are kept with their text; also the depth of overlap."""


@dataclass(frozen=True, slots=True)
class System:
    """A strategy with a reranking depth (None if it reranks nothing, or everything)."""

    name: str
    strategy: Strategy
    candidates: int | None


@dataclass(frozen=True, slots=True)
class EvaluationOptions:
    """What to compare.

    Attributes:
        strategies: the first is the baseline for all comparisons.
        candidates: reranking depths; with several, each strategy that reranks is measured at each
            depth.
        measures: in the grammar of ir-measures; only used with judgments.
        where: only documents that pass this filter.
        exhaustive: let the cross-encoder read any number of passages.
        blend: weights for the blending strategies; None for those learned for the index, else the
            defaults.
        k: answer every query one at a time, as `query` does, keeping this many hits; None ranks all
            queries together, as deep as measures need, and times some of them.
    """

    strategies: tuple[Strategy, ...] = MEASURED_BY_DEFAULT
    candidates: tuple[int, ...] = (DEFAULT_CANDIDATES,)
    measures: tuple[str, ...] = DEFAULT_MEASURES
    where: Filter = field(default_factory=Filter)
    exhaustive: bool = False
    blend: TunedBlend | None = None
    k: int | None = None

    def __post_init__(self) -> None:
        check_measures(self.measures)

    def systems(self) -> tuple[System, ...]:
        """Every strategy at every depth that makes a difference to it."""
        systems = []
        for strategy in self.strategies:
            has_depth = strategy.needs_cross_encoder and strategy.source is not Source.ALL
            for candidates in self.candidates if has_depth else (None,):
                several = has_depth and len(self.candidates) > 1
                name = f"{strategy}@{candidates}" if several else strategy.value
                systems.append(System(name, strategy, candidates))
        return tuple(systems)

    def to_search(self, runs: Sequence[Run]) -> tuple[System, ...]:
        """The systems to run; those named like one of the runs are replaced by it.

        Raises:
            UsageError: two runs have the same name.
        """
        names = [run.name for run in runs]
        for name in names:
            if names.count(name) > 1:
                raise UsageError(f"Two runs are called '{name}'.", "give each its own tag")
        return tuple(system for system in self.systems() if system.name not in names)


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one answer with warm models; seconds of wall time.

    Attributes:
        passages_scored: number of (query, passage) pairs that the cross-encoder read.
        estimated: `rerank` was not measured but computed from the time per pair.
    """

    strategy: Strategy
    encode_query: float
    search: float
    rerank: float
    passages_scored: int
    estimated: bool = False

    @property
    def total(self) -> float:
        """Seconds from query to ranking."""
        return self.encode_query + self.search + self.rerank

    @property
    def seconds_per_pair(self) -> float | None:
        """Seconds per pair; None without pairs."""
        return self.rerank / self.passages_scored if self.passages_scored else None


@dataclass(frozen=True, slots=True)
class Latency:
    """The costs of a strategy's answers, one query at a time.

    Attributes:
        costs: the cost of each answer; at least one.
    """

    costs: tuple[Cost, ...]

    @property
    def strategy(self) -> Strategy:
        """The strategy."""
        return self.costs[0].strategy

    @property
    def estimated(self) -> bool:
        """Whether any cost is an estimate."""
        return any(cost.estimated for cost in self.costs)

    @property
    def p50(self) -> float:
        """Median seconds per answer."""
        return self.median(lambda cost: cost.total)

    @property
    def p95(self) -> float:
        """95th percentile of the seconds per answer."""
        return float(np.percentile([cost.total for cost in self.costs], 95))

    @property
    def mean(self) -> float:
        """Mean seconds per answer."""
        return statistics.fmean(cost.total for cost in self.costs)

    @property
    def queries(self) -> int:
        """How many queries were timed."""
        return len(self.costs)

    @property
    def queries_per_second(self) -> float:
        """Throughput, one query after the other."""
        return 1.0 / self.mean

    @property
    def pairs(self) -> float:
        """Mean number of (query, passage) pairs read per query."""
        return statistics.fmean(cost.passages_scored for cost in self.costs)

    @property
    def seconds_per_pair(self) -> float | None:
        """Median seconds per pair; None without pairs."""
        known_seconds = [
            seconds for cost in self.costs if (seconds := cost.seconds_per_pair) is not None
        ]
        return statistics.median(known_seconds) if known_seconds else None

    def median(self, of: Callable[[Cost], float]) -> float:
        """The median of a function of the costs."""
        return statistics.median(map(of, self.costs))


@dataclass(frozen=True, slots=True)
class SystemResult:
    """The result of one system.

    Attributes:
        system: None for a run read from a file.
        rankings: query id to items, best first.
        hits: query id to the first hits, `SHOWN` or as many as requested; empty for a run read from
            a file.
        means: by measure, over the judged queries; empty without judgments.
        values: by measure and query.
        latency: None for a run read from a file.
        overlap: mean overlap@10 with the baseline; None for the baseline itself.
        rbo: mean rank-biased overlap with the baseline, likewise.
        differences: by measure, from the baseline; empty for the baseline itself.
    """

    name: str
    system: System | None
    rankings: Mapping[str, Sequence[str]]
    hits: Mapping[str, tuple[Hit, ...]] = field(default_factory=dict)
    means: Mapping[str, Mean] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    latency: Latency | None = None
    overlap: float | None = None
    rbo: float | None = None
    differences: Mapping[str, PairedDifference] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SetupUse:
    """An index and its models, when several were compared.

    `name` prefixes the names of its systems.
    """

    name: str
    index: IndexInfo
    bi_encoder: ModelUse | None
    cross_encoder: ModelUse | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The result of an evaluation: one entry for each system, the baseline first.

    Attributes:
        judged: ids of the queries with judgments, over which quality is measured.
        unit: what was ranked: documents, pages or lines.
        missing: judged documents that are not in the index.
        grades: query id to item to grade.
        measures: in order; empty without judgments.
        index: of the first setup, as are the models.
        setups: indexes and models; empty if there was only one.
    """

    queries: tuple[Query, ...]
    judged: tuple[str, ...]
    unit: Unit
    missing: tuple[str, ...]
    grades: Mapping[str, Mapping[str, int]]
    measures: tuple[str, ...]
    systems: tuple[SystemResult, ...]
    index: IndexInfo
    bi_encoder: ModelUse | None
    cross_encoder: ModelUse | None
    warnings: tuple[str, ...] = ()
    setups: tuple[SetupUse, ...] = ()

    @property
    def baseline(self) -> SystemResult:
        """The system that the others are compared with."""
        return self.systems[0]
