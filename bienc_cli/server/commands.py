"""Serves command lines over the socket: `client` sends them, a worker answers."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Any

from bienc_cli import __version__
from bienc_cli.server import Declined
from bienc_cli.server import endpoint as endpoints
from bienc_cli.server.client import MOST_ANSWERED, MOST_ASKED, ServedAnswer
from bienc_cli.server.resident import Readers
from bienc_cli.server.threads import AnsweringThreads, Busy
from bienc_cli.server.wire import BadLine, Lines, as_line, send

_REQUEST_SECONDS = 5.0
_ANSWER_SECONDS = 30.0
_BETWEEN_SIGNS_OF_LIFE = 1.0
_MOST_ARGUMENTS = 1_000
_WORKING = as_line({"working": True})


@dataclass(frozen=True, slots=True)
class Stream:
    """Properties of a client's stream."""

    tty: bool
    encoding: str


@dataclass(frozen=True, slots=True)
class CommandLine:
    """A client's command line and surroundings.

    Attributes:
        directory: the client's working directory, absolute.
        environment: the variables that concern this command alone.
        size: columns and lines of its terminal; None if there is none.
    """

    arguments: tuple[str, ...]
    directory: str
    environment: Mapping[str, str]
    stdout: Stream
    stderr: Stream
    size: tuple[int, int] | None


Answering = Callable[[CommandLine, Readers], ServedAnswer]
"""Runs a command; raises `Declined`."""


class CommandServer:
    """Serves connections on the socket; `converse` is for a `Listener`."""

    def __init__(self, workers: AnsweringThreads, answer: Answering) -> None:
        self._workers = workers
        self._answer = answer

    def converse(self, connection: socket.socket) -> bool:
        """Answer one request; returns True if it was one."""
        if not endpoints.is_same_user(connection):
            return False
        try:
            request = Lines(connection).document(limit=MOST_ASKED, seconds=_REQUEST_SECONDS)
            command = _parsed_command(request)
        except (BadLine, LookupError, TypeError, ValueError):
            return False
        except Declined as declined:
            return _decline(connection, str(declined))
        try:
            future = self._workers.ask(lambda readers: self._answer(command, readers))
            answer = _wait_for_answer(future, connection)
        except Busy:
            return _decline(connection, "too many are waiting")
        except Declined as declined:
            return _decline(connection, str(declined))
        except OSError:
            raise
        except Exception as error:
            return _decline(connection, f"{type(error).__name__}: {error}")
        reply = as_line({"output": answer.output, "exit_code": answer.exit_code})
        if len(reply) > MOST_ANSWERED:
            return _decline(connection, "the answer is too long")
        send(connection, reply, seconds=_ANSWER_SECONDS)
        return True


def _wait_for_answer(future: Future[ServedAnswer], connection: socket.socket) -> ServedAnswer:
    """Wait for the answer, telling the client that work is in progress.

    Raises:
        OSError: the client is gone; work not yet started for it is cancelled.
    """
    try:
        while not wait([future], _BETWEEN_SIGNS_OF_LIFE).done:
            send(connection, _WORKING, seconds=_BETWEEN_SIGNS_OF_LIFE)
        return future.result()
    finally:
        future.cancel()


def _decline(connection: socket.socket, reason: str) -> bool:
    send(connection, as_line({"declined": reason}), seconds=_BETWEEN_SIGNS_OF_LIFE)
    return False


def _parsed_command(request: dict[str, Any]) -> CommandLine:
    """Validate a request; raises LookupError, TypeError or ValueError if it is malformed.

    Raises:
        Declined: it was sent by another version.
    """
    if request["version"] != __version__:
        raise Declined(f"this is version {__version__}")
    arguments = _texts(request["arguments"])
    directory = request["directory"]
    if not isinstance(directory, str) or not directory.startswith("/") or "\0" in directory:
        raise ValueError("no directory")
    environment = request["environment"]
    if not isinstance(environment, dict):
        raise TypeError("no environment")
    _texts([*environment, *environment.values()])
    terminal = request["terminal"]
    size = terminal["size"]
    return CommandLine(
        arguments=arguments,
        directory=directory,
        environment=environment,
        stdout=_stream(terminal["stdout"]),
        stderr=_stream(terminal["stderr"]),
        size=None if size is None else (_number(size[0]), _number(size[1])),
    )


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > _MOST_ARGUMENTS:
        raise TypeError("no list of texts")
    if not all(isinstance(text, str) and "\0" not in text for text in value):
        raise TypeError("no list of texts")
    return tuple(value)


def _stream(value: Mapping[str, Any]) -> Stream:
    tty, encoding = value["tty"], value["encoding"]
    if not isinstance(tty, bool) or not isinstance(encoding, str):
        raise TypeError("no stream")
    return Stream(tty, encoding)


def _number(value: object) -> int:
    if not isinstance(value, int) or not 0 <= value <= 10_000:
        raise ValueError("no size")
    return value
