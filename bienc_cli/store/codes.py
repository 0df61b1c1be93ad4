"""One bit for each dimension of each vector: what a first query on a large index goes through.

hnswlib reads its whole file before it answers anything, 1.7 GB at a million vectors. The signs
of the same vectors, each taken against their mean, are 48 MB. They propose candidates whose
vectors are then read from the catalog and compared exactly, so that scores are as from any
other way of searching, and only which passages are looked at is approximate.

The codes are rows of the catalog: they belong to its transaction and its snapshot, are verified
by checksum, and are never handed to anything but NumPy. They stand for exactly the vectors of
the generation, those that the graph does not have yet included.

Comparing a query that is not reduced to bits with vectors that are is the asymmetric distance
of Jégou, Douze and Schmid, "Product quantization for nearest neighbor search", TPAMI 33(1),
2011, with one centroid on either side of the mean in each dimension.
"""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import xxhash
from numpy.typing import NDArray

from bienc_cli.store import vectors
from bienc_cli.store.records import damaged
from bienc_cli.types import Vectors

FEWEST = 50_000
"""Vectors from which codes are kept: with fewer, the graph is loaded in a sixth of a second."""

CANDIDATES = 1_000
"""Candidates that are compared exactly for a query. Measured on real vectors and mixtures of
them, 400,000 in all: 0.997 of the ten nearest are among the first 500, all among 1,000."""

QUERIES = 16
"""Queries that are answered by codes before the graph is loaded after all: at a million vectors
that takes as long as loading it."""

_WORD_BITS = 16
_WORDS = np.arange(1 << _WORD_BITS, dtype=np.uint32)
_AT_ONCE = 16_384
_CENTRE_SAMPLE = 20_000
_GROWTH = 4
"""How many times more vectors there may be than when their mean was taken."""

Centre = NDArray[np.float32]
"""Shape (dim,): the mean that signs are taken against."""


@dataclass(frozen=True, slots=True)
class CodeTable:
    """The codes of all vectors of a generation, in memory.

    Attributes:
        ids: shape (n,), ascending.
        columns: shape (words, n), uint16: sixteen dimensions of all vectors in each row.
        centre: shape (dim,).
    """

    ids: NDArray[np.int64]
    columns: NDArray[np.uint16]
    centre: Centre

    def nearest(
        self, query: NDArray[np.float32], count: int, among: NDArray[np.int64] | None = None
    ) -> NDArray[np.int64]:
        """The ids of the `count` vectors that are likely to be nearest, in no order.

        Args:
            query: shape (dim,).
            count: how many; fewer come only where there are fewer.
            among: ids that count, ascending; None for all.
        """
        scores = self._scores(query)
        ids = self.ids
        if among is not None:
            counts = np.isin(ids, among, assume_unique=True)
            scores, ids = scores[counts], ids[counts]
        if count >= len(ids):
            return ids
        return ids[np.argpartition(scores, -count)[-count:]]

    def _scores(self, query: NDArray[np.float32]) -> NDArray[np.float32]:
        """Sum of the query's distances from the mean, each with the sign of the vector's.

        What sixteen dimensions can come to is computed once for every combination of signs.
        """
        words = len(self.columns)
        distances = np.zeros(words * _WORD_BITS, dtype=np.float32)
        distances[: len(query)] = query - self.centre
        scores = np.zeros(len(self.ids), dtype=np.float32)
        for column, part in zip(self.columns, distances.reshape(words, _WORD_BITS), strict=True):
            scores += (_signs() @ part).take(column)
        return scores


_SIGNS: list[NDArray[np.float32]] = []


def _signs() -> NDArray[np.float32]:
    """Shape (2^16, 16): the signs that a word stands for, lowest bit first."""
    if not _SIGNS:
        bits = (_WORDS[:, np.newaxis] >> np.arange(_WORD_BITS, dtype=np.uint32)) & 1
        _SIGNS.append(bits.astype(np.float32) * 2 - 1)
    return _SIGNS[0]


