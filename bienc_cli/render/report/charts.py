"""The geometry of the charts; `templates/charts.html.j2` draws them.

Strips and bars are placed in percent of a width that only the browser knows, so that they fit a
phone, a desktop and paper. The trade-off chart, whose labels must not overlap, is laid out twice,
wide and narrow; the style sheet shows one of the two.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bienc_cli.evaluation.outcome import QueryDifference, pareto_front, trade_off
from bienc_cli.evaluation.results import Evaluation, Latency, SystemResult
from bienc_cli.evaluation.significance import PairedDifference
from bienc_cli.render.json_fields import rounded
from bienc_cli.render.printable import one_line
from bienc_cli.render.report.labels import Box, Label, place_labels
from bienc_cli.render.report.scales import Scale, Tick, for_times, linear

_INSET = 4.0
"""Percent of a strip's width left free at either end, for dots and the outer labels."""


@dataclass(frozen=True, slots=True)
class Strip:
    """A dot with an interval, on its own line; positions in percent."""

    dot: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Strips:
    """Dots of several systems on one axis; None for nothing to draw."""

    by_system: Mapping[str, Strip | None]
    ticks: tuple[Tick, ...]
    zero: float | None = None


def means(systems: Sequence[SystemResult], measure: str) -> Strips:
    """Each system's mean of a measure with its interval."""
    mean_by_system = {system.name: system.means[measure] for system in systems}
    ends = [end for mean in mean_by_system.values() for end in (mean.value, mean.low, mean.high)]
    drawn = [end for end in ends if end is not None]
    if min(drawn) == max(drawn) == 1:
        # Otherwise, half of the axis around a perfect value would be beyond any measure.
        drawn.append(0.9)
    scale = linear(drawn, _INSET, 100 - _INSET, about=4)
    strips = {
        name: _strip(scale, mean.value, mean.low, mean.high)
        for name, mean in mean_by_system.items()
    }
    return Strips(strips, scale.ticks)


def differences(compared: Mapping[str, PairedDifference]) -> Strips:
    """Each system's mean difference from the baseline with its interval; the axis includes zero."""
    ends = [
        end
        for difference in compared.values()
        for end in (difference.mean, difference.low, difference.high)
    ]
    numbers = [end for end in ends if end is not None and not math.isnan(end)]
    scale = linear(numbers, _INSET, 100 - _INSET, about=4, zero=True)
    strips = {
        name: None
        if math.isnan(difference.mean)
        else _strip(scale, difference.mean, difference.low, difference.high)
        for name, difference in compared.items()
    }
    return Strips(strips, scale.ticks, scale(0.0))


def times(systems: Sequence[SystemResult]) -> Strips | None:
    """Each system's median time, and its 95th percentile; None if none was timed."""
    latencies = [system.latency for system in systems if system.latency is not None]
    if not latencies:
        return None
    scale = for_times(
        [end for latency in latencies for end in (latency.p50, latency.p95)],
        _INSET,
        100 - _INSET,
        about=4,
    )

    def strip(latency: Latency | None) -> Strip | None:
        if latency is None:
            return None
        return _strip(scale, latency.p50, latency.p50, latency.p95)

    return Strips({system.name: strip(system.latency) for system in systems}, scale.ticks)


def agreements(values: Mapping[str, float | None]) -> Strips:
    """Agreement with the baseline by system, from 0 to 1; None where there is none."""
    scale = linear([0.0, 1.0], _INSET, 100 - _INSET, about=2)
    strips = {
        name: Strip(scale(value), None, None) if value is not None else None
        for name, value in values.items()
    }
    return Strips(strips, scale.ticks)


def _strip(scale: Scale, value: float, low: float | None, high: float | None) -> Strip:
    if low is None or high is None:
        return Strip(scale(value), None, None)
    return Strip(scale(value), scale(low), scale(high))


# ---------------------------------------------------------------- bars


@dataclass(frozen=True, slots=True)
class Bar:
    """One query's difference: x and width in percent, y and height in pixels."""

    query: QueryDifference
    x: float
    width: float
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bars:
    """Differences by query in descending order, around a line at zero."""

    bars: tuple[Bar, ...]
    height: float
    ticks: tuple[Tick, ...]
    zero: float


_BAR_HEIGHT = 150.0
_WIDEST_BAR = 6.0
_LEAST = 1.5
"""Pixels of a bar that is nearly, but not quite, zero."""


def bars(query_differences: Sequence[QueryDifference], largest: float) -> Bars:
    """One bar per query.

    Args:
        query_differences: in descending order.
        largest: the largest absolute difference among all charts with the same scale.
    """
    scale = linear([-largest, largest], _BAR_HEIGHT - 8, 8, about=8)
    zero = scale(0.0)
    step = min(_WIDEST_BAR, 100 / max(1, len(query_differences)))
    width = step * (0.8 if len(query_differences) <= 100 else 1.0)
    placed = []
    for position, difference in enumerate(query_differences):
        end = scale(difference.difference)
        height = max(_LEAST, abs(end - zero)) if difference.difference else 0.0
        top = zero - height if difference.difference > 0 else zero
        placed.append(
            Bar(
                difference,
                round(position * step, 3),
                round(width, 3),
                round(top, 1),
                round(height, 1),
            )
        )
    ends = (scale.ticks[0], Tick(zero, 0.0), scale.ticks[-1])
    return Bars(tuple(placed), _BAR_HEIGHT, ends, zero)


