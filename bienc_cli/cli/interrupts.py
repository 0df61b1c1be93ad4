"""Ctrl-C ends the process soon, whatever it is at.

Python delivers a signal between two of its own instructions, and so not while the main thread
is inside a model, a graph or a library that is being loaded. A second thread waits for the
signal too, and ends the process when the main thread has not done so itself in time. Nothing
is lost by that: what is not committed never was, and what is encoded is on the disk.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from bienc_cli.errors import EXIT_OK

TYPE_CHECKING = False  # As in `bienc_cli.server.client`.
if TYPE_CHECKING:
    from typing import NoReturn

GRACE_SECONDS = 0.4
"""For the main thread to take back what it was at. With what Python takes to deliver the signal
it keeps a promise of one second."""

_WORDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}
_to_undo: list[Callable[[], None]] = []
_meant: list[bool] = []
_SHOW_CURSOR = b"\x1b[?25h"


def end_soon_when_interrupted() -> None:
    """From the first SIGINT or SIGTERM on, this process has `GRACE_SECONDS` to live.

    For a program that owns its process; must be called in the main thread, once.
    """
    # Not at the top: who is answered by a server has no use for it.
    import threading

    reading, writing = os.pipe()
    if sys.platform != "win32":
        os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    threading.Thread(target=_wait, args=(reading,), daemon=True, name="bienc-interrupts").start()


@contextmanager
def undone(undo: Callable[[], None]) -> Iterator[None]:
    """Have `undo` called too where the process is ended for an interrupt meanwhile."""
    _to_undo.append(undo)
    try:
        yield
    finally:
        _to_undo.remove(undo)


@contextmanager
def meant() -> Iterator[None]:
    """Ctrl-C is how what runs meanwhile ends: it is no failure, however long its end takes."""
    _meant.append(True)
    try:
        yield
    finally:
        _meant.pop()


def end_now(exit_code: int) -> NoReturn:
    """Leave without taking the interpreter apart, which with torch takes more than a second.

    Everything that had to be closed has been by then, and no interrupt finds it half gone; what
    another thread is still at is undone.
    """
    for undo in list(_to_undo):
        undo()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(exit_code)


def _wait(reading: int) -> None:
    while True:
        number = os.read(reading, 1)[0]
        if number in _WORDS:
            break
    time.sleep(GRACE_SECONDS)
    for undo in list(_to_undo):
        undo()
    if _meant and number == signal.SIGINT:
        os._exit(EXIT_OK)
    # Not through sys.stderr: the main thread may hold its lock.
    with suppress(OSError):
        if os.isatty(2):
            os.write(2, _SHOW_CURSOR)
        os.write(2, f"\nbienc: {_WORDS[signal.Signals(number)]}\n".encode())
    os._exit(128 + number)
