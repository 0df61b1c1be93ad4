"""What tells one disk from another at the same place: file systems, inodes, mounts."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bienc_cli.indexing.discovery import FoundFile
from bienc_cli.store import Mount, Root


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What a root is now, beside what the index recorded of it.

    Attributes:
        root: as it is recorded.
        device: of its directory; None where that is not known.
        inode: likewise.
        lost_mounts: recorded mounts that are another file system now, or none.
    """

    root: Root
    device: int | None
    inode: int | None
    lost_mounts: tuple[Mount, ...]

    @property
    def is_elsewhere(self) -> bool:
        """Whether the root is on another file system than when its files were last found."""
        return None not in (self.device, self.root.device) and self.device != self.root.device

    @property
    def is_another(self) -> bool:
        """Whether it is another folder than it was then, by what the system tells it by."""
        now, then = (self.device, self.inode), (self.root.device, self.root.inode)
        return None not in (*now, *then) and now != then


def whereabouts_of(root: Root) -> Whereabouts:
    """Look where a root and what was mounted below it are now."""
    device, inode = _told_by(root.path)
    lost = tuple(mount for mount in root.mounts if _is_lost(root.path, mount, device))
    return Whereabouts(root, device, inode, lost)


def _is_lost(top: Path, mount: Mount, device: int | None) -> bool:
    now, _ = _told_by(top / mount.path)
    # Of earlier indexes it is only known that it was not the root's own.
    return now is None or now == device or mount.device not in (None, now)


def mounts_among(top: Path, files: Iterable[FoundFile]) -> tuple[Mount, ...]:
    """What is mounted below a root and has files in it."""
    own = top.stat().st_dev
    found: dict[str, Mount] = {}
    for file in files:
        parents = [parent.as_posix() for parent in Path(file.doc_id).parents][:-1]
        if file.device == own or not found.keys().isdisjoint(parents):
            continue
        place = next((one for one in reversed(parents) if os.path.ismount(top / one)), None)
        if place is not None:
            found[place] = Mount(place, _told_by(top / place)[0])
    return tuple(found[place] for place in sorted(found))


def _told_by(path: Path) -> tuple[int | None, int | None]:
    """What tells the file system that a path is on, and its inode there; None if it is gone.

    The number of a device is given to the next one that is mounted; with the identifier of the
    file system it stands for one disk.
    """
    try:
        status = path.stat()
        file_system = 0  # Windows has but the volume's number
        if sys.platform != "win32":
            file_system = os.statvfs(path).f_fsid
    except OSError:
        return None, None
    return (file_system << 64) | status.st_dev, status.st_ino
