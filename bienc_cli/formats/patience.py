"""A reader at long work tells whoever waits for it that a part is done.

The time that reading a file may take then begins anew: a scan of a thousand pages takes an hour
without hanging, and a page that hangs is still found out.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

_waiting: ContextVar[Callable[[], None] | None] = ContextVar("waiting", default=None)


def part_done() -> None:
    """Tell that one of many parts, a page, is read."""
    if tell := _waiting.get():
        tell()


def told_by(tell: Callable[[], None]) -> None:
    """Have this called, in this thread, for every part that is done."""
    _waiting.set(tell)
