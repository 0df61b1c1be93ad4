"""For whom a command works: for whoever started this process, or for a client of the server.

A client's command begins in the client's directory and prints on the client's terminal, and is
answered by what the server holds ready. All of that is a matter of the thread that carries it
out, as it is otherwise a matter of the process.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TextIO

if TYPE_CHECKING:
    from bienc_cli.server.resident import Readers, ResidentModels

_USUAL_LINES = 24


class RunSettings(NamedTuple):
    """How models run; what was said of it to a server holds for all that it holds ready."""

    runtime: str
    device: str
    threads: int | None
    offline: bool


@dataclass(frozen=True, slots=True)
class Warm:
    """What is held ready."""

    settings: RunSettings
    models: ResidentModels
    readers: Readers


@dataclass(frozen=True, slots=True)
class Caller:
    """A client.

    Attributes:
        here: the directory that it works in.
        environ: what of its environment concerns its terminal.
        warm: what it is answered by.
    """

    here: Path
    environ: Mapping[str, str]
    stdout: TextIO
    stderr: TextIO
    warm: Warm

    @contextmanager
    def served(self) -> Iterator[None]:
        """What this thread does meanwhile is done for this client."""
        token = _CLIENT.set(self)
        try:
            yield
        finally:
            _CLIENT.reset(token)


class Collected(io.StringIO):
    """A client's stream: collects what is to be printed there.

    Args:
        name: of the stream.
        output: collects for several streams, in order.
        tty: it is a terminal.
        encoding: of the client's stream.
    """

    def __init__(
        self, name: str, output: list[tuple[str, str]], *, tty: bool, encoding: str
    ) -> None:
        super().__init__()
        self._name = name
        self._output = output
        self._tty = tty
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Of the client's stream."""
        return self._encoding

    def isatty(self) -> bool:
        """Whether the client's is a terminal."""
        return self._tty

    def write(self, text: str) -> int:
        """Keep what is to be printed."""
        self._output.append((self._name, text))
        return len(text)


_CLIENT: ContextVar[Caller | None] = ContextVar("client", default=None)


def here() -> Path:
    """The working directory."""
    client = _CLIENT.get()
    return client.here if client else Path.cwd()


def stdout() -> TextIO:
    """Where data goes."""
    client = _CLIENT.get()
    return client.stdout if client else sys.stdout


def stderr() -> TextIO:
    """Where everything else goes."""
    client = _CLIENT.get()
    return client.stderr if client else sys.stderr


def environ() -> Mapping[str, str]:
    """What the environment says of the terminal."""
    client = _CLIENT.get()
    return client.environ if client else os.environ


def terminal_lines() -> int:
    """Height of the terminal."""
    client = _CLIENT.get()
    if client is None:
        # Not at the top: who is answered by a server has no use for it.
        import shutil

        return shutil.get_terminal_size().lines
    lines = client.environ.get("LINES", "")
    return int(lines) if lines.isdigit() else _USUAL_LINES


def warm() -> Warm | None:
    """What is held ready for this command; None where it loads what it needs."""
    client = _CLIENT.get()
    return client.warm if client else None
