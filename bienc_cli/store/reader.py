"""Reading one generation of an index: search, passages, texts."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from bienc_cli.errors import IndexDamaged
from bienc_cli.store import records
from bienc_cli.store.catalog import connect_to_read, read_meta, translated
from bienc_cli.store.graph import Graph, GraphUnusable
from bienc_cli.store.protocol import Filter, IndexInfo, StoredPassage
from bienc_cli.store.trust import load_key
from bienc_cli.types import Skipped

EXACT_LIMIT = 20_000
"""Vectors up to which a filtered search compares them all: some 20 ms, and no guessing how
far a graph must be searched before enough of what it finds passes the filter."""

_BATCH = 4096
_TEXTS_KEPT = 16


@dataclass(frozen=True, slots=True)
class _Allowed:
    """What a filter lets through."""

    documents: frozenset[int]
    vectors: frozenset[int]


def open_reader(directory: Path, *, key_dir: Path, shown_from: Path | None = None) -> CatalogReader:
    """Open the current generation of an index for reading.

    Args:
        directory: of the index.
        key_dir: where this user's key lies; a graph it did not seal is not loaded.
        shown_from: paths below it are shown relative to it; the folder that holds the index
            by default.

    Raises:
        IndexNotFound: there is no index.
        IndexMismatch: it has a format that this version cannot read.
        IndexDamaged: it does not hold together.
    """
    return CatalogReader(directory, key_dir, shown_from or directory.parent)


class CatalogReader:
    """An `IndexReader` over `catalog.sqlite` and a graph file."""

    def __init__(self, directory: Path, key_dir: Path, shown_from: Path) -> None:
        self._directory = directory
        self._key_dir = key_dir
        self._shown_from = shown_from
        self._connection = connect_to_read(directory)
        with translated(directory):
            self._meta = read_meta(self._connection)
            self.info: IndexInfo = records.index_info(self._connection, self._meta, directory)
        self._dim = self.info.encoder.dim
        self._warnings: list[str] = []
        self._graph: Graph | None = None
        self._graph_tried = False
        self._texts: OrderedDict[int, str] = OrderedDict()
        self._paths: dict[tuple[str, str], str] = {}

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was found amiss so far and worked around."""
        return tuple(self._warnings)

    # ------------------------------------------------------------ searching

    def search(
        self, query: NDArray[np.float32], k: int, where: Filter | None = None
    ) -> list[tuple[int, float]]:
        """The `k` nearest passages, by the graph; see `IndexReader.search`."""
        with translated(self._directory):
            allowed = self._allowed(where)
            graph = self._load_graph()
            if graph is None or (allowed is not None and len(allowed.vectors) <= EXACT_LIMIT):
                return self._scan(query, k, allowed)
            return self._search_graph(graph, query, k, allowed)

    def search_exact(
        self, query: NDArray[np.float32], k: int, where: Filter | None = None
    ) -> list[tuple[int, float]]:
        """The `k` nearest passages, by comparing all; see `IndexReader.search_exact`."""
        with translated(self._directory):
            return self._scan(query, k, self._allowed(where))

    def _search_graph(
        self, graph: Graph, query: NDArray[np.float32], k: int, allowed: _Allowed | None
    ) -> list[tuple[int, float]]:
        """Widen the search until `k` passages come through, or the graph has no more.

        Labels without a row are tombstones; vectors behind the last label are compared all.
        """
        newer = self._nearest(
            "SELECT id, vector FROM vectors WHERE id > ?", (graph.file.last_vector_id,), query, k
        )
        wanted = k
        while True:
            labels = graph.search(query, wanted)
            live = self._vectors_by_id([int(label) for label in labels])
            found = self._expand({**live, **newer}, query, k, allowed)
            if len(found) >= k or wanted >= graph.file.elements or len(labels) < wanted:
                return found
            wanted = min(wanted * 4, graph.file.elements)

    def _scan(
        self, query: NDArray[np.float32], k: int, allowed: _Allowed | None
    ) -> list[tuple[int, float]]:
        if allowed is None:
            nearest = self._nearest("SELECT id, vector FROM vectors", (), query, k)
        else:
            nearest = self._nearest(
                "SELECT id, vector FROM vectors WHERE id IN (SELECT value FROM json_each(?))",
                (json.dumps(sorted(allowed.vectors)),),
                query,
                k,
            )
        return self._expand(nearest, query, k, allowed)

    def _nearest(
        self, statement: str, parameters: tuple[Any, ...], query: NDArray[np.float32], k: int
    ) -> dict[int, NDArray[np.float32]]:
        """The `k` nearest of the vectors that a statement selects, by id, in bounded memory."""
        cursor = self._connection.execute(statement, parameters)
        ids = np.empty(0, dtype=np.int64)
        kept = np.empty((0, self._dim), dtype=np.float32)
        while rows := cursor.fetchmany(_BATCH):
            vectors = records.unpacked_vectors([row[1] for row in rows], self._dim)
            ids = np.concatenate([ids, np.array([row[0] for row in rows], dtype=np.int64)])
            kept = np.concatenate([kept, vectors])
            if len(ids) > k:
                best = np.lexsort((ids, -(kept @ query)))[:k]
                ids, kept = ids[best], kept[best]
        return dict(zip(ids.tolist(), kept, strict=True))

    def _vectors_by_id(self, ids: list[int]) -> dict[int, NDArray[np.float32]]:
        rows = self._connection.execute(
            "SELECT id, vector FROM vectors WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(ids),),
        ).fetchall()
        vectors = records.unpacked_vectors([row[1] for row in rows], self._dim)
        return dict(zip((row[0] for row in rows), vectors, strict=True))

    def _expand(
        self,
        vectors: dict[int, NDArray[np.float32]],
        query: NDArray[np.float32],
        k: int,
        allowed: _Allowed | None,
    ) -> list[tuple[int, float]]:
        """Vectors to the passages that share them, ordered, cut at `k`."""
        # Row by row in double precision, so that a score does not depend on the batch.
        exact = {
            vector_id: float((vector.astype(np.float64) * query).sum())
            for vector_id, vector in vectors.items()
            if allowed is None or vector_id in allowed.vectors
        }
        rows = self._connection.execute(
            "SELECT id, vector_id, document_id FROM passages "
            "WHERE vector_id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(exact)),),
        ).fetchall()
        found = [
            (int(passage_id), exact[vector_id])
            for passage_id, vector_id, document_id in rows
            if allowed is None or document_id in allowed.documents
        ]
        return sorted(found, key=lambda hit: (-hit[1], hit[0]))[:k]

    # --------------------------------------------------------------- graph

    def _load_graph(self) -> Graph | None:
        if not self._graph_tried:
            self._graph_tried = True
            file = records.graph_file(self._meta)
            if file is None:
                return None
            try:
                key = load_key(self._key_dir)
                if key is None:
                    raise GraphUnusable("it was not made by this user on this machine")
                self._graph = Graph.load(self._directory, file, key)
            except GraphUnusable as error:
                self._warnings.append(
                    f"the graph of the index in {self._directory} is not used: {error}; "
                    "all vectors are compared instead (bienc index builds it again)"
                )
        return self._graph

    # ------------------------------------------------------------- filters

    def _allowed(self, where: Filter | None) -> _Allowed | None:
        if not where:
            return None
        documents = self._documents_where(where)
        vectors = self._connection.execute(
            "SELECT DISTINCT vector_id FROM passages "
            "WHERE document_id IN (SELECT value FROM json_each(?))",
            (json.dumps(documents),),
        )
        return _Allowed(frozenset(documents), frozenset(row[0] for row in vectors))

    def _documents_where(self, where: Filter) -> list[int]:
        conditions, parameters = ["TRUE"], []
        if where.formats:
            conditions.append("format IN (SELECT value FROM json_each(?))")
            parameters.append(json.dumps(where.formats))
        if where.paths:
            conditions.append("file_id IN (SELECT value FROM json_each(?))")
            parameters.append(json.dumps(self._files_where(where.paths)))
        rows = self._connection.execute(
            f"SELECT id FROM documents WHERE {' AND '.join(conditions)}", parameters
        )
        return [row[0] for row in rows]

    def _files_where(self, patterns: Sequence[str]) -> list[int]:
        from pathspec import GitIgnoreSpec

        spec = GitIgnoreSpec.from_lines(patterns)
        rows = self._connection.execute(
            "SELECT files.id, roots.path, files.path FROM files "
            "JOIN roots ON roots.id = files.root_id"
        )
        return [
            file_id
            for file_id, root, path in rows
            if spec.match_file(path) or spec.match_file(self._shown(root, path).lstrip("/"))
        ]

    # ------------------------------------------------------------ passages

    def passages(self, passage_ids: Sequence[int]) -> list[StoredPassage]:
        """Passages by id, in the order asked."""
        with translated(self._directory):
            rows = self._connection.execute(
                f"{records.STORED_PASSAGE} WHERE passages.id IN (SELECT value FROM json_each(?))",
                (json.dumps(list(passage_ids)),),
            ).fetchall()
            by_id = {row[0]: self._stored(row) for row in rows}
        return [by_id[passage_id] for passage_id in passage_ids]

    def iter_passages(self, where: Filter | None = None) -> Iterator[StoredPassage]:
        """All passages that count, by id."""
        with translated(self._directory):
            if where:
                rows = self._connection.execute(
                    f"{records.STORED_PASSAGE} WHERE passages.document_id IN "
                    "(SELECT value FROM json_each(?)) ORDER BY passages.id",
                    (json.dumps(self._documents_where(where)),),
                )
            else:
                rows = self._connection.execute(f"{records.STORED_PASSAGE} ORDER BY passages.id")
            for row in rows:
                yield self._stored(row)

    def count(self, where: Filter | None = None) -> int:
        """How many passages count."""
        if not where:
            return self.info.passages
        with translated(self._directory):
            (number,) = self._connection.execute(
                "SELECT count(*) FROM passages "
                "WHERE document_id IN (SELECT value FROM json_each(?))",
                (json.dumps(self._documents_where(where)),),
            ).fetchone()
        return int(number)

    def document_text(self, document_id: int) -> str:
        """A document's whole text."""
        text = self._texts.get(document_id)
        if text is None:
            with translated(self._directory):
                row = self._connection.execute(
                    "SELECT text FROM texts WHERE document_id = ?", (document_id,)
                ).fetchone()
            if row is None:
                raise IndexDamaged(
                    f"The text of document {document_id} is missing from the index.",
                    "make the index again",
                )
            text = self._texts[document_id] = records.unpacked_text(row[0])
            if len(self._texts) > _TEXTS_KEPT:
                self._texts.popitem(last=False)
        else:
            self._texts.move_to_end(document_id)
        return text

    def skipped(self) -> list[Skipped]:
        """Files and records that were found and not indexed."""
        with translated(self._directory):
            rows = self._connection.execute("SELECT path, code, reason FROM skips ORDER BY path")
            return [Skipped(*row) for row in rows]

    def _stored(self, row: tuple[Any, ...]) -> StoredPassage:
        return records.stored_passage(
            row, self.document_text(row[1]), self._shown(row[13], row[14])
        )

    def _shown(self, root: str, path: str) -> str:
        shown = self._paths.get((root, path))
        if shown is None:
            full = records.root_path_from_storage(root, self._directory)
            shown = self._paths[root, path] = records.shown_path(full, path, self._shown_from)
        return shown

    def close(self) -> None:
        """Let go of the snapshot."""
        self._connection.close()

    def __enter__(self) -> Self:
        """The reader itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()
