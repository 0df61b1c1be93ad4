"""One bit per dimension of each vector: the candidates of a first query on a large index.

hnswlib reads its whole file before it answers anything: 1.7 GB at a million vectors. The signs of
the same vectors, each relative to their mean, take 48 MB. They propose candidates whose vectors are
then read and compared exactly, so scores are the same as from any other search, and only the
selection of candidates is approximate.

The codes are rows of the catalog: part of its transaction and snapshot, verified by checksum, and
passed to nothing but NumPy. They cover all rows of the file of vectors that the generation counts,
in blocks, including those not in the graph yet.

Comparing an unquantised query with quantised vectors is the asymmetric distance of Jégou, Douze and
Schmid, "Product quantization for nearest neighbor search", TPAMI 33(1), 2011, with one centroid on
either side of the mean in each dimension.
"""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import xxhash
from numpy.typing import NDArray

from bienc_cli.errors import IndexDamaged
from bienc_cli.store.exact import EXACT_LIMIT
from bienc_cli.store.rows import damaged
from bienc_cli.store.vectors import UsedVectors
from bienc_cli.types import Vectors

FEWEST = EXACT_LIMIT
"""Vectors from which an index has codes."""

CANDIDATES = 1_000
"""Candidates compared exactly per query. Measured on 400,000 real vectors and mixtures of them:
0.997 of the ten nearest are among the first 500, all among 1,000."""

QUERIES = 16
"""Queries answered by codes before the graph is loaded after all: at a million vectors, they take
as long as loading it."""

BLOCK_ROWS = 1_024
"""Rows whose codes are stored together, 48 KB: what a small commit rewrites."""

_WORD_BITS = 16
_WORDS = np.arange(1 << _WORD_BITS, dtype=np.uint32)
_CENTRE_SAMPLE = 20_000
_GROWTH = 4
"""How many times the number of vectors may grow before their mean is computed again."""

Centre = NDArray[np.float32]
"""Shape (dim,): the mean that signs are relative to."""


@dataclass(frozen=True, slots=True)
class CodeTable:
    """The codes of all rows of a generation, in memory.

    Attributes:
        columns: shape (words, rows), uint16: each row packs sixteen dimensions of all vectors.
        centre: shape (dim,).
    """

    columns: NDArray[np.uint16]
    centre: Centre

    def nearest(
        self, query: NDArray[np.float32], count: int, passing: NDArray[np.bool_]
    ) -> NDArray[np.int64]:
        """The rows of the `count` vectors likely to be nearest, in no particular order.

        Args:
            query: shape (dim,).
            count: how many; fewer only if there are fewer.
            passing: whether each row passes the filter, shape (rows,).
        """
        ids = np.flatnonzero(passing)
        if count >= len(ids):
            return ids
        scores = self._scores(query)[ids]
        return ids[np.argpartition(scores, -count)[-count:]]

    def _scores(self, query: NDArray[np.float32]) -> NDArray[np.float32]:
        """The sum over dimensions of the query's offset from the mean, times the vector's sign.

        The partial sums over sixteen dimensions are computed once for every combination of signs.
        """
        words = len(self.columns)
        offsets = np.zeros(words * _WORD_BITS, dtype=np.float32)
        offsets[: len(query)] = query - self.centre
        scores = np.zeros(self.columns.shape[1], dtype=np.float32)
        for column, part in zip(self.columns, offsets.reshape(words, _WORD_BITS), strict=True):
            scores += (_signs() @ part).take(column)
        return scores


_SIGNS: list[NDArray[np.float32]] = []


def _signs() -> NDArray[np.float32]:
    """Shape (2^16, 16): the signs encoded by each word, lowest bit first."""
    if not _SIGNS:
        bits = (_WORDS[:, np.newaxis] >> np.arange(_WORD_BITS, dtype=np.uint32)) & 1
        _SIGNS.append(bits.astype(np.float32) * 2 - 1)
    return _SIGNS[0]


def load(
    connection: sqlite3.Connection, dim: int, rows: int, recorded: Mapping[str, Any]
) -> CodeTable:
    """Read the codes of a generation.

    Args:
        connection: open on the generation.
        dim: length of a vector.
        rows: how many rows the generation counts.
        recorded: what `refresh` returned.

    Raises:
        IndexDamaged: a code is not what was written.
    """
    parts = [
        _unpacked(row, dim)
        for row in connection.execute("SELECT block, codes, checksum FROM codes ORDER BY block")
    ]
    if not parts or sum(part.shape[1] for part in parts) != rows:
        raise damaged("the set of its codes")
    return CodeTable(np.concatenate(parts, axis=1), _centre_from(recorded, dim))


