"""How long a command will go on, from what it has taken so far.

What an earlier run has encoded passes in no time and says nothing about what does not. So the
two kinds of work are timed apart: reading and cutting by the byte, encoding by the token. What
is left is taken to need both, which is what lies behind an interrupted run's files.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bienc_cli.indexing.report import Progress

_LEAST_SECONDS = 2.0
"""Of the work: before, too little is known to say anything."""

_BATCHES = 32
"""The latest ones tell the speed, since machines slow down and get free."""


class TimeLeft:
    """Learns from what an indexing run reports."""

    def __init__(self, total_bytes: int, now: float) -> None:
        """Begin when the files to read are known.

        Args:
            total_bytes: of these files.
            now: seconds, of a clock that never goes back.
        """
        self._total_bytes = total_bytes
        self._now = now
        self._reading_seconds = 0.0
        self._done_bytes = self._tokens = self._encoded_bytes = 0
        self._batches: deque[tuple[float, int]] = deque(maxlen=_BATCHES)

    def learn(self, progress: Progress, now: float) -> None:
        """Take what has been done up to `now`."""
        tokens = progress.tokens - self._tokens
        if tokens:
            self._batches.append((now - self._now, tokens))
        else:
            self._reading_seconds += now - self._now
        self._now = now
        self._done_bytes, self._tokens = progress.done_bytes, progress.tokens
        self._encoded_bytes = progress.encoded_bytes

    def seconds(self) -> float | None:
        """What is left; None where nothing is known."""
        encoding = sum(seconds for seconds, _ in self._batches)
        if encoding < _LEAST_SECONDS or not self._encoded_bytes:
            return None
        left = max(self._total_bytes - self._done_bytes, 0)
        tokens_left = left * self._tokens / self._encoded_bytes
        seconds_per_token = encoding / sum(tokens for _, tokens in self._batches)
        seconds_per_byte = self._reading_seconds / self._done_bytes
        return tokens_left * seconds_per_token + left * seconds_per_byte


class SteadyTimeLeft:
    """Learns from work of which one part takes as long as another."""

    def __init__(self) -> None:
        self._known: deque[tuple[float, int]] = deque(maxlen=_BATCHES)

    def learn(self, done: int, now: float) -> None:
        """Take what is done, an earlier run's share included, up to `now`."""
        self._known.append((now, done))

    def seconds(self, total: int) -> float | None:
        """What is left of `total`; None where nothing is known."""
        if not self._known:
            return None
        (began, before), (now, done) = self._known[0], self._known[-1]
        if now - began < _LEAST_SECONDS or done <= before:
            return None
        return max(total - done, 0) * (now - began) / (done - before)


def rough_duration(seconds: float) -> str:
    """`less than 10 s`, `about 40 s`, `about 2 h 10 min`: no more than such a guess is worth."""
    if seconds < 10:
        return "less than 10 s"
    if seconds < 55:
        return f"about {10 * round(seconds / 10)} s"
    minutes = max(round(seconds / 60), 1)
    if minutes < 60:
        return f"about {minutes} min"
    hours, tens = divmod(round(minutes / 10), 6)
    return f"about {hours} h {10 * tens} min" if tens else f"about {hours} h"
