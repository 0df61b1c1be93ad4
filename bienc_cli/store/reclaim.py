"""Tracks the rows of the vector file that no passage uses, and eventually drops them.

Rows are never overwritten, so an unused row stays in place, listed in `unused`, until enough have
accumulated to rewrite the file without them. Until then, a text that comes back finds its vector.
Vectors that an interrupted run encoded and no commit has used are kept longer.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bienc_cli.store.rows import PASSAGE_COLUMNS, checked, checksum_of
from bienc_cli.store.vectors import AT_ONCE, UsedVectors, VectorFile, number_of, vector_paths
from bienc_cli.types import EncoderIdentity

UNUSED_SHARE = 0.2
"""Fraction of unused rows above which the file is rewritten, and the graph with it: both hold data
that nobody asks for, and searches find it only to discard it."""

UNUSED_LEAST = 1_000
"""Number of unused rows below which a rewrite is not worth it."""

_MOST_AHEAD_BYTES = 2 << 30
"""Limit on vectors kept although no commit has used them: hours of work."""


def mark_unused(connection: sqlite3.Connection, committed: int, unwritten: set[int]) -> None:
    """List the rows dropped in this transaction as unused, unless a passage uses them.

    Args:
        connection: the writer's, with `temp.loose`.
        committed: rows that the last generation counted; later ones were encoded since.
        unwritten: rows that were never written; the dropped ones are removed from this set.
    """
    dropped = [
        row[0]
        for row in connection.execute(
            "SELECT vector_id FROM temp.loose WHERE NOT EXISTS "
            "(SELECT 1 FROM passages WHERE passages.vector_id = loose.vector_id) AND NOT EXISTS "
            "(SELECT 1 FROM unused WHERE unused.vector_id = loose.vector_id)"
        )
    ]
    connection.execute("DELETE FROM temp.loose")
    for vector_id in dropped:
        if vector_id in unwritten:
            connection.execute("DELETE FROM vectors WHERE id = ?", (vector_id,))
        ahead = vector_id >= committed and vector_id not in unwritten
        connection.execute("INSERT INTO unused VALUES (?, ?)", (vector_id, int(ahead)))
    unwritten.difference_update(dropped)


def count_tail(
    connection: sqlite3.Connection, tail: Mapping[bytes, int], start: int, end: int
) -> None:
    """Include the rows of a tail in the count, because used rows lie among or after them.

    Args:
        connection: the writer's.
        tail: the tail's intact rows, by the digest of their text.
        start: the first row that no generation has counted.
        end: the number of rows in the file.
    """
    digests = {row: digest for digest, row in tail.items()}
    counted = {
        row[0] for row in connection.execute("SELECT id FROM vectors WHERE id >= ?", (start,))
    }
    counted |= {
        row[0]
        for row in connection.execute("SELECT vector_id FROM unused WHERE vector_id >= ?", (start,))
    }
    for row in range(start, end):
        if row in counted:
            continue
        is_known = (
            row in digests
            and connection.execute(
                "INSERT OR IGNORE INTO vectors VALUES (?, ?)", (row, digests[row])
            ).rowcount
        )
        connection.execute("INSERT INTO unused VALUES (?, ?)", (row, int(bool(is_known))))


def is_due(connection: sqlite3.Connection, rows: int, *, compact: bool) -> bool:
    """Whether the file should be rewritten."""
    (dropped,) = connection.execute("SELECT count(*) FROM unused WHERE NOT ahead").fetchone()
    if compact:
        return bool(dropped)
    return bool(dropped > max(UNUSED_LEAST, UNUSED_SHARE * rows))


def write_anew(
    connection: sqlite3.Connection,
    directory: Path,
    number: int,
    encoder: EncoderIdentity,
    file: VectorFile | None,
    used: UsedVectors | None,
) -> VectorFile:
    """Write the used vectors into a new file, and update their row numbers in the catalog.

    Rows keep their numbers, except that those beyond the new end fill the gaps. Vectors encoded
    ahead of a commit become the new file's tail.

    Args:
        connection: the writer's.
        directory: of the index.
        number: the new file's.
        encoder: the one that made the vectors.
        file: the old file; None if it is lost and none of its rows are used.
        used: its used vectors; None likewise.

    Raises:
        IndexDamaged: a used vector is not what was written.
        OSError: the disk is full or refused to write.
    """
    new = VectorFile.create(directory, number, encoder)
    count = len(used) if used is not None else 0
    ahead = [row[0] for row in connection.execute("SELECT vector_id FROM unused WHERE ahead")]
    connection.execute("DELETE FROM vectors WHERE id IN (SELECT vector_id FROM unused)")
    connection.execute("DELETE FROM unused")
    if file is None or used is None:
        return new
    kept = used.ids[used.ids < count]
    moved = used.ids[used.ids >= count]
    gaps = np.setdiff1d(np.arange(count, dtype=np.int64), kept, assume_unique=True)
    for ids, new_ids in ((kept, kept), (moved, gaps)):
        for start in range(0, len(ids), AT_ONCE):
            part = ids[start : start + AT_ONCE]
            digests, vectors = file.read_rows(part)
            new.write(new_ids[start : start + AT_ONCE], digests, vectors)
    _renumber(connection, dict(zip(moved.tolist(), gaps.tolist(), strict=True)))
    end = count
    for ids in _intact_rows(file, sorted({*ahead, *file.tail(used.rows).values()})):
        digests, vectors = file.read_rows(ids)
        new.write(np.arange(end, end + len(ids), dtype=np.int64), digests, vectors)
        end += len(ids)
    return new


def free_number(directory: Path) -> int:
    """A number that no vector file has."""
    return 1 + max((number_of(path.name) for path in vector_paths(directory)), default=0)


def _intact_rows(file: VectorFile, ids: list[int]) -> Iterator[NDArray[np.int64]]:
    bad_ids = set(file.bad(np.array(ids, dtype=np.int64)))
    intact = np.array([vector_id for vector_id in ids if vector_id not in bad_ids], dtype=np.int64)
    for start in range(0, len(intact), AT_ONCE):
        yield intact[start : start + AT_ONCE]


def _renumber(connection: sqlite3.Connection, moved: Mapping[int, int]) -> None:
    connection.execute("PRAGMA defer_foreign_keys = ON")
    for old, new in moved.items():
        connection.execute("UPDATE vectors SET id = ? WHERE id = ?", (new, old))
        rows = connection.execute(
            f"SELECT {PASSAGE_COLUMNS} FROM passages WHERE vector_id = ?", (old,)
        ).fetchall()
        for row in rows:
            passage_id, *values, _ = checked(row, "passage")
            connection.execute(
                "UPDATE passages SET vector_id = ?, checksum = ? WHERE id = ?",
                (new, checksum_of(passage_id, *values, new), passage_id),
            )


def bound_ahead(connection: sqlite3.Connection, row_bytes: int) -> None:
    """Drop vectors encoded ahead of a commit beyond `_MOST_AHEAD_BYTES`.

    Args:
        connection: the writer's.
        row_bytes: size of a row in the file.
    """
    most = _MOST_AHEAD_BYTES // row_bytes
    surplus = "SELECT vector_id FROM unused WHERE ahead ORDER BY vector_id LIMIT -1 OFFSET ?"
    connection.execute(f"DELETE FROM vectors WHERE id IN ({surplus})", (most,))
    connection.execute(f"UPDATE unused SET ahead = 0 WHERE vector_id IN ({surplus})", (most,))