def refresh(
    connection: sqlite3.Connection,
    used: UsedVectors,
    recorded: Mapping[str, Any] | None,
    *,
    anew: bool = False,
) -> dict[str, Any] | None:
    """Update the codes to match the vectors, inside the writer's transaction.

    Args:
        connection: the writer's.
        used: the current vectors.
        recorded: what this returned for the last generation; None if nothing.
        anew: reuse none of the stored codes.

    Returns:
        What to record about the codes; None if there are too few vectors to have any.

    Raises:
        IndexDamaged: a vector is not what was written.
    """
    if len(used) < FEWEST:
        connection.execute("DELETE FROM codes")
        return None
    if anew or recorded is None or len(used) > _GROWTH * int(recorded["of"]):
        connection.execute("DELETE FROM codes")
        centre = _mean(used)
        recorded = {
            "of": len(used),
            "rows": 0,
            "centre": base64.b64encode(centre.tobytes()).decode(),
        }
    centre = _centre_from(recorded, used.file.dim)
    coded_rows = int(recorded["rows"])
    for block in range(coded_rows // BLOCK_ROWS, -(-used.rows // BLOCK_ROWS)):
        start, end = block * BLOCK_ROWS, min((block + 1) * BLOCK_ROWS, used.rows)
        # Rows are never overwritten, so a code stays valid and its vector need not be read again.
        stored = _stored_columns(connection, block, max(coded_rows - start, 0), used.file.dim)
        computed = _computed_columns(used, start + stored.shape[1], end, centre)
        packed = np.concatenate([stored, computed], axis=1).astype("<u2").tobytes()
        connection.execute(
            "INSERT OR REPLACE INTO codes VALUES (?, ?, ?)",
            (block, packed, _checksum(block, packed)),
        )
    return {**recorded, "rows": used.rows}


def _stored_columns(
    connection: sqlite3.Connection, block: int, rows: int, dim: int
) -> NDArray[np.uint16]:
    """The columns of a block's first rows; empty unless all are as they were written."""
    row = connection.execute(
        "SELECT block, codes, checksum FROM codes WHERE block = ?", (block,)
    ).fetchone()
    with suppress(IndexDamaged):
        if row is not None and (columns := _unpacked(row, dim)).shape[1] == rows:
            return columns
    return np.empty((-(-dim // _WORD_BITS), 0), dtype=np.uint16)


def differ(
    connection: sqlite3.Connection, used: UsedVectors, recorded: Mapping[str, Any] | None
) -> bool:
    """Whether the codes do not match the vectors."""
    if recorded is None:
        (rows,) = connection.execute("SELECT count(*) FROM codes").fetchone()
        return bool(rows)
    table = load(connection, used.file.dim, used.rows, recorded)
    for block in range(-(-used.rows // BLOCK_ROWS)):
        computed = _computed_columns(
            used, block * BLOCK_ROWS, min((block + 1) * BLOCK_ROWS, used.rows), table.centre
        )
        are_used = used.are_used[block * BLOCK_ROWS : (block + 1) * BLOCK_ROWS]
        stored = table.columns[:, block * BLOCK_ROWS : (block + 1) * BLOCK_ROWS]
        if not np.array_equal(stored[:, are_used], computed[:, are_used]):
            return True
    return False


def _mean(used: UsedVectors) -> Centre:
    # Evenly spaced, because similar documents are adjacent.
    sample = used.ids[:: max(1, len(used) // _CENTRE_SAMPLE)]
    total = np.zeros(used.file.dim, dtype=np.float64)
    for block in used.blocks(sample):
        total += block.vectors.sum(axis=0, dtype=np.float64)
    return (total / max(len(sample), 1)).astype("<f4")


def _centre_from(recorded: Mapping[str, Any], dim: int) -> Centre:
    try:
        centre = np.frombuffer(base64.b64decode(recorded["centre"]), dtype="<f4")
    except (KeyError, TypeError, ValueError) as error:
        raise damaged("the mean of its vectors") from error
    if centre.shape != (dim,) or not np.isfinite(centre).all():
        raise damaged("the mean of its vectors")
    return centre


def _computed_columns(
    used: UsedVectors, start: int, end: int, centre: Centre
) -> NDArray[np.uint16]:
    """The columns of some rows; unused rows get the code of the mean."""
    ids = start + np.flatnonzero(used.are_used[start:end])
    vectors = np.tile(centre, (end - start, 1))
    vectors[ids - start] = used.file.read(ids)
    return columns_of(vectors, centre)


def columns_of(vectors: Vectors, centre: Centre) -> NDArray[np.uint16]:
    """The signs of vectors relative to a mean, in the layout of `CodeTable.columns`."""
    words = -(-vectors.shape[1] // _WORD_BITS)
    bits = np.zeros((len(vectors), words * _WORD_BITS), dtype=np.bool_)
    bits[:, : vectors.shape[1]] = vectors > centre
    packed = np.packbits(bits, axis=1, bitorder="little").view("<u2")
    return np.ascontiguousarray(packed.T)


def _unpacked(row: tuple[int, bytes, int], dim: int) -> NDArray[np.uint16]:
    block, packed, checksum = row
    words = -(-dim // _WORD_BITS)
    if _checksum(block, packed) != checksum or len(packed) % (2 * words):
        raise damaged("its codes")
    return np.frombuffer(packed, dtype="<u2").reshape(words, -1)


def _checksum(block: int, packed: bytes) -> int:
    return xxhash.xxh3_64_intdigest(packed, seed=block) - (1 << 63)
