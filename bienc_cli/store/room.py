"""Room for others: a run that encodes for hours lets in who asks, within seconds.

Who waits for the writer's lock holds a lock on a second file, which the holder of the first can see
and which no crash leaves behind. A run that has made room in a new index says in that file what it
has begun, so that who is let in does not begin it otherwise.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from bienc_cli import portable
from bienc_cli.store.privacy import FILE_MODE
from bienc_cli.types import ChunkingParameters, EncoderIdentity

NAME = "waiting"
_FLAGS = os.O_RDWR | portable.OWN | portable.NO_FOLLOW | portable.NO_WAIT
_INTERVAL = 0.02


@dataclass(frozen=True, slots=True)
class Begun:
    """What the vectors and passages of a new index are of, which no commit says yet."""

    encoder: EncoderIdentity
    chunking: ChunkingParameters


class RoomRequest:
    """The sign of a process that asks for room.

    Args:
        directory: of the index.
        begun: what the process has begun there, where it is a new index.
    """

    def __init__(self, directory: Path, begun: Begun | None = None) -> None:
        self._path = directory / NAME
        self._says = b"" if begun is None else json.dumps(asdict(begun)).encode()
        self._descriptor: int | None = None

    def show(self) -> None:
        """Give the sign, again where another process has taken it away with its own."""
        with suppress(OSError):
            if self._descriptor is not None:
                if os.fstat(self._descriptor).st_ino == self._path.stat().st_ino:
                    return
                self._let_go()
        # Without the sign it waits like anybody, and tries again.
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
        """Take the sign away."""
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
        descriptor = os.open(directory / NAME, _FLAGS)
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
    """What a process has begun in a new index that waits to go on with it."""
    if not is_asked_for(directory):
        return None
    try:
        said = json.loads((directory / NAME).read_bytes())
        return Begun(EncoderIdentity(**said["encoder"]), ChunkingParameters(**said["chunking"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def let_in(directory: Path, patience: float = 2.0) -> None:
    """Wait until who asks has the lock, for `patience` seconds at most; it has just been free."""
    deadline = time.monotonic() + patience
    while is_asked_for(directory) and time.monotonic() < deadline:
        time.sleep(_INTERVAL)
