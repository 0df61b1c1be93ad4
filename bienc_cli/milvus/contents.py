"""Changes what an index in Milvus holds: roots, files, documents, skips.

Nothing is changed in place. New rows do not count before the commit; removed ones are remembered,
and the commit's head excludes them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from bienc_cli.errors import IndexDamaged
from bienc_cli.milvus import rows as row_codec
from bienc_cli.milvus.connection import Connection, MilvusRow
from bienc_cli.milvus.head import CoveredRoot, Head
from bienc_cli.milvus.lease import Lease
from bienc_cli.milvus.rows import Record
from bienc_cli.milvus.schema import RECORD_FIELDS, all_of, among, in_chunks
from bienc_cli.milvus.uploads import Uploads
from bienc_cli.store.facts import FileState, Root
from bienc_cli.store.tokenizer import Tokenizer
from bienc_cli.types import Document, Passage, Skipped, Vectors

_ROWS_AT_ONCE = 256
_CHARACTERS_AT_ONCE = 4_000_000
_NUMBERS = 1 << 32
"""Number of ids per attempt: an id consists of the attempt's number and a counter."""


@dataclass(slots=True)
class MilvusTally:
    """Row counts, kept up to date as rows change."""

    files: int = 0
    documents: int = 0
    passages: int = 0
    skipped: int = 0
    formats: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Known:
    """A file with the key of its state record."""

    state: FileState
    key: int


