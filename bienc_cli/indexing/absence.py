"""Decides which missing files are probably on an unmounted disk rather than deleted.

An unmounted disk leaves an empty directory; another disk mounted at the same place brings other
files. File systems, inodes and mounts tell them apart. What the index knows is kept until somebody
says that it is gone.
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
"""Reasons for skipping a file that say nothing about its content: it is tried again on every run,
and what the index knows of it is kept meanwhile."""

MASS = 100
"""If at least this many files of a root, and more than half of the known ones, disappear at once,
they are considered unmounted or lost by accident until somebody says otherwise."""


@dataclass(frozen=True, slots=True)
class Absence:
    """A place whose files are kept although they are missing.

    Attributes:
        place: path under the root; "." for the root itself.
        why: a description of the place that completes a sentence.
        another: the files there now belong to another folder or disk, and nobody asked for them.
    """

    place: str
    why: str
    another: bool = False


def absences(
    now: Whereabouts,
    known: Mapping[str, int],
    existing: Mapping[str, int],
    missing: Collection[str],
) -> Iterator[Absence]:
    """The places under a root whose files are considered absent; only the root if all of it is.

    Args:
        now: the current state of the root and its mounts.
        known: the indexed files by path under the root, with their sizes in bytes.
        existing: the existing files, likewise.
        missing: those of `known` that do not exist, although their place could be examined.
    """
    files = _PlaceFiles(known, existing, missing)
    absence = files.other_folder(".") if now.is_another else None
    absence = absence or files.absence(".", "is on another device", elsewhere=now.is_elsewhere)
    if absence is not None:
        yield absence
        return
    for mount in now.lost_mounts:
        below = files.below(mount.path)
        if below.known and not below.existing:
            yield Absence(mount.path, "is not mounted")
        elif absence := below.absence(mount.path, "is not the disk that it was", elsewhere=True):
            yield absence


@dataclass(frozen=True, slots=True)
class _PlaceFiles:
    """The files of one place; see `absences`."""

    known: Mapping[str, int]
    existing: Mapping[str, int]
    missing: Collection[str]

    def below(self, place: str) -> _PlaceFiles:
        """The files below a place."""
        return _PlaceFiles(
            {path: size for path, size in self.known.items() if is_below(path, place)},
            {path: size for path, size in self.existing.items() if is_below(path, place)},
            [path for path in self.missing if is_below(path, place)],
        )

    def other_folder(self, place: str) -> Absence | None:
        """The absence of a place that has become another folder with other files, or None."""
        if self.existing and self.known and len(self.missing) == len(self.known):
            why = "is another folder than it was, and holds none of the files that are known"
            return Absence(place, why, True)
        return None

    def absence(self, place: str, description: str, *, elsewhere: bool) -> Absence | None:
        """The absence of a place whose files appear to be somewhere else, or None.

        Args:
            place: path under the root.
            description: how to describe the place if so, for the middle of a sentence.
            elsewhere: the place is on another disk than its files were. A copied disk has most of
                them unchanged; an unrelated one may have files of the same names.
        """
        known_count, missing_count, existing_count = (
            len(self.known),
            len(self.missing),
            len(self.existing),
        )
        if missing_count and not existing_count:
            return Absence(place, "is empty")
        unchanged = sum(self.existing.get(path) == size for path, size in self.known.items())
        if elsewhere and unchanged * 2 < known_count:
            holds = f"holds {unchanged:,} of the {known_count:,} files that are known as they were"
            return Absence(place, f"{description}, and {holds}", True)
        if missing_count >= MASS and missing_count * 2 > known_count >= existing_count * 2:
            return Absence(place, f"lacks {missing_count:,} of its {known_count:,} files")
        return None


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """The current state of a root, compared with what the index recorded.

    Attributes:
        root: as recorded.
        device: of its directory; None if unknown.
        inode: likewise.
        lost_mounts: recorded mounts that are gone or that mount something else now.
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
        """Whether the root is a different folder than then, by device and inode."""
        now, then = (self.device, self.inode), (self.root.device, self.root.inode)
        return None not in (*now, *then) and now != then


def whereabouts_of(root: Root) -> Whereabouts:
    """Examine a root and its recorded mounts."""
    device, inode = _device_and_inode(root.path)
    mount_points = _mount_points_below(root.path) if root.mounts else frozenset[str]()
    lost_mounts = tuple(mount for mount in root.mounts if _is_lost(root.path, mount, mount_points))
    return Whereabouts(root, device, inode, lost_mounts)


def _is_lost(top: Path, mount: Mount, mount_points: Collection[str]) -> bool:
    if not (mount.path in mount_points or os.path.ismount(top / mount.path)):
        return True
    # Earlier indexes only recorded that something was mounted.
    device, inode = _device_and_inode(top / mount.path)
    return mount.device not in (None, device) or mount.inode not in (None, inode)


def mounts_among(top: Path, files: Iterable[FoundFile]) -> tuple[Mount, ...]:
    """The mounts below a root that contain any of the files."""
    root_device = top.stat().st_dev
    mount_points = _mount_points_below(top)
    examined: set[str] = set()
    mounted: list[str] = []
    for file in files:
        if file.device == root_device and not mount_points:
            continue
        for parent in Path(file.doc_id).parents[:-1]:
            folder = parent.as_posix()
            if folder in examined:
                break
            examined.add(folder)
            if folder in mount_points or (
                file.device != root_device and os.path.ismount(top / folder)
            ):
                mounted.append(folder)
    return tuple(
        Mount(mount_point, *_device_and_inode(top / mount_point)) for mount_point in sorted(mounted)
    )


_MOUNTS = Path("/proc/self/mountinfo")
"""Linux's list of mounts. Nothing else reveals a folder bind-mounted from the same disk."""


def _mount_points_below(top: Path) -> frozenset[str]:
    """The mount points below a root, by path under it, if the system provides a list.

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


def _device_and_inode(path: Path) -> tuple[int | None, int | None]:
    """Identifies the file system and inode of a path; (None, None) if it is gone.

    A device number may be reused for the next disk that is mounted; combined with the file system's
    id, it identifies one disk.
    """
    try:
        status = path.stat()
        file_system = 0  # Windows only has the volume's number
        if sys.platform != "win32":
            file_system = os.statvfs(path).f_fsid
    except OSError:
        return None, None
    return (file_system << 64) | status.st_dev, status.st_ino


def is_transient(skipped: Skipped) -> bool:
    """Whether the reason says nothing about the file's content."""
    return skipped.code in TRANSIENT


def is_below(doc_id: str, folder: str) -> bool:
    """Whether a path under a root equals another one or lies below it."""
    return doc_id == folder or doc_id.startswith(f"{folder}/")


def is_within(path: str, places: Collection[str]) -> bool:
    """Whether a path under a root equals one of some places or lies below one; `.` is the root.

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
