"""Accepts connections, and serves each in its own thread for a limited time."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

MOST_CONNECTIONS = 64
"""Maximum number of simultaneous connections; others are refused, and those clients work without
the server."""


class Activity:
    """Tracks when anybody was last answered.

    Attributes:
        busy: number of open connections.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = time.monotonic()
        self.busy = 0

    def begin(self) -> bool:
        """Register a connection, if there is room for it."""
        with self._lock:
            if self.busy >= MOST_CONNECTIONS:
                return False
            self.busy += 1
            return True

    def end(self, *, answered: bool) -> None:
        """Unregister a connection."""
        with self._lock:
            self.busy -= 1
            if answered:
                self._last = time.monotonic()

    def idle_seconds(self) -> float:
        """How long ago the last answer was; 0 while somebody is connected."""
        return 0.0 if self.busy else time.monotonic() - self._last


class Listener:
    """Accepts connections on a socket until the process ends.

    Args:
        listening_socket: bound and listening.
        converse: serves one connection and returns whether it was a valid request; an OSError from
            it only ends that connection.
        activity: registers each connection.
    """

    def __init__(
        self,
        listening_socket: socket.socket,
        converse: Callable[[socket.socket], bool],
        activity: Activity,
    ) -> None:
        self._socket = listening_socket
        self._converse = converse
        self._activity = activity
        threading.Thread(target=self._accept, daemon=True, name="bienc-listener").start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                if self._socket.fileno() < 0:
                    return
                # Out of descriptors, or the caller is already gone.
                time.sleep(0.05)
                continue
            if not self._activity.begin():
                connection.close()
                continue
            threading.Thread(
                target=self._serve, args=(connection,), daemon=True, name="bienc-connection"
            ).start()

    def _serve(self, connection: socket.socket) -> None:
        answered = False
        try:
            with connection, suppress(OSError):
                answered = self._converse(connection)
        finally:
            self._activity.end(answered=answered)
