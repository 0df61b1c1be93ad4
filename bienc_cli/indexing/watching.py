"""Watches the covered folders, and runs an update whenever their files have settled.

The system's reports only say when to look. Each run finds out by itself what has changed, so a
report that is lost, repeated or irrelevant does no harm.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from bienc_cli.errors import IndexBusy, PathNotFound, StorageError
from bienc_cli.indexing.discovery import is_never_a_document
from bienc_cli.indexing.report import IndexReport
from bienc_cli.store import IndexPlace, Root

SETTLED_MS = 300
"""Changes in quicker succession than this belong to one batch."""

LONGEST_BATCH_MS = 3_000
"""Maximum duration of a batch, however quickly changes continue."""

LONGEST_PAUSE = 60.0
"""Maximum pause in seconds between attempts after failures; the first pause is one second."""

_MAY_PASS = (StorageError, IndexBusy, PathNotFound, OSError)
"""Errors that may be temporary: a full disk, a lock, an unreachable server or folder."""

_TICK_MS = 1_000
"""How often to check what the system does not report: single files, and missing roots."""


def follow(
    update: Callable[[], IndexReport],
    covered: Callable[[], Sequence[Root]],
    directory: IndexPlace,
    stop: threading.Event | None = None,
    on_failure: Callable[[Exception, float], None] = lambda _error, _pause: None,
) -> Iterator[IndexReport]:
    """Keep an index up to date until stopped or interrupted.

    Between runs, only the models stay loaded: no lock and no snapshot is held. Temporary errors,
    such as a full disk, are retried with growing pauses.

    Args:
        update: runs one update of everything covered, such as `index_paths([], ...)`.
        covered: returns the index's current roots.
        directory: of the index; changes inside it are ignored.
        stop: set to end the iteration within a second.
        on_failure: called with the error and the number of seconds until the next attempt.

    Yields:
        The report of each run that changed something.

    Raises:
        StorageError: the system cannot watch that many folders.
        BiencError: an error that will not go away by itself.
        KeyboardInterrupt: interrupted, by a signal of any kind.
    """
    stop = stop or threading.Event()
    failures = 0
    while not stop.is_set():
        try:
            for report in _followed(update, covered, directory, stop):
                failures = 0
                if report is not None:
                    yield report
        except _MAY_PASS as error:
            if isinstance(error, _CannotWatchError):
                raise
            pause = min(2.0**failures, LONGEST_PAUSE)
            failures += 1
            on_failure(error, pause)
            stop.wait(pause)


class _CannotWatchError(StorageError):
    """The system's limit on watched folders is reached, and will not rise by itself."""


def _followed(
    update: Callable[[], IndexReport],
    covered: Callable[[], Sequence[Root]],
    directory: IndexPlace,
    stop: threading.Event,
) -> Iterator[IndexReport | None]:
    """The report of each run, or None if it changed nothing; until something fails."""
    while not stop.is_set():
        roots = tuple(covered())
        folders = _folders(roots)
        identities = _identities(folders)
        file_times = _times(roots, folders)
        # Changes made before the watch started are not reported.
        pending = True
        for changed in _signals(folders, directory, stop):
            current_times = _times(roots, folders)
            pending |= changed or current_times != file_times
            file_times = current_times
            if pending:
                pending = False
                report = update()
                yield report if report.committed else None
            if tuple(covered()) != roots or _identities(_folders(roots)) != identities:
                break


def _folders(roots: Iterable[Root]) -> list[Path]:
    return [root.path for root in roots if root.files is None and root.path.is_dir()]


def _identities(folders: Iterable[Path]) -> dict[Path, tuple[int, int]]:
    """The device and inode of existing folders, to notice ones that were replaced."""
    identities = {}
    for folder in folders:
        try:
            status = folder.stat()
        except OSError:
            continue
        identities[folder] = status.st_dev, status.st_ino
    return identities


def _times(roots: Iterable[Root], folders: Sequence[Path]) -> dict[Path, tuple[int, int]]:
    """Size and time of single files that are roots themselves.

    Watching such a file would lose it when an editor saves by renaming, and watching its folder
    would include everything else below that.
    """
    times = {}
    for root in roots:
        if root.path in folders:
            continue
        names = [""] if root.files is None else root.files
        for path in (root.path / name for name in names):
            try:
                status = path.stat()
            except OSError:
                continue
            times[path] = status.st_size, status.st_mtime_ns
    return times


def _signals(
    folders: Sequence[Path], directory: IndexPlace, stop: threading.Event
) -> Iterator[bool]:
    """Yields True for each batch of changes in the folders, False for each tick without any."""
    if not folders:
        while not stop.wait(_TICK_MS / 1000):
            yield False
        return
    from watchfiles import Change, watch

    tops = [(str(folder), os.path.realpath(folder)) for folder in folders]
    index_path = directory if isinstance(directory, Path) else directory.file
    own_paths = {str(index_path), os.path.realpath(index_path)} if index_path is not None else set()

    def matters(_change: Change, path: str) -> bool:
        if any(path == own_path or path.startswith(f"{own_path}/") for own_path in own_paths):
            return False
        for top in (folder for pair in tops for folder in pair):
            if path.startswith(f"{top}/"):
                return not any(map(is_never_a_document, path[len(top) + 1 :].split("/")))
        return True

    batches = watch(
        *folders,
        watch_filter=matters,
        debounce=LONGEST_BATCH_MS,
        step=SETTLED_MS,
        stop_event=stop,
        rust_timeout=_TICK_MS,
        yield_on_timeout=True,
        ignore_permission_denied=True,
    )
    try:
        yield from map(bool, batches)
    except OSError as error:
        raise _CannotWatchError(
            f"The system cannot watch these folders: {error}.",
            "raise its limit: sysctl fs.inotify.max_user_watches=1048576",
        ) from error
