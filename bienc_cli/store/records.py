"""Rows of the catalog to the dataclasses of the protocol, and back."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bienc_cli.chunking import ChunkingParameters
from bienc_cli.errors import IndexDamaged
from bienc_cli.store.catalog import CATALOG
from bienc_cli.store.graph import GraphFile
from bienc_cli.store.protocol import IndexInfo, Root, StoredPassage
from bienc_cli.types import EncoderIdentity, Passage, Vectors

STORED_PASSAGE = """
    SELECT passages.id, passages.document_id, passages.ordinal, passages.start, passages.end,
        passages.line_start, passages.line_end, passages.page, passages.heading,
        passages.context, documents.doc_id, documents.title, documents.format,
        roots.path, files.path
    FROM passages
    JOIN documents ON documents.id = passages.document_id
    JOIN files ON files.id = documents.file_id
    JOIN roots ON roots.id = files.root_id
"""
"""The columns of `stored_passage`, in its order."""


def digest_of(text: str) -> bytes:
    """What an embedded text, or a document's text, is known by: 16 bytes of BLAKE2b."""
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def packed_text(text: str) -> bytes:
    """A document's text as it is stored."""
    return zlib.compress(text.encode(), 3)


def unpacked_text(blob: bytes) -> str:
    """What `packed_text` packed.

    Raises:
        IndexDamaged: it is not what was stored.
    """
    try:
        return zlib.decompress(blob).decode()
    except (zlib.error, UnicodeDecodeError) as error:
        raise IndexDamaged(f"A document's text in the index is damaged: {error}.") from error


def packed_vectors(vectors: Vectors) -> list[bytes]:
    """Each row as little-endian float32."""
    return [row.tobytes() for row in np.ascontiguousarray(vectors, dtype="<f4")]


def unpacked_vectors(blobs: list[bytes], dim: int) -> Vectors:
    """Rows of `packed_vectors`, shape (len(blobs), dim).

    Raises:
        IndexDamaged: one has another length, or numbers that no encoder gives.
    """
    joined = b"".join(blobs)
    if len(joined) != len(blobs) * dim * 4 or any(len(blob) != dim * 4 for blob in blobs):
        raise IndexDamaged("A vector in the index has a wrong length.", "make the index again")
    vectors = np.frombuffer(joined, dtype="<f4").reshape(-1, dim)
    if not np.isfinite(vectors).all():
        raise IndexDamaged("A vector in the index is not finite.", "make the index again")
    return vectors


def root_path_for_storage(path: Path, directory: Path) -> str:
    """Relative to the folder that holds the index where inside it, so that both can move."""
    home = directory.parent
    if path.is_relative_to(home):
        return path.relative_to(home).as_posix()
    return str(path)


def root_path_from_storage(stored: str, directory: Path) -> Path:
    """The absolute path of a root."""
    return Path(os.path.normpath(directory.parent / stored))


def root_from_row(path: str, settings: str, directory: Path) -> Root:
    """A row of `roots`."""
    values = json.loads(settings)
    return Root(
        path=root_path_from_storage(path, directory),
        include=tuple(values["include"]),
        exclude=tuple(values["exclude"]),
        max_bytes=values["max_bytes"],
        hidden=values["hidden"],
        files=None if values["files"] is None else tuple(values["files"]),
    )


def root_settings(root: Root) -> str:
    """The `settings` of a row of `roots`."""
    return json.dumps(
        {
            "include": root.include,
            "exclude": root.exclude,
            "max_bytes": root.max_bytes,
            "hidden": root.hidden,
            "files": root.files,
        }
    )


def shown_path(root: Path, path: str, shown_from: Path) -> str:
    """A file's path for people: relative to where they are, else absolute.

    A root that is a single file has that file's name as its only path.
    """
    full = root if root.name == path and not root.is_dir() else root / path
    return str(full.relative_to(shown_from)) if full.is_relative_to(shown_from) else str(full)


def stored_passage(row: tuple[Any, ...], text: str, path: str) -> StoredPassage:
    """A row of `STORED_PASSAGE` with its document's text.

    Raises:
        IndexDamaged: the passage does not lie within the text.
    """
    passage_id, document_id, ordinal, start, end, first, last, page, heading, context = row[:10]
    doc_id, title, format_ = row[10:13]
    if not 0 <= start < end <= len(text):
        raise IndexDamaged(
            f"Passage {passage_id} does not lie within its document {doc_id}.",
            "make the index again",
        )
    return StoredPassage(
        passage_id=passage_id,
        document_id=document_id,
        passage=Passage(
            doc_id=doc_id,
            ordinal=ordinal,
            start=start,
            end=end,
            text=text[start:end],
            line_start=first,
            line_end=last,
            page=page,
            heading=tuple(json.loads(heading)),
            context=context,
        ),
        path=path,
        title=title,
        format=format_,
    )


def graph_file(meta: Mapping[str, Any]) -> GraphFile | None:
    """The graph that the generation names."""
    recorded = meta.get("graph")
    return GraphFile(**recorded) if recorded else None


def index_info(
    connection: sqlite3.Connection, meta: Mapping[str, Any], directory: Path
) -> IndexInfo:
    """What `meta` says, with the roots.

    Raises:
        IndexDamaged: something that every generation records is missing.
    """
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
                root_from_row(path, settings, directory)
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
            sizes={
                "catalog": (directory / CATALOG).stat().st_size,
                "graph": graph.size if graph else 0,
            },
        )
    except (KeyError, TypeError, ValueError) as error:
        raise IndexDamaged(
            f"The index in {directory} lacks what every index records ({error}).",
            "make it again: bienc index PATH --index OTHER_DIRECTORY",
        ) from error
