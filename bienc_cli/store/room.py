"""Room for others: a run that encodes for hours lets in who asks, within seconds.

Who waits for the writer's lock holds a lock on a second file, which the holder of the first can see
and which no crash leaves behind.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

from bienc_cli import portable
from bienc_cli.store.privacy import FILE_MODE

NAME = "waiting"
_FLAGS = os.O_RDWR | portable.OWN | portable.NO_FOLLOW | portable.NO_WAIT
_INTERVAL = 0.02


class Request:
    """The sign of a process that asks for room."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / NAME
        self._descriptor: int | None = None

    def show(self) -> None:
        """Give the sign, again where another process has taken it away with its own."""
        with suppress(OSError):
            if self._descriptor is not None:
                if os.fstat(self._descriptor).st_ino == self._path.stat().st_ino:
                    return
                self._let_go()
        with suppress(OSError):
            # Without the sign it waits like anybody.
            descriptor = os.open(self._path, _FLAGS | os.O_CREAT, FILE_MODE)
            self._descriptor = descriptor
            portable.lock(descriptor, shared=True)

    def withdraw(self) -> None:
        """Take the sign away."""
        if self._descriptor is not None:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
            self._let_go()

    def _let_go(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def is_asked_for(directory: Path) -> bool:
    """Whether a process waits for the lock of an index, and asks for room."""
    try:
        descriptor = os.open(directory / NAME, _FLAGS)
    except OSError:
        return False
    try:
        portable.lock(descriptor)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False


def let_in(directory: Path, patience: float = 2.0) -> None:
    """Wait until who asks has the lock, for `patience` seconds at most; it has just been free."""
    deadline = time.monotonic() + patience
    while is_asked_for(directory) and time.monotonic() < deadline:
        time.sleep(_INTERVAL)
