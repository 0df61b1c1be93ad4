"""Serves command lines over the socket: `client` sends them, a worker answers."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Any

from bienc_cli import __version__
from bienc_cli.server import Declined
from bienc_cli.server import endpoint as place
from bienc_cli.server.client import MOST_ANSWERED, MOST_ASKED, ServedAnswer
from bienc_cli.server.resident import Readers
from bienc_cli.server.threads import AnsweringThreads, Busy
from bienc_cli.server.wire import BadLine, Lines, as_line, send

_TO_ASK = 5.0
_TO_TAKE_THE_ANSWER = 30.0
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
        if not place.is_same_user(connection):
            return False
        try:
            asked = Lines(connection).document(limit=MOST_ASKED, seconds=_TO_ASK)
            command = _understood(asked)
        except (BadLine, LookupError, TypeError, ValueError):
            return False
        except Declined as why:
            return _decline(connection, str(why))
        try:
            future = self._workers.ask(lambda readers: self._answer(command, readers))
            answer = _awaited(future, connection)
        except Busy:
            return _decline(connection, "too many are waiting")
        except Declined as why:
            return _decline(connection, str(why))
        except OSError:
            raise
        except Exception as error:
            return _decline(connection, f"{type(error).__name__}: {error}")
        reply = as_line({"output": answer.output, "exit_code": answer.exit_code})
        if len(reply) > MOST_ANSWERED:
            return _decline(connection, "the answer is too long")
        send(connection, reply, seconds=_TO_TAKE_THE_ANSWER)
        return True


def _awaited(future: Future[ServedAnswer], connection: socket.socket) -> ServedAnswer:
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


def _decline(connection: socket.socket, why: str) -> bool:
    send(connection, as_line({"declined": why}), seconds=_BETWEEN_SIGNS_OF_LIFE)
    return False


def _understood(asked: dict[str, Any]) -> CommandLine:
    """Validate a request; raises LookupError, TypeError or ValueError if it is malformed.

    Raises:
        Declined: it was sent by another version.
    """
    if asked["version"] != __version__:
        raise Declined(f"this is version {__version__}")
    arguments = _texts(asked["arguments"])
    directory = asked["directory"]
    if not isinstance(directory, str) or not directory.startswith("/") or "\0" in directory:
        raise ValueError("no directory")
    environment = asked["environment"]
    if not isinstance(environment, dict):
        raise TypeError("no environment")
    _texts([*environment, *environment.values()])
    terminal = asked["terminal"]
    size = terminal["size"]
    return CommandLine(
        arguments=arguments,
        directory=directory,
        environment=environment,
        stdout=_stream(terminal["stdout"]),
        stderr=_stream(terminal["stderr"]),
        size=None if size is None else (_number(size[0]), _number(size[1])),
    )


def _texts(found: object) -> tuple[str, ...]:
    if not isinstance(found, list) or len(found) > _MOST_ARGUMENTS:
        raise TypeError("no list of texts")
    if not all(isinstance(one, str) and "\0" not in one for one in found):
        raise TypeError("no list of texts")
    return tuple(found)


def _stream(found: Mapping[str, Any]) -> Stream:
    tty, encoding = found["tty"], found["encoding"]
    if not isinstance(tty, bool) or not isinstance(encoding, str):
        raise TypeError("no stream")
    return Stream(tty, encoding)


def _number(found: object) -> int:
    if not isinstance(found, int) or not 0 <= found <= 10_000:
        raise ValueError("no size")
    return found
