"""What POSIX has and Windows lacks or has otherwise: flags of `os.open`, locks, places in files."""

from __future__ import annotations

import os
import sys
import threading

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

OWN: int = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
"""Bytes as they are, and no child has the descriptor."""
NO_FOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
"""Not through a link at the end of the path."""
NO_WAIT: int = getattr(os, "O_NONBLOCK", 0)
"""A pipe is opened without its other end."""

_SEEKING = threading.Lock()
"""Windows reads and writes at a descriptor's one place, which threads would move for each other."""

_LOCKED_BYTE = 1 << 30
"""Windows locks bytes, and keeps others from reading them: one that no file has."""


def lock(descriptor: int, *, shared: bool = False, wait: bool = False) -> None:
    """Lock an open file until it is closed; a crash cannot leave the lock behind.

    Args:
        descriptor: of the file.
        shared: beside others that share it; on Windows there is no such lock.
        wait: until it can be had.

    Raises:
        BlockingIOError: somebody else holds it, and it is not waited for.
        OSError: the file system has no locks.
    """
    if sys.platform == "win32":
        place = os.lseek(descriptor, 0, os.SEEK_CUR)
        try:
            while True:
                os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
                try:
                    msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
                except OSError as error:
                    # LK_LOCK gives up by itself after ten seconds.
                    if not wait:
                        raise BlockingIOError(error.errno, error.strerror) from error
                else:
                    break
        finally:
            os.lseek(descriptor, place, os.SEEK_SET)
    else:
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        fcntl.flock(descriptor, kind if wait else kind | fcntl.LOCK_NB)


def read_at(descriptor: int, size: int, offset: int) -> bytes:
    """Up to `size` bytes from `offset`; for several threads at once."""
    if sys.platform == "win32":
        with _SEEKING:
            os.lseek(descriptor, offset, os.SEEK_SET)
            return os.read(descriptor, size)
    else:
        return os.pread(descriptor, size, offset)


def write_at(descriptor: int, data: bytes | memoryview, offset: int) -> int:
    """Write from `offset`; how many bytes were written."""
    if sys.platform == "win32":
        with _SEEKING:
            os.lseek(descriptor, offset, os.SEEK_SET)
            return os.write(descriptor, data)
    else:
        return os.pwrite(descriptor, data, offset)