def load(
    connection: sqlite3.Connection, dim: int, count: int, recorded: Mapping[str, Any]
) -> CodeTable:
    """The codes of a generation.

    Args:
        connection: on the generation.
        dim: length of a vector.
        count: how many vectors there are.
        recorded: what `refresh` returned.

    Raises:
        IndexDamaged: they are not what was written.
    """
    parts = [_unpacked(row, dim) for row in _rows(connection)]
    if sum(len(ids) for ids, _ in parts) != count or not parts:
        raise damaged("the set of its codes")
    return CodeTable(
        np.concatenate([ids for ids, _ in parts]),
        np.concatenate([columns for _, columns in parts], axis=1),
        _centre_from(recorded, dim),
    )


def refresh(
    connection: sqlite3.Connection,
    dim: int,
    count: int,
    recorded: Mapping[str, Any] | None,
    gone: Sequence[int],
    *,
    anew: bool = False,
) -> dict[str, Any] | None:
    """Bring the codes into step with the vectors, inside the writer's transaction.

    Args:
        connection: the writer's.
        dim: length of a vector.
        count: how many vectors there are.
        recorded: what this returned for the last generation; None if nothing.
        gone: ids of vectors that were deleted since.
        anew: trust nothing that is there.

    Returns:
        What is to be recorded of them; None where there are too few vectors for any.

    Raises:
        IndexDamaged: a vector is not what was written.
    """
    if count < FEWEST:
        connection.execute("DELETE FROM codes")
        return None
    if anew or recorded is None or count > _GROWTH * int(recorded["of"]):
        connection.execute("DELETE FROM codes")
        centre = _mean(connection, dim, count)
        recorded = {"of": count, "centre": base64.b64encode(centre.tobytes()).decode()}
        after = 0
    else:
        centre = _centre_from(recorded, dim)
        _drop(connection, dim, gone)
        after = _reopen_last(connection)
    for ids, columns in _encoded(connection, dim, centre, f"id > {after}"):
        _write(connection, ids, columns)
    return dict(recorded)


def differ(
    connection: sqlite3.Connection, dim: int, count: int, recorded: Mapping[str, Any] | None
) -> bool:
    """Whether the codes are others than the vectors have."""
    if recorded is None:
        (rows,) = connection.execute("SELECT count(*) FROM codes").fetchone()
        return bool(rows)
    table = load(connection, dim, count, recorded)
    start = 0
    for ids, columns in _encoded(connection, dim, table.centre, "TRUE"):
        end = start + len(ids)
        if not (
            np.array_equal(table.ids[start:end], ids)
            and np.array_equal(table.columns[:, start:end], columns)
        ):
            return True
        start = end
    return start != len(table.ids)


def _mean(connection: sqlite3.Connection, dim: int, count: int) -> Centre:
    step = max(1, count // _CENTRE_SAMPLE)
    total = np.zeros(dim, dtype=np.float64)
    seen = 0
    # Every so many-th by id: documents of one kind lie together.
    for block in vectors.blocks(connection, dim, f"id % {step} = 0"):
        total += block.vectors.sum(axis=0, dtype=np.float64)
        seen += len(block.ids)
    return (total / max(seen, 1)).astype("<f4")


def _centre_from(recorded: Mapping[str, Any], dim: int) -> Centre:
    try:
        centre = np.frombuffer(base64.b64decode(recorded["centre"]), dtype="<f4")
    except (KeyError, TypeError, ValueError) as error:
        raise damaged("the mean of its vectors") from error
    if centre.shape != (dim,) or not np.isfinite(centre).all():
        raise damaged("the mean of its vectors")
    return centre


def _encoded(
    connection: sqlite3.Connection, dim: int, centre: Centre, condition: str
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.uint16]]]:
    """Ids and columns of vectors, `_AT_ONCE` at a time."""
    waiting: list[tuple[NDArray[np.int64], NDArray[np.uint16]]] = []
    held = 0
    for block in vectors.blocks(connection, dim, condition):
        waiting.append((block.ids, _columns(block.vectors, centre)))
        held += len(block.ids)
        if held >= _AT_ONCE:
            yield _joined(waiting)
            waiting, held = [], 0
    if waiting:
        yield _joined(waiting)


