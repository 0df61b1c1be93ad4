"""Rows of the catalog to the dataclasses of the protocol, and back."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
import xxhash

from bienc_cli.errors import IndexDamaged, UsageError
from bienc_cli.store.catalog import REBUILD, REPAIR, catalog_path
from bienc_cli.store.covered import FileState
from bienc_cli.store.graph_file import GraphFile
from bienc_cli.store.protocol import IndexInfo
from bienc_cli.store.root_rows import home_of, inside_root, root_from_row
from bienc_cli.store.seal import Key
from bienc_cli.types import (
    FUSION,
    BlendWeights,
    ChunkingParameters,
    EncoderIdentity,
    Passage,
    Place,
    PlaceKind,
    TunedBlend,
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
"""zlib's level: half the size of the text, at some 100 MB/s."""

PIECE = 1 << 16
"""Characters of a text that are stored together: reading a passage unpacks the one or two pieces
that it lies in, in 0.3 ms, however long its document is."""

_PIECE_BITS = 20
"""More pieces than SQLite's largest document, of 2^31 bytes, could have."""

NO_DOCUMENTS_TEXT = f"id >> {_PIECE_BITS} NOT IN (SELECT id FROM documents)"
"""An SQL condition on a row of `texts`: it was left behind."""

_NORM_TOLERANCE = 1e-2
"""How far from 1 a vector's length may be: encoders that compute in half precision round."""


@dataclass(frozen=True, slots=True)
class VectorRows:
    """What the catalog records of the file it names.

    Attributes:
        name: of the file.
        nonce: of the file; a checksum depends on it.
        rows: how many of the file's rows are counted; what lies behind them is a tail.
    """

    name: str
    nonce: int
    rows: int


# --------------------------------------------------------------- integrity


def qualified(table: str, columns: str) -> str:
    """Columns with the name of their table before each."""
    return ", ".join(f"{table}.{name.strip()}" for name in columns.split(","))


def checked(row: Sequence[Any], what: str) -> Sequence[Any]:
    """A row whose last column is the checksum of the others; returned without it.

    Raises:
        IndexDamaged: it is not.
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


def digest_of(text: str) -> bytes:
    """What an embedded text, or a document's text, is known by: 16 bytes of BLAKE2b."""
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


# ------------------------------------------------------- texts and vectors


def text_pieces(document_id: int, text: str) -> Iterator[tuple[int, int, bytes, int]]:
    """A document's text as rows of `texts`, `PIECE` characters to each."""
    for number, start in enumerate(range(0, len(text), PIECE)):
        encoded = text[start : start + PIECE].encode()
        row = (piece_id(document_id, number), len(encoded), zlib.compress(encoded, _COMPRESSION))
        yield (*row, piece_checksum(*row))


def piece_id(document_id: int, number: int) -> int:
    """The id of a piece of a document's text; pieces of a document follow each other."""
    return document_id << _PIECE_BITS | number


def pieces_of(document_id: int) -> tuple[int, int]:
    """The first id of a document's pieces, and the first of the next document's."""
    return piece_id(document_id, 0), piece_id(document_id + 1, 0)


def text_of_piece(row: Sequence[Any]) -> str:
    """A row of `TEXT_COLUMNS`.

    Raises:
        IndexDamaged: it is not what was stored.
    """
    piece, length, blob, checksum = row
    what = f"the text of document {piece >> _PIECE_BITS}"
    if piece_checksum(piece, length, blob) != checksum or not 0 <= length <= 4 * PIECE:
        raise damaged(what)
    try:
        # The length is a limit: a few bytes can be made to unpack into gigabytes.
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


def check_vectors(vectors: Vectors) -> None:
    """Refuse what no encoder gives, whatever its checksum says.

    Raises:
        IndexDamaged: a number is not finite, or a length not 1.
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
    """A row of `FILE_COLUMNS`.

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
    """A place as columns: its kind, the numbers, the name, whether it was recognised."""
    return place.kind, place.first, place.last, place.name, int(place.recognised)


