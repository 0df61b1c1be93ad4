"""`vectors-N.f32`: the vectors of an index, row after row, in one flat file.

A header identifies the encoder. A row is the digest of an embedded text, its vector as
little-endian float32, and a checksum of both that depends on the file and the row number, so that a
row proves itself: intact, in its place, in its file. This is why the file may contain rows that no
commit has counted: what an interrupted run has encoded is the *tail* beyond the count, and the next
run checks row by row which of it is intact. Counted rows never change.

Rows are read with `pread` instead of being mapped. This costs 14 ms for 60,000 vectors of 384
dimensions, and turns a file truncated under a reader, or a failing disk, into an error message
instead of a fatal signal.
"""

from __future__ import annotations

import itertools
import os
import re
import sqlite3
import stat
import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import xxhash
from numpy.typing import NDArray

from bienc_cli import portable
from bienc_cli.errors import IndexDamaged
from bienc_cli.store.catalog import VECTOR_FILES
from bienc_cli.store.exact import VectorBlock
from bienc_cli.store.facts import VectorRows
from bienc_cli.store.privacy import FILE_MODE
from bienc_cli.store.rows import are_unit, damaged, digest_of
from bienc_cli.types import EncoderIdentity, Vectors

DIGEST_BYTES = 16
AT_ONCE = 4096
"""Rows held in memory at once: 6 MB of vectors of 384 dimensions."""

_NAME = re.compile(r"vectors-([0-9]+)\.f32")
_MAGIC = b"bienc-v1"
_HEADER = struct.Struct("<8sIxxxxQ16s24x")
_NUMBER_BITS = 64


