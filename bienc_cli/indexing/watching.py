"""Following changes: whenever files settle, one more run over all that the index covers.

What the system reports only says when to look. What has changed, a run finds out by itself,
so that a report that is lost, doubled or about a file that does not matter changes nothing.
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
"""Changes that follow one another faster than this belong to one batch."""

LONGEST_BATCH_MS = 3_000
"""However fast they go on: then what there is so far is taken."""

LONGEST_PAUSE = 60.0
"""Seconds between two attempts, however often they have failed; the first pause is one second."""

_MAY_PASS = (StorageError, IndexBusy, PathNotFound, OSError)
"""A full disk, a lock, a server or a folder that is away for a while; anything else does not
get better by itself."""

_TICK_MS = 1_000
"""How often what the system does not report is looked at: single files, roots that come back."""


def follow(
    update: Callable[[], IndexReport],
    covered: Callable[[], Sequence[Root]],
    directory: IndexPlace,
    stop: threading.Event | None = None,
    on_failure: Callable[[Exception, float], None] = lambda _error, _pause: None,
) -> Iterator[IndexReport]:
    """Keep an index up to date until stopped or interrupted.

    Nothing is held meanwhile but the models: neither the index's lock nor a snapshot. What may
    pass, such as a full disk, is tried again with growing pauses.

    Args:
        update: one run over all that is covered, such as `index_paths([], ...)`.
        covered: the roots as the index has them now.
        directory: of the index; what happens in it is its own business.
        stop: set to end the iteration within a second.
        on_failure: told what failed and after how many seconds it is tried again.

    Yields:
        The report of each run that changed something.

    Raises:
        StorageError: the system cannot watch that many folders.
        BiencError: what does not get better by itself.
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
    """The system's limit of watched folders is reached; it does not rise by itself."""


def _followed(
    update: Callable[[], IndexReport],
    covered: Callable[[], Sequence[Root]],
    directory: IndexPlace,
    stop: threading.Event,
) -> Iterator[IndexReport | None]:
    """The report of each run, None for one that changed nothing; until something fails."""
    while not stop.is_set():
        roots = tuple(covered())
        folders = _folders(roots)
        places = _identities(folders)
        files = _times(roots, folders)
        # What happened before the watching began is reported by nobody.
        pending = True
        for changed in _signals(folders, directory, stop):
            seen = _times(roots, folders)
            pending |= changed or seen != files
            files = seen
            if pending:
                pending = False
                report = update()
                yield report if report.committed else None
            if tuple(covered()) != roots or _identities(_folders(roots)) != places:
                break


def _folders(roots: Iterable[Root]) -> list[Path]:
    return [root.path for root in roots if root.files is None and root.path.is_dir()]


def _identities(folders: Iterable[Path]) -> dict[Path, tuple[int, int]]:
    """Which folders there are; one that was deleted and made again is another one."""
    found = {}
    for folder in folders:
        try:
            status = folder.stat()
        except OSError:
            continue
        found[folder] = status.st_dev, status.st_ino
    return found


def _times(roots: Iterable[Root], folders: Sequence[Path]) -> dict[Path, tuple[int, int]]:
    """Size and time of files that are covered by themselves.

    Watching one would lose it when an editor saves by renaming, and watching the folder it
    lies in would mean all that is below that.
    """
    found = {}
    for root in roots:
        if root.path in folders:
            continue
        names = [""] if root.files is None else root.files
        for path in (root.path / name for name in names):
            try:
                status = path.stat()
            except OSError:
                continue
            found[path] = status.st_size, status.st_mtime_ns
    return found


def _signals(
    folders: Sequence[Path], directory: IndexPlace, stop: threading.Event
) -> Iterator[bool]:
    """True for each batch of changes in the folders, False for each tick without any."""
    if not folders:
        while not stop.wait(_TICK_MS / 1000):
            yield False
        return
    from watchfiles import Change, watch

    tops = [(str(folder), os.path.realpath(folder)) for folder in folders]
    place = directory if isinstance(directory, Path) else directory.file
    own = {str(place), os.path.realpath(place)} if place is not None else set()

    def matters(_change: Change, path: str) -> bool:
        if any(path == place or path.startswith(f"{place}/") for place in own):
            return False
        for top in (top for pair in tops for top in pair):
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
