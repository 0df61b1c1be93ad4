"""Which way the nearest passages are found: all vectors, their codes, or the graph."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bienc_cli.errors import IndexDamaged
from bienc_cli.store import codes
from bienc_cli.store.codes import CodeTable
from bienc_cli.store.graph import ForeignGraph, GraphUnusable, VerifiedFile
from bienc_cli.store.nearest import (
    FILTERED_SCAN_LIMIT,
    SCAN_LIMIT,
    LoadedGraph,
    NearestPassages,
)
from bienc_cli.store.protocol import Filter, IndexInfo
from bienc_cli.store.selection import Selection
from bienc_cli.types import Vectors


class VectorSearch:
    """Vector search over one generation, loading what it needs when it needs it.

    Few vectors are all compared. Many are searched by the graph, except by a process that has
    asked little so far: loading the graph would take it longer than going through the codes.
    What is damaged or missing is done without, and `warn` is told.

    Args:
        connection: on the generation.
        info: of the generation.
        meta: of the generation.
        file: the graph, verified when it is loaded; None where it cannot be used.
        warn: told a sentence.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        info: IndexInfo,
        meta: Mapping[str, Any],
        file: VerifiedFile | None,
        warn: Callable[[str], None],
    ) -> None:
        self._connection = connection
        self._info = info
        self._recorded_codes: Mapping[str, Any] | None = meta.get("codes")
        self._file = file
        self._warn = warn
        self._graph: LoadedGraph | None = None
        self._codes: CodeTable | None = None
        self._asked = 0
        self._nearest = NearestPassages(
            connection, info.encoder.dim, info.vectors, meta["vectors_checksum"]
        )

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
            IndexDamaged: something that is searched is not what was written.
        """
        size = selection.vector_count if selection else self._info.vectors
        if size == 0:
            return [[] for _ in queries]
        if exact or size <= (FILTERED_SCAN_LIMIT if selection else SCAN_LIMIT):
            return self._nearest.by_scan(queries, k, where, selection)
        table = self._codes_for(len(queries))
        if table is not None:
            return self._nearest.by_codes(table, queries, k, selection)
        graph = self._load_graph()
        if graph is None:
            return self._nearest.by_scan(queries, k, where, selection)
        return self._nearest.by_graph(graph, queries, k, where, selection)

    def of_passages(self, query: NDArray[np.float32], passage_ids: Sequence[int]) -> list[float]:
        """Cosines of passages by id, in the order asked."""
        return self._nearest.of_passages(query, passage_ids)

    def vectors_of(self, passage_ids: Sequence[int]) -> Vectors:
        """The vectors of passages by id, in the order asked."""
        return self._nearest.vectors_of(passage_ids)

    def of_all(self, selection: Selection | None) -> Iterator[tuple[NDArray[np.int64], Vectors]]:
        """Passage ids, ascending, with their vectors."""
        return self._nearest.of_all(selection)

    def close(self) -> None:
        """Let go of the graph's file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _codes_for(self, queries: int) -> CodeTable | None:
        """The codes, where so many more queries are not worth loading the graph for."""
        self._asked += queries
        if self._graph is not None or self._asked > codes.QUERIES or self._recorded_codes is None:
            return None
        if self._codes is None:
            try:
                self._codes = codes.load(
                    self._connection,
                    self._info.encoder.dim,
                    self._info.vectors,
                    self._recorded_codes,
                )
            except IndexDamaged:
                self._recorded_codes = None
                self._warn(
                    f"The codes of the index in {self._info.directory} are damaged and not used; "
                    "the graph is, which takes longer to load. `bienc check --repair` makes them "
                    "again."
                )
        return self._codes

    def _load_graph(self) -> LoadedGraph | None:
        # From here on every query goes to the graph.
        self._codes = None
        if self._graph is None and self._file is not None:
            try:
                graph = self._file.load()
            except GraphUnusable as error:
                self.close()
                self._warn(without_graph(self._info, error))
            else:
                rows = self._connection.execute("SELECT vector_id FROM tombstones")
                self._graph = LoadedGraph(
                    graph, self._file.file.last_vector_id, frozenset(row[0] for row in rows)
                )
        return self._graph


def without_graph(info: IndexInfo, error: GraphUnusable) -> str:
    """What to say of a graph that is not used."""
    if isinstance(error, ForeignGraph):
        return (
            f"The graph of the index in {info.directory} was made by another user, or elsewhere, "
            "and is not used here; all vectors are compared instead, which is exact but slower "
            "for large indexes. `bienc check --repair` makes one of your own."
        )
    return (
        f"The graph of the index in {info.directory} is not used ({error}); all vectors are "
        "compared instead, which is exact but slower for large indexes. `bienc index` builds it "
        "again."
    )
