"""Call something that may fail for a moment, and know when to give up.

Gauges hang on radio links. A request that fails now often works two seconds later; one that has
failed five times in a row will most likely go on failing, and the user should be told.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Backoff:
    """How often to try and how long to wait in between.

    Attributes:
        attempts: calls in all, the first one included.
        first_delay: seconds before the second call; it doubles from then on.
        longest_delay: seconds; no wait is longer.
        jitter: share of the delay that is drawn at random, so that a hundred gauges that lost
            the same link do not all come back in the same second.
    """

    attempts: int = 5
    first_delay: float = 1.0
    longest_delay: float = 30.0
    jitter: float = 0.2

    def delays(self, draw: Callable[[], float] = random.random) -> Iterator[float]:
        """Seconds to wait after the first failure, the second, and so on."""
        delay = self.first_delay
        for _ in range(self.attempts - 1):
            yield delay * (1 - self.jitter * draw())
            delay = min(delay * 2, self.longest_delay)


class GaveUp(Exception):
    """All attempts failed; the last failure is the cause."""


def call(
    action: Callable[[], T],
    backoff: Backoff | None = None,
    *,
    retry_on: type[Exception] | tuple[type[Exception], ...] = OSError,
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """Call `action` until it succeeds or the attempts are used up.

    Args:
        action: what to do; it takes nothing.
        backoff: how often, and how long to wait in between.
        retry_on: failures worth another attempt. All others pass through at once: a wrong
            password does not become right by asking again.
        sleep: replaced in tests.

    Raises:
        GaveUp: every attempt failed with one of `retry_on`.
    """
    backoff = backoff or Backoff()
    delays = backoff.delays()
    for attempt in range(1, backoff.attempts + 1):
        try:
            return action()
        except retry_on as error:
            pause = next(delays, None)
            if pause is None:
                raise GaveUp(f"no success in {attempt} attempts") from error
            sleep(pause)
    raise ValueError("a backoff needs at least one attempt")
