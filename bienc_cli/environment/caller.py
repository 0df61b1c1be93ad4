"""The caller of a command: the user of this process, or a client of the server.

A client's command runs in the client's directory, prints to the client's terminal, and uses what
the server holds ready. These are properties of the thread that runs it, where they otherwise are
properties of the process.
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
    """How models run; a server's settings apply to everything it holds."""

    runtime: str
    device: str
    threads: int | None
    offline: bool


@dataclass(frozen=True, slots=True)
class Warm:
    """Models and readers held ready."""

    settings: RunSettings
    models: ResidentModels
    readers: Readers


@dataclass(frozen=True, slots=True)
class Caller:
    """A client.

    Attributes:
        here: the client's working directory.
        environ: the part of its environment that concerns the terminal.
        warm: what answers it.
    """

    here: Path
    environ: Mapping[str, str]
    stdout: TextIO
    stderr: TextIO
    warm: Warm

    @contextmanager
    def served(self) -> Iterator[None]:
        """Run the body, in this thread, for this client."""
        token = _CLIENT.set(self)
        try:
            yield
        finally:
            _CLIENT.reset(token)


class Collected(io.StringIO):
    """Collects what is to be printed on a client's stream.

    Args:
        name: of the stream.
        output: shared by several streams, to keep their order.
        tty: whether it is a terminal.
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
        """The encoding of the client's stream."""
        return self._encoding

    def isatty(self) -> bool:
        """Whether the client's stream is a terminal."""
        return self._tty

    def write(self, text: str) -> int:
        """Collect text."""
        self._output.append((self._name, text))
        return len(text)


_CLIENT: ContextVar[Caller | None] = ContextVar("client", default=None)


def here() -> Path:
    """The working directory."""
    client = _CLIENT.get()
    return client.here if client else Path.cwd()


def stdout() -> TextIO:
    """The stream for data."""
    client = _CLIENT.get()
    return client.stdout if client else sys.stdout


def stderr() -> TextIO:
    """The stream for everything else."""
    client = _CLIENT.get()
    return client.stderr if client else sys.stderr


def environ() -> Mapping[str, str]:
    """The environment variables that concern the terminal."""
    client = _CLIENT.get()
    return client.environ if client else os.environ


def terminal_lines() -> int:
    """Height of the terminal."""
    client = _CLIENT.get()
    if client is None:
        # Not at the top: a client answered by a server does not need it.
        import shutil

        return shutil.get_terminal_size().lines
    lines = client.environ.get("LINES", "")
    return int(lines) if lines.isdigit() else _USUAL_LINES


def warm() -> Warm | None:
    """What is held ready for this command; None if it loads what it needs itself."""
    client = _CLIENT.get()
    return client.warm if client else None
