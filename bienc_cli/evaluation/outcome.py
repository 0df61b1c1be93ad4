"""What an evaluation comes to: the best system, what it gains, and what nobody beats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bienc_cli.evaluation.results import Evaluation, SystemResult
from bienc_cli.evaluation.significance import PairedDifference

LEVEL = 0.05
"""A corrected p below this is called significant."""

_SAME = 1e-9


def best_system(evaluation: Evaluation) -> SystemResult:
    """The one with the highest mean of the first measure; of equals the first.

    Raises:
        ValueError: there are no judgments.
    """
    if not evaluation.measures:
        raise ValueError("without judgments no system is the best")
    measure = evaluation.measures[0]
    return max(evaluation.systems, key=lambda result: result.means[measure].value)


def challenger(evaluation: Evaluation) -> SystemResult | None:
    """What the baseline is shown against: the best of the others.

    Without judgments it is the last one named; None where there is only the baseline.
    """
    others = evaluation.systems[1:]
    if not others:
        return None
    if not evaluation.measures:
        return others[-1]
    measure = evaluation.measures[0]
    return max(others, key=lambda result: result.means[measure].value)


def is_significant(difference: PairedDifference) -> bool:
    """Whether its p, corrected for all comparisons, is below `LEVEL`."""
    return difference.p_corrected is not None and difference.p_corrected < LEVEL


def pareto_front(points: Mapping[str, tuple[float, float]]) -> tuple[str, ...]:
    """The systems that none other beats.

    One beats another that costs less or the same and is better, or costs less and is as good.

    Args:
        points: name to (cost, value); less cost is better, more value is better.

    Returns:
        Names, cheapest first; values rise along it. Of systems equal in both, all.
    """
    front: list[str] = []
    highest = None
    for name, point in sorted(points.items(), key=lambda one: (one[1][0], -one[1][1], one[0])):
        if highest is None or point[1] > highest[1] or point == highest:
            front.append(name)
            highest = point
    return tuple(front)


def trade_off(evaluation: Evaluation) -> dict[str, tuple[float, float]]:
    """Each timed system's median seconds and its mean of the first measure."""
    if not evaluation.measures:
        return {}
    measure = evaluation.measures[0]
    return {
        result.name: (result.latency.p50, result.means[measure].value)
        for result in evaluation.systems
        if result.latency is not None
    }


@dataclass(frozen=True, slots=True)
class QueryDifference:
    """One query's value of a measure by two systems.

    Attributes:
        difference: system less baseline; exactly 0 where both are equal but for rounding.
    """

    query_id: str
    baseline: float
    value: float
    difference: float


def differences_by_query(
    baseline: SystemResult, other: SystemResult, measure: str
) -> tuple[QueryDifference, ...]:
    """Query by query, the greatest gain first; of equals by id."""
    before, after = baseline.values[measure], other.values[measure]
    found = []
    for query_id in before:
        if query_id in after:
            difference = after[query_id] - before[query_id]
            if abs(difference) < _SAME:
                difference = 0.0
            found.append(QueryDifference(query_id, before[query_id], after[query_id], difference))
    return tuple(sorted(found, key=lambda one: (-one.difference, one.query_id)))
