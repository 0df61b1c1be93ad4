"""Decides how long a server lives: while it is used, reachable, and not too large."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from bienc_cli.server.listener import Activity
from bienc_cli.server.threads import AnsweringThreads

_TICK_SECONDS = 0.5
_TICKS_TO_SHRINK = 20
"""Ten seconds, so that answers in progress are finished first."""


def live(
    activity: Activity,
    workers: AnsweringThreads,
    *,
    idle_seconds: float,
    most_bytes: int,
    is_found: Callable[[], bool] = lambda: True,
    own_bytes: Callable[[], int] | None = None,
) -> str:
    """Wait until it is time to end; returns the reason, as a clause.

    Args:
        activity: of all listeners.
        workers: they hold indexes that can be closed.
        idle_seconds: how long to live without requests.
        most_bytes: limit of private memory; above it indexes are closed, and if that does not help,
            the server ends and clients work without it.
        is_found: whether clients can still find the server.
        own_bytes: returns the memory used by the process; by default from the system.
    """
    own_bytes = own_bytes or bytes_of_this_process
    too_large = 0
    while True:
        time.sleep(_TICK_SECONDS)
        if activity.idle_seconds() > idle_seconds:
            return "nobody has asked for long"
        if not is_found():
            return "the socket was removed"
        if own_bytes() <= most_bytes:
            too_large = 0
            continue
        too_large += 1
        workers.forget()
        if too_large > _TICKS_TO_SHRINK and not activity.busy:
            return "it has become too large"


def bytes_of_this_process() -> int:
    """Private memory of this process; 0 if unknown."""
    try:
        _, resident, shared, *_ = Path("/proc/self/statm").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")  # type: ignore[attr-defined, no-any-return, unused-ignore]
