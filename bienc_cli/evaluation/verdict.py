"""Recommends a system from an evaluation, and says how certain that is."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bienc_cli.evaluation.outcome import best_system, is_significant
from bienc_cli.evaluation.results import Evaluation, SystemResult
from bienc_cli.evaluation.significance import TIE, compare_with_baseline

ENOUGH_QUERIES = 20
"""Judged queries below which nothing is recommended: few differences could show."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The recommendation, by the first measure.

    Attributes:
        best: the systems with the highest mean, including ties.
        use: the cheapest of those not measurably worse than the best; a system of unknown cost
            counts as the most expensive.
        equals: the others that are not measurably worse, best first.
        worse: the systems that are measurably worse, query by query, after correction for multiple
            comparisons.
        queries: number of judged queries.
    """

    measure: str
    best: tuple[SystemResult, ...]
    use: SystemResult
    equals: tuple[SystemResult, ...]
    worse: tuple[SystemResult, ...]
    queries: int

    @property
    def sure(self) -> bool:
        """Whether there are enough queries to recommend anything."""
        return self.queries >= ENOUGH_QUERIES


def verdict(evaluation: Evaluation) -> Verdict | None:
    """The recommendation; None without judgments, or with a single system."""
    if not evaluation.measures or len(evaluation.systems) < 2:
        return None
    measure = evaluation.measures[0]
    top = best_system(evaluation)
    others = {result.name: result for result in evaluation.systems if result is not top}
    differences = compare_with_baseline(
        top.values[measure], {name: result.values[measure] for name, result in others.items()}
    )
    worse = [result for name, result in others.items() if is_significant(differences[name])]
    not_worse = [result for result in evaluation.systems if result not in worse]
    use = min(not_worse, key=_cost)
    by_mean = sorted(not_worse, key=lambda result: -result.means[measure].value)
    return Verdict(
        measure=measure,
        best=tuple(result for result in evaluation.systems if _as_good(result, top, measure)),
        use=use,
        equals=tuple(result for result in by_mean if result is not use),
        worse=tuple(worse),
        queries=len(evaluation.judged),
    )


def _cost(result: SystemResult) -> float:
    return result.latency.p50 if result.latency else math.inf


def _as_good(result: SystemResult, top: SystemResult, measure: str) -> bool:
    return top.means[measure].value - result.means[measure].value < TIE