class MilvusContents:
    """The half of an `IndexWriter` that changes rows; `MilvusWriter` adds the rest."""

    def __init__(self, connection: Connection, lease: Lease, head: Head | None) -> None:
        self._connection = connection
        self._lease = lease
        self._attempt = lease.attempt
        self._head = head
        self._uploads: Uploads | None = None
        self._roots: dict[int, CoveredRoot] = dict(head.roots) if head else {}
        self._files: dict[int, dict[str, _Known]] = {}
        self._places: dict[int, tuple[int, str]] = {}
        self._in_other_language: set[int] = set()
        self._dead_files: set[int] = set()
        self._dead_records: set[int] = set()
        self._unsent: list[MilvusRow] = []
        self._unsent_characters = 0
        self._next = 0
        self._changed = False
        self._wrote = False
        self._tally = MilvusTally()
        self._tally_in_doubt = False
        if head is not None:
            counts = head.counts
            self._tally = MilvusTally(
                counts["files"],
                counts["documents"],
                counts["passages"],
                counts["skipped"],
                Counter(dict(head.formats)),
                Counter(dict(head.languages)),
            )

    @property
    def _born_condition(self) -> str:
        """The condition that a row was born in the generation before or in this attempt."""
        own = f"born == {self._attempt}"
        return f"({self._head.born}) or {own}" if self._head else own

    # --------------------------------------------------------------- roots

    def roots(self) -> dict[int, Root]:
        """The covered roots by id."""
        return {root_id: covered.root for root_id, covered in sorted(self._roots.items())}

    def put_root(self, root: Root) -> int:
        """Add a root, or update the settings of a covered one; returns its id."""
        covered = CoveredRoot(root, "file" if root.path.is_file() else "directory")
        for root_id, recorded in self._roots.items():
            if recorded.root.path == root.path:
                if recorded.root.language != root.language:
                    self._in_other_language.add(root_id)
                if recorded != covered:
                    self._roots[root_id] = covered
                    self._changed = True
                return root_id
        root_id = self._number()
        self._roots[root_id] = covered
        self._files[root_id] = {}
        self._changed = True
        return root_id

    def must_read_again(self, root_id: int) -> bool:
        """Whether a root's words were stemmed for other languages than are now declared."""
        return root_id in self._in_other_language

    def vouches_for(self, root: Root) -> bool:  # noqa: ARG002
        """Whoever can write to the server's index is trusted; see `IndexWriter.vouches_for`."""
        return True

    def vouch_for(self, root: Root) -> None:
        """Nothing to record; see `vouches_for`."""

    def remove_root(self, path: Path) -> int:
        """Stop covering a root and remove its files; returns how many documents they held."""
        documents_before = self._tally.documents
        for root_id, covered in list(self._roots.items()):
            if covered.root.path == path:
                self._remove([known.state.file_id for known in self._known(root_id).values()])
                self._drop(self._unread(root_id))
                del self._roots[root_id]
                self._changed = True
        return documents_before - self._tally.documents

    # --------------------------------------------------------------- files

    def files(self, root_id: int) -> dict[str, FileState]:
        """The recorded state of a root's files, by path under the root."""
        return {path: known.state for path, known in self._known(root_id).items()}

    def _known(self, root_id: int) -> dict[str, _Known]:
        if root_id not in self._files:
            files = self._files[root_id] = {}
            for record in self._records(["file"], f"root_id == {root_id}"):
                state = row_codec.file_state(record)
                files[state.path] = _Known(state, record.key)
                self._places[state.file_id] = root_id, state.path
        return self._files[root_id]

    def _file(self, file_id: int) -> tuple[int, _Known]:
        """A file's root and what is known of it."""
        if file_id not in self._places:
            for root_id in self._roots:
                self._known(root_id)
        root_id, path = self._places[file_id]
        return root_id, self._known(root_id)[path]

    def document_digests(self, file_id: int) -> dict[str, bytes]:
        """The digest of each document's text, by document id."""
        bodies = map(row_codec.parsed, self._records(["document"], f"file_id == {file_id}"))
        return {body["doc_id"]: bytes.fromhex(body["digest"]) for body in bodies}

    def document_counts(self, root_id: int) -> dict[int, int]:
        """How many documents each of a root's files holds, by file id, zeros included."""
        counts = {known.state.file_id: 0 for known in self._known(root_id).values()}
        condition = all_of(among("kind", ["document"]), f"root_id == {root_id}", "piece == 0")
        for page in self._pages(condition, ["file_id"]):
            for row in page:
                if row["file_id"] in counts:
                    counts[row["file_id"]] += 1
        return counts

    def replace_file(self, root_id: int, state: FileState) -> int:
        """Remove what is recorded for the file at `state.path` and start afresh; returns its id."""
        known = self._known(root_id).get(state.path)
        if known is not None:
            self.remove_file(known.state.file_id)
        state = replace(state, file_id=self._number())
        self._put_state(root_id, state)
        self._tally.files += 1
        return state.file_id

    def touch_file(self, state: FileState, *, lazily: bool = False) -> None:
        """Update the state of a file whose documents stay; see `IndexWriter.touch_file`."""
        if lazily and not self._changed:
            # It would immediately write a record of its own.
            return
        root_id, known = self._file(state.file_id)
        self._dead_records.add(known.key)
        self._put_state(root_id, replace(state, path=known.state.path))

    def _put_state(self, root_id: int, state: FileState) -> None:
        key = self._number()
        self._put(row_codec.file_record(key, self._attempt, root_id, state))
        self._known(root_id)[state.path] = _Known(state, key)
        self._places[state.file_id] = root_id, state.path

    def remove_file(self, file_id: int) -> None:
        """Remove a file."""
        self._remove([file_id])

    def forget(self, file_ids: Iterable[int]) -> list[str]:
        """Remove files, even with damaged rows; returns their paths under their roots."""
        paths_by_id = {
            recorded.state.file_id: path
            for root_id in self._roots
            for path, recorded in self._known(root_id).items()
        }
        removed_ids = sorted(set(file_ids))
        self._remove([file_id for file_id in removed_ids if file_id in paths_by_id])
        # There may be leftover rows of a file that is otherwise unknown.
        self._dead_files.update(removed_ids)
        return [paths_by_id[file_id] for file_id in removed_ids if file_id in paths_by_id]

    def _remove(self, file_ids: Sequence[int]) -> None:
        for chunk in in_chunks(file_ids):
            for record in self._records(["document", "skip"], among("file_id", chunk)):
                if record.kind == "skip":
                    self._tally.skipped -= 1
                    continue
                self._tally.documents -= 1
                try:
                    body = row_codec.parsed(record)
                    self._tally.passages -= body["passages"]
                    self._tally.formats[body["format"]] -= 1
                    self._tally.languages -= row_codec.languages_in(body)
                except (IndexDamaged, KeyError, TypeError, ValueError):
                    self._tally_in_doubt = True
            for file_id in chunk:
                root_id, known = self._file(file_id)
                del self._files[root_id][known.state.path]
                del self._places[file_id]
                self._dead_files.add(file_id)
                self._tally.files -= 1
        self._changed = self._changed or bool(file_ids)

    # --------------------------------------------------------------- skips

    def add_skipped(self, file_id: int, skipped: Skipped) -> None:
        """Record that a file, or one record in it, could not be read."""
        self._put_skip(self._file(file_id)[0], file_id, skipped)

    def put_discovery_skips(self, root_id: int, skipped: Sequence[Skipped]) -> None:
        """Replace the record of what discovery skipped."""
        previous_skips = self._unread(root_id)
        if _skips(previous_skips) == list(skipped):
            return
        self._drop(previous_skips)
        for skip in skipped:
            self._put_skip(root_id, 0, skip)

    def unread(self, root_id: int) -> list[Skipped]:
        """What discovery skipped under a root, in discovery order."""
        return _skips(self._unread(root_id))

    def skipped(self, root_id: int) -> list[Skipped]:
        """Everything recorded as skipped under a root."""
        skips = _skips(self._records(["skip"], f"root_id == {root_id}"))
        return sorted(skips, key=lambda skip: skip.path)

    def _unread(self, root_id: int) -> list[Record]:
        return self._records(["skip"], f"root_id == {root_id}", "file_id == 0")

    def _put_skip(self, root_id: int, file_id: int, skip: Skipped) -> None:
        body = json.dumps([skip.path, skip.code, skip.reason], ensure_ascii=False)
        self._put(Record("skip", self._number(), self._attempt, root_id, file_id, body))
        self._tally.skipped += 1

    def _drop(self, skips: Sequence[Record]) -> None:
        self._dead_records.update(record.key for record in skips)
        self._tally.skipped -= len(skips)
        self._changed = self._changed or bool(skips)

    # ----------------------------------------------- documents and vectors

    def add_document(self, file_id: int, document: Document, passages: Sequence[Passage]) -> None:
        """Add a document with its passages; their vectors may follow later."""
        root_id, known = self._file(file_id)
        covered = self._roots[root_id]
        root_path = covered.root.path
        path = str(root_path if covered.kind == "file" else root_path / known.state.path)
        document_id = self._number()
        language = covered.root.language
        searched_texts = row_codec.searched_texts(
            passages, document.format, document.title, language
        )
        for record in row_codec.document_records(
            document_id, self._attempt, root_id, file_id, document, path, searched_texts, language
        ):
            self._put(record)
        first = self._number(len(passages))
        self._open_uploads.add(
            row_codec.passage_rows(
                first,
                self._attempt,
                file_id,
                document_id,
                document,
                path,
                passages,
                searched_texts,
                self._tokenizer,
            )
        )
        self._tally.documents += 1
        self._tally.formats[document.format] += 1
        self._tally.passages += len(passages)
        self._tally.languages.update(text.language for text in searched_texts if text.language)

    def without_vector(self, texts: Sequence[str]) -> list[str]:
        """The embedded texts without a known vector, without repeats."""
        return self._open_uploads.without_vector(texts)

    def add_vectors(self, texts: Sequence[str], vectors: Vectors) -> None:
        """Add vectors of embedded texts, shape (n, dim); kept even without a commit."""
        if texts:
            self._open_uploads.add_vectors(texts, vectors)

    @property
    def _open_uploads(self) -> Uploads:
        if self._uploads is None:
            raise RuntimeError("begin() comes before documents and vectors")
        return self._uploads

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        return Tokenizer()

    # -------------------------------------------------------------- records

    def _number(self, count: int = 1) -> int:
        """The first of some new ids, which grow from attempt to attempt."""
        number, self._next = self._next, self._next + count
        if self._next > _NUMBERS:
            raise RuntimeError("one run cannot index so much; do it folder by folder")
        return self._attempt * _NUMBERS + number

    def _put(self, record: Record) -> None:
        """Have a record written, soon."""
        self._changed = True
        self._unsent += record.rows()
        self._unsent_characters += len(record.body)
        is_full = self._unsent_characters >= _CHARACTERS_AT_ONCE
        if is_full or len(self._unsent) >= _ROWS_AT_ONCE:
            self._send()

    def _send(self) -> None:
        """Write the records that wait to be written."""
        while self._unsent:
            self._before_writing()
            batch = self._unsent[:_ROWS_AT_ONCE]
            self._connection.upsert(self._connection.address.records, batch)
            del self._unsent[:_ROWS_AT_ONCE]
        self._unsent_characters = 0

    def _before_writing(self) -> None:
        """Make sure of the lease, and remember that there may be rows of this attempt."""
        self._lease.check()
        # Before, not after: a request without an answer may still have been executed.
        self._wrote = True

    def _records(self, kinds: Sequence[str], *conditions: str) -> list[Record]:
        """Records that count now, this attempt's own included, ascending by key."""
        rows: list[MilvusRow] = []
        for page in self._pages(all_of(among("kind", kinds), *conditions), RECORD_FIELDS):
            rows += page
        return [record for record in row_codec.joined(rows) if self._counts(record)]

    def _pages(self, condition: str, fields: Sequence[str]) -> Iterator[list[MilvusRow]]:
        self._send()
        return self._connection.pages(
            self._connection.address.records, all_of(condition, self._born_condition), fields
        )

    def _counts(self, record: Record) -> bool:
        return (
            record.file_id not in self._dead_files
            and record.key not in self._dead_records
            and (self._head is None or self._head.counts_record(record))
        )


def _skips(records: Iterable[Record]) -> list[Skipped]:
    return [Skipped(*json.loads(record.body)) for record in records]
