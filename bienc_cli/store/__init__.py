"""The index: a directory whose catalog says what is true, or the same in another place."""

from __future__ import annotations

from bienc_cli.store.check_report import CheckReport, Problem, Remedy, RepairReport
from bienc_cli.store.covered import UNSETTLED, FileStamp, FileState, Mount, Outcome, Root
from bienc_cli.store.nearest import FOREIGN_GRAPH
from bienc_cli.store.place import (
    INDEX_NAME,
    IndexPlace,
    RemotePlace,
    check,
    exposed,
    find_foreign_index,
    find_index,
    holds_index,
    identity_of,
    is_finished,
    let_in,
    lingers,
    open_reader,
    open_writer,
    parent_of,
    repair,
)
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
    "identity_of",
    "is_finished",
    "let_in",
    "lingers",
    "open_reader",
    "open_writer",
    "parent_of",
    "repair",
]
