"""Changes what an index holds: roots, files, documents, passages, vectors.

Everything happens inside the one transaction that a writer has begun. Removing passages also
removes their words from the word index, but leaves their vectors for the commit to examine, because
text that moves from one file to another keeps its vector.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from bienc_cli.errors import IndexDamaged
from bienc_cli.store.catalog import decoded, translated
from bienc_cli.store.encoded import EncodedVectors
from bienc_cli.store.facts import FileState, Root
from bienc_cli.store.meta import language_in, root_from_row, root_path_for_storage, root_settings
from bienc_cli.store.rows import (
    DOCUMENT_COLUMNS,
    FILE_COLUMNS,
    PASSAGE_COLUMNS,
    TEXT_COLUMNS,
    DocumentText,
    checksum_of,
    digest_of,
    file_row,
    file_state,
    passage_from,
    passage_row,
    pieces_of,
    text_pieces,
)
from bienc_cli.store.searched_text import searched_text
from bienc_cli.store.words import WordIndexChanges
from bienc_cli.types import Document, Passage, Skipped, Vectors


@dataclass(slots=True)
class Tally:
    """Row counts, kept up to date as rows change: counting a large index takes too long."""

    files: int = 0
    documents: int = 0
    passages: int = 0
    formats: Counter[str] = field(default_factory=Counter)

    @classmethod
    def recorded(cls, meta: dict[str, Any]) -> Self:
        """The counts of the last generation; all zero for a new index."""
        if "counts" not in meta:
            return cls()
        counts = meta["counts"]
        return cls(
            counts["files"],
            counts["documents"],
            counts["passages"],
            formats=Counter(dict(meta["formats"])),
        )

    @classmethod
    def counted(cls, connection: sqlite3.Connection) -> Self:
        """Counts the rows; for an index whose recorded counts are in doubt."""
        (files,) = connection.execute("SELECT count(*) FROM files").fetchone()
        (passages,) = connection.execute("SELECT count(*) FROM passages").fetchone()
        formats = Counter(
            dict(connection.execute("SELECT format, count(*) FROM documents GROUP BY format"))
        )
        return cls(files, formats.total(), passages, formats)


class Contents:
    """The half of an `IndexWriter` that changes rows; `CatalogWriter` adds the rest."""

    _directory: Path
    _connection: sqlite3.Connection
    _tally: Tally
    _words: WordIndexChanges
    _encoded: EncodedVectors
    _changed = False
    _last_passage: int | None = None
    _language_last: tuple[int, str | None] = (0, None)

    # --------------------------------------------------------------- roots

    def roots(self) -> dict[int, Root]:
        """The covered roots by id."""
        with decoded(self._directory):
            rows = self._connection.execute("SELECT id, path, settings FROM roots ORDER BY id")
            return {
                root_id: root_from_row(path, settings, self._directory.parent)
                for root_id, path, settings in rows
            }

    def put_root(self, root: Root) -> int:
        """Add a root, or update the settings of a covered one; returns its id."""
        path = root_path_for_storage(root.path, self._directory)
        kind = "file" if root.path.is_file() else "directory"
        settings = root_settings(root)
        with translated(self._directory):
            row = self._connection.execute(
                "SELECT id, kind, settings FROM roots WHERE path = ?", (path,)
            ).fetchone()
            if row is not None and row[1:] == (kind, settings):
                return int(row[0])
            self._changed = True
            if row is not None and language_in(row[2]) != root.language:
                # The words of its passages are indexed by another language's stems.
                self._words.stale = True
            (root_id,) = self._connection.execute(
                "INSERT INTO roots (path, kind, settings) VALUES (?, ?, ?) ON CONFLICT (path) "
                "DO UPDATE SET kind = excluded.kind, settings = excluded.settings RETURNING id",
                (path, kind, settings),
            ).fetchone()
            return int(root_id)

    def must_read_again(self, root_id: int) -> bool:  # noqa: ARG002
        """Never: words can be recomputed from the stored texts."""
        return False

    def remove_root(self, path: Path) -> int:
        """Stop covering a root and remove its files; returns how many documents they held."""
        before = self._tally.documents
        stored_path = root_path_for_storage(path, self._directory)
        with translated(self._directory):
            files = self._connection.execute(
                "SELECT files.id FROM files JOIN roots ON roots.id = files.root_id "
                "WHERE roots.path = ?",
                (stored_path,),
            ).fetchall()
            for (file_id,) in files:
                self.remove_file(file_id)
            self._change("DELETE FROM roots WHERE path = ?", (stored_path,))
        return before - self._tally.documents

    # --------------------------------------------------------------- files

    def files(self, root_id: int) -> dict[str, FileState]:
        """The recorded state of a root's files, by path under the root."""
        with decoded(self._directory):
            rows = self._connection.execute(
                f"SELECT {FILE_COLUMNS} FROM files WHERE root_id = ?", (root_id,)
            )
            states = (file_state(row) for row in rows)
            return {state.path: state for state in states}

    def document_digests(self, file_id: int) -> dict[str, bytes]:
        """The digest of each document's text, by document id."""
        with decoded(self._directory):
            return dict(
                self._connection.execute(
                    "SELECT doc_id, digest FROM documents WHERE file_id = ?", (file_id,)
                )
            )

    def document_counts(self, root_id: int) -> dict[int, int]:
        """How many documents each of a root's files holds, by file id, zeros included."""
        with decoded(self._directory):
            return dict(
                self._connection.execute(
                    "SELECT files.id, count(documents.id) FROM files "
                    "LEFT JOIN documents ON documents.file_id = files.id "
                    "WHERE files.root_id = ? GROUP BY files.id",
                    (root_id,),
                )
            )

    def replace_file(self, root_id: int, state: FileState) -> int:
        """Remove what is recorded for the file at `state.path` and start afresh; returns its id."""
        with translated(self._directory):
            row = self._connection.execute(
                "SELECT id FROM files WHERE root_id = ? AND path = ?", (root_id, state.path)
            ).fetchone()
            if row is not None:
                self.remove_file(row[0])
            file_id = self._next_id("files")
            # SQLite may have reused the id of a file under another root.
            self._language_last = (0, None)
            self._change(
                f"INSERT INTO files ({FILE_COLUMNS}) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                file_row(file_id, root_id, state),
            )
            self._tally.files += 1
            return file_id

    def touch_file(self, state: FileState, *, lazily: bool = False) -> None:
        """Update the state of a file whose documents stay; see `IndexWriter.touch_file`."""
        with translated(self._directory):
            (root_id,) = self._connection.execute(
                "SELECT root_id FROM files WHERE id = ?", (state.file_id,)
            ).fetchone()
            row = file_row(state.file_id, root_id, state)
            self._connection.execute(
                f"UPDATE files SET ({FILE_COLUMNS}) = "
                "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) WHERE id = ?",
                (*row, state.file_id),
            )
            self._changed = self._changed or not lazily

    def remove_file(self, file_id: int) -> None:
        """Remove a file."""
        with decoded(self._directory):
            self._last_passage = self._last_passage_id()
            documents = self._connection.execute(
                "SELECT id, doc_id, format, title FROM documents WHERE file_id = ?", (file_id,)
            ).fetchall()
            language = self._language_of(file_id)
            for document_id, doc_id, format_, title in documents:
                self._forget_passages(document_id, doc_id, format_, title, language)
                self._tally.documents -= 1
                self._tally.formats[format_] -= 1
            self._change("DELETE FROM files WHERE id = ?", (file_id,))
            self._tally.files -= 1

    def _forget_passages(
        self,
        document_id: int,
        doc_id: str,
        format_name: str,
        title: str | None,
        language: str | None,
    ) -> None:
        """Remove a document's text, and its passages from the word index."""
        rows = self._connection.execute(
            f"SELECT {PASSAGE_COLUMNS} FROM passages WHERE document_id = ?", (document_id,)
        ).fetchall()
        self._connection.executemany(
            "INSERT OR IGNORE INTO temp.loose VALUES (?)", [(row[-2],) for row in rows]
        )
        self._tally.passages -= len(rows)
        text = DocumentText(self._connection, document_id)
        try:
            searched_texts = [
                (row[0], searched_text(passage_from(row, doc_id, text.between), format_name, title))
                for row in rows
            ]
        except IndexDamaged:
            # A text that cannot be read cannot be removed from the word index either.
            self._words.stale = True
        else:
            for passage_id, searched in searched_texts:
                self._words.remove(passage_id, searched, language)
        self._change("DELETE FROM texts WHERE id >= ? AND id < ?", pieces_of(document_id))

    def _language_of(self, file_id: int) -> str | None:
        """The declared language of a file's texts."""
        if self._language_last[0] != file_id:
            row = self._connection.execute(
                "SELECT settings FROM roots JOIN files ON roots.id = root_id WHERE files.id = ?",
                (file_id,),
            ).fetchone()
            self._language_last = (file_id, language_in(row[0]) if row else None)
        return self._language_last[1]

    # --------------------------------------------------------------- skips

    def add_skipped(self, file_id: int, skipped: Skipped) -> None:
        """Record that a file, or one record in it, could not be read."""
        with translated(self._directory):
            self._change(
                "INSERT INTO skips (root_id, file_id, path, code, reason) "
                "SELECT root_id, id, ?, ?, ? FROM files WHERE id = ?",
                (skipped.path, skipped.code, skipped.reason, file_id),
            )

    def put_discovery_skips(self, root_id: int, skipped: Sequence[Skipped]) -> None:
        """Replace the record of what discovery skipped."""
        with translated(self._directory):
            if self.unread(root_id) == list(skipped):
                return
            self._change("DELETE FROM skips WHERE root_id = ? AND file_id IS NULL", (root_id,))
            self._connection.executemany(
                "INSERT INTO skips (root_id, path, code, reason) VALUES (?, ?, ?, ?)",
                [(root_id, skip.path, skip.code, skip.reason) for skip in skipped],
            )

    def unread(self, root_id: int) -> list[Skipped]:
        """What discovery skipped under a root, in discovery order."""
        with decoded(self._directory):
            rows = self._connection.execute(
                "SELECT path, code, reason FROM skips WHERE root_id = ? AND file_id IS NULL "
                "ORDER BY id",
                (root_id,),
            )
            return [Skipped(*row) for row in rows]

    def skipped(self, root_id: int) -> list[Skipped]:
        """Everything recorded as skipped under a root."""
        with decoded(self._directory):
            rows = self._connection.execute(
                "SELECT path, code, reason FROM skips WHERE root_id = ? ORDER BY path", (root_id,)
            )
            return [Skipped(*row) for row in rows]

    # ----------------------------------------------- documents and vectors

    def add_document(self, file_id: int, document: Document, passages: Sequence[Passage]) -> None:
        """Add a document with its passages; their vectors may follow later."""
        with translated(self._directory):
            document_id = self._next_id("documents")
            row = (
                document_id,
                file_id,
                document.doc_id,
                document.title,
                document.format,
                digest_of(document.text),
            )
            self._change(
                f"INSERT INTO documents ({DOCUMENT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (*row, checksum_of(*row)),
            )
            self._connection.executemany(
                f"INSERT INTO texts ({TEXT_COLUMNS}) VALUES (?, ?, ?, ?)",
                text_pieces(document_id, document.text),
            )
            rows = []
            language = self._language_of(file_id)
            for passage in passages:
                searched = searched_text(passage, document.format, document.title)
                passage_id = self._words.taken_back(searched, language)
                if passage_id is None:
                    passage_id = self._new_passage_id()
                    self._words.add(passage_id, searched, language)
                vector_id = self._encoded.id_of(digest_of(passage.embedded_text))
                rows.append(passage_row(passage_id, document_id, passage, vector_id))
            self._connection.executemany(
                f"INSERT INTO passages ({PASSAGE_COLUMNS}) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )
        self._tally.documents += 1
        self._tally.formats[document.format] += 1
        self._tally.passages += len(rows)

    def without_vector(self, texts: Sequence[str]) -> list[str]:
        """The embedded texts without a known vector, without repeats."""
        by_digest = {digest_of(text): text for text in texts}
        with translated(self._directory):
            return [text for digest, text in by_digest.items() if not self._encoded.has(digest)]

    def add_vectors(self, texts: Sequence[str], vectors: Vectors) -> None:
        """Add vectors of embedded texts, shape (n, dim); kept even without a commit."""
        with translated(self._directory):
            self._encoded.write([digest_of(text) for text in texts], vectors)

    # ----------------------------------------------------------- statements

    def _new_passage_id(self) -> int:
        self._last_passage = self._last_passage_id() + 1
        return self._last_passage

    def _last_passage_id(self) -> int:
        """The highest id used so far in this transaction, including removed ones."""
        if self._last_passage is None:
            self._last_passage = self._next_id("passages") - 1
        return self._last_passage

    def _next_id(self, table: str) -> int:
        (last,) = self._connection.execute(f"SELECT max(id) FROM {table}").fetchone()
        return int(last or 0) + 1

    def _change(self, statement: str, parameters: Sequence[Any]) -> None:
        self._connection.execute(statement, parameters)
        self._changed = True
