"""Compares an index with a root, to decide which files to read and which to remove.

Like git, it identifies an unchanged file by its size, times and inode, without opening it; if any
of them differs, the content decides.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats.reading import format_of
from bienc_cli.formats.table import ReadingOptions, format_by_file_name, formats_under
from bienc_cli.indexing.absence import TRANSIENT, is_within
from bienc_cli.indexing.discovery import FoundFile
from bienc_cli.indexing.roots import Finding, reading_of
from bienc_cli.store import UNSETTLED, FileState

PASSING = frozenset({"timeout", "crashed", "memory"})
"""Reasons that may not recur on another run: a busy machine, little memory. The same content is
tried `MOST_ATTEMPTS` times in all."""

MOST_ATTEMPTS = 3

_FINE_NS = 50_000_000
_COARSE_NS = 2_000_000_000
"""For how long after a change another one may leave a file's times the same: the clock of most file
systems ticks a hundred times a second, that of FAT every two seconds."""

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Changes:
    """What to do so that the index matches a root.

    Attributes:
        read: files that are new, changed or to be tried again.
        gone: recorded files that no longer exist.
        unchanged: recorded files that are unchanged, or that could not be examined.
    """

    read: tuple[FoundFile, ...]
    gone: tuple[FileState, ...]
    unchanged: tuple[FileState, ...]


def compare_with_index(
    finding: Finding,
    known: dict[str, FileState],
    *,
    all_stale: bool = False,
    retry: bool = False,
) -> Changes:
    """Compare by size, times, inode and reader: the fast path, which opens no file.

    Args:
        finding: the files that exist.
        known: the recorded files, by path under the root.
        all_stale: examine the content of every file.
        retry: also read every file again that was not read whole.
    """
    existing = {file.doc_id for file in finding.files}
    read: list[FoundFile] = []
    unchanged: list[FileState] = []
    reading = reading_of(finding.root)
    for file in finding.files:
        state = known.get(file.doc_id)
        same = (
            state is not None
            and not all_stale
            and is_as_recorded(state, file)
            and is_current(state.reader, file.path, reading)
            and not is_due(state, retry=retry)
        )
        if state is not None and same:
            unchanged.append(state)
        else:
            read.append(file)
    gone: list[FileState] = []
    unreadable = finding.unreadable(TRANSIENT)
    for path, state in known.items():
        if path not in existing:
            (unchanged if is_within(path, unreadable) else gone).append(state)
    return Changes(tuple(read), tuple(gone), tuple(unchanged))


def is_as_recorded(state: FileState, file: FoundFile) -> bool:
    """Whether a file looks the same as when it was read; False if that is uncertain."""
    return (state.size, state.mtime_ns, state.ctime_ns, state.inode) == (
        file.size,
        file.mtime_ns,
        file.ctime_ns,
        file.inode,
    )


def has_changed(before: FoundFile, now: FoundFile) -> bool:
    """Whether a file was modified or replaced between two looks in one run.

    Ignores the inode: some network file systems make up a new one for each look.
    """
    return (before.size, before.mtime_ns, before.ctime_ns) != (now.size, now.mtime_ns, now.ctime_ns)


def is_due(state: FileState, *, retry: bool = False) -> bool:
    """Whether to read an unchanged file again."""
    if state.outcome == "whole":
        return False
    attempts = state.attempts if state.code in PASSING else 0
    again = state.code in PASSING or state.outcome == "partial"
    return retry or (again and attempts < MOST_ATTEMPTS)


def settled_ctime(file: FoundFile, looked_ns: int) -> int:
    """The `ctime_ns` to record for a file whose content was examined.

    Args:
        file: as found before that.
        looked_ns: when reading its content began, nanoseconds since the epoch.
    """
    coarse = file.mtime_ns % 1_000_000_000 == 0
    last = max(file.mtime_ns, file.ctime_ns)
    return UNSETTLED if last > looked_ns - (_COARSE_NS if coarse else _FINE_NS) else file.ctime_ns


def state_of(file: FoundFile, digest: bytes, stamp: str, *, looked_ns: int) -> FileState:
    """The record of a file whose content was examined, as whole; without an id."""
    return FileState(
        0,
        file.doc_id,
        file.size,
        file.mtime_ns,
        digest,
        stamp,
        file.inode,
        settled_ctime(file, looked_ns),
    )


def is_current(stamp: str, path: Path, options: ReadingOptions) -> bool:
    """Whether the reader that read a file is still the one that would read it.

    A file without a telling name was read by its content; the content being the same, it suffices
    that its reader still exists in that version.
    """
    named_format = format_by_file_name(path, options)
    if named_format is not None:
        return stamp == named_format.stamp
    return stamp == "" or any(stamp == file_format.stamp for file_format in formats_under(options))


def stamp_of(path: Path, options: ReadingOptions) -> str:
    """The version stamp of the reader for a file; "" if there is none."""
    try:
        file_format = format_of(path, options)
    except UnreadableFile:
        return ""
    return file_format.stamp if file_format is not None else ""


def digest_of_file(path: Path) -> bytes:
    """A digest of a file's content: 16 bytes of BLAKE2b.

    Raises:
        OSError: it cannot be read.
    """
    hasher = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            hasher.update(chunk)
    return hasher.digest()
