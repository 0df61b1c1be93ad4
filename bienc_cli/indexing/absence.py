"""Files that are not where they were, and are taken for elsewhere rather than for deleted.

What a disk leaves that is not mounted is an empty directory; the next one at the same place
brings other files. File systems, inodes and mounts tell one from another. What the index knows is
kept until somebody says that it is gone.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bienc_cli.indexing.discovery import FoundFile
from bienc_cli.store import Mount, Root
from bienc_cli.types import Skipped

TRANSIENT = frozenset({"permission", "vanished", "io", "unmounted"})
"""Reasons to skip that say nothing of a file's content: it is tried again every time, and
what the index knows of it is kept meanwhile."""

MASS = 100
"""Files of one root. When at least so many, and more than half of what is known of it, are gone
at once, that is a disk that is not mounted, or an accident, until somebody says otherwise."""


@dataclass(frozen=True, slots=True)
class Absence:
    """Files that are kept though they are not there.

    Attributes:
        place: under which they are, by path under the root; "." for the root itself.
        why: what the place is, as the end of a sentence.
        another: what is there instead is of another folder or disk, and was not asked for.
    """

    place: str
    why: str
    another: bool = False


def absences(
    now: Whereabouts, known: Mapping[str, int], there: Mapping[str, int], missing: Collection[str]
) -> Iterator[Absence]:
    """What of a root is taken for elsewhere; where all of it is, only that.

    Args:
        now: where the root and its mounts are.
        known: files that the index knows, by path under the root, with their sizes in bytes.
        there: files that are there, likewise.
        missing: those of `known` that are not, and could have been looked at.
    """
    held = _Held(known, there, missing)
    absence = held.other_folder(".") if now.is_another else None
    absence = absence or held.absence(".", "is on another device", elsewhere=now.is_elsewhere)
    if absence is not None:
        yield absence
        return
    for mount in now.lost_mounts:
        below = held.below(mount.path)
        if below.known and not below.there:
            yield Absence(mount.path, "is not mounted")
        elif absence := below.absence(mount.path, "is not the disk that it was", elsewhere=True):
            yield absence


@dataclass(frozen=True, slots=True)
class _Held:
    """Files of one place; see `absences`."""

    known: Mapping[str, int]
    there: Mapping[str, int]
    missing: Collection[str]

    def below(self, place: str) -> _Held:
        """Those that lie below a place."""
        return _Held(
            {path: size for path, size in self.known.items() if is_below(path, place)},
            {path: size for path, size in self.there.items() if is_below(path, place)},
            [path for path in self.missing if is_below(path, place)],
        )

    def other_folder(self, place: str) -> Absence | None:
        """Why the place is another folder that holds other files, where it does."""
        if self.there and self.known and len(self.missing) == len(self.known):
            why = "is another folder than it was, and holds none of the files that are known"
            return Absence(place, why, True)
        return None

    def absence(self, place: str, is_what: str, *, elsewhere: bool) -> Absence | None:
        """Why the place is taken for one whose files are somewhere else, where it is.

        Args:
            place: which it is.
            is_what: it is, if it is elsewhere, as the middle of a sentence.
            elsewhere: what is there is on another disk than when its files were there. A disk
                that was copied to another has most of them as they were; any other may have
                files of the same names.
        """
        known, gone, there = len(self.known), len(self.missing), len(self.there)
        if gone and not there:
            return Absence(place, "is empty")
        as_they_were = sum(self.there.get(path) == size for path, size in self.known.items())
        if elsewhere and as_they_were * 2 < known:
            held = f"holds {as_they_were:,} of the {known:,} files that are known as they were"
            return Absence(place, f"{is_what}, and {held}", True)
        if gone >= MASS and gone * 2 > known >= there * 2:
            return Absence(place, f"lacks {gone:,} of its {known:,} files")
        return None


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


def is_transient(skipped: Skipped) -> bool:
    """Whether the reason says nothing of the file's content."""
    return skipped.code in TRANSIENT


def is_below(doc_id: str, folder: str) -> bool:
    """Whether a path under a root is another one, or lies below it."""
    return doc_id == folder or doc_id.startswith(f"{folder}/")


def is_within(path: str, places: Collection[str]) -> bool:
    """Whether a path under a root is one of some places, or below one; `.` is the root itself.

    Takes as many steps as the path has components, however many places there are.
    """
    if not places:
        return False
    end = len(path)
    while end > 0:
        if path[:end] in places:
            return True
        end = path.rfind("/", 0, end)
    return "." in places
