"""Small indexes for the tests of the store: made-up documents, vectors by hash."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bienc_cli.store import (
    FileState,
    Filter,
    IndexReader,
    IndexWriter,
    Root,
    open_reader,
    open_writer,
)
from bienc_cli.store.graph_file import GraphFile
from bienc_cli.store.meta import graph_file, read_meta, vector_rows
from bienc_cli.store.vectors import UsedVectors, VectorFile, read_unused
from bienc_cli.types import ChunkingParameters, Document, EncoderIdentity, Passage, Place, Vectors

DIM = 16
CHUNKING = ChunkingParameters(64, 8)


def identity(name: str = "fake", dim: int = DIM) -> EncoderIdentity:
    return EncoderIdentity(name, f"{name}-{dim}", dim, 64, "cls")


def encode(texts: Sequence[str], dim: int = DIM) -> Vectors:
    """One fixed random direction for each text."""
    if not texts:
        return np.empty((0, dim), np.float32)
    rows = []
    for text in texts:
        seed = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())
        rows.append(np.random.default_rng(seed).standard_normal(dim))
    vectors = np.array(rows, dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def document(doc_id: str, paragraphs: Sequence[str], format_: str = "text") -> Document:
    # A title without words: no passage is found by it.
    return Document(doc_id, "\n\n".join(paragraphs), format_, title="⁂")


def passages_of(made: Document) -> list[Passage]:
    """One for each paragraph."""
    found, start = [], 0
    for ordinal, paragraph in enumerate(made.text.split("\n\n")):
        line = made.text.count("\n", 0, start) + 1
        found.append(
            Passage(
                made.doc_id,
                ordinal,
                start,
                start + len(paragraph),
                paragraph,
                Place("line", line, line + paragraph.count("\n")),
                heading=("Part", "§ “1”"),
            )
        )
        start += len(paragraph) + 2
    return found


def state(path: str, paragraphs: Sequence[str], file_id: int = 0) -> FileState:
    content = "\n\n".join(paragraphs).encode()
    digest = hashlib.blake2b(content, digest_size=16).digest()
    return FileState(file_id, path, len(content), 1_700_000_000_000_000_000, digest, "text/1")


def put_file(
    writer: IndexWriter,
    root_id: int,
    path: str,
    paragraphs: Sequence[str],
    format_: str = "text",
    dim: int = DIM,
) -> int:
    """Add or replace a file of one document; its id."""
    file_id = writer.replace_file(root_id, state(path, paragraphs))
    made = document(path, paragraphs, format_)
    passages = passages_of(made)
    writer.add_document(file_id, made, passages)
    missing = writer.without_vector([one.embedded_text for one in passages])
    if missing:
        writer.add_vectors(missing, encode(missing, dim))
    return file_id


def build(
    directory: Path,
    key_dir: Path,
    files: dict[str, Sequence[str]],
    dim: int = DIM,
    *,
    compact: bool = False,
) -> None:
    """Commit an index that holds these files, and no others, under one root beside it."""
    with open_writer(directory, key_dir=key_dir) as writer:
        writer.begin(identity(dim=dim), CHUNKING)
        root_id = writer.put_root(Root(directory.parent / "docs"))
        known = writer.files(root_id)
        for path, file in known.items():
            if path not in files:
                writer.remove_file(file.file_id)
        for path, paragraphs in files.items():
            if path in known and known[path].digest == state(path, paragraphs).digest:
                continue
            put_file(writer, root_id, path, paragraphs, dim=dim)
        writer.commit(compact=compact)


def reading(home: Path) -> IndexReader:
    """The index that `build` made in a home, opened."""
    return open_reader(home / ".bienc", key_dir=home / "keys")


def exactly(
    index: IndexReader, query: Vectors, k: int, where: Filter | None = None
) -> list[tuple[int, float]]:
    """The `k` passages nearest to a query, by comparing all: what the graph approximates."""
    return index.search_many(query[np.newaxis], k, where, exact=True)[0]


def numbered(count: int, prefix: str = "text") -> list[str]:
    return [f"{prefix} number {number} of some words" for number in range(count)]


def names(directory: Path) -> set[str]:
    """Of the files in it."""
    return {path.name for path in directory.iterdir()}


def opened_graph(home: Path) -> tuple[GraphFile, UsedVectors]:
    """What the catalog of the index in `home` records of its graph, and its vectors."""
    connection = sqlite3.connect(home / ".bienc" / "catalog.sqlite")
    meta = read_meta(connection)
    file, rows = graph_file(meta), vector_rows(meta)
    unused = read_unused(connection, meta["unused_checksum"])
    connection.close()
    assert file is not None
    return file, UsedVectors(VectorFile.open_recorded(home / ".bienc", rows), rows.rows, unused)
