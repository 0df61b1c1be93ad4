"""Where a command writes: data to stdout, everything else to stderr.

On a terminal, tables are coloured and progress is animated; elsewhere there are no escape
sequences, nothing is truncated and nothing is animated.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from bienc_cli.cli.process import is_utf_8
from bienc_cli.environment import caller
from bienc_cli.errors import BiencError, OutputRefused
from bienc_cli.render.view import CompareFormat, OutputFormat, QueryFormat

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from bienc_cli.library.answer import Shown
    from bienc_cli.render.view import View

_JOINED = re.compile(r"-q?f=?(\w+)")
"""A format attached to its option letter, as the parser allows."""

_PIPE_WIDTH = 100
"""Columns of a table not printed to a terminal, unless COLUMNS is set."""


class ClosedPipe(Exception):
    """The reader of our stdout is gone (`| head`); there is nobody left to tell."""


@contextmanager
def writing() -> Iterator[None]:
    """Distinguish a reader that is gone from an output that cannot be written.

    Raises:
        ClosedPipe: the reader is gone.
        OutputRefused: the output cannot be written.
    """
    try:
        yield
    except BrokenPipeError as error:
        raise ClosedPipe from error
    except OSError as error:
        raise OutputRefused(
            f"The answer cannot be written to standard output: {error.strerror or error}.",
            "send it somewhere else, or free some space there",
        ) from error


class Output:
    """The output streams of one command, in one format."""

    def __init__(
        self, format_: OutputFormat | QueryFormat | CompareFormat, *, quiet: bool = False
    ) -> None:
        self.format = format_.value
        self.quiet = quiet

    @property
    def machine(self) -> bool:
        """Whether stdout is JSON."""
        return self.format in (OutputFormat.json, OutputFormat.jsonl)

    @property
    def animated(self) -> bool:
        """Whether progress bars may be shown on stderr."""
        return caller.stderr().isatty() and not self.quiet and caller.warm() is None

    def stderr_console(self) -> Console:
        """The console for progress on a terminal."""
        from rich.console import Console

        return Console(stderr=True, highlight=False)

    def show(self, view: View) -> None:
        """Print a result in the requested format."""
        if self.format == OutputFormat.json:
            self.print_json(view.as_json())
        elif self.format == OutputFormat.jsonl:
            for document in view.as_documents():
                self.print_json(document)
        elif self.format == OutputFormat.plain:
            self.print_lines(view.as_lines())
        elif self.format == OutputFormat.table:
            self.print_rich(view.as_table())
        else:
            self.print_lines(view.other_forms()[self.format])

    def show_answer(self, answer: Shown[Any]) -> None:
        """Print what the library answered, after its warnings."""
        self.warn_all(answer.warnings)
        self.show(answer.view())

    def print_json(self, document: Mapping[str, Any]) -> None:
        """Print one JSON document; indented for `json`, on one line for `jsonl`."""
        indent = 2 if self.format == OutputFormat.json else None
        escaped = not is_utf_8(caller.stdout())
        text = json.dumps(document, ensure_ascii=escaped, indent=indent, allow_nan=False)
        self._write(f"{text}\n")

    def print_lines(self, lines: Iterable[str]) -> None:
        """Print plain lines."""
        self._write("".join(f"{line}\n" for line in lines))

    def print_rich(self, *renderables: RenderableType) -> None:
        """Print tables and text for people."""
        from rich.console import Console

        stdout, environ = caller.stdout(), caller.environ()
        if stdout.isatty():
            console = Console(highlight=False, file=stdout, _environ=environ)
            with writing():
                for renderable in renderables:
                    console.print(renderable, crop=False)
            return
        # rich treats FORCE_COLOR as a terminal; a pipe gets no escape sequences even then, nor
        # the blanks that pad a table's lines.
        console = Console(
            highlight=False,
            force_terminal=False,
            color_system=None,
            width=_pipe_width(),
            file=io.StringIO(),
            _environ=environ,
        )
        with console.capture() as captured:
            for renderable in renderables:
                console.print(renderable, crop=False)
        self.print_lines(line.rstrip() for line in captured.get().splitlines())

    def note(self, sentence: str) -> None:
        """Print something worth knowing that is not data."""
        if not self.quiet:
            self._to_stderr(sentence)

    def tell(self, sentence: str) -> None:
        """Print the reason for the exit code, even when quiet."""
        self._to_stderr(sentence)

    def warn_all(self, sentences: Iterable[str]) -> None:
        """`warn`, for each of some sentences."""
        for sentence in sentences:
            self.warn(sentence)

    def warn(self, sentence: str) -> None:
        """Print something the user should act on, even when quiet."""
        self._to_stderr(f"warning: {sentence}")

    def _to_stderr(self, sentence: str) -> None:
        from bienc_cli.render.printable import visible

        with writing():
            caller.stdout().flush()
        # There is no stream left to report this on.
        with suppress(OSError):
            caller.stderr().write(f"{visible(sentence)}\n")
            caller.stderr().flush()

    def _write(self, text: str) -> None:
        with writing():
            caller.stdout().write(text)
            caller.stdout().flush()


def link_form() -> str | None:
    """The URL template of links to citations; None for a terminal without links.

    `{path}` and `{line}` are placeholders. Few terminals support a line in a file link.
    """
    environ = caller.environ()
    terminal, program = environ.get("TERM", ""), environ.get("TERM_PROGRAM", "")
    if terminal in ("", "dumb", "linux") or terminal.startswith("screen"):
        return None
    if program == "vscode":
        return "vscode://file{path}:{line}"
    return "file://{host}{path}#{line}" if "kitty" in terminal else "file://{host}{path}"


def print_error(arguments: list[str], error: BiencError) -> None:
    """Print an error: on stderr for people, and on stdout as JSON if JSON was requested."""
    from bienc_cli.render.printable import visible
    from bienc_cli.render.view import error_as_json

    # The arguments themselves may be invalid, so they are searched instead of parsed.
    format_name = _requested_format(arguments)
    message, hint = error.typed
    as_json = format_name in (OutputFormat.json, OutputFormat.jsonl)
    if format_name and as_json and not isinstance(error, OutputRefused):
        Output(OutputFormat(format_name)).print_json(error_as_json(error.code, message, hint))
        return
    with suppress(OSError):
        caller.stdout().flush()
    with suppress(OSError):
        stderr = caller.stderr()
        stderr.write(f"error: {visible(message)}\n")
        if hint:
            stderr.write(f"hint: {visible(hint)}\n")
        stderr.flush()


def _requested_format(arguments: list[str]) -> str | None:
    format_name: str | None = None
    for position, argument in enumerate(arguments):
        if argument == "--":
            break
        if argument in ("--format", "-f") and position + 1 < len(arguments):
            format_name = arguments[position + 1]
        elif argument.startswith("--format="):
            format_name = argument.removeprefix("--format=")
        elif attached := _JOINED.fullmatch(argument):
            format_name = attached[1]
    return format_name


def _pipe_width() -> int:
    columns = caller.environ().get("COLUMNS", "")
    return max(int(columns), 40) if columns.isdigit() else _PIPE_WIDTH
