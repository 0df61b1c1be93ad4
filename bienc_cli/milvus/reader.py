"""Reads one generation of an index in Milvus: search, passages, texts."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from bienc_cli.errors import BiencError, IndexNotFound, StorageError
from bienc_cli.milvus import rows as row_codec
from bienc_cli.milvus.address import MilvusAddress
from bienc_cli.milvus.connection import Connection, MilvusRow
from bienc_cli.milvus.head import CoveredRoot, read_head
from bienc_cli.milvus.rows import Record
from bienc_cli.milvus.schema import (
    NO_PASSAGE,
    PASSAGE_FIELDS,
    RECORD_FIELDS,
    Placed,
    all_of,
    among,
    counting,
    in_chunks,
)
from bienc_cli.milvus.searching import Searching
from bienc_cli.store.facts import FileState, Filter, IndexInfo, Root, StoredPassage
from bienc_cli.store.meta import ShownPaths
from bienc_cli.store.rows import damaged, digest_of
from bienc_cli.types import Skipped, Vectors

_TEXTS_KEPT = 16


def not_found(address: MilvusAddress) -> IndexNotFound:
    """The error for an address without an index."""
    return IndexNotFound(
        f"There is no index in {address}.", f"make one: bienc index PATH --index {address}"
    )


def open_reader(address: MilvusAddress, *, shown_from: Path | None = None) -> MilvusReader:
    """Open the current generation of an index for reading.

    Args:
        address: of the index.
        shown_from: paths below it are displayed relative to it; None for absolute paths.

    Raises:
        IndexNotFound: there is no index.
        IndexMismatch: this version cannot read its format.
        IndexDamaged: it is damaged.
        IndexBusy: the file of Milvus Lite is open in another process.
        StorageError: the server does not answer, or refuses.
        UsageError: the packages are not installed.
    """
    if address.file is not None and not address.file.exists():
        # Connecting would create the folder.
        raise not_found(address)
    connection = Connection(address)
    try:
        return MilvusReader(connection, shown_from)
    except BaseException:
        connection.close()
        raise


class MilvusReader:
    """An `IndexReader` over two collections of Milvus; for one thread.

    Rows are not held back for it: it sees its generation until a later run of a writer deletes
    what the commit before that had removed. Then passages can be missing, which it says.

    Attributes:
        connection: to the server.
        head: of the generation.
    """

    info: IndexInfo

    def __init__(self, connection: Connection, shown_from: Path | None) -> None:
        self.connection = connection
        self._address = connection.address
        self._shown_from = shown_from
        if not connection.exists(self._address.records):
            raise not_found(self._address)
        connection.load(self._address.records)
        head = read_head(connection)
        if head is None:
            raise IndexNotFound(
                f"The index in {self._address} was begun and never finished.",
                f"finish it, what is encoded is kept: bienc index PATH --index {self._address}",
            )
        self.head = head
        self.info = head.info(self._address)
        connection.load(self._address.collection)
        self._searching = Searching(connection, head)
        self._conditions: dict[Filter, str] = {}
        self._texts: OrderedDict[int, str] = OrderedDict()

    @property
    def warnings(self) -> tuple[str, ...]:
        """Always empty: here every problem is an error."""
        return ()

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
        condition = self._condition(where)
        if k < 1 or condition == NO_PASSAGE or not self.info.passages:
            return [[] for _ in queries]
        if exact:
            return self._searching.by_comparing(queries, k, condition)
        return self._searching.by_graph(queries, k, condition)

    def similarities(self, query: NDArray[np.float32], passage_ids: Sequence[int]) -> list[float]:
        """The cosine of each of these passages; see `IndexReader.similarities`."""
        return self._searching.similarities(query, passage_ids)

    def vectors_of(self, passage_ids: Sequence[int]) -> Vectors:
        """Stored vectors by passage id; see `IndexReader.vectors_of`."""
        return self._searching.vectors_of(passage_ids)

    def iter_vectors(
        self, where: Filter | None = None
    ) -> Iterator[tuple[NDArray[np.int64], Vectors]]:
        """All passages that count with their vectors; see `IndexReader.iter_vectors`."""
        condition = self._condition(where)
        if condition == NO_PASSAGE:
            return
        count = 0
        for ids, vectors in self._searching.of_all(condition):
            count += len(ids)
            yield ids, vectors
        if not where and count != self.info.passages:
            raise self._missing("the set of its passages")

    def bm25(self, query: str, k: int, where: Filter | None = None) -> list[tuple[int, float]]:
        """The `k` best passages by Milvus' own full-text search; see `IndexReader.bm25`.

        Raises:
            UsageError: the server has none.
        """
        condition = self._condition(where)
        if k < 1 or condition == NO_PASSAGE or not self.info.passages:
            return []
        return self._searching.by_words(query, k, condition)

    def bm25_of(self, query: str, passage_ids: Sequence[int]) -> list[float]:
        """The score of each of these passages; see `IndexReader.bm25_of`."""
        return self._searching.word_scores(query, passage_ids)

    def spellings(self, query: str) -> dict[str, tuple[str, ...]]:  # noqa: ARG002
        """None: Milvus does not tell its words."""
        return {}

    def holding(self, text: str, where: Filter | None = None) -> list[int]:
        """The passages that have every word of a text; see `IndexReader.holding`.

        Raises:
            UsageError: the server searches no words.
        """
        condition = self._condition(where)
        if condition == NO_PASSAGE or not self.info.passages:
            return []
        return self._searching.holding(text, condition)

    def _condition(self, where: Filter | None) -> str:
        if not where:
            return self.head.alive
        if where not in self._conditions:
            self._conditions[where] = counting(self.head.alive, where, lambda: self._placed_files)
        return self._conditions[where]

    @cached_property
    def _placed_files(self) -> list[Placed]:
        # Roots are recorded absolute, so that it does not matter what they would be relative to.
        shown_paths = ShownPaths(Path("/"), self._shown_from or Path("/"))
        placed = []
        for record in self.records(["file"]):
            path = row_codec.file_state(record).path
            covered = self._covered(record.root_id, path)
            displayed = shown_paths.names(str(covered.root.path), covered.kind, path)
            placed.append((record.file_id, (path, *displayed)))
        return placed

    def _covered(self, root_id: int, path: str) -> CoveredRoot:
        covered = self.head.roots.get(root_id)
        if covered is None:
            raise damaged(f"the root of {path}")
        return covered

    # ------------------------------------------------------------ passages

    def passages(self, passage_ids: Sequence[int]) -> list[StoredPassage]:
        """Passages by id, in the order asked; ids are this reader's.

        Raises:
            IndexDamaged: a passage is missing.
            StorageError: a later run of a writer has deleted it.
        """
        stored_passages: dict[int, StoredPassage] = {}
        for ids in in_chunks(dict.fromkeys(passage_ids)):
            rows = self.connection.rows(
                self._address.collection,
                all_of(among("id", ids), self.head.born),
                PASSAGE_FIELDS,
            )
            stored_passages |= {row["id"]: self._stored(row) for row in self.whole(rows)}
        for passage_id in passage_ids:
            if passage_id not in stored_passages:
                raise self._missing(f"passage {passage_id}")
        return [stored_passages[passage_id] for passage_id in passage_ids]

    def iter_passages(self, where: Filter | None = None) -> Iterator[StoredPassage]:
        """All passages that pass the filter, by document."""
        condition = self._condition(where)
        if condition == NO_PASSAGE:
            return
        count = 0
        for page in self.connection.pages(self._address.collection, condition, PASSAGE_FIELDS):
            for row in self.whole(page):
                count += 1
                yield self._stored(row)
        if not where and count != self.info.passages:
            raise self._missing("the set of its passages")

    def whole(self, rows: list[MilvusRow]) -> list[MilvusRow]:
        """Rows with those strings that were too long for them."""
        ids = [row["id"] for row in rows if row["long"]]
        if not ids:
            return rows
        long_strings = {
            record.key: row_codec.parsed(record)
            for record in self.records(["long"], among("key", ids))
        }
        if len(long_strings) != len(ids):
            raise self._missing("a long passage")
        return [{**row, **long_strings.get(row["id"], {})} for row in rows]

    def _stored(self, row: MilvusRow) -> StoredPassage:
        return row_codec.stored(row, self._shown_from)

    def count(self, where: Filter | None = None) -> int:
        """How many passages pass the filter."""
        if not where:
            return self.info.passages
        condition = self._condition(where)
        if condition == NO_PASSAGE:
            return 0
        return self.connection.count(self._address.collection, condition)

    def documents(self) -> Iterator[tuple[str, str]]:
        """Id and displayed path of every document; see `IndexReader.documents`."""
        for record in self.records(["document"]):
            body = row_codec.parsed(record)
            yield str(body["doc_id"]), row_codec.shown(str(body["path"]), self._shown_from)

    def document_text(self, document_id: int) -> str:
        """A document's whole text.

        Raises:
            IndexDamaged: it is not what was written.
            StorageError: a later run of a writer has deleted it.
        """
        if document_id not in self._texts:
            records_by_kind = {
                record.kind: record
                for record in self.records(["document", "text"], f"key == {document_id}")
            }
            if set(records_by_kind) != {"document", "text"}:
                raise self._missing(f"the text of document {document_id}")
            text = records_by_kind["text"].body
            if digest_of(text).hex() != row_codec.parsed(records_by_kind["document"]).get("digest"):
                raise damaged(f"the text of document {document_id}")
            self._texts[document_id] = text
            if len(self._texts) > _TEXTS_KEPT:
                self._texts.popitem(last=False)
        self._texts.move_to_end(document_id)
        return self._texts[document_id]

    # ------------------------------------------------------ files and skips

    def files(self) -> Iterator[tuple[Root, FileState]]:
        """Every file that was read, with its root."""
        files = [
            (record.root_id, row_codec.file_state(record)) for record in self.records(["file"])
        ]
        for root_id, state in sorted(files, key=lambda pair: (pair[0], pair[1].path)):
            yield self.head.roots[root_id].root, state

    def file_times(self) -> list[tuple[Root, dict[str, tuple[int, int]]]]:
        """Size and time of each file; see `IndexReader.file_times`."""
        times: dict[int, dict[str, tuple[int, int]]] = {
            root_id: {} for root_id in sorted(self.head.roots)
        }
        for record in self.records(["file"]):
            state = row_codec.file_state(record)
            times[record.root_id][state.path] = state.size, state.mtime_ns
        return list(zip(self.info.roots, times.values(), strict=True))

    def skipped(self) -> list[Skipped]:
        """Files and records that were found but not indexed."""
        bodies = (json.loads(record.body) for record in self.records(["skip"]))
        return sorted((Skipped(*body) for body in bodies), key=lambda skip: skip.path)

    def records(self, kinds: Sequence[str], condition: str = "") -> list[Record]:
        """Records of this generation, ascending by key."""
        rows: list[MilvusRow] = []
        for page in self.connection.pages(
            self._address.records,
            all_of(among("kind", kinds), self.head.born, condition),
            RECORD_FIELDS,
        ):
            rows += page
        return [record for record in row_codec.joined(rows) if self.head.counts_record(record)]

    # -------------------------------------------------------------- closing

    def _missing(self, what: str) -> BiencError:
        """The error for a row that was deleted since, or lost."""
        current_head = read_head(self.connection)
        if current_head is None or (current_head.attempt, current_head.serial) != (
            self.head.attempt,
            self.head.serial,
        ):
            return StorageError(
                f"The index in {self._address} was changed while it was read.",
                "run the same command again",
            )
        return damaged(what)

    def is_current(self) -> bool:
        """Always True: a server keeps no log for its readers; see `IndexReader.is_current`."""
        return True

    def close(self) -> None:
        """Close the connection."""
        self._searching.close()
        self.connection.close()

    def __enter__(self) -> Self:
        """The reader itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()
