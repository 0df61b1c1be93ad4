"""Changing what an index holds: roots, files, documents, passages, vectors.

All of it inside the one transaction that a writer has begun. What is removed takes its words
out of the word index with it, and leaves its vectors for the commit to collect, since text
that moves from one file to another keeps its vector.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from bienc_cli.errors import IndexDamaged
from bienc_cli.store import records
from bienc_cli.store.catalog import translated
from bienc_cli.store.postings import WordIndexChanges
from bienc_cli.store.protocol import FileState, Root
from bienc_cli.store.resume import ResumeFile
from bienc_cli.types import Document, Passage, Skipped, Vectors


@dataclass(slots=True)
class Tally:
    """How much there is, kept up as it changes: counting a large index takes too long.

    Attributes:
        vectors_checksum: exclusive or of the checksums of all rows of `vectors`.
        awaited: rows of `vectors` whose vector has not been given yet.
    """

    files: int = 0
    documents: int = 0
    passages: int = 0
    vectors: int = 0
    vectors_checksum: int = 0
    awaited: int = 0
    formats: Counter[str] = field(default_factory=Counter)

    @classmethod
    def recorded(cls, meta: dict[str, Any]) -> Self:
        """As the last generation had it; all zero for a new index."""
        if "counts" not in meta:
            return cls()
        counts = meta["counts"]
        return cls(
            counts["files"],
            counts["documents"],
            counts["passages"],
            counts["vectors"],
            meta["vectors_checksum"],
            formats=Counter(dict(meta["formats"])),
        )

    @classmethod
    def counted(cls, connection: sqlite3.Connection) -> Self:
        """By counting; for an index whose record is in doubt."""
        (files,) = connection.execute("SELECT count(*) FROM files").fetchone()
        (passages,) = connection.execute("SELECT count(*) FROM passages").fetchone()
        formats = Counter(
            dict(connection.execute("SELECT format, count(*) FROM documents GROUP BY format"))
        )
        tally = cls(files, formats.total(), passages, formats=formats)
        for (checksum,) in connection.execute("SELECT checksum FROM vectors"):
            tally.vectors += 1
            if checksum is None:
                tally.awaited += 1
            else:
                tally.vectors_checksum ^= checksum
        return tally


class Contents:
    """The half of an `IndexWriter` that changes rows; `CatalogWriter` is the other."""

    _directory: Path
    _connection: sqlite3.Connection
    _tally: Tally
    _resume: ResumeFile | None = None
    _words: WordIndexChanges
    _changed = False

    # --------------------------------------------------------------- roots

    def roots(self) -> dict[int, Root]:
        """What is covered now, by id."""
        with translated(self._directory):
            rows = self._connection.execute("SELECT id, path, settings FROM roots ORDER BY id")
            return {
                root_id: records.root_from_row(path, settings, self._directory)
                for root_id, path, settings in rows
            }

    def put_root(self, root: Root) -> int:
        """Cover a root, or change the settings of one that is covered; its id."""
        path = records.root_path_for_storage(root.path, self._directory)
        kind = "file" if root.path.is_file() else "directory"
        settings = records.root_settings(root)
        with translated(self._directory):
            row = self._connection.execute(
                "SELECT id, kind, settings FROM roots WHERE path = ?", (path,)
            ).fetchone()
            if row is not None and row[1:] == (kind, settings):
                return int(row[0])
            self._changed = True
            (root_id,) = self._connection.execute(
                "INSERT INTO roots (path, kind, settings) VALUES (?, ?, ?) ON CONFLICT (path) "
                "DO UPDATE SET kind = excluded.kind, settings = excluded.settings RETURNING id",
                (path, kind, settings),
            ).fetchone()
            return int(root_id)

    def remove_root(self, path: Path) -> int:
        """Stop covering a root and forget its files; how many documents those held."""
        before = self._tally.documents
        stored = records.root_path_for_storage(path, self._directory)
        with translated(self._directory):
            files = self._connection.execute(
                "SELECT files.id FROM files JOIN roots ON roots.id = files.root_id "
                "WHERE roots.path = ?",
                (stored,),
            ).fetchall()
            for (file_id,) in files:
                self.remove_file(file_id)
            self._change("DELETE FROM roots WHERE path = ?", (stored,))
        return before - self._tally.documents

    # --------------------------------------------------------------- files

    def files(self, root_id: int) -> dict[str, FileState]:
        """What is known of a root's files, by path under the root."""
        with translated(self._directory):
            rows = self._connection.execute(
                f"SELECT {records.FILE_COLUMNS} FROM files WHERE root_id = ?", (root_id,)
            )
            states = (records.file_state(row) for row in rows)
            return {state.path: state for state in states}

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
        with translated(self._directory):
            known = self._connection.execute(
                "SELECT id FROM files WHERE root_id = ? AND path = ?", (root_id, state.path)
            ).fetchone()
            if known is not None:
                self.remove_file(known[0])
            file_id = self._next_id("files")
            self._change(
                f"INSERT INTO files ({records.FILE_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                records.file_row(file_id, root_id, state),
            )
            self._tally.files += 1
            return file_id

    def touch_file(self, state: FileState) -> None:
        """Record a new size and time of an unchanged file."""
        with translated(self._directory):
            (root_id,) = self._connection.execute(
                "SELECT root_id FROM files WHERE id = ?", (state.file_id,)
            ).fetchone()
            row = records.file_row(state.file_id, root_id, state)
            self._change(
                "UPDATE files SET size = ?, mtime_ns = ?, digest = ?, reader = ?, checksum = ? "
                "WHERE id = ?",
                (*row[3:], state.file_id),
            )

    def remove_file(self, file_id: int) -> None:
        """Forget a file."""
        with translated(self._directory):
            documents = self._connection.execute(
                "SELECT id, doc_id, format FROM documents WHERE file_id = ?", (file_id,)
            ).fetchall()
            for document_id, doc_id, format_ in documents:
                self._forget_passages(document_id, doc_id)
                self._tally.documents -= 1
                self._tally.formats[format_] -= 1
            self._change("DELETE FROM files WHERE id = ?", (file_id,))
            self._tally.files -= 1

    def _forget_passages(self, document_id: int, doc_id: str) -> None:
        """Take a document's passages out of the word index; its row takes the rest with it."""
        rows = self._connection.execute(
            f"SELECT {records.PASSAGE_COLUMNS} FROM passages WHERE document_id = ?",
            (document_id,),
        ).fetchall()
        self._connection.executemany(
            "INSERT OR IGNORE INTO temp.loose VALUES (?)", [(row[-2],) for row in rows]
        )
        self._tally.passages -= len(rows)
        stored = self._connection.execute(
            "SELECT texts.length, texts.text, documents.digest FROM documents "
            "JOIN texts ON texts.document_id = documents.id WHERE documents.id = ?",
            (document_id,),
        ).fetchone()
        try:
            text = records.unpacked_text(*(stored or (-1, b"", b"")))
            words = [
                (row[0], records.passage_from(row, doc_id, text).embedded_text) for row in rows
            ]
        except IndexDamaged:
            # What cannot be read back cannot be taken out of the word index either.
            self._words.stale = True
            return
        for passage_id, embedded in words:
            self._words.remove(passage_id, embedded)

    # --------------------------------------------------------------- skips

    def add_skipped(self, file_id: int, skipped: Skipped) -> None:
        """Record that a file, or a record of it, could not be read."""
        with translated(self._directory):
            self._change(
                "INSERT INTO skips (root_id, file_id, path, code, reason) "
                "SELECT root_id, id, ?, ?, ? FROM files WHERE id = ?",
                (skipped.path, skipped.code, skipped.reason, file_id),
            )

    def put_discovery_skips(self, root_id: int, skipped: Sequence[Skipped]) -> None:
        """Record what discovery passed over, in place of what it did last time."""
        with translated(self._directory):
            if self.unread(root_id) == list(skipped):
                return
            self._change("DELETE FROM skips WHERE root_id = ? AND file_id IS NULL", (root_id,))
            self._connection.executemany(
                "INSERT INTO skips (root_id, path, code, reason) VALUES (?, ?, ?, ?)",
                [(root_id, one.path, one.code, one.reason) for one in skipped],
            )

    def unread(self, root_id: int) -> list[Skipped]:
        """What discovery passed over under a root, in its order."""
        with translated(self._directory):
            rows = self._connection.execute(
                "SELECT path, code, reason FROM skips WHERE root_id = ? AND file_id IS NULL "
                "ORDER BY id",
                (root_id,),
            )
            return [Skipped(*row) for row in rows]

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
        with translated(self._directory):
            document_id = self._next_id("documents")
            row = (
                document_id,
                file_id,
                document.doc_id,
                document.title,
                document.format,
                records.digest_of(document.text),
            )
            self._change(
                f"INSERT INTO documents ({records.DOCUMENT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (*row, records.checksum_of(*row)),
            )
            self._change(
                "INSERT INTO texts (document_id, length, text) VALUES (?, ?, ?)",
                (document_id, *records.packed_text(document.text)),
            )
            first = self._next_id("passages")
            rows = [
                records.passage_row(
                    passage_id, document_id, passage, self._vector_id(passage.embedded_text)
                )
                for passage_id, passage in enumerate(passages, first)
            ]
            self._connection.executemany(
                f"INSERT INTO passages ({records.PASSAGE_COLUMNS}) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )
            for row, passage in zip(rows, passages, strict=True):
                self._words.add(row[0], passage.embedded_text)
        self._tally.documents += 1
        self._tally.formats[document.format] += 1
        self._tally.passages += len(rows)

    def _vector_id(self, text: str) -> int:
        """The row of a text's vector; a new one, without the vector, where there is none."""
        digest = records.digest_of(text)
        row = self._connection.execute(
            "SELECT id FROM vectors WHERE digest = ?", (digest,)
        ).fetchone()
        if row is not None:
            return int(row[0])
        return self._new_vector(digest)

    def _new_vector(self, digest: bytes) -> int:
        self._tally.vectors += 1
        self._tally.awaited += 1
        return self._change("INSERT INTO vectors (digest) VALUES (?)", (digest,))

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
            for digest, blob in kept.items():
                self._put_vector(digest, blob)
        return [by_digest[digest] for digest in missing if digest not in kept]

    def add_vectors(self, texts: Sequence[str], vectors: Vectors) -> None:
        """Vectors of embedded texts, shape (n, dim); kept even if the commit never comes."""
        digests = [records.digest_of(text) for text in texts]
        pairs = list(zip(digests, records.packed_vectors(vectors), strict=True))
        with translated(self._directory):
            self._resumed.append(pairs)
            for digest, blob in pairs:
                self._put_vector(digest, blob)

    def _put_vector(self, digest: bytes, blob: bytes) -> None:
        row = self._connection.execute(
            "SELECT id, checksum FROM vectors WHERE digest = ?", (digest,)
        ).fetchone()
        if row is None:
            # Its passage is still to come; if it does not, the commit collects the vector.
            vector_id = self._new_vector(digest)
            self._connection.execute("INSERT INTO temp.loose VALUES (?)", (vector_id,))
        elif row[1] is not None:
            return
        else:
            vector_id = row[0]
        checksum = records.vector_checksum(vector_id, digest, blob)
        self._change(
            "UPDATE vectors SET vector = ?, checksum = ? WHERE id = ?", (blob, checksum, vector_id)
        )
        self._tally.vectors_checksum ^= checksum
        self._tally.awaited -= 1

    @property
    def _resumed(self) -> ResumeFile:
        if self._resume is None:
            raise RuntimeError("begin() comes before vectors")
        return self._resume

    # ----------------------------------------------------------- statements

    def _next_id(self, table: str) -> int:
        (last,) = self._connection.execute(f"SELECT max(id) FROM {table}").fetchone()
        return int(last or 0) + 1

    def _change(self, statement: str, parameters: Sequence[Any]) -> int:
        cursor = self._connection.execute(statement, parameters)
        self._changed = True
        return int(cursor.lastrowid or 0)
