"""Nearest-neighbour search: by comparing all vectors, by one-bit codes, or by the graph.

A small index compares all vectors. A large one uses the graph, except in a process that has asked
few queries so far, for which loading the graph would take longer than scanning the codes. The graph
covers the rows up to some number, perhaps including unused ones; the few rows after that are
compared one by one. However a vector is found, its score is computed from the vector file and its
passages are read from the catalog, and both are verified there. Derived data that is damaged or
missing is not used, with a warning.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bienc_cli.errors import IndexDamaged
from bienc_cli.store import codes
from bienc_cli.store.codes import CodeTable
from bienc_cli.store.exact import EXACT_LIMIT, NOTHING, Scored, VectorBlock, joined, similarity
from bienc_cli.store.facts import Filter, IndexInfo
from bienc_cli.store.graph import Graph, VerifiedFile
from bienc_cli.store.graph_file import ForeignGraph, GraphUnusable
from bienc_cli.store.rows import PASSAGE_COLUMNS, checked, damaged
from bienc_cli.store.selection import Selection
from bienc_cli.store.vectors import AT_ONCE, UsedVectors
from bienc_cli.types import Vectors

SCAN_LIMIT = EXACT_LIMIT
"""Vectors that pass a filter, or are in the index, up to which all are compared."""

FOREIGN_GRAPH = "another user's graph is not used: exact, but slower (bienc info)"
"""Reported on every search of a shared index, hence in one line."""

_ROUNDING = 1e-5
"""Tolerance for the graph's single precision."""

_KEPT = 4
"""Filters whose vectors are cached in memory, at most `SCAN_LIMIT` vectors each."""


