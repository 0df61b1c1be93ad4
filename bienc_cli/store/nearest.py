"""The passages nearest to a query: by the graph, or by comparing all vectors.

The graph knows the vectors up to a certain id, some of which may be gone (tombstones); those
that came after it are few and compared one by one. Whatever finds a vector, its score and its
passages are read from the catalog and verified there.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bienc_cli.store import codes, records, vectors
from bienc_cli.store.codes import CodeTable
from bienc_cli.store.graph import Graph
from bienc_cli.store.protocol import Filter
from bienc_cli.store.records import damaged
from bienc_cli.store.selection import Selection
from bienc_cli.store.vectors import Scored, VectorBlock
from bienc_cli.types import Vectors

SCAN_LIMIT = 5_000
"""Vectors up to which all are compared where nothing is filtered: as fast as loading a graph
for one query (measured: some 35 ms either way), as fast as asking it after (0.5 ms), exact."""

FILTERED_SCAN_LIMIT = 20_000
"""Likewise with a filter, where a graph must be asked for more than is wanted, and nobody knows
for how much more (measured: 150 ms for the first query with a filter, 6 ms for the next)."""

_ROUNDING = 1e-5
"""More than single precision, in which the graph computes, can be off."""

_PASSAGES_AT_ONCE = 4096

_KEPT = 4
"""Filters whose vectors are kept in memory, at most `FILTERED_SCAN_LIMIT` each."""


@dataclass(frozen=True, slots=True)
class LoadedGraph:
    """A graph with what the catalog says of it.

    Attributes:
        last_vector_id: later vectors are not in it.
        tombstones: its labels whose vectors are gone.
    """

    graph: Graph
    last_vector_id: int
    tombstones: frozenset[int]


class NearestPassages:
    """Vector search over one generation.

    Args:
        connection: on the generation.
        dim: length of a vector.
        count: how many vectors there are.
        checksum: exclusive or of their checksums.
    """

    def __init__(self, connection: sqlite3.Connection, dim: int, count: int, checksum: int) -> None:
        self._connection = connection
        self._dim = dim
        self._count = count
        self._checksum = checksum
        self._blocks: OrderedDict[Filter | None, VectorBlock] = OrderedDict()
        self._tails: OrderedDict[Filter | None, VectorBlock] = OrderedDict()

    def by_scan(
        self,
        queries: NDArray[np.float32],
        k: int,
        where: Filter | None,
        selection: Selection | None,
    ) -> list[list[tuple[int, float]]]:
        """Compare all vectors; those of a few filters are kept for the next query."""
        best = [vectors.NOTHING] * len(queries)
        for block in self._blocks_of(where, selection):
            best = [
                one.and_also(other).best(k)
                for one, other in zip(best, block.compared(queries, k), strict=True)
            ]
        return [self._passages_of(one, k, selection) for one in best]

    def by_codes(
        self,
        table: CodeTable,
        queries: NDArray[np.float32],
        k: int,
        selection: Selection | None,
    ) -> list[list[tuple[int, float]]]:
        """Compare the vectors that their codes propose."""
        among: NDArray[np.int64] | None = None
        if selection is not None:
            rows = self._connection.execute(f"SELECT id FROM {selection.vectors} ORDER BY id")
            among = np.array([row[0] for row in rows], dtype=np.int64)
        found = []
        for query in queries:
            ids = table.nearest(query, max(codes.CANDIDATES, 10 * k), among)
            block = vectors.by_id(self._connection, self._dim, ids)
            if len(block.ids) < len(ids):
                raise damaged("the set of its vectors")
            scored = Scored(block.ids, vectors.similarity(block.vectors, query)).best(k)
            found.append(self._passages_of(scored, k, selection))
        return found

    def by_graph(
        self,
        loaded: LoadedGraph,
        queries: NDArray[np.float32],
        k: int,
        where: Filter | None,
        selection: Selection | None,
    ) -> list[list[tuple[int, float]]]:
        """Ask the graph for more until `k` passages come through, or comparing all is cheaper."""
        graph = loaded.graph
        newer = self._newer(loaded, where, selection).compared(queries, k)
        found: list[list[tuple[int, float]]] = [[] for _ in queries]
        left = list(range(len(queries)))
        # As many as hold `k` that count, if those were spread evenly.
        let_through = selection.vector_count / self._count if selection else 1.0
        dead = len(loaded.tombstones) / graph.elements
        wanted = math.ceil(k / let_through / (1.0 - min(dead, 0.5)))
        while left and wanted <= min(FILTERED_SCAN_LIMIT, graph.elements):
            labels, floors = graph.nearest(queries[left], wanted)
            for position, near, floor in zip(list(left), labels, floors, strict=True):
                live = self._live(near, loaded, selection)
                scores = vectors.similarity(live.vectors, queries[position])
                scored = Scored(live.ids, scores).and_also(newer[position])
                found[position] = self._passages_of(scored.best(k), k, selection)
                # Later vectors may fill the `k` while the graph holds nearer ones further out.
                if len(found[position]) >= k and found[position][-1][1] >= floor - _ROUNDING:
                    left.remove(position)
            wanted *= 4
        if left:
            rest = self.by_scan(queries[left], k, where, selection)
            for position, passages in zip(left, rest, strict=True):
                found[position] = passages
        return found

    def of_passages(self, query: NDArray[np.float32], passage_ids: Sequence[int]) -> list[float]:
        """Cosines of passages by id, in the order asked."""
        scores: list[float] = vectors.similarity(self.vectors_of(passage_ids), query).tolist()
        return scores

    def vectors_of(self, passage_ids: Sequence[int]) -> Vectors:
        """The vectors of passages by id, in the order asked, shape (n, dim)."""
        rows = self._connection.execute(
            f"SELECT {records.PASSAGE_COLUMNS} FROM passages "
            "WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(passage_ids)),),
        )
        vector_ids = {row[0]: records.checked(row, "passage")[-1] for row in rows}
        for passage_id in passage_ids:
            if passage_id not in vector_ids:
                raise damaged(f"passage {passage_id}")
        return self._in_order([vector_ids[passage_id] for passage_id in passage_ids])

    def of_all(self, selection: Selection | None) -> Iterator[tuple[NDArray[np.int64], Vectors]]:
        """Passage ids, ascending, with their vectors; see `IndexReader.iter_vectors`."""
        condition = selection.of_passages if selection else "TRUE"
        cursor = self._connection.execute(
            f"SELECT {records.PASSAGE_COLUMNS} FROM passages WHERE {condition} ORDER BY id"
        )
        while rows := cursor.fetchmany(_PASSAGES_AT_ONCE):
            vector_ids = [records.checked(row, "passage")[-1] for row in rows]
            ids = np.array([row[0] for row in rows], dtype=np.int64)
            yield ids, self._in_order(vector_ids)

    def _in_order(self, vector_ids: Sequence[int]) -> Vectors:
        distinct = np.array(sorted(set(vector_ids)), dtype=np.int64)
        block = vectors.by_id(self._connection, self._dim, distinct)
        if len(block.ids) < len(distinct):
            raise damaged("the set of its vectors")
        found: Vectors = block.vectors[np.searchsorted(block.ids, vector_ids)]
        return found

    def _live(
        self, labels: NDArray[np.int64], loaded: LoadedGraph, selection: Selection | None
    ) -> VectorBlock:
        """The vectors that labels stand for, without those that were removed or do not count."""
        block = vectors.by_id(self._connection, self._dim, labels)
        if len(block.ids) < len(labels):
            for lost in set(labels.tolist()) - set(block.ids.tolist()) - loaded.tombstones:
                raise damaged(f"vector {lost}")
        if selection is None:
            return block
        rows = self._connection.execute(
            f"SELECT id FROM {selection.vectors} WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(block.ids.tolist()),),
        )
        counts = np.isin(block.ids, [row[0] for row in rows])
        return VectorBlock(block.ids[counts], block.vectors[counts])

    def _newer(
        self, loaded: LoadedGraph, where: Filter | None, selection: Selection | None
    ) -> VectorBlock:
        """The vectors that came after the graph, as far as they count."""
        key = where or None
        if key in self._tails:
            return self._tails[key]
        condition = f"id > {loaded.last_vector_id}"
        if selection is not None:
            condition += f" AND {selection.of_vectors}"
        found = vectors.blocks(self._connection, self._dim, condition)
        return _keep(self._tails, key, vectors.joined(list(found), self._dim))

    def _blocks_of(
        self, where: Filter | None, selection: Selection | None
    ) -> Iterator[VectorBlock]:
        key = where or None
        if key in self._blocks:
            self._blocks.move_to_end(key)
            yield self._blocks[key]
            return
        if selection is None:
            size = self._count
            found = vectors.all_blocks(self._connection, self._dim, size, self._checksum)
        else:
            size = selection.vector_count
            found = vectors.blocks(self._connection, self._dim, selection.of_vectors)
        if size > FILTERED_SCAN_LIMIT:
            yield from found
            return
        yield _keep(self._blocks, key, vectors.joined(list(found), self._dim))

    def _passages_of(
        self, scored: Scored, k: int, selection: Selection | None
    ) -> list[tuple[int, float]]:
        """The `k` best passages of vectors that are in order, best first."""
        condition = f" AND {selection.of_passages}" if selection else ""
        statement = (
            f"SELECT {records.PASSAGE_COLUMNS} FROM passages WHERE vector_id = ?{condition} "
            "ORDER BY id LIMIT ?"
        )
        found: list[tuple[int, float]] = []
        for vector_id, score in zip(scored.ids.tolist(), scored.scores.tolist(), strict=True):
            if len(found) >= k and score < found[-1][1]:
                break
            rows = self._connection.execute(statement, (vector_id, k)).fetchall()
            if not rows and selection is None:
                raise damaged(f"the passage of vector {vector_id}")
            for row in rows:
                if records.checked(row, "passage")[-1] != vector_id:
                    raise damaged(f"passage {row[0]}")
                found.append((row[0], score))
        return sorted(found, key=lambda hit: (-hit[1], hit[0]))[:k]


def _keep(
    kept: OrderedDict[Filter | None, VectorBlock], key: Filter | None, block: VectorBlock
) -> VectorBlock:
    kept[key] = block
    if len(kept) > _KEPT:
        kept.popitem(last=False)
    return block
