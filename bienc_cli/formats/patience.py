"""Lets a slow reader report that a part of a file is done.

Each report restarts the file's time limit: a scan of a thousand pages may take an hour, but a page
that hangs is still noticed.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

_waiting: ContextVar[Callable[[], None] | None] = ContextVar("waiting", default=None)


def part_done() -> None:
    """Report that one of many parts, such as a page, has been read."""
    if report := _waiting.get():
        report()


def report_parts_to(report: Callable[[], None]) -> None:
    """Have `report` called for every part that is done in this thread."""
    _waiting.set(report)