class VectorFile:
    """An open vector file. A reader keeps its file open when a later commit deletes it.

    Attributes:
        name: file name.
        dim: length of a vector.
        nonce: part of the checksums.
        encoder: digest of the encoder's fingerprint.
    """

    def __init__(self, descriptor: int, name: str) -> None:
        self._descriptor = descriptor
        self.name = name
        header = portable.read_at(descriptor, _HEADER.size, 0)
        if len(header) < _HEADER.size:
            raise damaged(f"{name}, which is cut short,")
        magic, self.dim, self.nonce, self.encoder = _HEADER.unpack(header)
        if magic != _MAGIC or not 0 < self.dim < 1 << 20:
            raise damaged(f"the head of {name}")
        self._row: np.dtype[Any] = np.dtype(
            [("digest", f"V{DIGEST_BYTES}"), ("vector", "<f4", (self.dim,)), ("checksum", "<u8")]
        )

    @classmethod
    def create(cls, directory: Path, number: int, encoder: EncoderIdentity) -> Self:
        """Create a file without rows, replacing one of the same name that no commit counts.

        Raises:
            OSError: it cannot be created.
        """
        name = f"vectors-{number}.f32"
        path = directory / name
        path.unlink(missing_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | portable.OWN
        descriptor = os.open(path, flags, FILE_MODE)
        nonce = int.from_bytes(os.urandom(_NUMBER_BITS // 8), "little")
        header = _HEADER.pack(_MAGIC, encoder.dim, nonce, digest_of(encoder.fingerprint))
        portable.write_at(descriptor, header, 0)
        return cls(descriptor, name)

    @classmethod
    def open(cls, directory: Path, name: str, *, writable: bool = False) -> Self:
        """Open an existing file.

        Raises:
            IndexDamaged: it is not a vector file, is missing, or its name leads out of the index.
            OSError: it cannot be opened.
        """
        if not _NAME.fullmatch(name):
            raise damaged("the name of its vectors")
        flags = os.O_RDWR if writable else os.O_RDONLY
        try:
            descriptor = os.open(
                directory / name, flags | portable.OWN | portable.NO_FOLLOW | portable.NO_WAIT
            )
        except FileNotFoundError as error:
            raise MissingVectors(
                f"The index is damaged: {directory / name} is not there.",
                "see what can be saved: bienc check --repair",
            ) from error
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise damaged(name)
            return cls(descriptor, name)
        except BaseException:
            os.close(descriptor)
            raise

    @classmethod
    def open_recorded(
        cls, directory: Path, recorded: VectorRows, *, writable: bool = False
    ) -> Self:
        """Open the file of a generation; raises as `open`, also if it is a different file."""
        file = cls.open(directory, recorded.name, writable=writable)
        if file.nonce != recorded.nonce:
            file.close()
            raise damaged(recorded.name)
        return file

    @property
    def row_bytes(self) -> int:
        """Size of a row."""
        return self._row.itemsize

    @property
    def size(self) -> int:
        """How many complete rows it has, counted or not."""
        return max(0, os.fstat(self._descriptor).st_size - _HEADER.size) // self._row.itemsize

    def is_of(self, encoder: EncoderIdentity) -> bool:
        """Whether its vectors were made by this encoder."""
        return (self.dim, self.encoder) == (encoder.dim, digest_of(encoder.fingerprint))

    # ------------------------------------------------------------- reading

    def read(self, ids: NDArray[np.int64]) -> Vectors:
        """The vectors of some rows, shape (n, dim).

        Args:
            ids: row numbers, ascending.

        Raises:
            IndexDamaged: a row is not what was written.
        """
        return np.ascontiguousarray(self._checked_rows(ids)["vector"])

    def read_rows(self, ids: NDArray[np.int64]) -> tuple[list[bytes], Vectors]:
        """The digests and the vectors of some rows; arguments and errors as for `read`."""
        rows = self._checked_rows(ids)
        digests = [digest.tobytes() for digest in rows["digest"]]
        return digests, np.ascontiguousarray(rows["vector"])

    def blocks(self, ids: NDArray[np.int64]) -> Iterator[VectorBlock]:
        """Like `read`, but in bounded memory, at most `AT_ONCE` rows at a time."""
        for start in range(0, len(ids), AT_ONCE):
            part = ids[start : start + AT_ONCE]
            yield VectorBlock(part, self.read(part))

    def bad(self, ids: NDArray[np.int64]) -> list[int]:
        """Which of the rows are not what was written."""
        bad_ids: list[int] = []
        for start in range(0, len(ids), AT_ONCE):
            part = ids[start : start + AT_ONCE]
            rows = self._rows(part)
            intact = self._are_intact(part[: len(rows)], rows)
            bad_ids += part[: len(rows)][~intact].tolist() + part[len(rows) :].tolist()
        return bad_ids

    def tail(self, after: int) -> dict[bytes, int]:
        """The intact rows from `after` on: the digest of their text to the row number."""
        row_numbers: dict[bytes, int] = {}
        for start in range(after, self.size, AT_ONCE):
            ids = np.arange(start, min(start + AT_ONCE, self.size), dtype=np.int64)
            rows = self._rows(ids)
            for position in np.flatnonzero(self._are_intact(ids, rows)).tolist():
                row_numbers[rows["digest"][position].tobytes()] = int(ids[position])
        return row_numbers

    def _checked_rows(self, ids: NDArray[np.int64]) -> NDArray[Any]:
        rows = self._rows(ids)
        intact = self._are_intact(ids[: len(rows)], rows)
        if len(rows) < len(ids) or not intact.all():
            first = ids[len(rows)] if intact.all() else ids[: len(rows)][~intact][0]
            raise damaged(f"vector {first}")
        return rows

    def _rows(self, ids: NDArray[np.int64]) -> NDArray[Any]:
        """Rows as stored, unverified; fewer if the file ends early."""
        width = self._row.itemsize
        parts = [
            portable.read_at(self._descriptor, count * width, _HEADER.size + first * width)
            for first, count in _runs(ids)
        ]
        data = b"".join(parts)
        return np.frombuffer(data[: len(data) // width * width], self._row)

    def _are_intact(self, ids: NDArray[np.int64], rows: NDArray[Any]) -> NDArray[np.bool_]:
        checksums = np.array(self._checksums(ids, rows.tobytes()), dtype=np.uint64)
        # A file of unknown origin is still only numbers, if they are finite and of length one.
        intact: NDArray[np.bool_] = (checksums == rows["checksum"]) & are_unit(rows["vector"])
        return intact

    def _checksums(self, ids: NDArray[np.int64], data: bytes) -> list[int]:
        width = self._row.itemsize
        view = memoryview(data)
        return [
            xxhash.xxh3_64_intdigest(
                view[start : start + width - 8], seed=(self.nonce + number) % (1 << _NUMBER_BITS)
            )
            for number, start in zip(ids.tolist(), range(0, len(data), width), strict=True)
        ]

    # ------------------------------------------------------------- writing

    def write(self, ids: NDArray[np.int64], digests: Sequence[bytes], vectors: Vectors) -> None:
        """Write rows that no commit has counted yet.

        Args:
            ids: row numbers, ascending.
            digests: of their texts.
            vectors: shape (n, dim), rows of length 1.

        Raises:
            OSError: the disk is full or refused to write.
        """
        rows = np.zeros(len(ids), self._row)
        rows["digest"] = np.frombuffer(b"".join(digests), f"V{DIGEST_BYTES}")
        rows["vector"] = vectors
        rows["checksum"] = self._checksums(ids, rows.tobytes())
        width = self._row.itemsize
        position = 0
        for first, count in _runs(ids):
            _write_all(
                self._descriptor,
                rows[position : position + count].tobytes(),
                _HEADER.size + first * width,
            )
            position += count

    def resize(self, rows: int) -> None:
        """Truncate or extend the file to this many rows."""
        os.ftruncate(self._descriptor, _HEADER.size + rows * self._row.itemsize)

    def sync(self) -> None:
        """Flush the rows to the disk."""
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


class MissingVectors(IndexDamaged):
    """The vector file that the catalog names is missing."""


@dataclass(frozen=True)
class UsedVectors:
    """The vectors of one generation: its counted rows, except the unused ones.

    Attributes:
        file: with its rows.
        rows: how many of its rows are counted.
        unused: numbers of rows that no passage uses, ascending.
    """

    file: VectorFile
    rows: int
    unused: NDArray[np.int64]

    @cached_property
    def ids(self) -> NDArray[np.int64]:
        """The numbers of the used rows, ascending."""
        return np.flatnonzero(self.are_used)

    @cached_property
    def are_used(self) -> NDArray[np.bool_]:
        """Whether each row is used, shape (rows,)."""
        used = np.ones(self.rows, dtype=np.bool_)
        used[self.unused] = False
        return used

    def __len__(self) -> int:
        return self.rows - len(self.unused)

    def from_row(self, first: int) -> NDArray[np.int64]:
        """The numbers of the used rows from `first` on."""
        return self.ids[np.searchsorted(self.ids, first) :]

    def blocks(self, ids: NDArray[np.int64] | None = None) -> Iterator[VectorBlock]:
        """Some or all used vectors, ascending, in bounded memory.

        Raises:
            IndexDamaged: a row is not what was written.
        """
        return self.file.blocks(self.ids if ids is None else ids)

    def by_id(self, ids: NDArray[np.int64]) -> VectorBlock:
        """The vectors of those of the given rows that are used, ascending.

        Raises:
            IndexDamaged: a row is not what was written.
        """
        ids = np.unique(ids)
        if len(ids) and not 0 <= ids[0] <= ids[-1] < self.rows:
            raise damaged("the number of a vector")
        ids = ids[self.are_used[ids]]
        return VectorBlock(ids, self.file.read(ids))


def number_of(name: str) -> int:
    """The N of `vectors-N.f32`."""
    match = _NAME.fullmatch(name)
    return int(match[1]) if match else 0


def vector_paths(directory: Path) -> Iterator[Path]:
    """All vector files in a directory, by their names."""
    return (path for path in directory.glob(VECTOR_FILES) if _NAME.fullmatch(path.name))


def remove_vectors(directory: Path, keep: str | None) -> None:
    """Delete all vector files except `keep`."""
    for path in vector_paths(directory):
        if path.name != keep:
            path.unlink(missing_ok=True)


def find_tail(directory: Path, encoder: EncoderIdentity) -> VectorFile | None:
    """The file left by an interrupted first run, if it was made by this encoder."""
    for path in sorted(vector_paths(directory)):
        with suppress(IndexDamaged, OSError):
            file = VectorFile.open(directory, path.name, writable=True)
            if file.is_of(encoder):
                return file
            file.close()
    return None


def _runs(ids: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Split ascending numbers into runs of consecutive ones: (first, length)."""
    if not len(ids):
        return
    breaks = np.flatnonzero(np.diff(ids) != 1) + 1
    bounds = [0, *breaks.tolist(), len(ids)]
    for start, end in itertools.pairwise(bounds):
        yield int(ids[start]), end - start


def _write_all(descriptor: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = portable.write_at(descriptor, view, offset)
        view, offset = view[written:], offset + written


def read_unused(connection: sqlite3.Connection, recorded: int) -> NDArray[np.int64]:
    """The rows that no passage uses, ascending.

    Args:
        connection: open on a generation.
        recorded: their checksum when they were written.

    Raises:
        IndexDamaged: the checksum does not match.
    """
    rows = connection.execute("SELECT vector_id, ahead FROM unused ORDER BY vector_id").fetchall()
    if _combined(rows) != recorded:
        raise damaged("which vectors are used")
    return np.array([row[0] for row in rows], dtype=np.int64)


def unused_checksum(connection: sqlite3.Connection) -> int:
    """The checksum of the set of unused rows."""
    return _combined(
        connection.execute("SELECT vector_id, ahead FROM unused ORDER BY vector_id").fetchall()
    )


def _combined(rows: list[tuple[int, int]]) -> int:
    if not rows:
        return 0
    return xxhash.xxh3_64_intdigest(np.array(rows, dtype="<i8").tobytes()) - (1 << 63)
