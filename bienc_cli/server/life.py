"""How long a server lives: while it is asked, can be found, and is not too large."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from bienc_cli.server.listener import Activity
from bienc_cli.server.threads import AnsweringThreads

_TICK_SECONDS = 0.5
_TICKS_TO_SHRINK = 20
"""Ten seconds: whoever is being answered is answered first."""


def live(
    activity: Activity,
    workers: AnsweringThreads,
    *,
    idle_seconds: float,
    most_bytes: int,
    is_found: Callable[[], bool] = lambda: True,
    own_bytes: Callable[[], int] | None = None,
) -> str:
    """Wait until it is time to end; why, as a clause.

    Args:
        activity: of all listeners.
        workers: have indexes that can be closed.
        idle_seconds: to live without being asked.
        most_bytes: of memory of its own; beyond that indexes are closed, and if that does not
            help, this is the end, and clients work alone.
        is_found: whether clients can still find the server.
        own_bytes: tells what the process takes; by default the system does.
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
    """Memory that this process shares with no file; 0 where the system does not say."""
    try:
        _, resident, shared, *_ = Path("/proc/self/statm").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")  # type: ignore[attr-defined, no-any-return, unused-ignore]
