"""Converts catalog rows to dataclasses and texts and back, verifying checksums."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, get_args

import numpy as np
import xxhash

from bienc_cli.errors import IndexDamaged
from bienc_cli.store.catalog import REPAIR
from bienc_cli.store.facts import FileState
from bienc_cli.types import (
    Passage,
    Place,
    PlaceKind,
    Vectors,
)

PASSAGE_COLUMNS = (
    "id, document_id, ordinal, start, end, place, first, last, name, recognised, heading, "
    "context, vector_id, checksum"
)
DOCUMENT_COLUMNS = "id, file_id, doc_id, title, format, digest, checksum"
TEXT_COLUMNS = "id, length, text, checksum"
FILE_COLUMNS = (
    "id, root_id, path, size, mtime_ns, digest, reader, inode, ctime_ns, outcome, code, "
    "attempts, checksum"
)

_COMPRESSION = 3
"""zlib level: halves the text, at about 100 MB/s."""

PIECE = 1 << 16
"""Characters of text per stored piece. Reading a passage decompresses the one or two pieces it
spans, in 0.3 ms, however long its document is."""

_PIECE_BITS = 20
"""Enough for the pieces of the largest value SQLite can store, 2^31 bytes."""

NO_DOCUMENTS_TEXT = f"id >> {_PIECE_BITS} NOT IN (SELECT id FROM documents)"
"""SQL condition on a row of `texts`: its document no longer exists."""

_KEPT = 4
"""Pieces of a document that are cached: its passages are read in text order."""

_NORM_TOLERANCE = 1e-2
"""How far a vector's length may be from 1: encoders that use half precision round."""


# --------------------------------------------------------------- integrity


def qualified(table: str, columns: str) -> str:
    """Column names, each prefixed with its table."""
    return ", ".join(f"{table}.{name.strip()}" for name in columns.split(","))


def checked(row: Sequence[Any], what: str) -> Sequence[Any]:
    """Verify a row whose last column is the checksum of the others; returns it without that.

    Raises:
        IndexDamaged: the checksum does not match.
    """
    if checksum_of(*row[:-1]) != row[-1]:
        raise damaged(f"{what} {row[0]}")
    return row[:-1]


def checksum_of(*values: int | str | bytes | None) -> int:
    """xxh3_64 of a row's values, as SQLite stores integers (signed)."""
    return xxhash.xxh3_64_intdigest(repr(values).encode()) - (1 << 63)


def damaged(what: str) -> IndexDamaged:
    """The error for a part of the index that is not what was written."""
    return IndexDamaged(
        f"The index is damaged: {what} is not what was written.",
        REPAIR,
    )


def inside_root(path: str) -> str:
    """A file's path under its root, after checking that it stays inside.

    Raises:
        IndexDamaged: it is absolute or goes upwards; the index may come from anybody.
    """
    # As a string: for an index of many files, `PurePosixPath` takes longer than reading the rows.
    # In a damaged file, a text column may hold a value of any type.
    names = set(path.split("/")) if isinstance(path, str) else {".."}
    if ".." in names or names <= {"", "."} or path.startswith("/"):
        raise IndexDamaged(
            f"The index is damaged: the path {path!r} is not what was written.", REPAIR
        )
    return path


def digest_of(text: str) -> bytes:
    """Identifies a document's text or an embedded text: 16 bytes of BLAKE2b."""
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


# ------------------------------------------------------- texts and vectors


def text_pieces(document_id: int, text: str) -> Iterator[tuple[int, int, bytes, int]]:
    """Split a document's text into rows of `texts`, `PIECE` characters each."""
    for number, start in enumerate(range(0, len(text), PIECE)):
        encoded = text[start : start + PIECE].encode()
        row = (piece_id(document_id, number), len(encoded), zlib.compress(encoded, _COMPRESSION))
        yield (*row, piece_checksum(*row))


def piece_id(document_id: int, number: int) -> int:
    """The id of a piece of a document's text; the pieces of a document have consecutive ids."""
    return document_id << _PIECE_BITS | number


def pieces_of(document_id: int) -> tuple[int, int]:
    """The first id of a document's pieces, and the first of the next document's."""
    return piece_id(document_id, 0), piece_id(document_id + 1, 0)


def text_of_piece(row: Sequence[Any]) -> str:
    """Decode a row of `TEXT_COLUMNS`.

    Raises:
        IndexDamaged: it is not what was stored.
    """
    piece, length, blob, checksum = row
    what = f"the text of document {piece >> _PIECE_BITS}"
    if piece_checksum(piece, length, blob) != checksum or not 0 <= length <= 4 * PIECE:
        raise damaged(what)
    try:
        # The length is a limit: a few crafted bytes can expand to gigabytes.
        encoded = zlib.decompressobj().decompress(blob, length + 1)
        text = encoded.decode()
    except (zlib.error, UnicodeDecodeError) as error:
        raise damaged(what) from error
    if len(encoded) != length or len(text) > PIECE:
        raise damaged(what)
    return text


def piece_checksum(piece: int, length: int, blob: bytes) -> int:
    """The checksum of a row of `texts`."""
    hashed = xxhash.xxh3_64(f"{piece} {length}\0".encode())
    hashed.update(blob)
    return hashed.intdigest() - (1 << 63)


