"""Manages this process: its standard streams, interrupts, exit, and its server.

A closed descriptor would be reused for the next opened file, such as the index's database, and
output would be written into it.

Python delivers a signal between two of its own instructions, so not while the main thread is inside
a model, a graph or a library being loaded. A second thread waits for the signal too, and ends the
process if the main thread has not done so in time. Nothing is lost by that: uncommitted changes
were never visible, and encoded vectors are on the disk.
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
    """Stands in for a stream that was closed before the program started."""

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
    """Make all three streams exist and able to print any of our output.

    If the encoding is not UTF-8, characters it lacks are escaped instead of raising an error.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            # `os.open` returns the lowest free descriptor, which is this one.
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
    """Whether a text stream accepts any text."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return encoding.lower().replace("-", "").replace("_", "") in ("utf8", "utf8sig")


def insist_on_utf_8() -> None:
    """Restart in Python's UTF-8 mode if the locale uses another encoding for file names.

    File names are bytes. Decoded otherwise, UTF-8 names could be neither displayed nor recorded.
    """
    if sys.getfilesystemencoding().lower() != "utf-8" and not sys.flags.utf8_mode:
        os.environ["PYTHONUTF8"] = "1"
        arguments = [sys.executable, "-X", "utf8", "-m", "bienc_cli", *sys.argv[1:]]
        os.execv(sys.executable, arguments)  # noqa: S606  (this program)


GRACE_SECONDS = 0.4
"""For the main thread to clean up. Together with Python's signal latency this ends within a
second."""

_WORDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}
_to_undo: list[Callable[[], None]] = []
_meant: list[bool] = []
_SHOW_CURSOR = b"\x1b[?25h"


def end_soon_when_interrupted() -> None:
    """After the first SIGINT or SIGTERM, end this process within `GRACE_SECONDS`.

    For a program that owns its process; call it once, in the main thread.
    """
    # Not at the top: a client answered by a server does not need it.
    import threading

    read_end, write_end = os.pipe()
    if sys.platform != "win32":
        os.set_blocking(write_end, False)
    signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
    threading.Thread(
        target=_wait_for_signal, args=(read_end,), daemon=True, name="bienc-interrupts"
    ).start()


@contextmanager
def undone(undo: Callable[[], None]) -> Iterator[None]:
    """Also call `undo` if the process is ended by an interrupt during the body."""
    _to_undo.append(undo)
    try:
        yield
    finally:
        _to_undo.remove(undo)


@contextmanager
def meant() -> Iterator[None]:
    """Within the body, Ctrl-C is the normal way to end, however long that takes."""
    _meant.append(True)
    try:
        yield
    finally:
        _meant.pop()


def end_now(exit_code: int) -> NoReturn:
    """Exit without tearing down the interpreter, which takes more than a second with torch.

    Everything that must be closed is closed by now, and no interrupt finds it half destroyed; work
    in progress in other threads is undone.
    """
    for undo in list(_to_undo):
        undo()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(exit_code)


def _wait_for_signal(read_end: int) -> None:
    while True:
        number = os.read(read_end, 1)[0]
        if number in _WORDS:
            break
    time.sleep(GRACE_SECONDS)
    for undo in list(_to_undo):
        undo()
    if _meant and number == signal.SIGINT:
        os._exit(EXIT_OK)
    # Bypass sys.stderr, whose lock the main thread may hold.
    with suppress(OSError):
        if os.isatty(2):
            os.write(2, _SHOW_CURSOR)
        os.write(2, f"\nbienc: {_WORDS[signal.Signals(number)]}\n".encode())
    os._exit(128 + number)


class Terminated(BaseException):
    """SIGTERM as an exception, so that an index being written stays intact."""


class Termination:
    """Makes SIGTERM raise `Terminated` in the body.

    Attributes:
        received: SIGTERM was received, even if a library replaced the exception.
    """

    def __init__(self) -> None:
        self.received = False
        self._previous: Callable[[int, FrameType | None], object] | int | None = None

    def __enter__(self) -> None:
        # Outside the main thread, the owner of the process handles signals.
        with suppress(ValueError):
            self._previous = signal.signal(signal.SIGTERM, self._raise)

    def __exit__(self, *_: object) -> None:
        with suppress(ValueError, TypeError):
            signal.signal(signal.SIGTERM, self._previous)

    def _raise(self, _number: int, _frame: FrameType | None) -> None:
        self.received = True
        raise Terminated

    def exit_code(self) -> int:
        """The exit code of an interrupted command, by SIGTERM or Ctrl-C; reports it on stderr."""
        with suppress(OSError):
            sys.stderr.write(f"\nbienc: {'terminated' if self.received else 'interrupted'}\n")
        return EXIT_TERMINATED if self.received else EXIT_INTERRUPTED


def endpoint() -> Endpoint:
    """The endpoint of a server of this version for clients of this environment.

    Raises:
        UsageError: as of `cache_path`.
    """
    return endpoint_for(os.environ, cache_path())
