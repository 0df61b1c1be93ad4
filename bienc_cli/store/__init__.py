"""The index directory: what is true is in its catalog, everything else is derived."""

from __future__ import annotations

from pathlib import Path

from bienc_cli.store.catalog import CATALOG, RESUME
from bienc_cli.store.protocol import (
    CommitReport,
    FileState,
    Filter,
    IndexInfo,
    IndexReader,
    IndexWriter,
    Root,
    StoredPassage,
)
from bienc_cli.store.reader import open_reader
from bienc_cli.store.records import digest_of
from bienc_cli.store.verification import CheckReport, Problem, Remedy, RepairReport, check, repair
from bienc_cli.store.writer import open_writer

INDEX_NAME = ".bienc"
"""The index directory's name where none was given."""

__all__ = [
    "INDEX_NAME",
    "CheckReport",
    "CommitReport",
    "FileState",
    "Filter",
    "IndexInfo",
    "IndexReader",
    "IndexWriter",
    "Problem",
    "Remedy",
    "RepairReport",
    "Root",
    "StoredPassage",
    "check",
    "digest_of",
    "find_index",
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
