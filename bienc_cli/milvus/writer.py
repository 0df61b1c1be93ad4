"""Writes the next generation of an index in Milvus: opening, committing, cleaning up.

The order makes it safe. Rows are written first, and do not count; then one row, the head, is
replaced, and all of them count; then what the head no longer counts is deleted.
"""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import Self

from bienc_cli.errors import BiencError, IndexMismatch
from bienc_cli.milvus import schema
from bienc_cli.milvus.address import MilvusAddress
from bienc_cli.milvus.connection import Connection, MilvusRow, connected
from bienc_cli.milvus.contents import MilvusContents
from bienc_cli.milvus.head import Head, publish, read_head
from bienc_cli.milvus.lease import Lease
from bienc_cli.milvus.reader import not_found
from bienc_cli.milvus.rows import Record, joined, languages_in, parsed
from bienc_cli.milvus.schema import RECORD_FIELDS, all_of, among, in_chunks
from bienc_cli.milvus.uploads import Uploads, one_of_each
from bienc_cli.store import failpoints
from bienc_cli.store.facts import CommitReport, IndexInfo, check_agreement
from bienc_cli.types import ChunkingParameters, EncoderIdentity, TunedBlend

_DEAD_KEPT = 1000
"""Most removed files whose rows are kept until the next run, for open readers: each search has to
list them. More are deleted immediately."""

_VOID_KEPT = 64
"""Number of void attempts remembered even without rows: one that was stopped during an upload may
still be sending."""


