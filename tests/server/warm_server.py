"""A server in this process, and what tests know of it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bienc_cli.cli.serving import Serving
from bienc_cli.server.client import ServedAnswer, ask
from bienc_cli.server.commands import CommandLine
from bienc_cli.server.endpoint import Endpoint
from bienc_cli.server.listener import Activity
from bienc_cli.server.resident import Readers
from bienc_cli.server.threads import AnsweringThreads

TOKEN = "a-token-for-these-tests"


@dataclass
class Running:
    """A server that runs.

    Attributes:
        answered: every command line that it was given.
        before: called in the worker with each of them, first.
        port: that HTTP is spoken on.
    """

    endpoint: Endpoint
    serving: Serving
    activity: Activity
    workers: AnsweringThreads
    port: int
    answered: list[tuple[str, ...]] = field(default_factory=list)
    before: Callable[[], object] = lambda: None

    def answer(self, command: CommandLine, readers: Readers) -> ServedAnswer:
        self.answered.append(command.arguments)
        self.before()
        return self.serving.answer(command, readers)


def descriptors() -> int:
    """How many this process has."""
    return len(list(Path("/proc/self/fd").iterdir()))


def ask_as_client(server: Running, *arguments: str) -> ServedAnswer | None:
    """What a client of this process is answered; for several threads at once."""
    return ask(arguments, os.environ, server.endpoint)


def timeless(printed: str) -> str:
    """Without times, what says that it was served, and the breaks of lines that these move."""
    if printed.startswith("{"):
        printed = re.sub(r'"seconds": \{[^}]*\}', "", printed)
        return re.sub(r',\s+"served": true', "", printed)
    printed = re.sub(r"[0-9.,]+\s+(µs|ms|s)\b", "T", printed)
    # What parts them is left out at the end of a line, and may be written as an escape.
    parted = re.sub(r"(?: (?:·|\ufffd+|\\xb7))+(?= )", "", " ".join(printed.split()))
    return parted.replace(" served open index", " open index")
