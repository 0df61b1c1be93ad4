"""The index: a directory whose catalog says what is true, or the same in another place."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from bienc_cli.store import privacy
from bienc_cli.store.catalog import CATALOG, VECTORS
from bienc_cli.store.check_report import CheckReport, Problem, Remedy, RepairReport
from bienc_cli.store.covered import UNSETTLED, FileStamp, FileState, Mount, Outcome, Root
from bienc_cli.store.nearest import FOREIGN_GRAPH
from bienc_cli.store.opening import (
    check,
    home_of,
    identity_of,
    let_in,
    lingers,
    open_reader,
    open_writer,
    repair,
)
from bienc_cli.store.place import IndexPlace, RemotePlace
from bienc_cli.store.privacy import is_own
from bienc_cli.store.protocol import (
    CommitReport,
    Filter,
    IndexInfo,
    IndexReader,
    IndexWriter,
    StoredPassage,
)
from bienc_cli.store.room import Begun
from bienc_cli.store.rows import digest_of

INDEX_NAME = ".bienc"
"""The index directory's name where none was given."""

__all__ = [
    "FOREIGN_GRAPH",
    "INDEX_NAME",
    "UNSETTLED",
    "Begun",
    "CheckReport",
    "CommitReport",
    "FileStamp",
    "FileState",
    "Filter",
    "IndexInfo",
    "IndexPlace",
    "IndexReader",
    "IndexWriter",
    "Mount",
    "Outcome",
    "Problem",
    "Remedy",
    "RemotePlace",
    "RepairReport",
    "Root",
    "StoredPassage",
    "check",
    "digest_of",
    "exposed",
    "find_foreign_index",
    "find_index",
    "holds_index",
    "home_of",
    "identity_of",
    "is_finished",
    "let_in",
    "lingers",
    "open_reader",
    "open_writer",
    "repair",
]


def find_index(start: Path, safe: Collection[str] = ()) -> Path | None:
    """The nearest index directory at or above `start`, begun or finished; None if none.

    Only those count that are this user's own, as git has it: who indexes in a folder below does
    not want to write into what somebody else has put above it.

    Args:
        start: absolute.
        safe: directories that count whoever owns them; `*` for all.
    """
    return next((one for one in _indexes_upwards(start) if is_own(one, safe)), None)


def find_foreign_index(start: Path, safe: Collection[str] = ()) -> Path | None:
    """The nearest index directory that `find_index` passes over."""
    return next((one for one in _indexes_upwards(start) if not is_own(one, safe)), None)


def _indexes_upwards(start: Path) -> Iterator[Path]:
    for folder in (start, *start.parents):
        directory = folder / INDEX_NAME
        with suppress(OSError):
            if holds_index(directory):
                yield directory


def holds_index(directory: Path) -> bool:
    """Whether a directory is an index, begun or finished."""
    return (directory / CATALOG).is_file() or any(directory.glob(VECTORS))


def is_finished(directory: Path) -> bool:
    """Whether a directory is an index that something was committed to."""
    return (directory / CATALOG).is_file()


def exposed(place: IndexPlace) -> list[Path]:
    """What of an index on this disk others may read or write."""
    return privacy.exposed(place) if isinstance(place, Path) else []
