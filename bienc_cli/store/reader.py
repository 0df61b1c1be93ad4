"""Reads one generation of an index: search, passages, texts."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from bienc_cli.errors import StorageError
from bienc_cli.store.bm25 import Bm25
from bienc_cli.store.catalog import (
    catalog_path,
    connect_to_read,
    decoded,
    fold_log,
    time_and_size,
)
from bienc_cli.store.facts import FileStamp, FileState, Filter, IndexInfo, Root, StoredPassage
from bienc_cli.store.graph import VerifiedFile
from bienc_cli.store.graph_file import GraphUnusable
from bienc_cli.store.meta import ShownPaths, graph_file, home_of, index_info, read_meta, vector_rows
from bienc_cli.store.nearest import NearestPassages, without_graph
from bienc_cli.store.rows import (
    DOCUMENT_COLUMNS,
    FILE_COLUMNS,
    PASSAGE_COLUMNS,
    DocumentText,
    checked,
    damaged,
    file_state,
    passage_from,
    qualified,
)
from bienc_cli.store.seal import load_key
from bienc_cli.store.selection import Selection, Selections
from bienc_cli.store.vectors import MissingVectors, UsedVectors, VectorFile, read_unused
from bienc_cli.types import Skipped, Vectors

_TEXTS_KEPT = 16
_OPENINGS = 5


class CatalogReader:
    """An `IndexReader` over `catalog.sqlite` and the files it names; for one thread."""

    info: IndexInfo

    def __init__(self, directory: Path, key_dir: Path, shown_from: Path) -> None:
        self._directory = directory
        self._shown_from = shown_from
        self._key = load_key(key_dir)
        self._warnings: list[str] = []
        self._closed = False
        self._allowed_last: tuple[Filter | None, NDArray[np.int64]] | None = None
        self._texts: OrderedDict[int, DocumentText] = OrderedDict()
        self._nearest = self._open()

    def _open(self) -> NearestPassages:
        """Connect, and open the generation's files before a commit can delete them."""
        for attempts_left in reversed(range(_OPENINGS)):
            with ExitStack() as stack:
                self._connection = connect_to_read(self._directory)
                stack.callback(self._connection.close)
                with decoded(self._directory):
                    self._meta = read_meta(self._connection)
                    self.info = index_info(self._connection, self._meta, self._directory, self._key)
                    base = home_of(self._connection, self._meta, self._directory)
                    self._paths = ShownPaths(base, self._shown_from)
                    graph = graph_file(self._meta)
                    file = None
                    try:
                        vectors = VectorFile.open_recorded(self._directory, vector_rows(self._meta))
                        stack.callback(vectors.close)
                        if graph is not None:
                            file = VerifiedFile(self._directory, graph, self._key)
                    except (MissingVectors, GraphUnusable) as error:
                        # A commit may have happened between opening catalog and files.
                        if attempts_left and not self.is_current():
                            continue
                        if isinstance(error, MissingVectors):
                            raise
                        self._warnings.append(without_graph(self.info, error))
                    used = UsedVectors(
                        vectors,
                        vector_rows(self._meta).rows,
                        read_unused(self._connection, self._meta["unused_checksum"]),
                    )
                stack.pop_all()
                return NearestPassages(
                    self._connection,
                    self.info,
                    used,
                    self._meta.get("codes"),
                    file,
                    self._warnings.append,
                )
        raise AssertionError("the last opening either returns or raises")

    def is_current(self) -> bool:
        """Whether this is the latest generation; see `IndexReader.is_current`."""
        connection = connect_to_read(self._directory)
        try:
            generation: object = read_meta(connection).get("generation")
            return generation == self.info.generation
        finally:
            connection.close()

    @property
    def warnings(self) -> tuple[str, ...]:
        """Problems found and worked around so far."""
        return tuple(self._warnings)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with decoded(self._directory):
            yield
            recorded = self._connection.as_it_lies
            if recorded is not None and recorded != time_and_size(catalog_path(self._directory)):
                raise StorageError(
                    f"The index in {self._directory} was changed while it was read.",
                    "run the same command again",
                )

    # ------------------------------------------------------------ searching

    def search(
        self, query: NDArray[np.float32], k: int, where: Filter | None = None
    ) -> list[tuple[int, float]]:
        """The `k` nearest passages; see `IndexReader.search`."""
        return self.search_many(query[np.newaxis], k, where)[0]

    def search_many(
        self,
        queries: NDArray[np.float32],
        k: int,
        where: Filter | None = None,
        *,
        exact: bool = False,
    ) -> list[list[tuple[int, float]]]:
        """Several queries together; see `IndexReader.search_many`."""
        if queries.ndim != 2 or queries.shape[1] != self.info.encoder.dim:
            raise ValueError(f"queries of shape {queries.shape} for this index")
        if k < 1:
            return [[] for _ in queries]
        with self._reading():
            return self._nearest.search(queries, k, where, self._selection(where), exact=exact)

    def similarities(self, query: NDArray[np.float32], passage_ids: Sequence[int]) -> list[float]:
        """The cosine of each of these passages; see `IndexReader.similarities`."""
        if not passage_ids:
            return []
        with self._reading():
            return self._nearest.of_passages(query, passage_ids)

    def vectors_of(self, passage_ids: Sequence[int]) -> Vectors:
        """Stored vectors by passage id; see `IndexReader.vectors_of`."""
        with self._reading():
            return self._nearest.vectors_of(passage_ids)

    def iter_vectors(
        self, where: Filter | None = None
    ) -> Iterator[tuple[NDArray[np.int64], Vectors]]:
        """Passages that pass the filter, with vectors; see `IndexReader.iter_vectors`."""
        with self._reading():
            selection = self._selection(where)
            expected = selection.passage_count if selection else self.info.passages
            for ids, vectors in self._nearest.of_all(selection):
                expected -= len(ids)
                yield ids, vectors
            if expected:
                raise damaged("the set of its passages")

    def bm25(self, query: str, k: int, where: Filter | None = None) -> list[tuple[int, float]]:
        """The `k` best passages by BM25; see `IndexReader.bm25`."""
        if k < 1:
            return []
        with self._reading():
            return self._words.best(query, k, self._allowed(where))

    def bm25_of(self, query: str, passage_ids: Sequence[int]) -> list[float]:
        """The BM25 score of each of these passages; see `IndexReader.bm25_of`."""
        with self._reading():
            return self._words.scores_of(query, passage_ids)

    def spellings(self, query: str) -> dict[str, tuple[str, ...]]:
        """The words of a query that no passage contains; see `IndexReader.spellings`."""
        with self._reading():
            return self._words.spellings(query)

    def holding(self, text: str, where: Filter | None = None) -> list[int]:
        """The passages that contain every word of a text; see `IndexReader.holding`."""
        with self._reading():
            return self._words.holding(text, self._allowed(where))

    @cached_property
    def _words(self) -> Bm25:
        # Zero is only correct for an index without words.
        checksum = self._meta.get("lengths_checksum", 0)
        languages = [code for code, _ in self.info.languages]
        return Bm25(self._connection, self.info.passages, checksum, languages)

    @cached_property
    def _selections(self) -> Selections:
        return Selections(self._connection, self._paths.names, self.info)

    def _allowed(self, where: Filter | None) -> NDArray[np.int64] | None:
        """The BM25 positions of the passages that pass the filter; None for all."""
        selection = self._selection(where)
        if selection is None:
            return None
        if self._allowed_last is None or self._allowed_last[0] != where:
            rows = self._connection.execute(
                f"SELECT id FROM passages WHERE {selection.of_passages} ORDER BY id"
            )
            ids = np.fromiter((row[0] for row in rows), dtype=np.int64)
            self._allowed_last = (where, self._words.positions(ids))
        return self._allowed_last[1]

    def _selection(self, where: Filter | None) -> Selection | None:
        return self._selections.of(where) if where else None

    # ------------------------------------------------------------ passages

    def passages(self, passage_ids: Sequence[int]) -> list[StoredPassage]:
        """Passages by id, in the order asked; ids are this reader's.

        Raises:
            IndexDamaged: a passage is missing.
        """
        with self._reading():
            by_id = {
                stored.passage_id: stored
                for stored in self._stored(
                    "passages.id IN (SELECT value FROM json_each(?))",
                    (json.dumps(list(passage_ids)),),
                )
            }
        for passage_id in passage_ids:
            if passage_id not in by_id:
                raise damaged(f"passage {passage_id}")
        return [by_id[passage_id] for passage_id in passage_ids]

    def iter_passages(self, where: Filter | None = None) -> Iterator[StoredPassage]:
        """All passages that pass the filter, by document."""
        with self._reading():
            selection = self._selection(where)
            expected = selection.passage_count if selection else self.info.passages
            count = 0
            for stored in self._stored(selection.of_passages if selection else "TRUE", ()):
                count += 1
                yield stored
            if count != expected:
                raise damaged("the set of its passages")

    def _stored(self, condition: str, parameters: tuple[Any, ...]) -> Iterator[StoredPassage]:
        rows = self._connection.execute(
            f"SELECT {qualified('passages', PASSAGE_COLUMNS)}, "
            f"{qualified('documents', DOCUMENT_COLUMNS)}, "
            f"{qualified('files', FILE_COLUMNS)}, roots.path, roots.kind "
            "FROM passages "
            "JOIN documents ON documents.id = passages.document_id "
            "JOIN files ON files.id = documents.file_id "
            "JOIN roots ON roots.id = files.root_id "
            f"WHERE {condition} ORDER BY passages.document_id, passages.ordinal",
            parameters,
        )
        passage_end = len(PASSAGE_COLUMNS.split(","))
        document_end = passage_end + len(DOCUMENT_COLUMNS.split(","))
        for *row, root, kind in rows:
            passage_row, document_row = row[:passage_end], row[passage_end:document_end]
            document_id, _, doc_id, title, format_, _ = checked(document_row, "document")
            text = self._text(document_id)
            state = file_state(row[document_end:])
            root_path = self._paths.full(root)
            yield StoredPassage(
                passage_id=passage_row[0],
                document_id=document_id,
                passage=passage_from(passage_row, doc_id, text.between),
                path=self._paths.of(root, kind, state.path),
                title=title,
                format=format_,
                file=FileStamp(
                    root_path if kind == "file" else root_path / state.path,
                    state.size,
                    state.mtime_ns,
                ),
            )

    def count(self, where: Filter | None = None) -> int:
        """How many passages pass the filter."""
        with self._reading():
            selection = self._selection(where)
        return selection.passage_count if selection else self.info.passages

    def documents(self) -> Iterator[tuple[str, str]]:
        """Id and displayed path of every document; see `IndexReader.documents`."""
        with self._reading():
            rows = self._connection.execute(
                "SELECT documents.doc_id, roots.path, roots.kind, files.path FROM documents "
                "JOIN files ON files.id = documents.file_id JOIN roots ON roots.id = files.root_id"
            )
            for doc_id, root, kind, path in rows:
                yield doc_id, self._paths.of(root, kind, path)

    def document_text(self, document_id: int) -> str:
        """A document's whole text."""
        with self._reading():
            row = self._connection.execute(
                "SELECT digest FROM documents WHERE id = ?", (document_id,)
            ).fetchone()
            if row is None:
                raise damaged(f"document {document_id}")
            return self._text(document_id).whole(row[0])

    def _text(self, document_id: int) -> DocumentText:
        if document_id not in self._texts:
            self._texts[document_id] = DocumentText(self._connection, document_id)
            if len(self._texts) > _TEXTS_KEPT:
                self._texts.popitem(last=False)
        self._texts.move_to_end(document_id)
        return self._texts[document_id]

    # ------------------------------------------------------ files and skips

    def files(self) -> Iterator[tuple[Root, FileState]]:
        """Every file that was read, with its root."""
        roots = dict(enumerate(self.info.roots))
        with self._reading():
            ids = self._connection.execute("SELECT id FROM roots ORDER BY id").fetchall()
            by_id = {root_id: roots[position] for position, (root_id,) in enumerate(ids)}
            rows = self._connection.execute(
                f"SELECT {FILE_COLUMNS} FROM files ORDER BY root_id, path"
            )
            for row in rows:
                yield by_id[row[1]], file_state(row)

    def file_times(self) -> list[tuple[Root, dict[str, tuple[int, int]]]]:
        """Size and time of each file, unverified; see `IndexReader.file_times`."""
        with self._reading():
            ids = self._connection.execute("SELECT id FROM roots ORDER BY id").fetchall()
            times: dict[int, dict[str, tuple[int, int]]] = {root_id: {} for (root_id,) in ids}
            for root_id, path, size, mtime_ns in self._connection.execute(
                "SELECT root_id, path, size, mtime_ns FROM files"
            ):
                times[root_id][path] = size, mtime_ns
        return list(zip(self.info.roots, times.values(), strict=True))

    def skipped(self) -> list[Skipped]:
        """Files and records that were found but not indexed."""
        with self._reading():
            rows = self._connection.execute("SELECT path, code, reason FROM skips ORDER BY path")
            return [Skipped(*row) for row in rows]

    def close(self) -> None:
        """Release the snapshot; closing twice does nothing."""
        if self._closed:
            return
        self._closed = True
        self._nearest.close()
        if "_words" in self.__dict__:
            self._words.close()
        self._connection.close()
        fold_log(self._directory)

    def __enter__(self) -> Self:
        """The reader itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()
