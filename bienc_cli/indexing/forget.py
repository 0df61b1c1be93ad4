"""Removes files, folders or whole roots from an index, leaving nothing of them on the disk.

A root that is named, or inside a named folder, is no longer covered. A path inside a root that
remains covered is recorded with that root, or the next run would bring it back.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from unicodedata import normalize

from bienc_cli.indexing.absence import is_below
from bienc_cli.indexing.report import IndexObserver, SilentObserver
from bienc_cli.stages import StageTime, Stopwatch
from bienc_cli.store import IndexPlace, IndexWriter, Root, lingers, open_writer

_LINGERS = (
    "another process still reads the index as it was, so that what was removed is still on the "
    "disk; the next `bienc index` clears it"
)


@dataclass(frozen=True, slots=True)
class Removed:
    """What was removed with one path.

    Attributes:
        path: absolute.
        roots: number of roots that are no longer covered.
        files: number of files removed, including those that could not be read.
        documents: number of documents they held.
    """

    path: Path
    roots: int
    files: int
    documents: int


@dataclass(frozen=True, slots=True)
class RemovalReport:
    """The result of `remove`.

    Attributes:
        removed: one entry for each path that matched something, in the given order.
        unmatched: paths that the index knows nothing about.
        documents: number of documents the index holds now.
        passages: likewise.
        freed: bytes by which the index shrank; negative if it grew.
        committed: False if nothing matched and nothing was written.
        warnings: what the user should know, as sentences.
    """

    directory: IndexPlace
    removed: tuple[Removed, ...]
    unmatched: tuple[Path, ...]
    documents: int
    passages: int
    freed: int
    stages: tuple[StageTime, ...]
    committed: bool
    warnings: tuple[str, ...] = ()


def remove_paths(
    paths: Sequence[Path],
    *,
    directory: IndexPlace,
    key_dir: Path,
    observer: IndexObserver | None = None,
    wait: float = 0.0,
    on_wait: Callable[[str], None] = lambda _: None,
) -> RemovalReport:
    """Remove paths from an index, leaving none of their texts or vectors on the disk.

    The files themselves are not touched and need not exist. The index is compacted once for all
    paths, which takes time proportional to its size.

    Args:
        paths: files, folders or roots, absolute.
        directory: of the index, or its address.
        key_dir: where this user's key for graph files lies.
        observer: told when each stage begins.
        wait: seconds to wait for another process that is writing to the index.
        on_wait: called once with a description of the other writer.

    Raises:
        IndexNotFound: there is no index.
        IndexBusy: another process is writing to it.
        IndexDamaged: it is damaged.
        StorageError: it cannot be written.
    """
    watch = Stopwatch()
    observer = observer or SilentObserver()
    with open_writer(
        directory, key_dir=key_dir, create=False, wait=wait, on_wait=on_wait, ask=True
    ) as writer:
        size_before = sum(writer.info.sizes.values()) if writer.info else 0
        with watch.stage("remove"):
            results = [(path, _remove(writer, path)) for path in paths]
        removed = tuple(result for _, result in results if result is not None)
        with watch.stage("compact"):
            report = writer.commit(observer.stage, compact=bool(removed))
    is_erased = not removed or not lingers(directory)
    return RemovalReport(
        directory=directory,
        removed=removed,
        unmatched=tuple(path for path, result in results if result is None),
        documents=report.info.documents,
        passages=report.info.passages,
        freed=size_before - sum(report.info.sizes.values()),
        stages=watch.times,
        committed=report.committed,
        warnings=() if is_erased else (_LINGERS,),
    )


def _remove(writer: IndexWriter, path: Path) -> Removed | None:
    """Remove a path by the given name, or else by its name on the disk."""
    as_named = _remove_named(writer, path, lambda root: root.path)
    if as_named is not None:
        return as_named
    real = Path(os.path.realpath(path))
    removed = _remove_named(writer, real, lambda root: Path(os.path.realpath(root.path)))
    return None if removed is None else replace(removed, path=path)


def _remove_named(
    writer: IndexWriter, path: Path, path_of: Callable[[Root], Path]
) -> Removed | None:
    roots = files = documents = 0
    covering: dict[int, tuple[Root, str]] = {}
    for root_id, root in writer.roots().items():
        root_path = path_of(root)
        if root_path.is_relative_to(path):
            roots += 1
            files += len(_known_files(writer, root_id))
            documents += writer.remove_root(root.path)
        elif path.is_relative_to(root_path):
            known_files = _known_files(writer, root_id)
            below = _as_on_disk(path.relative_to(root_path).as_posix(), known_files)
            covering[root_id] = root, below
            counts = writer.document_counts(root_id)
            for name, file_id in known_files.items():
                if not is_below(name, below):
                    continue
                files += 1
                if file_id is not None:
                    documents += counts[file_id]
                    writer.remove_file(file_id)
    if not (roots or files):
        return None
    for root_id, (root, below) in covering.items():
        _stop_covering(writer, root_id, root, below)
    return Removed(path, roots, files, documents)


def _as_on_disk(below: str, known: Collection[str]) -> str:
    """A path under a root with its letters composed or decomposed as on the disk."""
    if any(is_below(name, below) for name in known):
        return below
    composed = normalize("NFC", below)
    parts = below.count("/") + 1
    for name in known:
        beginning = "/".join(name.split("/")[:parts])
        if normalize("NFC", beginning) == composed:
            return beginning
    return below


def _known_files(writer: IndexWriter, root_id: int) -> dict[str, int | None]:
    """Files under a root by path; those found but not read have no id."""
    files: dict[str, int | None] = {skipped.path: None for skipped in writer.unread(root_id)}
    files.update((name, state.file_id) for name, state in writer.files(root_id).items())
    return files


def _stop_covering(writer: IndexWriter, root_id: int, root: Root, below: str) -> None:
    if root.files is not None:
        remaining = tuple(name for name in root.files if not is_below(name, below))
        if not remaining:
            writer.remove_root(root.path)
            return
        writer.put_root(replace(root, files=remaining))
    else:
        # Removed paths below it are implied by it.
        kept = (name for name in root.removed if not is_below(name, below))
        writer.put_root(replace(root, removed=(*kept, below)))
    unread = writer.unread(root_id)
    writer.put_discovery_skips(
        root_id, [skipped for skipped in unread if not is_below(skipped.path, below)]
    )
