"""One writer at a time: a kernel lock, which no crash can leave behind."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bienc_cli.errors import IndexBusy
from bienc_cli.store.catalog import refused

_NAME = "lock"
_INTERVAL = 0.1


@contextmanager
def writer_lock(
    directory: Path, wait: float = 0.0, on_wait: Callable[[str], None] = lambda _: None
) -> Iterator[None]:
    """Hold the index's lock.

    Args:
        directory: of the index; must exist.
        wait: seconds to wait for another writer.
        on_wait: told once who is waited for.

    Raises:
        IndexBusy: another process holds it, and still does after `wait`.
        StorageError: the lock file cannot be opened.
    """
    path = directory / _NAME
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise refused(error, directory) from error
    try:
        _acquire(descriptor, directory, wait, on_wait)
        holder = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.time()}
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(holder).encode(), 0)
        yield
        # The file stays: unlinking it would let two writers lock two files of one name.
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, directory: Path, wait: float, on_wait: Callable[[str], None]) -> None:
    deadline = time.monotonic() + wait
    told = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = _holder(descriptor)
            if time.monotonic() >= deadline:
                raise IndexBusy(
                    f"The index in {directory} is being written by {holder}.",
                    "try again when it has finished",
                ) from error
            if not told:
                on_wait(holder)
                told = True
            time.sleep(_INTERVAL)
        else:
            return


def _holder(descriptor: int) -> str:
    try:
        held = json.loads(os.pread(descriptor, 4096, 0))
        since = time.strftime("%H:%M:%S", time.localtime(held["since"]))
        return f"process {held['pid']} on {held['host']} since {since}"
    except (ValueError, KeyError, TypeError, OSError):
        return "another process"
