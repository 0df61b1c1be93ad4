"""One writer at a time: a kernel lock, which no crash can leave behind."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bienc_cli import portable
from bienc_cli.errors import IndexBusy, StorageError
from bienc_cli.store import room
from bienc_cli.store.catalog import refused
from bienc_cli.store.privacy import FILE_MODE, make_directory

NAME = "lock"
_INTERVAL = 0.1


@dataclass(frozen=True, slots=True)
class HeldLock:
    """The lock of an index, held."""

    directory: Path
    descriptor: int

    def check(self) -> None:
        """Make sure that it is the lock of the index that is there.

        Raises:
            StorageError: somebody has deleted the index, and may have made another.
        """
        with suppress(OSError):
            if os.fstat(self.descriptor).st_ino == (self.directory / NAME).stat().st_ino:
                return
        raise StorageError(
            f"The index in {self.directory} was deleted while it was written.",
            "what was read is in no index; run the same command again",
        )


@contextmanager
def writer_lock(
    directory: Path,
    wait: float = 0.0,
    on_wait: Callable[[str], None] = lambda _: None,
    *,
    ask: bool = False,
    begun: room.Begun | None = None,
) -> Iterator[HeldLock]:
    """Hold the index's lock.

    Args:
        directory: of the index; must exist.
        wait: seconds to wait for another writer.
        on_wait: told once who is waited for.
        ask: meanwhile ask for room; see `room`.
        begun: what who waits has begun in a new index.

    Raises:
        IndexBusy: another process holds it, and still does after `wait`.
        StorageError: the lock file cannot be opened.
    """
    deadline = time.monotonic() + wait
    told = False
    request = room.RoomRequest(directory, begun)
    try:
        while (descriptor := _try_lock(directory)) is None:
            if not (directory / NAME).exists():
                continue
            holder = _holder(directory)
            if time.monotonic() >= deadline:
                raise IndexBusy(
                    f"The index in {directory} is being written by {holder}.",
                    "try again when it has finished, or wait for it: --wait 300",
                )
            if not told:
                on_wait(holder)
                told = True
            if ask:
                request.show()
            time.sleep(_INTERVAL)
    finally:
        request.withdraw()
    try:
        holder = json.dumps(
            {"pid": os.getpid(), "host": socket.gethostname(), "since": time.time()}
        )
        try:
            os.ftruncate(descriptor, 0)
            os.write(descriptor, holder.encode())
        except OSError as error:
            raise refused(error, directory) from error
        yield HeldLock(directory, descriptor)
    finally:
        os.close(descriptor)


def remove_lock(directory: Path) -> None:
    """Delete the lock file; only for who holds the lock."""
    (directory / NAME).unlink(missing_ok=True)


def _try_lock(directory: Path) -> int | None:
    """The locked file's descriptor; None where somebody else holds the lock."""
    path = directory / NAME
    try:
        # Never through a link: the file is truncated, and the directory may be a stranger's.
        flags = os.O_RDWR | os.O_CREAT | portable.OWN | portable.NO_FOLLOW | portable.NO_WAIT
        descriptor = os.open(path, flags, FILE_MODE)
    except FileNotFoundError:
        # A first writer that gave up has taken the directory away with it.
        with suppress(OSError):
            make_directory(directory)
        return None
    except OSError as error:
        raise refused(error, directory) from error
    try:
        portable.lock(descriptor)
        # Its last holder may have deleted it in between; then it keeps nobody out any more.
        if os.fstat(descriptor).st_ino == path.stat().st_ino:
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    except OSError as error:
        os.close(descriptor)
        raise refused(error, directory) from error
    os.close(descriptor)
    return None


def _holder(directory: Path) -> str:
    try:
        held = json.loads((directory / NAME).read_bytes()[:4096])
        since = time.strftime("%H:%M:%S", time.localtime(held["since"]))
        return f"process {held['pid']} on {held['host']} since {since}"
    except (ValueError, KeyError, TypeError, OSError):
        return "another process"
