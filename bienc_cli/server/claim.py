"""Claims an endpoint for a single server: a lock, and a socket that only this user can reach."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from typing import Self

from bienc_cli import portable
from bienc_cli.errors import StorageError
from bienc_cli.server import endpoint as endpoints
from bienc_cli.server.endpoint import Endpoint

_BACKLOG = 64
_MODE = 0o600


class Claim:
    """A socket at an endpoint, until it is withdrawn."""

    def __init__(self, endpoint: Endpoint, directory: int, lock: int) -> None:
        self._endpoint = endpoint
        self._directory = directory
        self._lock = lock
        # Left by a server that was killed, which no longer holds the lock.
        with suppress(FileNotFoundError):
            os.unlink(endpoint.name, dir_fd=directory)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)  # type: ignore[attr-defined, unused-ignore]
        # The directory's permissions keep others out between bind and chmod.
        self._socket.bind(endpoints.address_in(directory, endpoint))
        os.chmod(endpoint.name, _MODE, dir_fd=directory)
        self._identity = self._current_identity()

    def listen(self) -> socket.socket:
        """Start listening and return the socket; until then, clients find no server."""
        self._socket.listen(_BACKLOG)
        return self._socket

    def holds(self) -> bool:
        """Whether clients can still find it; a logout, say, may have removed its directory."""
        return self._current_identity() == self._identity

    def withdraw(self) -> None:
        """Make the socket disappear for clients; may be called from any thread, repeatedly."""
        if self.holds():
            with suppress(OSError):
                os.unlink(self._endpoint.name, dir_fd=self._directory)

    def _current_identity(self) -> tuple[int, int] | None:
        try:
            status = os.stat(self._endpoint.path)  # noqa: PTH116  (as clients look for it)
        except OSError:
            return None
        return status.st_dev, status.st_ino

    def __enter__(self) -> Self:
        """The claim itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Withdraw it: from now on clients work without a server."""
        self.withdraw()
        # Closing alone would leave the accepting thread blocked.
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        # Keep the lock file: a process that has it open would otherwise lock an unlinked file.
        os.close(self._lock)
        os.close(self._directory)


def claim(endpoint: Endpoint) -> Claim | None:
    """Claim an endpoint; None if another process holds it.

    Raises:
        StorageError: its directory is not private to this user, or not writable.
    """
    directory = endpoints.open_directory(endpoint, make=True)
    if directory is None:
        raise StorageError(
            f"{endpoint.directory} is not a directory that only you can enter, and a server's "
            "socket belongs in one.",
            f"make it so: chmod 700 {endpoint.directory}; or remove it",
        )
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC  # type: ignore[attr-defined, unused-ignore]
    try:
        lock = os.open(f"{endpoint.name}.lock", flags, _MODE, dir_fd=directory)
        try:
            portable.lock(lock)
            return Claim(endpoint, directory, lock)
        except BaseException:
            os.close(lock)
            raise
    except BlockingIOError:
        os.close(directory)
        return None
    except OSError as error:
        os.close(directory)
        raise StorageError(
            f"No socket can be made in {endpoint.directory}: {error.strerror or error}.",
            "free some space there, or set XDG_RUNTIME_DIR",
        ) from error
