"""Reads the files of a plan and stores their documents in the index.

The content of a file decides whether it is processed. If it could not be read, or only in part, the
reason decides: one that says nothing about the content leaves the index as it was, and one that may
not recur is tried again.
"""

from __future__ import annotations

import stat
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from bienc_cli.formats.table import ReadingOptions
from bienc_cli.indexing.absence import is_transient
from bienc_cli.indexing.changes import (
    PASSING,
    digest_of_file,
    has_changed,
    is_due,
    stamp_of,
    state_of,
)
from bienc_cli.indexing.discovery import OUTSIDE, FoundFile, skip_for
from bienc_cli.indexing.encoding import Encoding
from bienc_cli.indexing.language_notes import LanguageSample
from bienc_cli.indexing.planning import RootWork, recordable, touch
from bienc_cli.indexing.report import DocumentCounts
from bienc_cli.indexing.roots import reading_of
from bienc_cli.indexing.workers import CutDocument, Cuts, Workers
from bienc_cli.stages import Stopwatch
from bienc_cli.store import FileState, IndexWriter, Outcome, digest_of
from bienc_cli.types import ChunkingParameters, Document, Skipped


class BrokenOff(Exception):
    """A file that the index holds whole could only be read in part.

    Its records are replaced as they arrive, so the run starts over without this file.
    """

    def __init__(self, path: Path, skipped: Skipped) -> None:
        super().__init__(path)
        self.path = path
        self.skipped = skipped


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A file to read; satisfies `formats.SourceFile`.

    Attributes:
        found: as it was when its content was examined.
        known: its record in the index.
        state: what to record if it is read whole.
        before: digests of its documents' texts in the index.
    """

    path: Path
    doc_id: str
    size: int
    found: FoundFile
    known: FileState | None
    state: FileState
    before: dict[str, bytes]


class FileReading:
    """Reads the files of one run, and keeps totals over them.

    Args:
        writer: of the index.
        watch: collects the time of the stage `chunk`.
        retry: chunk every file again that was not read whole, even with unchanged content.
    """

    def __init__(self, writer: IndexWriter, watch: Stopwatch, *, retry: bool) -> None:
        self._writer = writer
        self._watch = watch
        self._stale = False
        self._retry = retry
        self._new = self._changed = self._unchanged = self._removed = 0
        self.new_passages = 0
        self.characters = 0
        self.languages = LanguageSample()
        self._language: str | None = None
        # Bytes of files that were finished without encoding any text.
        self.passed_bytes = 0.0

    @property
    def counts(self) -> DocumentCounts:
        """The documents so far, by what happened to them."""
        return DocumentCounts(self._new, self._changed, self._unchanged, self._removed)

    def forget(self, work: RootWork) -> None:
        """Remove the files of a root that no longer exist."""
        counts = self._writer.document_counts(work.root_id)
        for state in work.changes.gone:
            self._removed += counts[state.file_id]
            self._writer.remove_file(state.file_id)

    def pass_over(self, work: RootWork) -> None:
        """Count the documents of a root of which nothing is to be read."""
        self._unchanged += sum(self._writer.document_counts(work.root_id).values())

    def read(
        self,
        work: RootWork,
        workers: Workers,
        chunking: ChunkingParameters,
        encoding: Encoding,
    ) -> None:
        """Read the files of a root that differ from the index.

        Raises:
            BrokenOff: see there.
        """
        counts = self._writer.document_counts(work.root_id)
        self._unchanged += sum(counts[state.file_id] for state in work.changes.unchanged)
        passed: list[Skipped] = []
        self._stale = work.stale
        options = reading_of(work.finding.root)
        candidates = self._candidates(work, options, counts, passed)
        top = work.finding.root.path
        self._language = work.finding.root.language
        for candidate, items in workers.cut(candidates, chunking, options):
            first = next(items, None)
            if isinstance(now := found_again(candidate.found, top), Skipped):
                # What was read may belong to another file that was put there meanwhile.
                deque(items, maxlen=0)
                first = now
            if isinstance(first, Skipped) and is_transient(first):
                # It could not be read this time, so what the index knows of it stays.
                passed.append(first)
                self._unchanged += len(candidate.before)
                self.passed_bytes += candidate.size
            elif isinstance(first, Skipped) and first.code in PASSING and candidate.before:
                self._keep(candidate, first)
            else:
                self._replace(work, candidate, chain([first] if first else [], items), encoding)
        if passed:
            self._writer.put_discovery_skips(work.root_id, (*recordable(work.finding), *passed))

    def _keep(self, candidate: _Candidate, skipped: Skipped) -> None:
        """Keep a file's documents as they are, until it can be read or is given up."""
        known = candidate.known
        assert known is not None  # noqa: S101  (it has documents)
        self._writer.touch_file(
            replace(_failed(candidate, skipped), file_id=known.file_id, outcome="partial")
        )
        if known.outcome == "whole":
            self._writer.add_skipped(known.file_id, skipped)
        self._unchanged += len(candidate.before)
        self.passed_bytes += candidate.size

    def _replace(
        self, work: RootWork, candidate: _Candidate, items: Cuts, encoding: Encoding
    ) -> None:
        """Replace what the index knows of a file with what it contains."""
        file_id = self._writer.replace_file(work.root_id, candidate.state)
        state = replace(candidate.state, file_id=file_id)
        remaining = float(candidate.size)
        before = dict(candidate.before)
        documents = 0
        for item in items:
            if isinstance(item, Skipped):
                is_whole_file = item.path == candidate.doc_id
                if is_whole_file and documents and candidate.before and _may_pass(item):
                    raise BrokenOff(candidate.path, item)
                if is_whole_file:
                    outcome: Outcome = "partial" if documents else "failed"
                    failed = _failed(candidate, item)
                    state = replace(failed, file_id=file_id, outcome=outcome)
                    self._writer.touch_file(state)
                self._writer.add_skipped(file_id, item)
                continue
            documents += 1
            self._count(item.document, before)
            # A collection arrives record by record; any other file is one document.
            weight = min(remaining, float(len(item.document.text)))
            remaining -= weight
            self._add(file_id, item, encoding, weight)
        now = found_again(candidate.found, work.finding.root.path)
        if isinstance(now, Skipped) or has_changed(candidate.found, now):
            # The content read may not be the content hashed, even if the next run finds that again.
            self._writer.touch_file(replace(state, digest=b""))
        self._removed += len(before)
        self.passed_bytes += remaining

    def _candidates(
        self,
        work: RootWork,
        options: ReadingOptions,
        counts: dict[int, int],
        passed: list[Skipped],
    ) -> Iterator[_Candidate]:
        """The files whose content, by its hash, differs from what is recorded."""
        for found in work.changes.read:
            state = work.known.get(found.doc_id)
            looked_ns = time.time_ns()
            file = found_again(found, work.finding.root.path)
            try:
                digest = b"" if isinstance(file, Skipped) else digest_of_file(file.path)
            except OSError as error:
                file = skip_for(error, found.doc_id)
            if isinstance(file, Skipped):
                passed.append(file)
                self._unchanged += counts[state.file_id] if state else 0
                continue
            now = state_of(file, digest, stamp_of(file.path, options), looked_ns=looked_ns)
            if state is not None and self._is_settled(state, now):
                touch(self._writer, state, now)
                self._unchanged += counts[state.file_id]
                self.passed_bytes += file.size
                continue
            yield _Candidate(
                path=file.path,
                doc_id=file.doc_id,
                size=file.size,
                found=file,
                known=state,
                state=now,
                before=self._writer.document_digests(state.file_id) if state else {},
            )

    def _is_settled(self, known: FileState, now: FileState) -> bool:
        """Whether a file's content is unchanged and there is nothing to try again."""
        if self._stale or (known.digest, known.reader) != (now.digest, now.reader):
            return False
        touched = known.code in PASSING and known.mtime_ns != now.mtime_ns
        return not (touched or is_due(known, retry=self._retry))

    def _count(self, document: Document, before: dict[str, bytes]) -> None:
        known_digest = before.pop(document.doc_id, None)
        if known_digest is None:
            self._new += 1
        elif known_digest == digest_of(document.text):
            self._unchanged += 1
        else:
            self._changed += 1

    def _add(self, file_id: int, cut: CutDocument, encoding: Encoding, weight: float) -> None:
        with self._watch.stage("chunk"):
            self._writer.add_document(file_id, cut.document, cut.passages)
        self.new_passages += len(cut.passages)
        self.characters += len(cut.document.text)
        self.languages.add(cut.document.text, self._language)
        encoding.add([passage.embedded_text for passage in cut.passages], weight)


def _may_pass(skipped: Skipped) -> bool:
    return is_transient(skipped) or skipped.code in PASSING


def _failed(candidate: _Candidate, skipped: Skipped) -> FileState:
    """The record of a file that could not be read whole; it will be tried again."""
    known = candidate.known
    again = known is not None and (known.digest, known.code) == (
        candidate.state.digest,
        skipped.code,
    )
    attempts = known.attempts if known is not None and again else 0
    return replace(candidate.state, outcome="failed", code=skipped.code, attempts=attempts + 1)


def found_again(file: FoundFile, top: Path) -> FoundFile | Skipped:
    """Find a file again: it may have changed, or no longer be a file.

    Args:
        file: as it was found.
        top: the root's path; a link that replaced the file must not lead out of it.
    """
    try:
        status = file.path.stat()
        now = FoundFile.of(file.path, file.doc_id, status)
        same = (now.inode, now.device) == (file.inode, file.device)
        inside = same or file.path.resolve().is_relative_to(top.resolve())
    except OSError as error:
        return skip_for(error, file.doc_id)
    if not inside or not stat.S_ISREG(status.st_mode):
        what = "no file" if inside else OUTSIDE
        return Skipped(file.doc_id, "vanished", f"was there; now it is {what}")
    return now