def place_from(values: Sequence[Any], what: str) -> Place:
    """Inverse of `place_values`.

    Raises:
        IndexDamaged: there is no such place; `what` names the row.
    """
    kind, first, last, name, recognised = values
    unnumbered = kind in ("heading", "file")
    whole = unnumbered == (first is None) == (last is None)
    if kind not in get_args(PlaceKind) or not whole:
        raise damaged(what)
    return Place(kind, first, last, name, bool(recognised))


def passage_from(row: Sequence[Any], doc_id: str, slice_of: Callable[[int, int], str]) -> Passage:
    """A row of `PASSAGE_COLUMNS` with its part of its document's text.

    Args:
        row: with its checksum.
        doc_id: its document's.
        slice_of: gives the text between two offsets of the document's.

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


# -------------------------------------------------------------------- meta


def meta_checksum(connection: sqlite3.Connection, meta: Mapping[str, Any]) -> int:
    """Over all of `meta` but itself, and the roots."""
    roots = connection.execute("SELECT id, path, kind, settings FROM roots ORDER BY id").fetchall()
    held = {key: value for key, value in meta.items() if key != "checksum"}
    return checksum_of(json.dumps(held, sort_keys=True), repr(roots))


def vector_rows(meta: Mapping[str, Any]) -> VectorRows:
    """The file of vectors that the generation names."""
    return VectorRows(**meta["vectors"])


def _sizes(directory: Path, vectors: VectorRows, graph: GraphFile | None) -> dict[str, int]:
    try:
        of_vectors = (directory / vectors.name).stat().st_size
    except FileNotFoundError:
        # A commit may have taken it away just now; who opens it will see.
        of_vectors = 0
    return {
        "catalog": catalog_path(directory).stat().st_size,
        "vectors": of_vectors,
        "graph": graph.size if graph else 0,
    }


def graph_file(meta: Mapping[str, Any]) -> GraphFile | None:
    """The graph that the generation names."""
    recorded = meta.get("graph")
    return GraphFile(**recorded) if recorded else None


def tuned_blend(recorded: Mapping[str, Any] | None) -> TunedBlend | None:
    """Weights as they are recorded, if any are that still mean something."""
    if recorded is None or recorded.get("fusion") != FUSION:
        return None
    return TunedBlend(
        BlendWeights(**recorded["weights"]),
        BlendWeights(**recorded["light_weights"]),
        int(recorded["queries"]),
    )


def told_of_model(encoder: Mapping[str, Any]) -> str:
    """What a seal on the index's model covers."""
    return f"model\n{encoder['name']}\n{encoder['fingerprint']}"


def index_info(
    connection: sqlite3.Connection, meta: Mapping[str, Any], directory: Path, key: Key | None = None
) -> IndexInfo:
    """What `meta` says, with the roots; `key` is this user's.

    Raises:
        IndexDamaged: it is not what was written, or not what every generation records.
    """
    if meta.get("checksum") != meta_checksum(connection, meta):
        raise damaged("what it says of itself")
    home = home_of(connection, meta, directory)
    try:
        counts = meta["counts"]
        graph = graph_file(meta)
        return IndexInfo(
            directory=directory,
            format_version=int(connection.execute("PRAGMA user_version").fetchone()[0]),
            generation=meta["generation"],
            created=meta["created"],
            updated=meta["updated"],
            encoder=EncoderIdentity(**meta["encoder"]),
            chunking=ChunkingParameters(**meta["chunking"]),
            roots=tuple(
                root_from_row(path, settings, home)
                for path, settings in connection.execute(
                    "SELECT path, settings FROM roots ORDER BY id"
                )
            ),
            files=counts["files"],
            documents=counts["documents"],
            passages=counts["passages"],
            vectors=counts["vectors"],
            skipped=counts["skipped"],
            formats=tuple((name, number) for name, number in meta["formats"]),
            languages=tuple((code, number) for code, number in meta.get("languages", ())),
            sizes=_sizes(directory, vector_rows(meta), graph),
            blend=tuned_blend(meta.get("blend")),
            names_model_of_ours=key is not None
            and key.holds(told_of_model(meta["encoder"]), str(meta.get("model_seal", ""))),
        )
    except (KeyError, TypeError, ValueError, UsageError) as error:
        raise IndexDamaged(
            f"The index in {directory} lacks what every index records ({error}).", REBUILD
        ) from error
