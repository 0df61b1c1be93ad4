"""Plans a run: for each root that it covers, which files to read and which to remove."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bienc_cli.errors import IndexMismatch
from bienc_cli.indexing.absence import TRANSIENT, Absence, absences, is_below, is_within
from bienc_cli.indexing.changes import (
    PASSING,
    Changes,
    compare_with_index,
    digest_of_file,
    is_current,
    is_due,
    state_of,
)
from bienc_cli.indexing.report import IndexOptions
from bienc_cli.indexing.roots import Finding, look, reading_of
from bienc_cli.store import UNSETTLED, FileState, IndexWriter, Root
from bienc_cli.types import Skipped

_FORGETS = "(bienc index --prune forgets it)"


@dataclass(frozen=True, slots=True)
class RootWork:
    """A root, its recorded files, and what to do about them.

    Attributes:
        stale: chunk every file again, even with unchanged content.
    """

    root_id: int
    finding: Finding
    known: dict[str, FileState]
    changes: Changes
    stale: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run has to do.

    Attributes:
        works: one entry for each examined root.
        removed: number of documents already removed together with their roots.
        pruned: whether any roots were removed.
        warnings: what the user should know about the roots, as sentences.
    """

    works: tuple[RootWork, ...]
    removed: int
    pruned: bool
    warnings: tuple[str, ...]


def plan(
    writer: IndexWriter,
    paths: Sequence[Path],
    listed: Sequence[Path] | None,
    base: Path,
    options: IndexOptions,
    *,
    all_stale: bool,
    unreadable: Sequence[tuple[Path, Skipped]] = (),
) -> Plan:
    """Examine the roots, compare them with the index, and record which ones are covered.

    Args:
        writer: of the index.
        paths: as for `roots.look`.
        listed: likewise.
        base: likewise.
        options: of the run.
        all_stale: examine the content of every file.
        unreadable: files that broke off while being read in this run, with the reason: what the
            index has of them is kept.

    Raises:
        PathNotFound: as `roots.look`.
        IndexMismatch: the index covers a root that this user did not add.
    """
    covered = tuple(writer.roots().values())
    gone = [root for root in covered if not root.path.exists()] if options.prune else []
    remaining = [root for root in covered if root not in gone]
    removed = sum(writer.remove_root(root.path) for root in gone)
    warnings = [f"{root.path} is not there; it is forgotten" for root in gone]
    if not paths and listed is None:
        _check_vouched(writer, remaining)
    vouched = {root.path for root in covered if writer.vouches_for(root)}
    looked = look(paths, listed, base, remaining, options)
    warnings += [
        f"{root.path} is not there; what the index knows of it is kept {_FORGETS}"
        for root in looked.absent
    ]
    for root in looked.absorbed:
        writer.remove_root(root.path)
    works = []
    for finding in looked.findings:
        if not finding.named and finding.root.path not in vouched:
            # Neither named in this run nor added by this user: leave it alone.
            continue
        work, root_warnings = _root_work(
            writer, _without(finding, unreadable), options, all_stale=all_stale
        )
        works.append(work)
        warnings += root_warnings
    return Plan(tuple(works), removed, bool(gone), tuple(warnings))


def _root_work(
    writer: IndexWriter, finding: Finding, options: IndexOptions, *, all_stale: bool
) -> tuple[RootWork, list[str]]:
    """Record a root as added by this user, and compare it with the index; also returns warnings."""
    known = _recorded_files(writer, finding.root)
    warnings: list[str] = []
    if not options.prune and (finding.part or not finding.named):
        sizes = {path: state.size for path, state in known.items()}
        finding, warnings = _with_absences(finding, sizes)
    root = _root_to_record(finding)
    root_id = writer.put_root(root)
    writer.vouch_for(root)
    writer.put_discovery_skips(root_id, recordable(finding))
    stale = all_stale or writer.must_read_again(root_id)
    changes = compare_with_index(
        finding, known, all_stale=stale or options.checksum, retry=options.retry
    )
    if not stale:
        changes = _compared_by_content(writer, finding.root, known, changes, options)
    return RootWork(root_id, finding, known, changes, stale), warnings


def _check_vouched(writer: IndexWriter, roots: Sequence[Root]) -> None:
    """Refuse to read roots that only the index claims should be read.

    Raises:
        IndexMismatch: it covers a folder elsewhere that this user did not add.
    """
    for root in roots:
        if not writer.vouches_for(root):
            raise IndexMismatch(
                f"The index covers {root.path}, outside the folder that it lies in, and was not "
                "told to by you, or not with these settings.",
                f"if it shall be read, say so: bienc index {root.path}",
            )


