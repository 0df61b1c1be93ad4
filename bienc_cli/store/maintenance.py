"""What every commit brings back into step: the graph, the word index, the vectors in use."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bienc_cli.store import records, vectors
from bienc_cli.store.contents import Tally
from bienc_cli.store.graph import (
    ForeignGraph,
    Graph,
    GraphFile,
    GraphUnusable,
    VerifiedFile,
    graph_name,
)
from bienc_cli.store.postings import WordIndexChanges
from bienc_cli.store.seal import Key
from bienc_cli.store.searched_text import searched_text
from bienc_cli.types import Vectors

TAIL_LEAST = 1_000
TAIL_SHARE = 0.05
TAIL_MOST = 20_000
"""Vectors that came after the graph are compared one by one. They are taken into it when they
are more than `TAIL_LEAST` and than `TAIL_SHARE` of it, so that a small change rewrites nothing
and a growing index is rewritten in proportion to its growth; and in any case past `TAIL_MOST`,
where comparing them takes longer than asking the graph."""

TOMBSTONE_SHARE = 0.2
"""Share of a graph's nodes whose vectors are gone past which it is built anew: they are found
and thrown away again, a quarter more work at most."""

GraphNeed = Literal["keep", "extend", "build"]


def collect_vectors(
    connection: sqlite3.Connection, tally: Tally, graph: GraphFile | None
) -> list[int]:
    """Delete the vectors that were let go in this transaction and that no passage uses.

    Returns:
        Their ids.
    """
    unused = (
        "SELECT vector_id FROM temp.loose WHERE NOT EXISTS "
        "(SELECT 1 FROM passages WHERE passages.vector_id = loose.vector_id)"
    )
    rows = connection.execute(
        f"SELECT id, checksum FROM vectors WHERE id IN ({unused}) ORDER BY id"
    ).fetchall()
    covered = graph.last_vector_id if graph else 0
    for vector_id, checksum in rows:
        connection.execute("DELETE FROM vectors WHERE id = ?", (vector_id,))
        tally.vectors -= 1
        if checksum is None:
            tally.awaited -= 1
        else:
            tally.vectors_checksum ^= checksum
        if vector_id <= covered:
            connection.execute("INSERT INTO tombstones VALUES (?)", (vector_id,))
    connection.execute("DELETE FROM temp.loose")
    return [vector_id for vector_id, _ in rows]


def graph_need(
    connection: sqlite3.Connection,
    directory: Path,
    graph: GraphFile | None,
    count: int,
    key: Key,
    *,
    compact: bool,
) -> GraphNeed:
    """What is to be done about the graph.

    Args:
        connection: the writer's.
        directory: of the index.
        graph: of the last generation.
        count: vectors that there are.
        key: this user's.
        compact: tolerate no tombstone.
    """
    if graph is None:
        return "build" if count else "keep"
    foreign = False
    try:
        with VerifiedFile(directory, graph, key) as file:
            file.verify()
    except ForeignGraph:
        # Whoever made it may go on using it; to build one's own after each of their runs would
        # have two users build by turns.
        foreign = True
    except GraphUnusable:
        return "build"
    (dead,) = connection.execute("SELECT count(*) FROM tombstones").fetchone()
    if dead > TOMBSTONE_SHARE * graph.elements or (compact and dead):
        return "build"
    tail = count - (graph.elements - dead)
    if tail > min(max(TAIL_LEAST, TAIL_SHARE * graph.elements), TAIL_MOST):
        return "build" if foreign else "extend"
    return "keep"


def write_graph(
    connection: sqlite3.Connection,
    directory: Path,
    dim: int,
    generation: int,
    base: GraphFile | None,
    key: Key,
    on_added: Callable[[int], None],
) -> GraphFile | None:
    """Write the graph of a new generation; None where there is no vector.

    Args:
        connection: the writer's.
        directory: of the index.
        dim: length of a vector.
        generation: to be.
        base: a graph to add to; None to begin anew, which leaves the tombstones behind.
        key: this user's, to verify the old one and seal the new one.
        on_added: called with the number of vectors added so far.

    Raises:
        StorageError: it did not come out whole.
        IndexDamaged: a vector is not what was written.
    """
    after = base.last_vector_id if base else 0
    (count,) = connection.execute("SELECT count(*) FROM vectors WHERE id > ?", (after,)).fetchone()
    if base is None:
        connection.execute("DELETE FROM tombstones")
        if not count:
            return None
        graph = Graph.empty(dim, count)
    else:
        with VerifiedFile(directory, base, key) as file:
            graph = file.load(spare=count)
    last = graph.add(_batches(connection, dim, after), on_added)
    return graph.save(directory, graph_name(generation), dim, max(last, after), key)


def _batches(
    connection: sqlite3.Connection, dim: int, after: int
) -> Iterator[tuple[NDArray[np.int64], Vectors]]:
    for block in vectors.blocks(connection, dim, f"id > {after}"):
        yield block.ids, block.vectors


def rebuild_words(connection: sqlite3.Connection, words: WordIndexChanges) -> None:
    """Make the word index anew from the texts.

    Raises:
        IndexDamaged: a text or a passage is not what was written.
    """
    words.clear()
    documents = connection.execute(
        "SELECT documents.id, doc_id, format, texts.length, texts.text, digest "
        "FROM documents JOIN texts ON texts.document_id = documents.id ORDER BY documents.id"
    )
    for document_id, doc_id, format_name, length, blob, digest in documents:
        text = records.unpacked_text(length, blob, digest)
        rows = connection.execute(
            f"SELECT {records.PASSAGE_COLUMNS} FROM passages WHERE document_id = ? ORDER BY id",
            (document_id,),
        )
        for row in rows.fetchall():
            passage = records.passage_from(row, doc_id, text)
            words.add(row[0], searched_text(passage, format_name))
    words.flush()
