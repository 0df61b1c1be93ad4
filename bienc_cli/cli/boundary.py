"""The error boundary: turns every way a command can end into a message and an exit code."""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from itertools import pairwise
from typing import Any

from bienc_cli.cli import process
from bienc_cli.cli.process import Terminated, Termination
from bienc_cli.environment import caller
from bienc_cli.errors import (
    EXIT_INTERRUPTED,
    EXIT_OK,
    EXIT_USAGE,
    BiencError,
    InternalError,
    OutputRefused,
    StorageError,
    UsageError,
)
from bienc_cli.server import Declined

_NO_MEMORY = re.compile(r"cannot allocate|bad.?alloc|map segment|(?:out of|enough) memory", re.I)
"""Wordings of libraries that are out of memory, each in an exception of its own."""


def _expand_shorthands(argv: Sequence[str]) -> list[str]:
    """Expand shorthands: `bienc help COMMAND`, and `--ray` without an address."""
    arguments = list(argv)
    if arguments[:1] == ["help"]:
        arguments = [*arguments[1:], "--help"]
    if "--ray" in arguments:
        value_position = arguments.index("--ray") + 1
        if value_position == len(arguments) or arguments[value_position].startswith("-"):
            arguments.insert(value_position, "local")
    return arguments


def _refuse_two_indexes(arguments: Sequence[str]) -> None:
    """Refuse a second --index: the parser would silently drop the first.

    Raises:
        UsageError: naming both.
    """
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    indexes = [word.partition("=")[2] for word in options if word.startswith("--index=")]
    indexes += [value for flag, value in pairwise(options) if flag == "--index"]
    if len(set(indexes)) > 1:
        raise UsageError(
            f"--index is given {len(indexes)} times: {', '.join(indexes)}.",
            "give one at a time; query takes several",
        )


def run_here(argv: Sequence[str]) -> int:
    """Run one command in this process; returns the exit code."""
    arguments = _expand_shorthands(argv)
    code = carry_out(arguments)
    _start_server_if_wanted(arguments)
    return code


def carry_out(arguments: list[str], given: Mapping[str, Any] | None = None) -> int:
    """Run one command here, for this user or a client.

    Args:
        arguments: without the program's name, shorthands expanded.
        given: parameters of `query` from its environment.

    Returns:
        The exit code, as for `main`.

    Raises:
        Declined: the client has to run it.
    """
    report_arguments = arguments
    # Not at the top: a client answered by a server does not need it.
    from bienc_cli.cli import preload
    from bienc_cli.environment import defaults

    try:
        settings = defaults.use(arguments)
    except UsageError as error:
        return _report(arguments, error)
    if (format_ := settings.of("format")) is not None:
        report_arguments = ["--format", format_.value, *arguments]
    if caller.warm() is None:
        preload.begin([*arguments, *settings.as_words(arguments)])
    from typer.exceptions import Abort, TyperException

    from bienc_cli.cli.app import COMMANDS
    from bienc_cli.cli.output import ClosedPipe

    default_map = settings.for_parser(arguments, COMMANDS)
    default_map["query"] |= given or {}

    termination = Termination()
    try:
        with termination:
            code = _run(arguments, default_map)
            if code == EXIT_INTERRUPTED or termination.received:
                # Typer caught the KeyboardInterrupt, or the interrupted library caught its own.
                return termination.exit_code()
            return code if isinstance(code, int) else EXIT_OK
    except Declined:
        raise
    except TyperException as error:
        # Typer shows the help for `bienc` alone as an error.
        if type(error).__name__ == "NoArgsIsHelpError":
            return EXIT_USAGE
        from bienc_cli.cli.usage_errors import put_into_words

        return _report(report_arguments, put_into_words(error, arguments, COMMANDS), error)
    except (KeyboardInterrupt, Abort, Terminated):
        return termination.exit_code()
    except (ClosedPipe, BrokenPipeError):
        _discard_stdout()
        return EXIT_OK
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else EXIT_USAGE
    except BiencError as error:
        return _report(report_arguments, error)
    except Exception as error:
        return _report(report_arguments, _unforeseen(error), error)


def _run(arguments: list[str], defaults: Mapping[str, Mapping[str, Any]]) -> object:
    """Parse and run a command, and write out its output; returns the command's result."""
    from bienc_cli.cli.app import COMMANDS
    from bienc_cli.cli.output import writing

    # Only a query can search several indexes.
    if arguments[:1] != ["query"]:
        _refuse_two_indexes(arguments)
    command_names = tuple(arguments[:1])
    if not {*command_names} & {*COMMANDS}:
        command_names = COMMANDS
    code = _command_line(command_names)(
        arguments, prog_name="bienc", standalone_mode=False, default_map=defaults
    )
    with writing():
        caller.stdout().flush()
    return code


def _unforeseen(error: Exception) -> BiencError:
    """The error for an unexpected exception."""
    if isinstance(error, MemoryError) or _NO_MEMORY.search(str(error)):
        return StorageError(
            "There is not enough memory for this.",
            "end other programs, or raise the limit of this one: ulimit -v",
        )
    if not isinstance(error, OSError):
        return InternalError(
            f"This should not happen: {type(error).__name__}: {error}",
            "set BIENC_DEBUG=1 to see where, and report it with the command you typed",
        )
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return StorageError("There are no file handles left.", "raise the limit: ulimit -n 1024")
    return StorageError(f"The system refused: {error}.")


@cache
def _command_line(names: tuple[str, ...]) -> Callable[..., Any]:
    """The runner for some of the commands."""
    from bienc_cli.cli.app import command_line

    main: Callable[..., Any] = command_line(names).main
    return main


def end_unwritten(arguments: list[str], error: OSError) -> int:
    """Report that standard output cannot be written; returns the exit code."""
    from bienc_cli.cli.output import ClosedPipe, writing

    try:
        with writing():
            raise error
    except ClosedPipe:
        _discard_stdout()
        return EXIT_OK
    except OutputRefused as refused:
        return _report(arguments, refused)


def _start_server_if_wanted(argv: Sequence[str]) -> None:
    """Start a server for the next query, if the user wants one."""
    if os.environ.get("BIENC_SERVER") != "auto" or argv[:1] != ["query"]:
        return
    from bienc_cli.server import client

    if client.is_for_a_server(argv, os.environ):
        client.begin_server(process.endpoint(), os.environ)


def _report(arguments: list[str], error: BiencError, cause: BaseException | None = None) -> int:
    """Print an error in the requested format; returns its exit code.

    Args:
        arguments: of the command.
        error: what to report.
        cause: the exception it was made from; None if it was raised as it is.
    """
    from bienc_cli.cli.output import ClosedPipe, print_error

    if caller.warm() is not None:
        # The fault may be the server's; the client then fails the same way, or gets an answer.
        raise Declined(error.message) from (cause or error)
    if os.environ.get("BIENC_DEBUG") == "1":
        import traceback

        traceback.print_exception(cause or error)
    if isinstance(error, OutputRefused):
        _discard_stdout()
    try:
        print_error(arguments, error)
    except (ClosedPipe, BrokenPipeError):
        _discard_stdout()
    except OutputRefused as refused:
        _discard_stdout()
        message, hint = error.typed
        print_error([], type(refused)(f"{message} {refused.message}", hint))
    return error.exit_code


def _discard_stdout() -> None:
    """Make the interpreter's final flush go nowhere instead of failing."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
