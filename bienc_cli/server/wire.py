"""Exchanges JSON documents over a stream, one per line, with limits on length and time."""

from __future__ import annotations

import json
import socket
import time

TYPE_CHECKING = False  # As in `bienc_cli.server.client`.
if TYPE_CHECKING:
    from typing import Any

_PORTION = 1 << 16


class BadLine(Exception):
    """A line is too long, too slow, cut off, or not a JSON object."""


class Lines:
    """Reads lines from a connection; slow senders get no more time than fast ones."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._received = bytearray()

    def document(self, *, limit: int, seconds: float) -> dict[str, Any]:
        """The next document.

        Args:
            limit: maximum number of bytes.
            seconds: deadline for its end.

        Raises:
            BadLine: it is invalid; the connection cannot be used any more.
            OSError: the connection failed.
        """
        line = self.until(b"\n", limit=limit, seconds=seconds)
        try:
            document = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise BadLine("no JSON") from error
        if not isinstance(document, dict):
            raise BadLine("no object")
        return document

    def until(self, end: bytes, *, limit: int, seconds: float) -> bytes:
        """Everything up to `end`, exclusive; raises as `document` does."""
        deadline = time.monotonic() + seconds
        search_start = 0
        while (position := self._received.find(end, search_start)) < 0:
            search_start = max(0, len(self._received) - len(end) + 1)
            self._receive(limit, deadline)
        data = bytes(self._received[:position])
        if position > limit:
            raise BadLine("too long")
        del self._received[: position + len(end)]
        return data

    def exactly(self, size: int, *, seconds: float) -> bytes:
        """A given number of bytes; raises as `document` does."""
        deadline = time.monotonic() + seconds
        while len(self._received) < size:
            self._receive(size, deadline)
        data = bytes(self._received[:size])
        del self._received[:size]
        return data

    def _receive(self, limit: int, deadline: float) -> None:
        if len(self._received) > limit:
            raise BadLine("too long")
        seconds_left = deadline - time.monotonic()
        if seconds_left <= 0:
            raise BadLine("too slow")
        self._connection.settimeout(seconds_left)
        try:
            portion = self._connection.recv(_PORTION)
        except TimeoutError as error:
            raise BadLine("too slow") from error
        if not portion:
            raise BadLine("cut off")
        self._received += portion


def as_line(document: dict[str, Any]) -> bytes:
    """A document encoded for sending."""
    # Escaped, so that undecodable bytes of a file name survive.
    return json.dumps(document).encode("ascii") + b"\n"


def send(connection: socket.socket, line: bytes, *, seconds: float) -> None:
    """Send the result of `as_line`.

    Raises:
        OSError: it cannot be sent, or the receiver was too slow.
    """
    connection.settimeout(seconds)
    connection.sendall(line)
