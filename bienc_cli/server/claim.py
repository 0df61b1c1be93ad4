"""Being the one server at an endpoint: a lock, and a socket that only this user can reach."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from typing import Self

from bienc_cli import portable
from bienc_cli.errors import StorageError
from bienc_cli.server import endpoint as place
from bienc_cli.server.endpoint import Endpoint

_BACKLOG = 64
_MODE = 0o600


class Claim:
    """A socket at an endpoint, until it is given up."""

    def __init__(self, endpoint: Endpoint, directory: int, lock: int) -> None:
        self._endpoint = endpoint
        self._directory = directory
        self._lock = lock
        # What a server that was killed has left; it holds no lock any more.
        with suppress(FileNotFoundError):
            os.unlink(endpoint.name, dir_fd=directory)
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)  # type: ignore[attr-defined, unused-ignore]
        # The directory keeps others out also for the moment between the two.
        self._listening.bind(place.address_in(directory, endpoint))
        os.chmod(endpoint.name, _MODE, dir_fd=directory)
        self._identity = self._there()

    def listen(self) -> socket.socket:
        """The socket, listening from now on; until then clients find nobody, and work alone."""
        self._listening.listen(_BACKLOG)
        return self._listening

    def holds(self) -> bool:
        """Whether clients still find it; its directory may have been swept, at a logout say."""
        return self._there() == self._identity

    def withdraw(self) -> None:
        """Have clients find nobody from here on; from any thread, and as often as one likes."""
        if self.holds():
            with suppress(OSError):
                os.unlink(self._endpoint.name, dir_fd=self._directory)

    def _there(self) -> tuple[int, int] | None:
        try:
            status = os.stat(self._endpoint.path)  # noqa: PTH116  (as clients look for it)
        except OSError:
            return None
        return status.st_dev, status.st_ino

    def __enter__(self) -> Self:
        """The claim itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give it up: from here on clients work alone."""
        self.withdraw()
        # Closing alone would leave a thread that accepts waiting.
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        # The lock's file stays: whoever opened it meanwhile would hold one that nobody sees.
        os.close(self._lock)
        os.close(self._directory)


def claim(endpoint: Endpoint) -> Claim | None:
    """Listen at an endpoint; None where another process does.

    Raises:
        StorageError: its directory is not this user's alone, or cannot be written.
    """
    directory = place.open_directory(endpoint, make=True)
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
