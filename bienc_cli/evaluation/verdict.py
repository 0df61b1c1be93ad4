"""What an evaluation comes to for somebody who has to choose: what to use, and how sure that is."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bienc_cli.evaluation.outcome import best_system, is_significant
from bienc_cli.evaluation.results import Evaluation, SystemResult
from bienc_cli.evaluation.significance import compare_with_baseline

ENOUGH_QUERIES = 20
"""Judged queries below which nothing is recommended: few differences could show."""

_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to use, by the first measure.

    Attributes:
        best: the systems with the highest mean, all of them where several tie.
        use: the cheapest of those that are not measurably worse than the best; one whose cost
            is not known counts as the dearest.
        equals: the others that are not measurably worse, the best first.
        worse: those that are, query by query, after correction for several comparisons.
        queries: how many were judged.
    """

    measure: str
    best: tuple[SystemResult, ...]
    use: SystemResult
    equals: tuple[SystemResult, ...]
    worse: tuple[SystemResult, ...]
    queries: int

    @property
    def sure(self) -> bool:
        """Whether there are queries enough to recommend anything."""
        return self.queries >= ENOUGH_QUERIES


def verdict(evaluation: Evaluation) -> Verdict | None:
    """What an evaluation comes to; None without judgments, or with one system alone."""
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
    return top.means[measure].value - one.means[measure].value < _SAME