class MilvusWriter(MilvusContents):
    """An `IndexWriter` over two collections of Milvus; see `place.open_writer`.

    Raises:
        IndexBusy: another process is writing, or has the file of Milvus Lite open.
        UsageError: the packages are not installed.
    """

    info: IndexInfo | None
    is_asked_for_room = False
    """A process that waits for the lease tells nobody."""

    def __init__(
        self,
        address: MilvusAddress,
        *,
        create: bool,
        wait: float,
        on_wait: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._address = address
        creates_folder = address.file is not None and not address.file.exists()
        if creates_folder and not create:
            raise not_found(address)
        self._unborn = False
        deadline = time.monotonic() + wait
        with ExitStack() as stack:
            # Last, because nobody may have the folder open then.
            stack.callback(self._remove_folder)
            connection = connected(address, deadline, on_wait)
            stack.callback(connection.close)
            self._unborn = _prepare(connection, create=create) and creates_folder
            visible_head = read_head(connection)
            if visible_head is None and not create:
                raise not_found(address)
            committed = visible_head.attempt if visible_head else 0
            lease = Lease(connection, committed, max(0.0, deadline - time.monotonic()), on_wait)
            # Evaluated when this writer is done; see `Lease.release`.
            stack.callback(lambda: lease.release(self._open_attempts))
            self._open_attempts: set[int] = set()
            # Only now, because another writer may have committed meanwhile.
            super().__init__(connection, lease, read_head(connection))
            committed = self._head.attempt if self._head else 0
            self._open_attempts = {
                attempt for attempt in lease.open_attempts if attempt > committed
            }
            self._blend = self._head.blend if self._head else None
            self._counted: int | None = None
            self._encoder: EncoderIdentity | None = None
            self._chunking: ChunkingParameters | None = None
            if self._head is not None:
                connection.load(address.collection)
                self._sweep()
                self._encoder, self._chunking = self._head.encoder, self._head.chunking
            self.info = self._head.info(address) if self._head else None
            self._stack = stack.pop_all()

    def begin(self, encoder: EncoderIdentity, chunking: ChunkingParameters) -> None:
        """Set the encoder and chunking; see `IndexWriter.begin`.

        Raises:
            IndexMismatch: the index has another model, or other chunking settings.
        """
        if self.info is not None:
            check_agreement(self.info, encoder, chunking)
        # One model may have several names; the index keeps the first.
        self._encoder = self.info.encoder if self.info else encoder
        if chunking != self._chunking:
            self._chunking = chunking
            self._changed = True
        if self._head is None:
            self._full_text = self._make_collection(encoder)
        else:
            self._full_text = self._head.full_text
        self._uploads = Uploads(
            self._connection, encoder.dim, self._is_counted, self._put, self._before_writing
        )

    def _make_collection(self, encoder: EncoderIdentity) -> bool:
        """The passages' collection; that of a run that was stopped, if it is of this model.

        Returns:
            Whether its words are indexed.
        """
        connection, collection = self._connection, self._address.collection
        full_text = schema.has_full_text(connection.version())
        collection_settings = {
            "fingerprint": encoder.fingerprint,
            "dim": encoder.dim,
            "full_text": full_text,
        }
        record = Record(
            "begun", 0, self._attempt, 0, 0, json.dumps(collection_settings, sort_keys=True)
        )
        records = joined(
            connection.rows(self._address.records, among("kind", ["begun"]), RECORD_FIELDS)
        )
        if connection.exists(collection):
            if [begun_record.body for begun_record in records] == [record.body]:
                connection.load(collection)
                return full_text
            connection.drop(collection)
        connection.upsert(self._address.records, list(record.rows()))
        connection.create(collection, *schema.passages(encoder.dim, full_text=full_text))
        return full_text

    def put_blend(self, blend: TunedBlend | None) -> None:
        """Record weights learned for this index; see `IndexWriter.put_blend`."""
        if blend != self._blend:
            self._blend = blend
            self._changed = True

    # --------------------------------------------------------------- commit

    def commit(
        self,
        on_stage: Callable[[str], None] = lambda _: None,
        on_built: Callable[[int, int], None] = lambda _done, _total: None,  # noqa: ARG002
        *,
        compact: bool = False,
    ) -> CommitReport:
        """Make everything visible at once; see `IndexWriter.commit`.

        The graph is the server's own business, so that `on_built` has nothing to be told.
        """
        if self._encoder is None or self._chunking is None:
            raise RuntimeError("begin() comes before commit()")
        if self.info is not None and not self._changed and not compact:
            return CommitReport(self.info, graph_rebuilt=False, committed=False)
        on_stage("commit")
        if self._uploads is not None:
            waiting = self._uploads.settle()
            if waiting:
                raise RuntimeError(f"{waiting} texts have no vector yet")
        self._send()
        if self._tally_in_doubt:
            self.count_again()
        head = self._next_head(self._encoder, self._chunking)
        # Sealed, a server finds it whole after a crash, and Milvus Lite counts words in all of it.
        for collection in (self._address.collection, self._address.records):
            with suppress(BiencError):
                self._connection.flush(collection)
        self._lease.check()
        failpoints.reached("before head")
        self._head = publish(self._connection, head)
        failpoints.reached("after head")
        self._clean_up(compact=compact)
        self.info = self._head.info(self._address)
        return CommitReport(self.info, graph_rebuilt=False, committed=True)

    def _next_head(self, encoder: EncoderIdentity, chunking: ChunkingParameters) -> Head:
        now, previous, tally = time.time(), self._head, self._tally
        void = (previous.void if previous else frozenset()) | self._open_attempts
        return Head(
            attempt=self._attempt,
            generation=previous.generation + 1 if previous else 1,
            created=previous.created if previous else now,
            updated=now,
            encoder=encoder,
            chunking=chunking,
            roots=self._roots,
            counts={
                "files": tally.files,
                "documents": tally.documents,
                "passages": tally.passages,
                "vectors": self._texts() if self._counted is None else self._counted,
                "skipped": tally.skipped,
            },
            formats=tuple(pair for pair in tally.formats.most_common() if pair[1]),
            full_text=previous.full_text if previous else self._full_text,
            languages=tuple(pair for pair in tally.languages.most_common() if pair[1]),
            blend=self._blend,
            void=frozenset(sorted(void)[-_VOID_KEPT:]),
            dead_files=frozenset(self._dead_files),
            dead_records=frozenset(self._dead_records),
        )

    def _texts(self) -> int:
        """How many distinct texts there are now: those before, and more, and fewer."""
        texts_before = self._head.counts["vectors"] if self._head else 0
        new_texts = self._uploads.new_texts if self._uploads else 0
        return texts_before + new_texts - self._gone_texts()

    def _gone_texts(self) -> int:
        """How many distinct texts no passage has any more."""
        collection = self._address.collection
        keys: set[str] = set()
        for chunk in in_chunks(self._dead_files):
            condition = all_of(among("file_id", chunk), self._born_condition)
            for page in self._connection.pages(collection, condition, ["text_key"]):
                keys.update(row["text_key"] for row in page)
        gone = 0
        for texts in in_chunks(keys):
            rows_by_key = one_of_each(
                self._connection,
                texts,
                self._born_condition,
                ["file_id"],
                lambda row: not self._is_dead(row),
            )
            gone += sum(1 for row in rows_by_key.values() if self._is_dead(row))
        return gone

    def _is_dead(self, row: MilvusRow) -> bool:
        return row["file_id"] in self._dead_files

    def _is_counted(self, row: MilvusRow) -> bool:
        """Whether a passage belongs to the generation before, or to this attempt."""
        if row["born"] == self._attempt:
            return True
        head = self._head
        return (
            head is not None
            and row["born"] <= head.attempt
            and row["born"] not in head.void
            and row["file_id"] not in head.dead_files
        )

    def _clean_up(self, *, compact: bool) -> None:
        """Past the commit nothing may fail it any more; the next writer cleans up what stays."""
        with suppress(BiencError):
            void = self._open_attempts
            if void:
                condition = among("born", sorted(void))
                self._connection.delete(self._address.collection, condition)
                self._connection.delete(
                    self._address.records, all_of(condition, among("kind", _FILE_KINDS))
                )
            self._open_attempts = set()
            if compact or len(self._dead_files) > _DEAD_KEPT:
                self._sweep()
            if compact:
                for collection in (self._address.collection, self._address.records):
                    self._connection.flush(collection)
                    self._connection.compact(collection)

    def _sweep(self) -> None:
        """Delete what the head counts no more; from then on it need not say so."""
        head = self._head
        if head is None or not (head.dead_files or head.dead_records):
            return
        for files in in_chunks(sorted(head.dead_files)):
            condition = among("file_id", files)
            self._connection.delete(self._address.collection, condition)
            self._connection.delete(self._address.records, condition)
        for keys in in_chunks(sorted(head.dead_records)):
            condition = all_of(among("kind", _FILE_KINDS), among("key", keys))
            self._connection.delete(self._address.records, condition)
        failpoints.reached("before sweeping")
        head = replace(head, dead_files=frozenset(), dead_records=frozenset())
        self._head = publish(self._connection, head)

    # -------------------------------------------------------------- repair

    def count_again(self) -> None:
        """Have the commit record what is there, in place of what was recorded; for repairs."""
        collection, tally = self._address.collection, self._tally
        counts = Counter[str]()
        tally.formats.clear()
        tally.languages.clear()
        for record in self._records(["file", "document", "skip"]):
            counts[record.kind] += 1
            if record.kind == "document":
                body = parsed(record)
                tally.formats[str(body.get("format"))] += 1
                tally.languages += languages_in(body)
        tally.files, tally.documents = counts["file"], counts["document"]
        tally.skipped = counts["skip"]
        keys: set[str] = set()
        tally.passages = 0
        for page in self._connection.pages(
            collection, self._born_condition, ["text_key", "file_id"]
        ):
            for row in page:
                if row["file_id"] not in self._dead_files:
                    tally.passages += 1
                    keys.add(row["text_key"])
        self._counted = len(keys)
        self._changed = True

    def rebuild_graph(self) -> None:
        """Let the server rebuild the graph over the vectors."""
        self._connection.rebuild_index(
            self._address.collection, schema.VECTOR, schema.vector_index()
        )

    # ------------------------------------------------------------- closing

    def __enter__(self) -> Self:
        """The writer itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go; what is not committed never counts, and what is encoded is kept."""
        with self._stack:
            committed = self._head is not None and self._head.attempt == self._attempt
            if self._wrote and not committed:
                self._open_attempts.add(self._attempt)
            if "_tokenizer" in self.__dict__:
                self._tokenizer.close()
            if self._head is not None or self._open_attempts:
                self._unborn = False
            elif not self._connection.lost:
                self._remove_collections()

    def _remove_collections(self) -> None:
        """Leave nothing of an index that never came to be."""
        with suppress(BiencError):
            for collection in (self._address.collection, self._address.records):
                if self._connection.exists(collection):
                    self._connection.drop(collection)

    def _remove_folder(self) -> None:
        """Remove a folder of Milvus Lite that was made for nothing."""
        if self._unborn and self._address.file is not None:
            shutil.rmtree(self._address.file, ignore_errors=True)


_FILE_KINDS = ("file", "document", "text", "skip", "long")
"""Kinds of records that belong to files; the others stay when an attempt is cleaned away."""


def _prepare(connection: Connection, *, create: bool) -> bool:
    """Have the collection of records there and loaded; whether it had to be made."""
    address = connection.address
    created = False
    if not connection.exists(address.records):
        if connection.exists(address.collection):
            raise IndexMismatch(
                f"{address} is no index: the collection {address.collection} is another's.",
                "give another name: --index milvus+http://HOST:PORT/NAME",
            )
        if not create:
            raise not_found(address)
        connection.create(address.records, *schema.records())
        created = True
    connection.load(address.records)
    return created
