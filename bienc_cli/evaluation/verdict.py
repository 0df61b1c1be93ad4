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
    others = {one.name: one for one in evaluation.systems if one is not top}
    differences = compare_with_baseline(
        top.values[measure], {name: one.values[measure] for name, one in others.items()}
    )
    worse = [one for name, one in others.items() if is_significant(differences[name])]
    level = [one for one in evaluation.systems if one not in worse]
    use = min(level, key=_cost)
    by_mean = sorted(level, key=lambda one: -one.means[measure].value)
    return Verdict(
        measure=measure,
        best=tuple(one for one in evaluation.systems if _as_good(one, top, measure)),
        use=use,
        equals=tuple(one for one in by_mean if one is not use),
        worse=tuple(worse),
        queries=len(evaluation.judged),
    )


def _cost(system: SystemResult) -> float:
    return system.latency.p50 if system.latency else math.inf


def _as_good(one: SystemResult, top: SystemResult, measure: str) -> bool:
    return top.means[measure].value - one.means[measure].value < TIE
