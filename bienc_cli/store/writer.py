"""Making the next generation of an index.

Everything happens in one transaction, begun when the writer opens and ended by `commit`;
until then readers see the old generation, and a crash leaves it. Vectors are expensive, so
each batch is also put into `resume.sqlite` and survives; the next run takes it from there.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from bienc_cli.chunking import ChunkingParameters
from bienc_cli.errors import IndexMismatch
from bienc_cli.store import records
from bienc_cli.store.catalog import connect_to_write, read_meta, refused, translated, write_meta
from bienc_cli.store.graph import GraphFile, checksum, write_graph
from bienc_cli.store.lock import writer_lock
from bienc_cli.store.protocol import CommitReport, FileState, IndexInfo, Root
from bienc_cli.store.resume import ResumeFile
from bienc_cli.store.trust import Key, ensure_key
from bienc_cli.types import Document, EncoderIdentity, Passage, Skipped, Vectors

TAIL_LEAST = 1_000
TAIL_SHARE = 0.05
"""Vectors behind the graph are compared one by one at every query; past this many, and this
share of all, the graph is built again."""

TOMBSTONE_SHARE = 0.2
"""Share of a graph's nodes whose vectors are gone past which it is built again."""

_BATCH = 8192


def open_writer(
    directory: Path,
    *,
    key_dir: Path,
    wait: float = 0.0,
    on_wait: Callable[[str], None] = lambda _: None,
) -> CatalogWriter:
    """Open an index for writing, making it if there is none.

    Args:
        directory: of the index; made if missing.
        key_dir: where this user's key lies, or will.
        wait: seconds to wait for another writer.
        on_wait: told once who is waited for.

    Raises:
        IndexBusy: another process is writing.
        StorageError: the directory cannot be written.
        IndexMismatch: the index has a format that this version cannot write.
        IndexDamaged: it does not hold together.
    """
    return CatalogWriter(directory, key_dir, wait, on_wait)


