"""Thresholds that an evaluation must meet, for use in CI."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bienc_cli.errors import PathNotFound, UsageError
from bienc_cli.evaluation.measures import measure_named
from bienc_cli.evaluation.results import Evaluation, SystemResult
from bienc_cli.strategy import DEFAULT_STRATEGY, SHORT_NAMES

Baseline = Mapping[str, Mapping[str, Mapping[str, float]]]
"""System to measure to query to value."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A minimum value of a measure.

    Attributes:
        system: the system it applies to; None for the default strategy if it was compared, else for
            all systems.
    """

    system: str | None
    measure: str
    least: float


@dataclass(frozen=True, slots=True)
class GateResult:
    """Whether a system met a threshold.

    Attributes:
        message: a sentence with both numbers.
    """

    system: str
    measure: str
    value: float
    least: float
    passed: bool
    message: str


def parse_threshold(text: str) -> Threshold:
    """Parse `nDCG@10=0.6` or `blend:nDCG@10=0.6`.

    Raises:
        UsageError: it has neither form.
    """
    target, equals, number = text.rpartition("=")
    system, colon, name = target.rpartition(":")
    try:
        least = float(number)
    except ValueError:
        least = float("nan")
    if not equals or not name or not math.isfinite(least):
        raise UsageError(f"'{text}' is not a threshold.", "give nDCG@10=0.6, or blend:nDCG@10=0.6")
    system_name = SHORT_NAMES.get(system, system) if colon else None
    return Threshold(system_name, measure_named(name), least)


@dataclass(frozen=True, slots=True)
class Gates:
    """What an evaluation has to meet: thresholds, and a baseline to compare with.

    Attributes:
        thresholds: minimum values of measures.
        baseline: the values of an earlier evaluation; None for no comparison.
        max_drop: how far a mean may fall below the baseline.
    """

    thresholds: tuple[Threshold, ...]
    baseline: Baseline | None
    max_drop: float

    @classmethod
    def parsed(cls, thresholds: Iterable[str], baseline: Path | None, max_drop: float) -> Gates:
        """Parse thresholds and read the file of a baseline.

        Raises:
            PathNotFound: the file does not exist.
            UsageError: a threshold or the file is malformed.
        """
        parsed = tuple(parse_threshold(text) for text in thresholds)
        return cls(parsed, None if baseline is None else read_baseline(baseline), max_drop)

    def check(self, systems: Iterable[str], *, judged: bool) -> None:
        """Refuse, before anything is measured, what `results` would refuse afterwards.

        Args:
            systems: names of all systems to be measured, and of their strategies.
            judged: whether there are judgments.

        Raises:
            UsageError: naming the first threshold that cannot apply.
        """
        names = tuple(dict.fromkeys(systems))
        for threshold in self.thresholds:
            if not judged:
                raise _unmeasured(threshold)
            if threshold.system is not None and threshold.system not in names:
                raise _not_compared(threshold.system, names)

    def results(self, evaluation: Evaluation) -> list[GateResult]:
        """Compare an evaluation with every threshold and the baseline.

        Raises:
            UsageError: it has nothing in common with one of them.
        """
        results = against_thresholds(evaluation, self.thresholds)
        if self.baseline is not None:
            results += against_baseline(evaluation, self.baseline, self.max_drop)
        return results


def _unmeasured(threshold: Threshold) -> UsageError:
    return UsageError(
        f"{threshold.measure} was not measured, so it cannot be held to {threshold.least:g}.",
        f"give judgments (--qrels) and --measures {threshold.measure}",
    )


def _not_compared(system: str, names: Iterable[str]) -> UsageError:
    return UsageError(f"{system} was not compared.", f"give one of: {', '.join(names)}")


def against_thresholds(evaluation: Evaluation, thresholds: Sequence[Threshold]) -> list[GateResult]:
    """Compare every threshold with each of the systems that it applies to.

    Raises:
        UsageError: a threshold names a system or measure that was not computed.
    """
    results = []
    for threshold in thresholds:
        measure, least = threshold.measure, threshold.least
        for result in _results_held_to(evaluation, threshold):
            value = result.means[measure].value
            passed = value >= least
            against = f"at least {least:g}" if passed else f"below {least:g}"
            message = f"{result.name}: {measure} is {value:.4f}, {against}"
            results.append(GateResult(result.name, measure, value, least, passed, message))
    return results


def _results_held_to(evaluation: Evaluation, threshold: Threshold) -> list[SystemResult]:
    if threshold.measure not in evaluation.measures:
        raise _unmeasured(threshold)
    by_name = {result.name: result for result in evaluation.systems}
    if threshold.system is None:
        return _of_strategy(evaluation, DEFAULT_STRATEGY.value) or list(by_name.values())
    if threshold.system not in by_name and (depths := _of_strategy(evaluation, threshold.system)):
        return depths
    if threshold.system not in by_name:
        raise _not_compared(threshold.system, by_name)
    return [by_name[threshold.system]]


def _of_strategy(evaluation: Evaluation, name: str) -> list[SystemResult]:
    """A strategy's results at every measured depth."""
    return [
        result
        for result in evaluation.systems
        if result.system is not None and result.system.strategy.value == name
    ]


def read_baseline(path: Path) -> Baseline:
    """Read the values of an earlier evaluation from its JSON.

    Raises:
        PathNotFound: the file does not exist.
        UsageError: it is not the output of `compare --format json` for judged queries.
    """
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return {
            system["name"]: {
                measure: {str(query): float(value) for query, value in values.items()}
                for measure, values in system["values"].items()
            }
            for system in stored["systems"]
        }
    except FileNotFoundError as error:
        raise PathNotFound.at(path) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(
            f"'{path}' is not the JSON of an earlier comparison.",
            "make one: bienc compare --queries FILE --qrels FILE --format json > baseline.json",
        ) from error


def against_baseline(
    evaluation: Evaluation, baseline: Baseline, max_drop: float
) -> list[GateResult]:
    """Check that no mean has fallen by more than `max_drop` since the baseline.

    Means are taken over the queries that both have, for every system and measure that both have.

    Raises:
        UsageError: they have nothing in common.
    """
    compared = list(_in_common(evaluation, baseline))
    if not compared:
        raise UsageError(
            "The baseline and this comparison have no strategy, measure and query in common.",
            "compare the same strategies on the same queries as the baseline did",
        )
    results = []
    for name, measure, before, now in compared:
        # The JSON is rounded to six decimal places.
        passed = before - now <= max_drop + 1e-6
        message = (
            f"{name}: {measure} was {before:.4f} and is {now:.4f}"
            if passed
            else f"{name}: {measure} fell from {before:.4f} to {now:.4f}, by more than {max_drop:g}"
        )
        results.append(GateResult(name, measure, now, before - max_drop, passed, message))
    return results


def _in_common(
    evaluation: Evaluation, baseline: Baseline
) -> Iterator[tuple[str, str, float, float]]:
    for result in evaluation.systems:
        for measure, values in result.values.items():
            before = baseline.get(result.name, {}).get(measure, {})
            ids = [query_id for query_id in values if query_id in before]
            if ids:
                yield (
                    result.name,
                    measure,
                    statistics.fmean(before[query_id] for query_id in ids),
                    statistics.fmean(values[query_id] for query_id in ids),
                )