class DocumentText:
    """The text of one document, decompressed only where needed."""

    def __init__(self, connection: sqlite3.Connection, document_id: int) -> None:
        self._connection = connection
        self._document_id = document_id
        self._piece = lru_cache(_KEPT)(self._read_piece)

    def between(self, start: int, end: int) -> str:
        """The text between two offsets; shorter if the document ends before.

        Raises:
            IndexDamaged: it is not what was written.
        """
        first, last = start // PIECE, (end - 1) // PIECE
        text = "".join(self._piece(number) for number in range(first, last + 1))
        return text[start - first * PIECE : end - first * PIECE]

    def whole(self, digest: bytes) -> str:
        """The whole text.

        Args:
            digest: the expected digest of the text.

        Raises:
            IndexDamaged: it is not what was written.
        """
        rows = self._connection.execute(
            f"SELECT {TEXT_COLUMNS} FROM texts WHERE id >= ? AND id < ? ORDER BY id",
            pieces_of(self._document_id),
        )
        text = "".join(text_of_piece(row) for row in rows)
        if digest_of(text) != digest:
            raise damaged(f"the text of document {self._document_id}")
        return text

    def _read_piece(self, number: int) -> str:
        row = self._connection.execute(
            f"SELECT {TEXT_COLUMNS} FROM texts WHERE id = ?",
            (piece_id(self._document_id, number),),
        ).fetchone()
        if row is None:
            raise damaged(f"the text of document {self._document_id}")
        return text_of_piece(row)


def check_vectors(vectors: Vectors) -> None:
    """Refuse vectors that no encoder produces, even with a valid checksum.

    Raises:
        IndexDamaged: a number is not finite, or a length is not 1.
    """
    if not are_unit(vectors).all():
        raise damaged("a vector")


def are_unit(vectors: Vectors) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which rows are finite and of length 1; shape (n,)."""
    with np.errstate(over="ignore", invalid="ignore"):
        squares = np.einsum("ij,ij->i", vectors, vectors)
        # Comparisons with NaN are false.
        unit: np.ndarray[tuple[int], np.dtype[np.bool_]] = (
            np.abs(squares - 1.0) <= 2 * _NORM_TOLERANCE
        )
    return unit


# ------------------------------------------------------------------ files


def file_row(file_id: int, root_id: int, state: FileState) -> tuple[Any, ...]:
    """The values of `FILE_COLUMNS`."""
    row = (
        file_id,
        root_id,
        state.path,
        state.size,
        state.mtime_ns,
        state.digest,
        state.reader,
        state.inode,
        state.ctime_ns,
        state.outcome,
        state.code,
        state.attempts,
    )
    return (*row, checksum_of(*row))


def file_state(row: Sequence[Any]) -> FileState:
    """Decode a row of `FILE_COLUMNS`.

    Raises:
        IndexDamaged: it is not what was written, or leads out of its root.
    """
    file_id, _, path, *others = checked(row, "file")
    return FileState(file_id, inside_root(path), *others)


# ---------------------------------------------------------------- passages


def passage_row(
    passage_id: int, document_id: int, passage: Passage, vector_id: int
) -> tuple[Any, ...]:
    """The values of `PASSAGE_COLUMNS`."""
    row = (
        passage_id,
        document_id,
        passage.ordinal,
        passage.start,
        passage.end,
        *place_values(passage.place),
        json.dumps(passage.heading, ensure_ascii=False),
        passage.context,
        vector_id,
    )
    return (*row, checksum_of(*row))


def place_values(place: Place) -> tuple[str, int | None, int | None, str, int]:
    """A place as column values: kind, first, last, name, whether it was recognised."""
    return place.kind, place.first, place.last, place.name, int(place.recognised)


def place_from(values: Sequence[Any], what: str) -> Place:
    """Inverse of `place_values`.

    Raises:
        IndexDamaged: the values are no valid place; `what` names the row.
    """
    kind, first, last, name, recognised = values
    unnumbered = kind in ("heading", "file")
    is_consistent = unnumbered == (first is None) == (last is None)
    if kind not in get_args(PlaceKind) or not is_consistent:
        raise damaged(what)
    return Place(kind, first, last, name, bool(recognised))


def passage_from(row: Sequence[Any], doc_id: str, slice_of: Callable[[int, int], str]) -> Passage:
    """Decode a row of `PASSAGE_COLUMNS`, with its slice of the document's text.

    Args:
        row: including the checksum.
        doc_id: id of its document.
        slice_of: returns the document's text between two offsets.

    Raises:
        IndexDamaged: it is not what was written, or does not lie within the text.
    """
    values = checked(row, "passage")
    passage_id, _, ordinal, start, end, *place, heading, context, _ = values
    try:
        trail = tuple(str(title) for title in json.loads(heading))
    except (ValueError, TypeError) as error:
        raise damaged(f"passage {passage_id}") from error
    text = slice_of(start, end) if 0 <= start < end else ""
    if not text or len(text) != end - start:
        raise damaged(f"passage {passage_id}")
    return Passage(
        doc_id=doc_id,
        ordinal=ordinal,
        start=start,
        end=end,
        text=text,
        place=place_from(place, f"passage {passage_id}"),
        heading=trail,
        context=context,
    )
