"""Maps values to positions on paper, with round numbers beside them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_WIDE = 10.0
"""Ratio of the largest to the smallest value up to which a linear axis still separates small
values."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis: its position, and the value there."""

    place: float
    value: float


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps values in [low, high] to positions from `start` to `end`, or their logarithms."""

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[Tick, ...] = ()
    logarithmic: bool = False

    def __call__(self, value: float) -> float:
        """The position of a value, to a tenth of a unit."""
        low, high = self.low, self.high
        if self.logarithmic:
            low, high, value = math.log(low), math.log(high), math.log(value)
        share = (value - low) / (high - low)
        return round(self.start + share * (self.end - self.start), 2)


def linear(
    values: Iterable[float], start: float, end: float, *, about: int = 5, zero: bool = False
) -> Scale:
    """An axis that starts and ends on round numbers.

    Args:
        values: the values it must include; at least one.
        start: position of the low end.
        end: position of the high end.
        about: approximate number of marks.
        zero: also include zero.
    """
    covered = [*values, *([0.0] if zero else [])]
    low, high = min(covered), max(covered)
    if high - low < 1e-9:
        low, high = low - 0.05, high + 0.05
    step = _round_step((high - low) / about)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    scale = Scale(first * step, last * step, start, end)
    return _with_ticks(scale, [round(number * step, 10) for number in range(first, last + 1)])


def for_times(seconds: Sequence[float], start: float, end: float, *, about: int = 6) -> Scale:
    """An axis for times: logarithmic if they span several orders of magnitude."""
    low, high = min(seconds), max(seconds)
    if low <= 0 or high < _WIDE * low:
        return linear(seconds, start, end, about=about, zero=True)
    # A margin, so that no point is on the edge.
    scale = Scale(low / 1.6, high * 1.6, start, end, logarithmic=True)
    decades = range(math.floor(math.log10(scale.low)), math.ceil(math.log10(scale.high)))
    for mantissas in ((1, 2, 5), (1, 3), (1,)):
        marks = [round(mark * 10.0**decade, 9) for decade in decades for mark in mantissas]
        visible = [mark for mark in marks if scale.low <= mark <= scale.high]
        if len(visible) <= about:
            break
    return _with_ticks(scale, visible)


def _with_ticks(scale: Scale, values: Sequence[float]) -> Scale:
    ticks = tuple(Tick(scale(value), value) for value in values)
    return Scale(scale.low, scale.high, scale.start, scale.end, ticks, scale.logarithmic)


def _round_step(step: float) -> float:
    power = 10.0 ** math.floor(math.log10(step))
    return float(
        next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= step * 0.999)
    )
