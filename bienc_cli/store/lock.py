"""The writer lock: a kernel lock, which no crash can leave behind.

A run that encodes for hours makes room for others within seconds. A process waiting for the lock
holds a second one, on another file, which the holder of the first can see. A run that has made room
in a new index writes to that file what settings it started with, so that whoever goes first does
not start with others.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from bienc_cli import portable
from bienc_cli.errors import IndexBusy, StorageError
from bienc_cli.store.catalog import refused
from bienc_cli.store.facts import Begun
from bienc_cli.store.privacy import FILE_MODE, make_directory
from bienc_cli.types import ChunkingParameters, EncoderIdentity

LOCK = "lock"
WAITING = "waiting"
_FLAGS = os.O_RDWR | portable.OWN | portable.NO_FOLLOW | portable.NO_WAIT
"""Never follow a link: these files are truncated, and the directory may belong to somebody else."""

_INTERVAL = 0.1
_SOON = 0.02


@dataclass(frozen=True, slots=True)
class HeldLock:
    """The lock of an index, held by this process."""

    directory: Path
    descriptor: int

    def check(self) -> None:
        """Verify that it is the lock of the existing index.

        Raises:
            StorageError: the index was deleted, and perhaps replaced.
        """
        with suppress(OSError):
            if os.fstat(self.descriptor).st_ino == (self.directory / LOCK).stat().st_ino:
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
    begun: Begun | None = None,
) -> Iterator[HeldLock]:
    """Hold the writer lock of an index.

    Args:
        directory: of the index; must exist.
        wait: seconds to wait for another writer.
        on_wait: called once with the name of the holder.
        ask: ask the holder to make room while waiting.
        begun: the settings with which this process started a new index, if it did.

    Raises:
        IndexBusy: another process holds it, and still does after `wait`.
        StorageError: the lock file cannot be opened.
    """
    deadline = time.monotonic() + wait
    notified = False
    request = RoomRequest(directory, begun)
    try:
        while (descriptor := _try_lock(directory)) is None:
            if not (directory / LOCK).exists():
                continue
            holder = _holder(directory)
            if time.monotonic() >= deadline:
                raise IndexBusy(
                    f"The index in {directory} is being written by {holder}.",
                    "try again when it has finished, or wait for it: --wait 300",
                )
            if not notified:
                on_wait(holder)
                notified = True
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
    """Delete the lock file; only for the holder of the lock."""
    (directory / LOCK).unlink(missing_ok=True)


def _try_lock(directory: Path) -> int | None:
    """The descriptor of the locked file; None if another process holds the lock."""
    path = directory / LOCK
    try:
        descriptor = os.open(path, _FLAGS | os.O_CREAT, FILE_MODE)
    except FileNotFoundError:
        # A first writer that gave up may have removed the directory.
        with suppress(OSError):
            make_directory(directory)
        return None
    except OSError as error:
        raise refused(error, directory) from error
    try:
        portable.lock(descriptor)
        # If its last holder deleted it meanwhile, locking it excludes nobody.
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
        holder = json.loads((directory / LOCK).read_bytes()[:4096])
        return described_holder(holder["pid"], holder["host"], holder["since"])
    except (ValueError, KeyError, TypeError, OSError):
        return "another process"


def described_holder(process_id: int, host: str, since: float) -> str:
    """How a message names the process that is writing, and since when."""
    began = time.strftime("%H:%M:%S", time.localtime(since))
    return f"process {process_id} on {host} since {began}"


# -------------------------------------------------------------------- room


class RoomRequest:
    """A process's request for a running writer to make room.

    Args:
        directory: of the index.
        begun: the settings with which this process started a new index, if it did.
    """

    def __init__(self, directory: Path, begun: Begun | None = None) -> None:
        self._path = directory / WAITING
        self._message = b"" if begun is None else json.dumps(asdict(begun)).encode()
        self._descriptor: int | None = None

    def show(self) -> None:
        """Make the request, again if another process removed the file."""
        with suppress(OSError):
            if self._descriptor is not None:
                if os.fstat(self._descriptor).st_ino == self._path.stat().st_ino:
                    return
                self._release()
        # If asking fails, keep waiting and try again.
        with suppress(OSError):
            descriptor = os.open(self._path, _FLAGS | os.O_CREAT, FILE_MODE)
            try:
                portable.lock(descriptor, shared=True)
                if self._message:
                    os.ftruncate(descriptor, 0)
                    os.write(descriptor, self._message)
            except OSError:
                os.close(descriptor)
                raise
            self._descriptor = descriptor

    def withdraw(self) -> None:
        """Withdraw the request."""
        if self._descriptor is not None:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
            self._release()

    def _release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def is_asked_for(directory: Path) -> bool:
    """Whether another process is waiting for the lock and asking for room."""
    try:
        descriptor = os.open(directory / WAITING, _FLAGS)
    except OSError:
        return False
    try:
        portable.lock(descriptor)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False


def begun_by_who_waits(directory: Path) -> Begun | None:
    """The settings with which a waiting process started the new index."""
    if not is_asked_for(directory):
        return None
    try:
        settings = json.loads((directory / WAITING).read_bytes())
        return Begun(
            EncoderIdentity(**settings["encoder"]), ChunkingParameters(**settings["chunking"])
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def let_in(directory: Path, patience: float = 2.0) -> None:
    """Wait until the asking process has taken the free lock; at most `patience` seconds."""
    deadline = time.monotonic() + patience
    while is_asked_for(directory) and time.monotonic() < deadline:
        time.sleep(_SOON)
