"""Rows of the file of vectors that no passage uses: kept track of, and left behind in time.

A row is never overwritten, so what is let go stays where it is, listed in `unused`, until enough
has gathered for the file to be written anew without it. Until then a text that comes back finds
its vector. What an interrupted run has encoded, and no commit has used yet, is kept beyond that.
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
"""Share of the rows past which the file is written anew, and with it the graph: both hold what
nobody asks for, and a search finds it and throws it away."""

UNUSED_LEAST = 1_000
"""Rows below which that is not worth it."""

_MOST_AHEAD_BYTES = 2 << 30
"""Of vectors that no commit has used and that are kept beyond one: hours of work."""


def let_go(connection: sqlite3.Connection, committed: int, unwritten: set[int]) -> None:
    """List as unused what was let go in this transaction and is used by no passage.

    Args:
        connection: the writer's, with `temp.loose`.
        committed: rows that the last generation counted; later ones were encoded since.
        unwritten: rows that were never written; taken out of it where they are let go.
    """
    found = [
        row[0]
        for row in connection.execute(
            "SELECT vector_id FROM temp.loose WHERE NOT EXISTS "
            "(SELECT 1 FROM passages WHERE passages.vector_id = loose.vector_id) AND NOT EXISTS "
            "(SELECT 1 FROM unused WHERE unused.vector_id = loose.vector_id)"
        )
    ]
    connection.execute("DELETE FROM temp.loose")
    for vector_id in found:
        if vector_id in unwritten:
            connection.execute("DELETE FROM vectors WHERE id = ?", (vector_id,))
        ahead = vector_id >= committed and vector_id not in unwritten
        connection.execute("INSERT INTO unused VALUES (?, ?)", (vector_id, int(ahead)))
    unwritten.difference_update(found)


def count_tail(
    connection: sqlite3.Connection, tail: Mapping[bytes, int], start: int, end: int
) -> None:
    """Count in the rows of a tail, since rows that are used lie among or behind them.

    Args:
        connection: the writer's.
        tail: the whole rows of the tail by the digest of their text.
        start: the first row that no generation has counted.
        end: behind the last row that there is.
    """
    whole = {row: digest for digest, row in tail.items()}
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
        known = (
            row in whole
            and connection.execute(
                "INSERT OR IGNORE INTO vectors VALUES (?, ?)", (row, whole[row])
            ).rowcount
        )
        connection.execute("INSERT INTO unused VALUES (?, ?)", (row, int(bool(known))))


def is_due(connection: sqlite3.Connection, rows: int, *, compact: bool) -> bool:
    """Whether the file is to be written anew."""
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
    """Write the vectors that are used into a new file, and make the catalog name its rows.

    Rows keep their numbers but for those behind the new end, which fill the gaps. What was encoded
    ahead becomes the new file's tail.

    Args:
        connection: the writer's.
        directory: of the index.
        number: of the new file.
        encoder: of its vectors.
        file: the old one; None where it is lost and nothing of it is used.
        used: its vectors; None likewise.

    Raises:
        IndexDamaged: a vector that is used is not what was written.
        OSError: the disk is full, or otherwise refused.
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
    for ids, places in ((kept, kept), (moved, gaps)):
        for start in range(0, len(ids), AT_ONCE):
            part = ids[start : start + AT_ONCE]
            digests, vectors = file.read_rows(part)
            new.write(places[start : start + AT_ONCE], digests, vectors)
    _renumber(connection, dict(zip(moved.tolist(), gaps.tolist(), strict=True)))
    end = count
    for ids in _whole(file, sorted({*ahead, *file.tail(used.rows).values()})):
        digests, vectors = file.read_rows(ids)
        new.write(np.arange(end, end + len(ids), dtype=np.int64), digests, vectors)
        end += len(ids)
    return new


def free_number(directory: Path) -> int:
    """A number that no file of vectors has."""
    return 1 + max((number_of(path.name) for path in vector_paths(directory)), default=0)


def _whole(file: VectorFile, ids: list[int]) -> Iterator[NDArray[np.int64]]:
    bad = set(file.bad(np.array(ids, dtype=np.int64)))
    whole = np.array([one for one in ids if one not in bad], dtype=np.int64)
    for start in range(0, len(whole), AT_ONCE):
        yield whole[start : start + AT_ONCE]


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
    """Let go of what was encoded ahead beyond some amount.

    Args:
        connection: the writer's.
        row_bytes: of a row of the file.
    """
    most = _MOST_AHEAD_BYTES // row_bytes
    surplus = "SELECT vector_id FROM unused WHERE ahead ORDER BY vector_id LIMIT -1 OFFSET ?"
    connection.execute(f"DELETE FROM vectors WHERE id IN ({surplus})", (most,))
    connection.execute(f"UPDATE unused SET ahead = 0 WHERE vector_id IN ({surplus})", (most,))