def _joined(
    parts: Sequence[tuple[NDArray[np.int64], NDArray[np.uint16]]],
) -> tuple[NDArray[np.int64], NDArray[np.uint16]]:
    return (
        np.concatenate([ids for ids, _ in parts]),
        np.concatenate([columns for _, columns in parts], axis=1),
    )


def _columns(rows: Vectors, centre: Centre) -> NDArray[np.uint16]:
    words = -(-rows.shape[1] // _WORD_BITS)
    bits = np.zeros((len(rows), words * _WORD_BITS), dtype=np.bool_)
    bits[:, : rows.shape[1]] = rows > centre
    packed = np.packbits(bits, axis=1, bitorder="little").view("<u2")
    return np.ascontiguousarray(packed.T)


def _write(
    connection: sqlite3.Connection, ids: NDArray[np.int64], columns: NDArray[np.uint16]
) -> None:
    packed_ids, packed = ids.astype("<i8").tobytes(), columns.astype("<u2").tobytes()
    first = int(ids[0])
    connection.execute(
        "INSERT INTO codes VALUES (?, ?, ?, ?)",
        (first, packed_ids, packed, _checksum(first, packed_ids, packed)),
    )


def _drop(connection: sqlite3.Connection, dim: int, gone: Sequence[int]) -> None:
    """Leave nothing of vectors that were deleted: their rows are made again without them."""
    by_row = groupby(sorted(gone), key=lambda one: _row_of(connection, one))
    for first, ids in by_row:
        if first is None:
            # Never committed, so never coded.
            continue
        (row,) = _rows(connection, "WHERE first_id = ?", (first,))
        held, columns = _unpacked(row, dim)
        stays = ~np.isin(held, list(ids))
        connection.execute("DELETE FROM codes WHERE first_id = ?", (first,))
        if stays.any():
            _write(connection, held[stays], columns[:, stays])


def _row_of(connection: sqlite3.Connection, vector_id: int) -> int | None:
    found: int | None = connection.execute(
        "SELECT max(first_id) FROM codes WHERE first_id <= ?", (vector_id,)
    ).fetchone()[0]
    return found


def _reopen_last(connection: sqlite3.Connection) -> int:
    """The id behind which codes are to be made: a last row that is not full is made again."""
    row = connection.execute(
        "SELECT first_id, ids FROM codes ORDER BY first_id DESC LIMIT 1"
    ).fetchone()
    if row is None:
        return 0
    first, ids = row
    if len(ids) < _AT_ONCE * 8:
        connection.execute("DELETE FROM codes WHERE first_id = ?", (first,))
        return int(first) - 1
    return int(np.frombuffer(ids, dtype="<i8")[-1])


def _rows(
    connection: sqlite3.Connection, condition: str = "", parameters: tuple[int, ...] = ()
) -> Iterator[tuple[int, bytes, bytes, int]]:
    return connection.execute(
        f"SELECT first_id, ids, codes, checksum FROM codes {condition} ORDER BY first_id",
        parameters,
    )


def _unpacked(
    row: tuple[int, bytes, bytes, int], dim: int
) -> tuple[NDArray[np.int64], NDArray[np.uint16]]:
    first, packed_ids, packed, checksum = row
    words = -(-dim // _WORD_BITS)
    if (
        _checksum(first, packed_ids, packed) != checksum
        or len(packed_ids) % 8
        or len(packed) * 8 != len(packed_ids) * words * 2
    ):
        raise damaged("its codes")
    ids = np.frombuffer(packed_ids, dtype="<i8")
    return ids, np.frombuffer(packed, dtype="<u2").reshape(words, len(ids))


def _checksum(first: int, packed_ids: bytes, packed: bytes) -> int:
    state = xxhash.xxh3_64(packed_ids, seed=first)
    state.update(packed)
    return state.intdigest() - (1 << 63)
