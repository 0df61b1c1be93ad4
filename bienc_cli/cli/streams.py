"""The three standard streams, whatever a caller left of them.

A closed descriptor would be given to the next file that is opened, such as the index's database,
and what is printed would be written into it.
"""

from __future__ import annotations

import errno
import io
import os
import sys


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
