"""Where the server of one user, version and environment listens.

The socket is in a directory that only this user can enter. Its name is a digest of everything that
could make two processes answer differently, so that whoever finds it may use it.
"""

from __future__ import annotations

import hashlib
import os
import socket
import struct
import sys
from collections.abc import Mapping
from contextlib import suppress

from bienc_cli import __version__

_DECISIVE_PREFIXES = ("BIENC_", "HF_", "TRANSFORMERS_", "CUDA_")
_DECISIVE = frozenset("HOME SUDO_UID XDG_CACHE_HOME XDG_DATA_HOME XDG_CONFIG_HOME".split())

OF_EACH_REQUEST = frozenset(("BIENC_INDEX", "BIENC_DEBUG", "BIENC_SERVER", "BIENC_TOKEN"))
"""Variables that a client sends or decides by itself, so that a server need not agree."""

_DIRECTORY_MODE = 0o700


class Endpoint:
    """The location of a socket.

    Attributes:
        directory: private to this user.
        name: of the socket in it.
    """

    __slots__ = ("directory", "name")

    def __init__(self, directory: str, name: str) -> None:
        self.directory = directory
        self.name = name

    @property
    def path(self) -> str:
        """The full path, for display."""
        return os.path.join(self.directory, self.name)  # noqa: PTH118  (pathlib is not loaded)


def endpoint_for(environ: Mapping[str, str], cache_directory: str) -> Endpoint:
    """The endpoint of this program in an environment.

    Args:
        environ: of the process.
        cache_directory: fallback location if there is no runtime directory.
    """
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    base = runtime if runtime.startswith("/") and _is_private(runtime) else cache_directory
    parts = [__version__, os.path.dirname(__file__), sys.executable]  # noqa: PTH120
    parts += [
        f"{name}={value}"
        for name, value in sorted(environ.items())
        if (name in _DECISIVE or name.startswith(_DECISIVE_PREFIXES))
        and name not in OF_EACH_REQUEST
    ]
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()
    return Endpoint(f"{base}/bienc-run" if base == runtime else f"{base}/run", digest[:24])


def open_directory(endpoint: Endpoint, *, make: bool = False) -> int | None:
    """A descriptor of the endpoint's directory, if it is private to this user; else None.

    Args:
        endpoint: whose directory.
        make: create the directory if necessary.
    """
    try:
        if make:
            os.makedirs(os.path.dirname(endpoint.directory), exist_ok=True)  # noqa: PTH103, PTH120
            with suppress(FileExistsError):
                os.mkdir(endpoint.directory, _DIRECTORY_MODE)  # noqa: PTH102
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC  # type: ignore[attr-defined, unused-ignore]
        descriptor = os.open(endpoint.directory, flags)
    except OSError:
        return None
    if _is_ours(os.fstat(descriptor)):
        return descriptor
    os.close(descriptor)
    return None


def address_in(directory: int, endpoint: Endpoint) -> str:
    """The address to bind or connect to, through the descriptor that was checked.

    This also allows paths of any length; socket addresses are limited to about a hundred bytes.
    """
    by_descriptor = f"/proc/self/fd/{directory}"
    return f"{by_descriptor}/{endpoint.name}" if os.path.isdir(by_descriptor) else endpoint.path  # noqa: PTH112


def peer(connection: socket.socket) -> tuple[int, int] | None:
    """Process and user id at the other end, from the kernel; None if unavailable."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return None
    process, user, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, option, 12))
    return process, user


def is_same_user(connection: socket.socket) -> bool:
    """Whether this user is at the other end; if unknown, the directory's permissions decide."""
    credentials = peer(connection)
    return credentials is None or credentials[1] == os.geteuid()  # type: ignore[attr-defined, unused-ignore]


def _is_private(directory: str) -> bool:
    try:
        return _is_ours(os.lstat(directory))
    except OSError:
        return False


def _is_ours(status: os.stat_result) -> bool:
    return status.st_uid == os.geteuid() and not status.st_mode & 0o077  # type: ignore[attr-defined, unused-ignore]