class NearestPassages:
    """Vector search over one generation, loading its files on demand.

    Args:
        connection: open on the generation.
        info: the generation's.
        used: its vectors.
        recorded_codes: the generation's record of its codes; None if it has none.
        file: the graph file, verified when it is loaded; None if it cannot be used.
        warn: called with a sentence.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        info: IndexInfo,
        used: UsedVectors,
        recorded_codes: Mapping[str, Any] | None,
        file: VerifiedFile | None,
        warn: Callable[[str], None],
    ) -> None:
        self._connection = connection
        self._info = info
        self._used = used
        self._recorded_codes = recorded_codes
        self._file = file
        self._warn = warn
        self._graph: Graph | None = None
        self._codes: CodeTable | None = None
        self._query_count = 0
        self._blocks: OrderedDict[Filter | None, VectorBlock] = OrderedDict()
        self._tails: OrderedDict[Filter | None, VectorBlock] = OrderedDict()

    def search(
        self,
        queries: NDArray[np.float32],
        k: int,
        where: Filter | None,
        selection: Selection | None,
        *,
        exact: bool,
    ) -> list[list[tuple[int, float]]]:
        """The `k` nearest passages of each query, shape (n, dim); see `IndexReader.search_many`.

        Raises:
            IndexDamaged: data that the search uses is not what was written.
        """
        size = len(selection.vector_ids) if selection else len(self._used)
        if size == 0:
            return [[] for _ in queries]
        if exact or size <= SCAN_LIMIT:
            return self._by_scan(queries, k, where, selection)
        table = self._codes_for(len(queries))
        if table is not None:
            return self._by_codes(table, queries, k, selection)
        graph = self._load_graph()
        if graph is None:
            return self._by_scan(queries, k, where, selection)
        return self._by_graph(graph, queries, k, where, selection)

    def of_passages(self, query: NDArray[np.float32], passage_ids: Sequence[int]) -> list[float]:
        """The cosines of passages by id, in the order asked."""
        scores: list[float] = similarity(self.vectors_of(passage_ids), query).tolist()
        return scores

    def vectors_of(self, passage_ids: Sequence[int]) -> Vectors:
        """The vectors of passages by id, in the order asked, shape (n, dim)."""
        rows = self._connection.execute(
            f"SELECT {PASSAGE_COLUMNS} FROM passages WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(passage_ids)),),
        )
        vector_ids = {row[0]: checked(row, "passage")[-1] for row in rows}
        for passage_id in passage_ids:
            if passage_id not in vector_ids:
                raise damaged(f"passage {passage_id}")
        return self._in_order([vector_ids[passage_id] for passage_id in passage_ids])

    def of_all(self, selection: Selection | None) -> Iterator[tuple[NDArray[np.int64], Vectors]]:
        """Passage ids, ascending, with their vectors; see `IndexReader.iter_vectors`."""
        condition = selection.of_passages if selection else "TRUE"
        cursor = self._connection.execute(
            f"SELECT {PASSAGE_COLUMNS} FROM passages WHERE {condition} ORDER BY id"
        )
        while rows := cursor.fetchmany(AT_ONCE):
            vector_ids = [checked(row, "passage")[-1] for row in rows]
            yield np.array([row[0] for row in rows], dtype=np.int64), self._in_order(vector_ids)

    def _in_order(self, vector_ids: Sequence[int]) -> Vectors:
        distinct = np.unique(np.array(vector_ids, dtype=np.int64))
        block = self._used.by_id(distinct)
        if len(block.ids) < len(distinct):
            raise damaged("which vectors are used")
        vectors: Vectors = block.vectors[np.searchsorted(block.ids, vector_ids)]
        return vectors

    def close(self) -> None:
        """Close the files."""
        self._used.file.close()
        self._close_graph()

    def _close_graph(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    # ------------------------------------------------------------- the ways

    def _by_scan(
        self,
        queries: NDArray[np.float32],
        k: int,
        where: Filter | None,
        selection: Selection | None,
    ) -> list[list[tuple[int, float]]]:
        """Compare all vectors; those of recent filters are cached for the next query."""
        best = [NOTHING] * len(queries)
        for block in self._blocks_of(where, selection):
            best = [
                so_far.and_also(in_block).best(k)
                for so_far, in_block in zip(best, block.compared(queries, k), strict=True)
            ]
        return [self._passages_of(scored, k, selection) for scored in best]

    def _by_codes(
        self,
        table: CodeTable,
        queries: NDArray[np.float32],
        k: int,
        selection: Selection | None,
    ) -> list[list[tuple[int, float]]]:
        """Compare the vectors that their codes propose."""
        passing = self._passing(selection)
        rankings = []
        for query in queries:
            ids = table.nearest(query, max(codes.CANDIDATES, 10 * k), passing)
            block = self._used.by_id(ids)
            scored = Scored(block.ids, similarity(block.vectors, query)).best(k)
            rankings.append(self._passages_of(scored, k, selection))
        return rankings

    def _by_graph(
        self,
        graph: Graph,
        queries: NDArray[np.float32],
        k: int,
        where: Filter | None,
        selection: Selection | None,
    ) -> list[list[tuple[int, float]]]:
        """Query the graph ever deeper until `k` passages pass, or comparing all is cheaper."""
        passing = self._passing(selection)
        newer = self._newer(graph.end, where, selection).compared(queries, k)
        rankings: list[list[tuple[int, float]]] = [[] for _ in queries]
        pending = list(range(len(queries)))
        # Enough to contain `k` that pass the filter, if those were spread evenly.
        pass_rate = int(np.count_nonzero(passing[: graph.end])) / graph.elements
        depth = math.ceil(k / max(pass_rate, 1e-9))
        while pending and depth <= min(SCAN_LIMIT, graph.elements):
            labels, floors = graph.nearest(queries[pending], depth)
            for position, rows, floor in zip(list(pending), labels, floors, strict=True):
                live = self._used.by_id(rows[passing[rows]])
                scores = similarity(live.vectors, queries[position])
                scored = Scored(live.ids, scores).and_also(newer[position])
                rankings[position] = self._passages_of(scored.best(k), k, selection)
                # Newer vectors may fill the `k` although the graph has nearer ones further down.
                if len(rankings[position]) >= k and rankings[position][-1][1] >= floor - _ROUNDING:
                    pending.remove(position)
            depth *= 4
        if pending:
            scanned = self._by_scan(queries[pending], k, where, selection)
            for position, passages in zip(pending, scanned, strict=True):
                rankings[position] = passages
        return rankings

    def _passing(self, selection: Selection | None) -> NDArray[np.bool_]:
        """Whether each row passes the filter, shape (rows,)."""
        if selection is None:
            return self._used.are_used
        passing = np.zeros(self._used.rows, dtype=np.bool_)
        passing[selection.vector_ids] = True
        return passing

    def _newer(self, end: int, where: Filter | None, selection: Selection | None) -> VectorBlock:
        """The vectors newer than the graph that pass the filter."""
        key = where or None
        if key in self._tails:
            return self._tails[key]
        ids = end + np.flatnonzero(self._passing(selection)[end:])
        return _keep(self._tails, key, joined(list(self._used.blocks(ids)), self._used.file.dim))

    def _blocks_of(
        self, where: Filter | None, selection: Selection | None
    ) -> Iterator[VectorBlock]:
        key = where or None
        if key in self._blocks:
            self._blocks.move_to_end(key)
            yield self._blocks[key]
            return
        ids = selection.vector_ids if selection is not None else self._used.ids
        blocks = self._used.blocks(ids)
        if len(ids) > SCAN_LIMIT:
            yield from blocks
            return
        yield _keep(self._blocks, key, joined(list(blocks), self._used.file.dim))

    def _passages_of(
        self, scored: Scored, k: int, selection: Selection | None
    ) -> list[tuple[int, float]]:
        """The `k` best passages, given their vectors best first."""
        condition = f" AND {selection.of_passages}" if selection else ""
        statement = (
            f"SELECT {PASSAGE_COLUMNS} FROM passages WHERE vector_id = ?{condition} "
            "ORDER BY id LIMIT ?"
        )
        hits: list[tuple[int, float]] = []
        for vector_id, score in zip(scored.ids.tolist(), scored.scores.tolist(), strict=True):
            if len(hits) >= k and score < hits[-1][1]:
                break
            rows = self._connection.execute(statement, (vector_id, k)).fetchall()
            if not rows and selection is None:
                raise damaged(f"the passage of vector {vector_id}")
            for row in rows:
                if checked(row, "passage")[-1] != vector_id:
                    raise damaged(f"passage {row[0]}")
                hits.append((row[0], score))
        return sorted(hits, key=lambda hit: (-hit[1], hit[0]))[:k]

    # ------------------------------------------------------ what is derived

    def _codes_for(self, queries: int) -> CodeTable | None:
        """The codes, unless enough queries have been asked to make loading the graph worthwhile."""
        self._query_count += queries
        if (
            self._graph is not None
            or self._query_count > codes.QUERIES
            or self._recorded_codes is None
        ):
            return None
        if self._codes is None:
            try:
                self._codes = codes.load(
                    self._connection, self._used.file.dim, self._used.rows, self._recorded_codes
                )
            except IndexDamaged:
                self._recorded_codes = None
                self._warn(
                    f"The codes of the index in {self._info.directory} are damaged and not used; "
                    "the graph is, which takes longer to load. `bienc check --repair` makes them "
                    "again."
                )
        return self._codes

    def _load_graph(self) -> Graph | None:
        # Every further query uses the graph.
        self._codes = None
        if self._graph is None and self._file is not None:
            try:
                self._graph = self._file.load(self._used)
            except GraphUnusable as error:
                self._close_graph()
                self._warn(without_graph(self._info, error))
        return self._graph


def without_graph(info: IndexInfo, error: GraphUnusable) -> str:
    """The warning for a graph that is not used."""
    if isinstance(error, ForeignGraph):
        return FOREIGN_GRAPH
    return (
        f"The graph of the index in {info.directory} is not used ({error}); all vectors are "
        "compared instead, which is exact but slower for large indexes. `bienc index` builds it "
        "again."
    )


def _keep(
    cache: OrderedDict[Filter | None, VectorBlock], key: Filter | None, block: VectorBlock
) -> VectorBlock:
    cache[key] = block
    if len(cache) > _KEPT:
        cache.popitem(last=False)
    return block
