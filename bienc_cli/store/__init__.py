"""The index: a directory whose catalog says what is true, or the same in Milvus."""

from __future__ import annotations

from pathlib import Path

from bienc_cli.store.catalog import CATALOG, RESUME
from bienc_cli.store.milvus.address import Access, MilvusAddress
from bienc_cli.store.opening import check, home_of, lingers, open_reader, open_writer, repair
from bienc_cli.store.protocol import (
    UNSETTLED,
    CommitReport,
    FileStamp,
    FileState,
    Filter,
    IndexInfo,
    IndexPlace,
    IndexReader,
    IndexWriter,
    Outcome,
    Root,
    StoredPassage,
)
from bienc_cli.store.records import digest_of
from bienc_cli.store.verification import CheckReport, Problem, Remedy, RepairReport

INDEX_NAME = ".bienc"
"""The index directory's name where none was given."""

__all__ = [
    "INDEX_NAME",
    "UNSETTLED",
    "Access",
    "CheckReport",
    "CommitReport",
    "FileStamp",
    "FileState",
    "Filter",
    "IndexInfo",
    "IndexPlace",
    "IndexReader",
    "IndexWriter",
    "MilvusAddress",
    "Outcome",
    "Problem",
    "Remedy",
    "RepairReport",
    "Root",
    "StoredPassage",
    "check",
    "digest_of",
    "find_index",
    "home_of",
    "lingers",
    "open_reader",
    "open_writer",
    "repair",
]


def find_index(start: Path) -> Path | None:
    """The nearest index directory at or above `start`, begun or finished; None if none."""
    for folder in (start, *start.parents):
        directory = folder / INDEX_NAME
        if any((directory / name).is_file() for name in (CATALOG, RESUME)):
            return directory
    return None
