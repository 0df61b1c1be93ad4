"""Estimates how long an indexing run will take, from its progress so far.

Texts encoded by an earlier run pass in no time and say nothing about the rest. So the two kinds of
work are timed separately: reading and chunking per byte, encoding per token. The rest is assumed to
need both, because that is what follows an interrupted run's files.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bienc_cli.indexing.report import Progress

_LEAST_SECONDS = 2.0
"""Minimum time of work: before that, too little is known for an estimate."""

_BATCHES = 32
"""The number of recent batches that determine the speed, because it changes with the machine's
load."""


class TimeLeft:
    """Learns from the progress of an indexing run."""

    def __init__(self, total_bytes: int, now: float) -> None:
        """Start when the files to read are known.

        Args:
            total_bytes: of these files.
            now: seconds of a monotonic clock.
        """
        self._total_bytes = total_bytes
        self._now = now
        self._reading_seconds = 0.0
        self._done_bytes = self._tokens = self._encoded_bytes = 0
        self._batches: deque[tuple[float, int]] = deque(maxlen=_BATCHES)

    def learn(self, progress: Progress, now: float) -> None:
        """Record the progress up to `now`."""
        tokens = progress.tokens - self._tokens
        if tokens:
            self._batches.append((now - self._now, tokens))
        else:
            self._reading_seconds += now - self._now
        self._now = now
        self._done_bytes, self._tokens = progress.done_bytes, progress.tokens
        self._encoded_bytes = progress.encoded_bytes

    def seconds(self) -> float | None:
        """The estimated time left; None if unknown."""
        encoding_seconds = sum(seconds for seconds, _ in self._batches)
        if encoding_seconds < _LEAST_SECONDS or not self._encoded_bytes:
            return None
        bytes_left = max(self._total_bytes - self._done_bytes, 0)
        tokens_left = bytes_left * self._tokens / self._encoded_bytes
        seconds_per_token = encoding_seconds / sum(tokens for _, tokens in self._batches)
        seconds_per_byte = self._reading_seconds / self._done_bytes
        return tokens_left * seconds_per_token + bytes_left * seconds_per_byte


class SteadyTimeLeft:
    """Learns from work whose parts take equally long."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque(maxlen=_BATCHES)

    def learn(self, done: int, now: float) -> None:
        """Record what is done up to `now`, including an earlier run's share."""
        self._samples.append((now, done))

    def seconds(self, total: int) -> float | None:
        """The estimated time left for `total` parts; None if unknown."""
        if not self._samples:
            return None
        (began, done_before), (now, done) = self._samples[0], self._samples[-1]
        if now - began < _LEAST_SECONDS or done <= done_before:
            return None
        return max(total - done, 0) * (now - began) / (done - done_before)


def rough_duration(seconds: float) -> str:
    """`less than 10 s`, `about 40 s`, `about 2 h 10 min`: no more precise than the estimate."""
    if seconds < 10:
        return "less than 10 s"
    if seconds < 55:
        return f"about {10 * round(seconds / 10)} s"
    minutes = max(round(seconds / 60), 1)
    if minutes < 60:
        return f"about {minutes} min"
    hours, tens = divmod(round(minutes / 10), 6)
    return f"about {hours} h {10 * tens} min" if tens else f"about {hours} h"
