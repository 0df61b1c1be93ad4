"""POSIX features that Windows lacks or has in another form: open flags, locks, positioned I/O."""

from __future__ import annotations

import os
import sys
import threading

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

OWN: int = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
"""Binary mode, and no inheritance by child processes."""
NO_FOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
"""Refuse a link at the end of the path."""
NO_WAIT: int = getattr(os, "O_NONBLOCK", 0)
"""Open a pipe without waiting for its other end."""

_SEEKING = threading.Lock()
"""On Windows, reads and writes use the descriptor's position, which threads would move for each
other."""

_LOCKED_BYTE = 1 << 30
"""Windows locks byte ranges and blocks reading them: use one beyond the end of any file."""


def lock(descriptor: int, *, shared: bool = False, wait: bool = False) -> None:
    """Lock an open file until it is closed; a crash cannot leave the lock behind.

    Args:
        descriptor: of the file.
        shared: allow other shared locks; Windows has none.
        wait: block until the lock is free.

    Raises:
        BlockingIOError: somebody else holds it, and `wait` is False.
        OSError: the file system does not support locks.
    """
    if sys.platform == "win32":
        position = os.lseek(descriptor, 0, os.SEEK_CUR)
        try:
            while True:
                os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
                try:
                    msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
                except OSError as error:
                    # LK_LOCK gives up after ten seconds.
                    if not wait:
                        raise BlockingIOError(error.errno, error.strerror) from error
                else:
                    break
        finally:
            os.lseek(descriptor, position, os.SEEK_SET)
    else:
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        fcntl.flock(descriptor, kind if wait else kind | fcntl.LOCK_NB)


def read_at(descriptor: int, size: int, offset: int) -> bytes:
    """Read up to `size` bytes from `offset`; thread-safe."""
    if sys.platform == "win32":
        with _SEEKING:
            os.lseek(descriptor, offset, os.SEEK_SET)
            return os.read(descriptor, size)
    else:
        return os.pread(descriptor, size, offset)


def write_at(descriptor: int, data: bytes | memoryview, offset: int) -> int:
    """Write at `offset`; returns the number of bytes written."""
    if sys.platform == "win32":
        with _SEEKING:
            os.lseek(descriptor, offset, os.SEEK_SET)
            return os.write(descriptor, data)
    else:
        return os.pwrite(descriptor, data, offset)
