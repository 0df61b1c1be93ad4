"""One writer at a time: a kernel lock, which no crash can leave behind.

A run that encodes for hours makes room for who asks, within seconds. Who waits for the lock holds
another one, on a second file, which the holder of the first can see. A run that has made room in a
new index says in that file what it has begun, so that who is let in does not begin it otherwise.
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
"""Never through a link: these files are truncated, and the directory may be a stranger's."""

_INTERVAL = 0.1
_SOON = 0.02


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
    """Hold the index's lock.

    Args:
        directory: of the index; must exist.
        wait: seconds to wait for another writer.
        on_wait: told once who is waited for.
        ask: meanwhile ask for room.
        begun: what who waits has begun in a new index.

    Raises:
        IndexBusy: another process holds it, and still does after `wait`.
        StorageError: the lock file cannot be opened.
    """
    deadline = time.monotonic() + wait
    told = False
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
    (directory / LOCK).unlink(missing_ok=True)


def _try_lock(directory: Path) -> int | None:
    """The locked file's descriptor; None where somebody else holds the lock."""
    path = directory / LOCK
    try:
        descriptor = os.open(path, _FLAGS | os.O_CREAT, FILE_MODE)
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
        held = json.loads((directory / LOCK).read_bytes()[:4096])
        since = time.strftime("%H:%M:%S", time.localtime(held["since"]))
        return f"process {held['pid']} on {held['host']} since {since}"
    except (ValueError, KeyError, TypeError, OSError):
        return "another process"


# -------------------------------------------------------------------- room


class RoomRequest:
    """A process's request for room.

    Args:
        directory: of the index.
        begun: what the process has begun there, where it is a new index.
    """

    def __init__(self, directory: Path, begun: Begun | None = None) -> None:
        self._path = directory / WAITING
        self._says = b"" if begun is None else json.dumps(asdict(begun)).encode()
        self._descriptor: int | None = None

    def show(self) -> None:
        """Ask, and ask again where another process has removed the file."""
        with suppress(OSError):
            if self._descriptor is not None:
                if os.fstat(self._descriptor).st_ino == self._path.stat().st_ino:
                    return
                self._let_go()
        # Where asking fails, it waits like anybody, and tries again.
        with suppress(OSError):
            descriptor = os.open(self._path, _FLAGS | os.O_CREAT, FILE_MODE)
            try:
                portable.lock(descriptor, shared=True)
                if self._says:
                    os.ftruncate(descriptor, 0)
                    os.write(descriptor, self._says)
            except OSError:
                os.close(descriptor)
                raise
            self._descriptor = descriptor

    def withdraw(self) -> None:
        """Ask no more."""
        if self._descriptor is not None:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
            self._let_go()

    def _let_go(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def is_asked_for(directory: Path) -> bool:
    """Whether a process waits for the lock of an index, and asks for room."""
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
    """What a process that waits has begun in a new index, and goes on with."""
    if not is_asked_for(directory):
        return None
    try:
        said = json.loads((directory / WAITING).read_bytes())
        return Begun(EncoderIdentity(**said["encoder"]), ChunkingParameters(**said["chunking"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def let_in(directory: Path, patience: float = 2.0) -> None:
    """Wait until the process that asks has taken the free lock; `patience` seconds at most."""
    deadline = time.monotonic() + patience
    while is_asked_for(directory) and time.monotonic() < deadline:
        time.sleep(_SOON)
