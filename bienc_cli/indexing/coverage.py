"""Which roots a run covers, and which of their files it must read.

A root is what a user named: a folder, a file, or a list of files. It is remembered with its
settings, so that `bienc index` alone does the same again. A path inside a folder that is
covered already belongs to that folder's root, where that root's rules would find it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bienc_cli.errors import PathNotFound, UnreadableFile
from bienc_cli.indexing.discovery import DEFAULT_MAX_BYTES, FoundFile, discover
from bienc_cli.indexing.report import IndexOptions
from bienc_cli.readers import FORMATS, reader_for, reader_named
from bienc_cli.store import FileState, IndexInfo, IndexWriter, Root
from bienc_cli.types import Skipped

_TRANSIENT = frozenset({"permission", "vanished", "io"})
"""Reasons to skip that say nothing of a file's content: it is tried again every time, and
what the index knows of it is kept meanwhile."""

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Finding:
    """What a look at one root brought."""

    root: Root
    files: tuple[FoundFile, ...]
    skipped: tuple[Skipped, ...]

    @property
    def unreadable(self) -> frozenset[str]:
        """Paths under the root that could not be looked at this time."""
        return frozenset(one.path for one in self.skipped if one.code in _TRANSIENT)


@dataclass(frozen=True, slots=True)
class Changes:
    """What must be done so that the index agrees with a root.

    Attributes:
        read: files that are new or whose size, time or reader is not as recorded.
        gone: what is known of files that are there no more.
        unchanged: what is known of files that are as they were.
    """

    read: tuple[FoundFile, ...]
    gone: tuple[FileState, ...]
    unchanged: tuple[FileState, ...]


def look(
    paths: Sequence[Path],
    listed: Sequence[Path] | None,
    base: Path,
    covered: Sequence[Root],
    o: IndexOptions,
) -> Iterator[Finding | str]:
    """Look at everything a run covers.

    Args:
        paths: what was named, absolute; empty for all that the index covers.
        listed: files from a list, absolute, in place of `paths`; None where there was none.
        base: listed files below it get their ids relative to it.
        covered: roots that the index covers already.
        o: options that were given.

    Yields:
        A finding for each root; or a warning about one that was left alone.

    Raises:
        PathNotFound: something that was named has vanished.
    """
    if listed is not None:
        yield from (_look_at(root, o) for root in _roots_of_list(listed, base, covered, o))
    elif paths:
        done: set[Path] = set()
        for path in paths:
            finding = _look_at_path(path, covered, o)
            if finding.root.path not in done:
                done.add(finding.root.path)
                yield finding
    else:
        for root in covered:
            if root.path.exists():
                yield _look_at(_with_options(root, o), o)
            else:
                yield (
                    f"{root.path} is not there; what the index knows of it is kept "
                    "(bienc index --prune forgets it)"
                )


def _look_at_path(path: Path, covered: Sequence[Root], o: IndexOptions) -> Finding:
    for root in covered:
        if path == root.path and root.files is None:
            return _look_at(_with_options(root, o), o)
        if path.is_relative_to(root.path) and root.files is None:
            below = path.relative_to(root.path).as_posix()
            # Who names what was removed wants it back.
            removed = tuple(name for name in root.removed if name != below)
            finding = _look_at(_with_options(replace(root, removed=removed), o), o)
            if any(is_below(file.doc_id, below) for file in finding.files):
                return finding
    # A root that takes the place of others inside it does not bring back what they had removed.
    removed = tuple(
        (root.path.relative_to(path) / name).as_posix()
        for root in covered
        if root.path.is_relative_to(path)
        for name in root.removed
    )
    return _look_at(_with_options(Root(path, removed=removed), o), o)


def is_below(doc_id: str, folder: str) -> bool:
    """Whether a path under a root is another one, or lies below it."""
    return doc_id == folder or doc_id.startswith(f"{folder}/")


def _with_options(root: Root, o: IndexOptions) -> Root:
    """A root with the settings that were given; the recorded ones where none were."""
    return replace(
        root,
        include=tuple(o.include) or root.include,
        exclude=tuple(o.exclude) or root.exclude,
        max_bytes=root.max_bytes if o.max_bytes is None else o.max_bytes,
        hidden=o.hidden or root.hidden,
        pdf_engine=o.pdf_engine or root.pdf_engine,
    )


def _roots_of_list(
    listed: Sequence[Path], base: Path, covered: Sequence[Root], o: IndexOptions
) -> Iterator[Root]:
    """One root for the listed files below `base`, one for each other."""
    inside = {path.relative_to(base).as_posix() for path in listed if path.is_relative_to(base)}
    if inside:
        before = next((root for root in covered if root.path == base), None)
        if before is not None and before.files is None:
            yield _with_options(before, o)
        else:
            known = set(before.files or ()) if before else set()
            yield _with_options(Root(base, files=tuple(sorted(known | inside))), o)
    for path in listed:
        if not path.is_relative_to(base):
            yield _with_options(Root(path), o)


def _look_at(root: Root, o: IndexOptions) -> Finding:
    files: list[FoundFile] = []
    skipped: list[Skipped] = []
    for item in items_under(root, o.excludes_file):
        if isinstance(item, Skipped):
            skipped.append(item)
        else:
            files.append(item)
    return Finding(root, tuple(files), tuple(skipped))


def items_under(root: Root, excludes_file: Path | None = None) -> Iterator[FoundFile | Skipped]:
    """What discovery finds under a root, by its settings.

    Args:
        root: with its settings.
        excludes_file: see `discover`; listed files are found in spite of it.

    Raises:
        PathNotFound: it is not there.
    """
    limit = DEFAULT_MAX_BYTES if root.max_bytes is None else root.max_bytes
    if root.files is None:
        yield from discover(
            root.path,
            include=root.include,
            exclude=root.exclude,
            max_bytes=limit,
            hidden=root.hidden,
            removed=root.removed,
            excludes_file=excludes_file,
        )
        return
    for name in root.files:
        try:
            for item in discover(root.path / name, max_bytes=limit):
                if isinstance(item, Skipped):
                    yield replace(item, path=name)
                else:
                    yield replace(item, doc_id=name)
        except PathNotFound:
            # It was in the list once and is deleted now.
            continue


def compare_with_index(
    finding: Finding, known: dict[str, FileState], *, all_stale: bool = False
) -> Changes:
    """Compare by size, time and reader: the fast path, which opens no file.

    Args:
        finding: what is there.
        known: what the index knows, by path under the root.
        all_stale: everything must be read again, whatever it looks like.
    """
    found = {file.doc_id for file in finding.files}
    read: list[FoundFile] = []
    unchanged: list[FileState] = []
    for file in finding.files:
        state = known.get(file.doc_id)
        same = (
            state is not None
            and not all_stale
            and (state.size, state.mtime_ns) == (file.size, file.mtime_ns)
            and is_current(state.reader, file.path, finding.root.pdf_engine)
        )
        if state is not None and same:
            unchanged.append(state)
        else:
            read.append(file)
    gone: list[FileState] = []
    for path, state in known.items():
        if path in found:
            continue
        kept = any(is_below(path, place) or place == "." for place in finding.unreadable)
        (unchanged if kept else gone).append(state)
    return Changes(tuple(read), tuple(gone), tuple(unchanged))


def is_current(stamp: str, path: Path, pdf_engine: str) -> bool:
    """Whether the reader that read a file is still the one that would.

    A file whose name says nothing was judged by its content; that its reader still exists in
    that version is enough, since the content is the same.
    """
    reader = reader_named(path, pdf_engine)
    if reader is not None:
        return stamp == reader.stamp
    return stamp == "" or any(stamp == reader.stamp for reader in FORMATS.values())


def stamp_of(path: Path, pdf_engine: str) -> str:
    """Which reader reads a file, in which version; "" where none does."""
    try:
        reader = reader_for(path, pdf_engine)
    except UnreadableFile:
        return ""
    return reader.stamp if reader is not None else ""


def digest_of_file(path: Path) -> bytes:
    """What a file's content is known by: 16 bytes of BLAKE2b.

    Raises:
        OSError: it cannot be read.
    """
    hasher = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            hasher.update(chunk)
    return hasher.digest()


def is_transient(skipped: Skipped) -> bool:
    """Whether the reason says nothing of the file's content."""
    return skipped.code in _TRANSIENT


def absorb_roots(finding: Finding, info: IndexInfo | None, writer: IndexWriter) -> None:
    """Forget roots inside a new one that finds their files anyway."""
    if info is None or finding.root.files is not None:
        return
    for root in info.roots:
        if root.path == finding.root.path or not root.path.is_relative_to(finding.root.path):
            continue
        below = root.path.relative_to(finding.root.path).as_posix()
        if any(is_below(file.doc_id, below) for file in finding.files):
            writer.remove_root(root.path)