class CatalogWriter:
    """An `IndexWriter` over `catalog.sqlite` and a graph file."""

    def __init__(
        self, directory: Path, key_dir: Path, wait: float, on_wait: Callable[[str], None]
    ) -> None:
        self._directory = directory
        self._key_dir = key_dir
        self._resume: ResumeFile | None = None
        self._changed = False
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise refused(error, directory) from error
        with ExitStack() as stack:
            stack.enter_context(writer_lock(directory, wait, on_wait))
            self._connection = connect_to_write(directory)
            stack.callback(self._connection.close)
            self._stack = stack
            with translated(directory):
                self._meta = read_meta(self._connection)
                self.info: IndexInfo | None = (
                    records.index_info(self._connection, self._meta, directory)
                    if "generation" in self._meta
                    else None
                )
            self._stack = stack.pop_all()

    def begin(self, encoder: EncoderIdentity, chunking: ChunkingParameters) -> None:
        """Say what vectors and passages will be of; see `IndexWriter.begin`.

        Raises:
            IndexMismatch: the index holds vectors of another model, or passages cut otherwise.
        """
        if self.info is not None:
            if self.info.encoder.fingerprint != encoder.fingerprint:
                raise IndexMismatch(
                    f"This index was made with {self.info.encoder.name}, not {encoder.name}.",
                    f"make another: bienc index PATH --model {encoder.name} --index DIR",
                )
            if replace(self.info.chunking, version=chunking.version) != chunking:
                raise IndexMismatch(
                    f"This index has passages cut as {self.info.chunking}, not {chunking}.",
                    "make another: bienc index PATH --index DIR",
                )
        self._meta |= {"encoder": asdict(encoder), "chunking": asdict(chunking)}
        with translated(self._directory):
            self._resume = ResumeFile(self._directory, encoder)
        self._stack.callback(self._resume.close)

    # --------------------------------------------------------------- roots

    def put_root(self, root: Root) -> int:
        """Cover a root, or change the settings of one that is covered; its id."""
        path = records.root_path_for_storage(root.path, self._directory)
        settings = records.root_settings(root)
        with translated(self._directory):
            row = self._connection.execute(
                "SELECT id, settings FROM roots WHERE path = ?", (path,)
            ).fetchone()
            if row is not None and row[1] == settings:
                return int(row[0])
            self._changed = True
            if row is not None:
                self._connection.execute(
                    "UPDATE roots SET settings = ? WHERE id = ?", (settings, row[0])
                )
                return int(row[0])
            cursor = self._connection.execute(
                "INSERT INTO roots (path, settings) VALUES (?, ?)", (path, settings)
            )
            return int(cursor.lastrowid or 0)

    def remove_root(self, path: Path) -> None:
        """Stop covering a root and forget its files."""
        stored = records.root_path_for_storage(path, self._directory)
        self._write("DELETE FROM roots WHERE path = ?", (stored,))

    # --------------------------------------------------------------- files

    def files(self, root_id: int) -> dict[str, FileState]:
        """What is known of a root's files, by path under the root."""
        with translated(self._directory):
            rows = self._connection.execute(
                "SELECT id, path, size, mtime_ns, digest, reader FROM files WHERE root_id = ?",
                (root_id,),
            )
            return {row[1]: FileState(*row) for row in rows}

    def document_digests(self, file_id: int) -> dict[str, bytes]:
        """Digest of each document's text, by document id."""
        with translated(self._directory):
            return dict(
                self._connection.execute(
                    "SELECT doc_id, digest FROM documents WHERE file_id = ?", (file_id,)
                )
            )

    def document_counts(self, root_id: int) -> dict[int, int]:
        """How many documents each of a root's files holds, by file id; none are left out."""
        with translated(self._directory):
            return dict(
                self._connection.execute(
                    "SELECT files.id, count(documents.id) FROM files "
                    "LEFT JOIN documents ON documents.file_id = files.id "
                    "WHERE files.root_id = ? GROUP BY files.id",
                    (root_id,),
                )
            )

    def replace_file(self, root_id: int, state: FileState) -> int:
        """Forget what is known of the file at `state.path` and begin anew; its id."""
        self._write("DELETE FROM files WHERE root_id = ? AND path = ?", (root_id, state.path))
        return self._write(
            "INSERT INTO files (root_id, path, size, mtime_ns, digest, reader) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (root_id, state.path, state.size, state.mtime_ns, state.digest, state.reader),
        )

    def touch_file(self, state: FileState) -> None:
        """Record a new size and time of an unchanged file."""
        self._write(
            "UPDATE files SET size = ?, mtime_ns = ? WHERE id = ?",
            (state.size, state.mtime_ns, state.file_id),
        )

    def remove_file(self, file_id: int) -> None:
        """Forget a file."""
        self._write("DELETE FROM files WHERE id = ?", (file_id,))

    def add_skipped(self, file_id: int, skipped: Skipped) -> None:
        """Record that a file, or a record of it, could not be read."""
        self._write(
            "INSERT INTO skips (root_id, file_id, path, code, reason) "
            "SELECT root_id, id, ?, ?, ? FROM files WHERE id = ?",
            (skipped.path, skipped.code, skipped.reason, file_id),
        )

    def put_discovery_skips(self, root_id: int, skipped: Sequence[Skipped]) -> None:
        """Record what discovery passed over, in place of what it did last time."""
        with translated(self._directory):
            rows = self._connection.execute(
                "SELECT path, code, reason FROM skips WHERE root_id = ? AND file_id IS NULL "
                "ORDER BY id",
                (root_id,),
            ).fetchall()
        if [Skipped(*row) for row in rows] == list(skipped):
            return
        self._write("DELETE FROM skips WHERE root_id = ? AND file_id IS NULL", (root_id,))
        with translated(self._directory):
            self._connection.executemany(
                "INSERT INTO skips (root_id, path, code, reason) VALUES (?, ?, ?, ?)",
                [(root_id, one.path, one.code, one.reason) for one in skipped],
            )

    def skipped(self, root_id: int) -> list[Skipped]:
        """All that is recorded as skipped under a root."""
        with translated(self._directory):
            rows = self._connection.execute(
                "SELECT path, code, reason FROM skips WHERE root_id = ? ORDER BY path", (root_id,)
            )
            return [Skipped(*row) for row in rows]

    # ----------------------------------------------- documents and vectors

    def add_document(self, file_id: int, document: Document, passages: Sequence[Passage]) -> None:
        """Add a document with its passages; their vectors may come later."""
        document_id = self._write(
            "INSERT INTO documents (file_id, doc_id, title, format, digest) VALUES (?, ?, ?, ?, ?)",
            (
                file_id,
                document.doc_id,
                document.title,
                document.format,
                records.digest_of(document.text),
            ),
        )
        self._write(
            "INSERT INTO texts VALUES (?, ?)", (document_id, records.packed_text(document.text))
        )
        digests = [(records.digest_of(passage.embedded_text),) for passage in passages]
        with translated(self._directory):
            self._connection.executemany(
                "INSERT OR IGNORE INTO vectors (digest) VALUES (?)", digests
            )
            self._connection.executemany(
                "INSERT INTO passages (document_id, ordinal, start, end, line_start, line_end, "
                "page, heading, context, vector_id) "
                "SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, id FROM vectors WHERE digest = ?",
                [
                    (
                        document_id,
                        passage.ordinal,
                        passage.start,
                        passage.end,
                        passage.line_start,
                        passage.line_end,
                        passage.page,
                        json.dumps(passage.heading, ensure_ascii=False),
                        passage.context,
                        digest,
                    )
                    for passage, (digest,) in zip(passages, digests, strict=True)
                ],
            )

    def without_vector(self, texts: Sequence[str]) -> list[str]:
        """Those of the embedded texts, each once, whose vector is not known."""
        by_digest = {records.digest_of(text): text for text in texts}
        with translated(self._directory):
            missing = [
                digest
                for digest in by_digest
                if not self._connection.execute(
                    "SELECT 1 FROM vectors WHERE digest = ? AND vector IS NOT NULL", (digest,)
                ).fetchone()
            ]
            kept = self._resumed.lookup(missing)
            self._connection.executemany(
                "UPDATE vectors SET vector = ? WHERE digest = ?",
                [(vector, digest) for digest, vector in kept.items()],
            )
        return [by_digest[digest] for digest in missing if digest not in kept]

    def add_vectors(self, texts: Sequence[str], vectors: Vectors) -> None:
        """Vectors of embedded texts, shape (n, dim); kept even if the commit never comes."""
        digests = [records.digest_of(text) for text in texts]
        blobs = records.packed_vectors(vectors)
        with translated(self._directory):
            self._resumed.append(list(zip(digests, blobs, strict=True)))
            self._connection.executemany(
                "UPDATE vectors SET vector = ? WHERE digest = ?",
                list(zip(blobs, digests, strict=True)),
            )
        self._changed = True

    @property
    def _resumed(self) -> ResumeFile:
        if self._resume is None:
            raise RuntimeError("begin() comes before vectors")
        return self._resume

    # -------------------------------------------------------------- commit

    def commit(self, on_stage: Callable[[str], None] = lambda _: None) -> CommitReport:
        """Make everything visible at once; see `IndexWriter.commit`.

        The order is what makes it safe: the new graph is on the disk under a name of its own
        before the transaction names it, and the old one is deleted after.
        """
        key = ensure_key(self._key_dir)
        with translated(self._directory):
            graph = records.graph_file(self._meta)
            if self._changed:
                self._collect_vectors()
            stale = graph is None or not self._usable(graph, key) or self._outgrown(graph)
            if not self._changed and not stale and self.info is not None:
                self._connection.execute("ROLLBACK")
                return CommitReport(self.info, graph_rebuilt=False, committed=False)
            self._meta["generation"] = self._meta.get("generation", 0) + 1
            if stale:
                on_stage("graph")
                graph = self._build_graph(key)
            on_stage("commit")
            self._write_meta(graph)
            self._connection.execute("COMMIT")
            info = records.index_info(self._connection, self._meta, self._directory)
            # Past the commit nothing may fail it any more.
            with suppress(sqlite3.Error, OSError):
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                self._discard_old_graphs(graph)
            if self._resume is not None:
                with suppress(sqlite3.Error, OSError):
                    self._resume.discard()
        self.info = info
        return CommitReport(info, graph_rebuilt=stale, committed=True)

    def _collect_vectors(self) -> None:
        self._connection.execute(
            "DELETE FROM vectors WHERE NOT EXISTS "
            "(SELECT 1 FROM passages WHERE passages.vector_id = vectors.id)"
        )
        (missing,) = self._connection.execute(
            "SELECT count(*) FROM vectors WHERE vector IS NULL"
        ).fetchone()
        if missing:
            raise RuntimeError(f"{missing} passages have no vector; the index is not committed")

    def _usable(self, graph: GraphFile, key: Key) -> bool:
        path = self._directory / graph.name
        if Path(graph.name).name != graph.name or not key.holds(graph.sealed_fields, graph.seal):
            return False
        try:
            return path.stat().st_size == graph.size and checksum(path) == graph.checksum
        except OSError:
            return False

    def _outgrown(self, graph: GraphFile) -> bool:
        one = self._connection.execute
        (tail,) = one(
            "SELECT count(*) FROM vectors WHERE id > ?", (graph.last_vector_id,)
        ).fetchone()
        (covered,) = one(
            "SELECT count(*) FROM vectors WHERE id <= ?", (graph.last_vector_id,)
        ).fetchone()
        return bool(
            tail > max(TAIL_LEAST, TAIL_SHARE * (covered + tail))
            or graph.elements - covered > TOMBSTONE_SHARE * graph.elements
        )

    def _build_graph(self, key: Key) -> GraphFile:
        (count,) = self._connection.execute("SELECT count(*) FROM vectors").fetchone()
        name = f"graph-{self._meta['generation']}.hnsw"
        graph = write_graph(
            self._directory, name, self._vector_batches(), count, self._meta["encoder"]["dim"], key
        )
        self._sync_directory()
        return graph

    def _vector_batches(self) -> Iterator[tuple[NDArray[np.int64], Vectors]]:
        cursor = self._connection.execute("SELECT id, vector FROM vectors ORDER BY id")
        while rows := cursor.fetchmany(_BATCH):
            ids = np.array([row[0] for row in rows], dtype=np.int64)
            vectors = [row[1] for row in rows]
            yield ids, records.unpacked_vectors(vectors, self._meta["encoder"]["dim"])

    def _write_meta(self, graph: GraphFile | None) -> None:
        now = time.time()
        self._meta |= {
            "created": self._meta.get("created", now),
            "updated": now,
            "graph": asdict(graph) if graph else None,
            "counts": {
                table: self._connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
                for table, name in (
                    ("files", "files"),
                    ("documents", "documents"),
                    ("passages", "passages"),
                    ("vectors", "vectors"),
                    ("skipped", "skips"),
                )
            },
            "formats": self._connection.execute(
                "SELECT format, count(*) FROM documents GROUP BY format ORDER BY 2 DESC, 1"
            ).fetchall(),
        }
        write_meta(self._connection, self._meta)

    def _discard_old_graphs(self, graph: GraphFile | None) -> None:
        for path in self._directory.glob("graph-*.hnsw"):
            if graph is None or path.name != graph.name:
                path.unlink()

    def _sync_directory(self) -> None:
        descriptor = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _write(self, statement: str, parameters: tuple[Any, ...]) -> int:
        with translated(self._directory):
            cursor = self._connection.execute(statement, parameters)
        self._changed = True
        return int(cursor.lastrowid or 0)

    def __enter__(self) -> Self:
        """The writer itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go; what is not committed is dropped, and what is encoded is kept."""
        if self._connection.in_transaction:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
        self._stack.close()
