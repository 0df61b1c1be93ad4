"""This process: its three streams, how it is interrupted and how it ends, its server.

A closed descriptor would be given to the next file that is opened, such as the index's database,
and what is printed would be written into it.

Python delivers a signal between two of its own instructions, and so not while the main thread
is inside a model, a graph or a library that is being loaded. A second thread waits for the
signal too, and ends the process when the main thread has not done so itself in time. Nothing
is lost by that: what is not committed never was, and what is encoded is on the disk.
"""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from bienc_cli.environment.variables import cache_path
from bienc_cli.errors import EXIT_INTERRUPTED, EXIT_OK, EXIT_TERMINATED
from bienc_cli.server.endpoint import Endpoint, endpoint_for

TYPE_CHECKING = False  # As in `bienc_cli.server.client`.
if TYPE_CHECKING:
    from types import FrameType
    from typing import NoReturn


class _Closed(io.TextIOBase):
    """Stands for a stream that was closed before we began."""

    encoding = "utf-8"

    def __init__(self, name: str) -> None:
        self._name = name

    def _refuse(self) -> OSError:
        return OSError(errno.EBADF, f"{self._name} is closed")

    def write(self, _text: str) -> int:
        raise self._refuse()

    def read(self, _size: int | None = -1) -> str:
        raise self._refuse()

    def isatty(self) -> bool:
        return False

    @property
    def buffer(self) -> io.TextIOBase:
        return self

    def readline(self, _size: int = -1) -> str:  # type: ignore[override]
        raise self._refuse()


def settle() -> None:
    """Have all three streams there, and none that cannot print what we have to say.

    Where UTF-8 was ruled out, what the encoding lacks is escaped and not an error.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            # The lowest free one, so it is this.
            os.open(os.devnull, os.O_RDWR)
    if sys.stdin is None:
        sys.stdin = _Closed("standard input")
    if sys.stdout is None:
        sys.stdout = _Closed("standard output")
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and not is_utf_8(stream):
            stream.reconfigure(errors="backslashreplace")


def is_utf_8(stream: object) -> bool:
    """Whether a text stream can take any text."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return encoding.lower().replace("-", "").replace("_", "") in ("utf8", "utf8sig")


def insist_on_utf_8() -> None:
    """Begin again in Python's UTF-8 mode, where the locale would have file names be otherwise.

    The names of files are bytes. Read by another encoding, those that are UTF-8 could be neither
    shown nor recorded.
    """
    if sys.getfilesystemencoding().lower() != "utf-8" and not sys.flags.utf8_mode:
        os.environ["PYTHONUTF8"] = "1"
        arguments = [sys.executable, "-X", "utf8", "-m", "bienc_cli", *sys.argv[1:]]
        os.execv(sys.executable, arguments)  # noqa: S606  (this program)


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


class Terminated(BaseException):
    """SIGTERM, as an exception, so that an index being written is left whole."""


class Termination:
    """Has SIGTERM raise `Terminated` meanwhile.

    Attributes:
        asked: it has; also where a library made something else of the exception.
    """

    def __init__(self) -> None:
        self.asked = False
        self._previous: Callable[[int, FrameType | None], object] | int | None = None

    def __enter__(self) -> None:
        # Not the main thread: its owner decides about signals.
        with suppress(ValueError):
            self._previous = signal.signal(signal.SIGTERM, self._raise)

    def __exit__(self, *_: object) -> None:
        with suppress(ValueError, TypeError):
            signal.signal(signal.SIGTERM, self._previous)

    def _raise(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True
        raise Terminated

    def exit_code(self) -> int:
        """Of a command that was ended, by SIGTERM or else by Ctrl-C; says so on stderr."""
        with suppress(OSError):
            sys.stderr.write(f"\nbienc: {'terminated' if self.asked else 'interrupted'}\n")
        return EXIT_TERMINATED if self.asked else EXIT_INTERRUPTED


def endpoint() -> Endpoint:
    """Where a server of this version listens for clients of this environment.

    Raises:
        UsageError: as of `cache_path`.
    """
    return endpoint_for(os.environ, cache_path())
