"""Measures how long each stage of some work takes."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StageTime:
    """Wall time of one stage."""

    name: str
    seconds: float


def total_seconds(stages: Iterable[StageTime]) -> float:
    """The time of all stages together."""
    return sum(stage.seconds for stage in stages)


class Stopwatch:
    """Collects stage times, in the order in which the stages first started."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time spent in the body to stage `name`."""
        started = time.perf_counter()
        self._seconds.setdefault(name, 0.0)
        try:
            yield
        finally:
            self._seconds[name] += time.perf_counter() - started

    def add(self, name: str, seconds: float) -> None:
        """Add time measured elsewhere."""
        self._seconds[name] = self._seconds.get(name, 0.0) + seconds

    @property
    def times(self) -> tuple[StageTime, ...]:
        """The times collected so far."""
        return tuple(StageTime(name, seconds) for name, seconds in self._seconds.items())
