"""Summarises an evaluation: the best system, its gain, and the Pareto front."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bienc_cli.evaluation.results import Evaluation, SystemResult
from bienc_cli.evaluation.significance import TIE, PairedDifference

LEVEL = 0.05
"""Significance level for corrected p-values."""


def best_system(evaluation: Evaluation) -> SystemResult:
    """The system with the highest mean of the first measure; the first one wins ties.

    Raises:
        ValueError: there are no judgments.
    """
    if not evaluation.measures:
        raise ValueError("without judgments no system is the best")
    measure = evaluation.measures[0]
    return max(evaluation.systems, key=lambda result: result.means[measure].value)


def challenger(evaluation: Evaluation) -> SystemResult | None:
    """The system to show against the baseline: the best of the others.

    Without judgments, the last one named; None if there is only the baseline.
    """
    others = evaluation.systems[1:]
    if not others:
        return None
    if not evaluation.measures:
        return others[-1]
    measure = evaluation.measures[0]
    return max(others, key=lambda result: result.means[measure].value)


def is_significant(difference: PairedDifference) -> bool:
    """Whether the p-value, corrected for all comparisons, is below `LEVEL`."""
    return difference.p_corrected is not None and difference.p_corrected < LEVEL


def pareto_front(points: Mapping[str, tuple[float, float]]) -> tuple[str, ...]:
    """The systems that no other system dominates.

    One dominates another if it is better at the same or lower cost, or as good at lower cost.

    Args:
        points: name to (cost, value); lower cost and higher value are better.

    Returns:
        Names, cheapest first, with increasing values; includes all ties.
    """
    front: list[str] = []
    highest = None
    for name, point in sorted(points.items(), key=lambda item: (item[1][0], -item[1][1], item[0])):
        if highest is None or point[1] > highest[1] or point == highest:
            front.append(name)
            highest = point
    return tuple(front)


def trade_off(evaluation: Evaluation) -> dict[str, tuple[float, float]]:
    """Each timed system's median seconds and mean of the first measure."""
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
    """One query's values of a measure by two systems.

    Attributes:
        difference: system minus baseline; exactly 0 if they are equal up to rounding.
    """

    query_id: str
    baseline: float
    value: float
    difference: float


def differences_by_query(
    baseline: SystemResult, other: SystemResult, measure: str
) -> tuple[QueryDifference, ...]:
    """The difference on every query, largest gain first, ties by id."""
    before, after = baseline.values[measure], other.values[measure]
    differences = []
    for query_id in before:
        if query_id in after:
            difference = after[query_id] - before[query_id]
            if abs(difference) < TIE:
                difference = 0.0
            differences.append(
                QueryDifference(query_id, before[query_id], after[query_id], difference)
            )
    return tuple(sorted(differences, key=lambda entry: (-entry.difference, entry.query_id)))
