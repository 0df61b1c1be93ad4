"""Resolves a filter against one generation: the documents and vectors that pass."""

from __future__ import annotations

import itertools
import sqlite3
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bienc_cli.store.facts import Filter, IndexInfo
from bienc_cli.store.rows import DOCUMENT_COLUMNS, FILE_COLUMNS, checked, damaged

_numbers = itertools.count(1)

_KEPT = 4


@dataclass(frozen=True, slots=True)
class Selection:
    """The documents and vectors that pass a filter.

    Attributes:
        documents: name of a temporary table of their ids (`id`).
        vector_ids: rows of their passages' vectors, ascending, without repeats.
        passage_count: how many passages pass.
    """

    documents: str
    vector_ids: NDArray[np.int64]
    passage_count: int

    @property
    def of_passages(self) -> str:
        """SQL condition on a row of `passages`."""
        return f"passages.document_id IN (SELECT id FROM {self.documents})"


class Selections:
    """The resolved filters of one reader; the last few are cached.

    Args:
        connection: for reading; temporary tables are created on it.
        names: (root's path, root's kind, file's path) to the paths that a user may call the file
            by.
        info: the recorded numbers of files and documents.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        names: Callable[[str, str, str], Sequence[str]],
        info: IndexInfo,
    ) -> None:
        self._connection = connection
        self._names = names
        self._info = info
        self._kept: OrderedDict[Filter, Selection] = OrderedDict()
        self._evicted: list[str] = []

    def of(self, where: Filter) -> Selection:
        """Resolve a filter; raises as `select`."""
        if where not in self._kept:
            self._kept[where] = select(self._connection, where, self._names, self._info)
            if len(self._kept) > _KEPT:
                _, oldest = self._kept.popitem(last=False)
                self._evicted.append(oldest.documents)
            self._drop_tables()
        self._kept.move_to_end(where)
        return self._kept[where]

    def _drop_tables(self) -> None:
        """Drop the tables of evicted selections; SQLite refuses while any statement is active."""
        while self._evicted:
            try:
                self._connection.execute(f"DROP TABLE {self._evicted[-1]}")
            except sqlite3.OperationalError:
                return
            self._evicted.pop()


def select(
    connection: sqlite3.Connection,
    where: Filter,
    names: Callable[[str, str, str], Sequence[str]],
    info: IndexInfo,
) -> Selection:
    """Resolve a filter.

    Args:
        connection: for reading; temporary tables are created on it.
        where: the filter.
        names: (root's path, root's kind, file's path) to the paths that a user may call the file
            by.
        info: the recorded numbers of files and documents.

    Raises:
        IndexDamaged: a row that the filter reads is not what was written.
        UsageError: a pattern is malformed.
    """
    documents = f"temp.selected_documents_{next(_numbers)}"
    files = set(_files(connection, where.paths, names, info.files)) if where.paths else None
    format_counts = Counter[str]()
    chosen = []
    # Every row is verified: a changed one would silently exclude its document.
    for row in connection.execute(f"SELECT {DOCUMENT_COLUMNS} FROM documents"):
        document_id, file_id, _, _, format_, _ = checked(row, "document")
        format_counts[format_] += 1
        if (files is None or file_id in files) and (not where.formats or format_ in where.formats):
            chosen.append((document_id,))
    if format_counts != Counter(dict(info.formats)):
        raise damaged("the set of its documents")
    connection.execute(f"CREATE TABLE {documents} (id INTEGER PRIMARY KEY)")
    connection.executemany(f"INSERT INTO {documents} VALUES (?)", chosen)
    rows = connection.execute(
        f"SELECT vector_id FROM passages WHERE document_id IN (SELECT id FROM {documents})"
    )
    vector_ids = np.fromiter((row[0] for row in rows), dtype=np.int64)
    return Selection(documents, np.unique(vector_ids), len(vector_ids))


def _files(
    connection: sqlite3.Connection,
    patterns: Sequence[str],
    names: Callable[[str, str, str], Sequence[str]],
    expected: int,
) -> list[int]:
    # Few queries need it, and it is slow to import.
    from bienc_cli.patterns import PathFilter

    path_filter = PathFilter(patterns)
    roots = {
        root_id: (path, kind)
        for root_id, path, kind in connection.execute("SELECT id, path, kind FROM roots")
    }
    file_ids = []
    count = 0
    for row in connection.execute(f"SELECT {FILE_COLUMNS} FROM files"):
        count += 1
        # Not as a `FileState`: of many files, decoding takes as long as the rest of this.
        file_id, root_id, path, *_ = checked(row, "file")
        if root_id not in roots:
            raise damaged(f"file {file_id}")
        shown = names(*roots[root_id], path)
        if path_filter.matches([path, *(name.lstrip("/") for name in shown)]):
            file_ids.append(file_id)
    if count != expected:
        raise damaged("the set of its files")
    return file_ids