def _recorded_files(writer: IndexWriter, root: Root) -> dict[str, FileState]:
    for root_id, covered in writer.roots().items():
        if covered.path == root.path:
            return writer.files(root_id)
    return {}


def _without(finding: Finding, unreadable: Sequence[tuple[Path, Skipped]]) -> Finding:
    if not unreadable:
        return finding
    broken = dict(unreadable)
    skips = tuple(
        replace(broken[file.path], path=file.doc_id)
        for file in finding.files
        if file.path in broken
    )
    files = tuple(file for file in finding.files if file.path not in broken)
    return replace(finding, files=files, skipped=(*finding.skipped, *skips))


def _with_absences(finding: Finding, known: Mapping[str, int]) -> tuple[Finding, list[str]]:
    """Mark the files of a finding that are probably unmounted rather than deleted.

    Args:
        finding: of a root that the user did not name, or named only in part.
        known: sizes of the recorded files, by path under the root.

    Returns:
        The finding, and a warning for each place whose files are kept.
    """
    part = finding.part

    def is_named(path: str) -> bool:
        # What the user named is taken at face value; the rest of the root is not.
        return bool(part) and is_below(path, part)

    known = {path: size for path, size in known.items() if not is_named(path)}
    existing = {file.doc_id: file.size for file in finding.files if not is_named(file.doc_id)}
    unreadable = finding.unreadable(TRANSIENT)
    missing = [path for path in known if path not in existing and not is_within(path, unreadable)]
    absent = tuple(absences(finding.now, known, existing, missing))
    replaced = [absence.place for absence in absent if absence.another]

    def belongs(path: str) -> bool:
        return is_named(path) or not is_within(path, replaced)

    places = [
        place
        for absence in absent
        for place in (missing if part and absence.place == "." else [absence.place])
    ]
    unmounted = (Skipped(place, "unmounted", "not mounted, it seems") for place in places)
    marked = replace(
        finding,
        files=tuple(file for file in finding.files if belongs(file.doc_id)),
        skipped=(*(skipped for skipped in finding.skipped if belongs(skipped.path)), *unmounted),
    )
    return marked, [_warning_of(finding.root.path, absence) for absence in absent]


def _warning_of(top: Path, absence: Absence) -> str:
    forgets = f"(bienc index {top}, or --prune, forgets it)" if absence.place == "." else _FORGETS
    return f"{top / absence.place} {absence.why}; what the index knows of it is kept {forgets}"


def _root_to_record(finding: Finding) -> Root:
    """The root to record, with its current device and mounts if its files are there."""
    is_unmounted = any(skipped.code == "unmounted" for skipped in finding.skipped)
    if is_unmounted or not finding.files:
        return finding.root
    now = finding.now
    return replace(finding.root, device=now.device, inode=now.inode, mounts=finding.mounts)


def recordable(finding: Finding) -> list[Skipped]:
    """The skips to record, except unmounted places, which a warning reports."""
    return [skipped for skipped in finding.skipped if skipped.code != "unmounted"]


def _compared_by_content(
    writer: IndexWriter,
    root: Root,
    known: dict[str, FileState],
    changes: Changes,
    options: IndexOptions,
) -> Changes:
    """The changes, without files whose content turns out to be unchanged; needs no model."""
    read = []
    unchanged = list(changes.unchanged)
    for file in changes.read:
        state = known.get(file.doc_id)
        if state is None or state.size != file.size or is_due(state, retry=options.retry):
            read.append(file)
            continue
        if state.code in PASSING or not is_current(state.reader, file.path, reading_of(root)):
            read.append(file)
            continue
        looked_ns = time.time_ns()
        try:
            digest = digest_of_file(file.path)
        except OSError:
            read.append(file)
            continue
        if digest != state.digest:
            read.append(file)
            continue
        now = state_of(file, digest, state.reader, looked_ns=looked_ns)
        touch(writer, state, now)
        unchanged.append(state)
    return replace(changes, read=tuple(read), unchanged=tuple(unchanged))


def touch(writer: IndexWriter, known: FileState, now: FileState) -> None:
    """Record the new metadata of a file whose content turned out to be unchanged.

    A file that has merely settled is not worth a commit.
    """
    state = replace(
        known, size=now.size, mtime_ns=now.mtime_ns, inode=now.inode, ctime_ns=now.ctime_ns
    )
    if state != known:
        same_times = (known.size, known.mtime_ns) == (now.size, now.mtime_ns)
        at_rest = same_times and UNSETTLED in (known.ctime_ns, now.ctime_ns)
        writer.touch_file(state, lazily=at_rest)
