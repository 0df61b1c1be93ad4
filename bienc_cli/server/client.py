"""Asks a running server instead of starting up; without one, the command runs by itself.

Every `bienc query` pays for the imports here and in imported modules: `typing`, `dataclasses` and
`pathlib` alone would take longer than everything a client does.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping, Sequence

from bienc_cli import __version__
from bienc_cli.server import endpoint as endpoints
from bienc_cli.server.wire import BadLine, Lines, as_line, send

TYPE_CHECKING = False  # `typing` has it, and this is how a type checker knows it.
if TYPE_CHECKING:
    from typing import Any

MOST_ASKED = 1 << 20
MOST_ANSWERED = 64 << 20
"""Maximum bytes of a request, and of an answer."""

_CONNECT_SECONDS = 0.5
_BETWEEN_SIGNS_OF_LIFE = 5.0
"""Seconds. A working server sends a sign of life every second."""

_NOT_SERVED = frozenset(("--no-server", "--refresh", "--exhaustive", "--help", "-h", "-"))
"""Arguments of commands that a server is not asked: it would read or write in the client's place,
or take long."""

_SENT_VARIABLES = frozenset(
    """COLUMNS LINES TERM TERM_PROGRAM COLORTERM NO_COLOR FORCE_COLOR TTY_COMPATIBLE TTY_INTERACTIVE
    BIENC_INDEX""".split()
)


class ServedAnswer:
    """A command's output and exit code.

    Attributes:
        output: (`stdout` or `stderr`, text), in order.
    """

    __slots__ = ("exit_code", "output")

    def __init__(self, output: list[tuple[str, str]], exit_code: int) -> None:
        self.output = output
        self.exit_code = exit_code


def ask(
    arguments: Sequence[str], environ: Mapping[str, str], endpoint: endpoints.Endpoint
) -> ServedAnswer | None:
    """Let a running server answer a command line; None if none can.

    Args:
        arguments: without the program's name.
        environ: of this process.
        endpoint: where a server of the same version and settings would listen.
    """
    if not is_for_a_server(arguments, environ):
        return None
    connection = connect(endpoint)
    if connection is None:
        return None
    with connection:
        try:
            request = {
                "version": __version__,
                "arguments": list(arguments),
                "directory": os.getcwd(),  # noqa: PTH109
                "environment": {name: environ[name] for name in _SENT_VARIABLES & environ.keys()},
                "terminal": _terminal(),
            }
            send(connection, as_line(request), seconds=_CONNECT_SECONDS)
            lines = Lines(connection)
            while (reply := _next(lines)).get("working"):
                pass
            return _parsed_answer(reply)
        except (OSError, BadLine, KeyError, TypeError, ValueError):
            return None


def is_for_a_server(arguments: Sequence[str], environ: Mapping[str, str]) -> bool:
    """Whether another process may answer a command line at all."""
    return (
        list(arguments[:1]) == ["query"]
        and _NOT_SERVED.isdisjoint(arguments)
        and environ.get("BIENC_SERVER") != "off"
        and not environ.get("BIENC_DEBUG")
    )


def connect(endpoint: endpoints.Endpoint) -> socket.socket | None:
    """Connect to this user's server at an endpoint; None if there is none."""
    directory = endpoints.open_directory(endpoint)
    if directory is None:
        return None
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)  # type: ignore[attr-defined, unused-ignore]
    try:
        connection.settimeout(_CONNECT_SECONDS)
        connection.connect(endpoints.address_in(directory, endpoint))
        if endpoints.is_same_user(connection):
            return connection
    except OSError:
        pass
    finally:
        os.close(directory)
    connection.close()
    return None


def begin_server(endpoint: endpoints.Endpoint, environ: Mapping[str, str]) -> None:
    """Start a server in the background that outlives this process, unless there is one.

    Failures are ignored.
    """
    running = connect(endpoint)
    if running is not None:
        running.close()
        return
    null_device = os.open(os.devnull, os.O_RDWR)
    actions = [(os.POSIX_SPAWN_DUP2, null_device, stream) for stream in (0, 1, 2)]  # type: ignore[attr-defined, unused-ignore]
    try:
        os.posix_spawn(  # type: ignore[attr-defined, unused-ignore]
            sys.executable,
            [sys.executable, "-m", "bienc_cli", "serve", "--quiet"],
            # Keep Python from importing from the working directory, which may not be trustworthy.
            {**environ, "PYTHONSAFEPATH": "1", "BIENC_SERVER": "off"},
            file_actions=actions,
            setsid=True,
        )
    except (OSError, NotImplementedError):
        # os.posix_spawn raises NotImplementedError if the system cannot spawn into a
        # new session; the server would only have made the next query faster.
        pass
    finally:
        os.close(null_device)


def _next(lines: Lines) -> dict[str, Any]:
    return lines.document(limit=MOST_ANSWERED, seconds=_BETWEEN_SIGNS_OF_LIFE)


def _parsed_answer(reply: dict[str, Any]) -> ServedAnswer | None:
    if "output" not in reply:
        return None
    output = [(str(stream), str(text)) for stream, text in reply["output"]]
    return ServedAnswer(output, int(reply["exit_code"]))


def _terminal() -> dict[str, Any]:
    return {
        "stdout": _stream(sys.stdout),
        "stderr": _stream(sys.stderr),
        "size": _size(),
    }


def _stream(stream: Any) -> dict[str, Any]:
    return {"tty": stream.isatty(), "encoding": stream.encoding}


def _size() -> list[int] | None:
    for descriptor in (0, 1, 2):
        try:
            return list(os.get_terminal_size(descriptor))
        except OSError:
            continue
    return None
