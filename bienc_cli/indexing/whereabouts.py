"""What tells one disk from another at the same place: file systems, inodes, mounts."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Collection, Iterable
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
        lost_mounts: recorded mounts that are no more, or of something else.
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
    places = _mounted_below(root.path) if root.mounts else frozenset[str]()
    lost = tuple(mount for mount in root.mounts if _is_lost(root.path, mount, places))
    return Whereabouts(root, device, inode, lost)


def _is_lost(top: Path, mount: Mount, places: Collection[str]) -> bool:
    if not (mount.path in places or os.path.ismount(top / mount.path)):
        return True
    # Of earlier indexes it is only known that something was mounted.
    device, inode = _told_by(top / mount.path)
    return mount.device not in (None, device) or mount.inode not in (None, inode)


def mounts_among(top: Path, files: Iterable[FoundFile]) -> tuple[Mount, ...]:
    """What is mounted below a root and has files in it."""
    own = top.stat().st_dev
    places = _mounted_below(top)
    looked_at: set[str] = set()
    found: list[str] = []
    for file in files:
        if file.device == own and not places:
            continue
        for parent in Path(file.doc_id).parents[:-1]:
            place = parent.as_posix()
            if place in looked_at:
                break
            looked_at.add(place)
            if place in places or (file.device != own and os.path.ismount(top / place)):
                found.append(place)
    return tuple(Mount(place, *_told_by(top / place)) for place in sorted(found))


_MOUNTS = Path("/proc/self/mountinfo")
"""Linux's own list. Only it knows of a folder that is mounted on another of the same disk."""


def _mounted_below(top: Path) -> frozenset[str]:
    """Where something is mounted below a root, by path under it, as far as the system has a list.

    Source: proc_pid_mountinfo(5); the fifth field, with blanks and backslashes in octal.
    """
    try:
        lines = _MOUNTS.read_bytes().splitlines()
    except OSError:
        return frozenset()
    real = os.path.realpath(top).rstrip("/") + "/"
    points = (
        os.fsdecode(re.sub(rb"\\([0-7]{3})", lambda code: bytes([int(code[1], 8)]), fields[4]))
        for fields in map(bytes.split, lines)
        if len(fields) > 4
    )
    return frozenset(point.removeprefix(real) for point in points if point.startswith(real))


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
