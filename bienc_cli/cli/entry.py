"""The entry point of every command line: ask a running server first, if there is one.

A command that a server answers imports nothing else: that would take longer than the answer.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from bienc_cli.cli import process
from bienc_cli.cli.process import Terminated, Termination, endpoint
from bienc_cli.errors import UsageError
from bienc_cli.server import client

TYPE_CHECKING = False  # As in `bienc_cli.server.client`.
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def main(argv: Sequence[str], begin: Callable[[], object] = lambda: None) -> int:
    """Run one command.

    Args:
        argv: the arguments without the program's name.
        begin: called first if no server answers and this process does the work.

    Returns:
        The exit code. With `--format json` or `jsonl` an error is also a JSON object on
        stdout; otherwise it is a sentence and a hint on stderr. With BIENC_DEBUG=1 the
        traceback comes too.
    """
    process.settle()
    arguments = list(argv)
    exit_code = _ask_server(arguments)
    if exit_code is not None:
        return exit_code
    begin()
    from bienc_cli.cli.boundary import run_here

    return run_here(arguments)


def _ask_server(arguments: list[str]) -> int | None:
    """The exit code of a command answered by a running server; None if there is none."""
    if not client.is_for_a_server(arguments, os.environ):
        return None
    termination = Termination()
    try:
        with termination, suppress(UsageError):
            answer = client.ask(arguments, os.environ, endpoint())
            return None if answer is None else _show(arguments, answer)
    except (KeyboardInterrupt, Terminated):
        return termination.exit_code()
    return None


def _show(arguments: list[str], answer: client.ServedAnswer) -> int:
    """Print a server's answer as the command itself would have."""
    for name, text in answer.output:
        stream = sys.stdout if name == "stdout" else sys.stderr
        try:
            stream.write(text)
            stream.flush()
        except OSError as error:
            # There is no stream left to report this on.
            if stream is sys.stdout:
                from bienc_cli.cli.boundary import end_unwritten

                return end_unwritten(arguments, error)
    return answer.exit_code