# ---------------------------------------------------------------- trade-off


@dataclass(frozen=True, slots=True)
class Mark:
    """A system in the trade-off."""

    name: str
    seconds: float
    value: float
    x: float
    y: float
    on_front: bool
    label: Label


@dataclass(frozen=True, slots=True)
class TradeOff:
    """Quality against time.

    Attributes:
        front: the path of the best quality reachable in a given time.
        sweeps: for each strategy measured at several depths, the path through them.
        logarithmic: whether the time axis is logarithmic.
    """

    width: float
    height: float
    left: float
    bottom: float
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    marks: tuple[Mark, ...]
    front: str
    sweeps: tuple[str, ...]
    logarithmic: bool


def trade_off_chart(evaluation: Evaluation, width: float, height: float) -> TradeOff | None:
    """The trade-off in a box of this size; None if no system was both timed and measured."""
    points = trade_off(evaluation)
    if not points:
        return None
    front = pareto_front(points)
    room = Box(46, 12, width - 10, height - 40)
    x = for_times(
        [seconds for seconds, _ in points.values()], room.left, room.right, about=int(width // 110)
    )
    y = linear([value for _, value in points.values()], room.bottom - 10, room.top + 10)
    positions = {name: (x(seconds), y(value)) for name, (seconds, value) in points.items()}
    # Systems on the front choose first where their names go.
    names = sorted(points, key=lambda name: (name not in front, -positions[name][1]))
    steps = _steps([positions[name] for name in front], room.right)
    sweeps = _sweeps(evaluation, points)
    paths = [steps, *([positions[name] for name in depths] for depths in sweeps)]
    labels = place_labels(
        [(*positions[name], _label(name, sweeps)) for name in names],
        12,
        room,
        [box for path in paths for box in _along(path)],
    )
    marks = [
        Mark(name, *points[name], *positions[name], name in front, label)
        for name, label in zip(names, labels, strict=True)
    ]
    return TradeOff(
        width=width,
        height=height,
        left=room.left,
        bottom=room.bottom,
        x_ticks=x.ticks,
        y_ticks=y.ticks,
        marks=tuple(marks),
        front=_path(steps),
        sweeps=tuple(_path(path) for path in paths[1:]),
        logarithmic=x.logarithmic,
    )


def _sweeps(
    evaluation: Evaluation, points: Mapping[str, tuple[float, float]]
) -> list[tuple[str, ...]]:
    """Names of the systems of each strategy measured at several depths."""
    by_strategy: dict[str, list[tuple[int, str]]] = {}
    for result in evaluation.systems:
        if result.system and result.system.candidates and result.name in points:
            depths = by_strategy.setdefault(result.system.strategy.value, [])
            depths.append((result.system.candidates, result.name))
    return [
        tuple(name for _, name in sorted(depths))
        for depths in by_strategy.values()
        if len(depths) > 1
    ]


def _label(name: str, sweeps: Sequence[tuple[str, ...]]) -> str:
    """The name; along a sweep only the deepest has it, the others show their depth."""
    shallower = any(name in depths[:-1] for depths in sweeps)
    return "@" + name.rpartition("@")[2] if shallower else one_line(name)


def _steps(front: Sequence[tuple[float, float]], right: float) -> list[tuple[float, float]]:
    """The front as steps: a quality stays reached until a better one is."""
    steps: list[tuple[float, float]] = []
    for x, y in front:
        if steps:
            steps.append((x, steps[-1][1]))
        steps.append((x, y))
    return [*steps, (right, steps[-1][1])]


def _along(path: Sequence[tuple[float, float]]) -> list[Box]:
    """Small boxes along a path, for names to avoid."""
    boxes = []
    for (x0, y0), (x1, y1) in pairwise(path):
        pieces = max(1, round(max(abs(x1 - x0), abs(y1 - y0)) / 4))
        for piece in range(pieces + 1):
            x, y = x0 + (x1 - x0) * piece / pieces, y0 + (y1 - y0) * piece / pieces
            boxes.append(Box(x - 2, y - 2, x + 2, y + 2))
    return boxes


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in points)


def furthest(by_system: Sequence[Sequence[QueryDifference]]) -> float:
    """The largest absolute difference of all."""
    magnitudes = [
        abs(difference.difference)
        for query_differences in by_system
        for difference in query_differences
    ]
    return max(magnitudes, default=0.0) or 1.0


def axis_number(value: float) -> str:
    """A number beside an axis, as short as possible; with a real minus sign."""
    return f"{rounded(value):g}".replace("-", "−")
