"""paths -> discover -> read -> chunk -> encode -> commit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from bienc_cli.chunking import CHUNKING_VERSION, ChunkingParameters
from bienc_cli.errors import IndexNotFound, PathNotFound, UsageError
from bienc_cli.indexing.coverage import (
    Changes,
    Finding,
    absorb_roots,
    compare_with_index,
    digest_of_file,
    is_transient,
    look,
    stamp_of,
)
from bienc_cli.indexing.discovery import FoundFile
from bienc_cli.indexing.encoding import Encoding, EncodingTotals
from bienc_cli.indexing.execution import CutDocument, Execution, Executor, in_this_process
from bienc_cli.indexing.report import (
    DocumentCounts,
    IndexObserver,
    IndexOptions,
    IndexReport,
    SilentObserver,
)
from bienc_cli.settings import resolve
from bienc_cli.stages import Stopwatch
from bienc_cli.store import (
    FileState,
    IndexInfo,
    IndexPlace,
    IndexWriter,
    Root,
    digest_of,
    home_of,
    open_writer,
)
from bienc_cli.types import BiEncoder, Document, EncoderIdentity, Skipped

DEFAULT_PASSAGE_TOKENS = 256
DEFAULT_OVERLAP_TOKENS = 32

EncoderLoader = Callable[[EncoderIdentity | None], BiEncoder]
"""Gives the bi-encoder, told which one the index was made with; called at most once, and not
at all where nothing has changed."""


def index_paths(
    paths: Sequence[Path],
    *,
    directory: IndexPlace,
    load_encoder: EncoderLoader,
    key_dir: Path,
    listed: Sequence[Path] | None = None,
    base: Path | None = None,
    options: IndexOptions | None = None,
    observer: IndexObserver | None = None,
    wait: float = 0.0,
    on_wait: Callable[[str], None] = lambda _: None,
    executor: Executor | None = None,
) -> IndexReport:
    """Make an index agree with folders and files, reading and encoding only what changed.

    Args:
        paths: folders and files, absolute; empty for all that the index covers already.
        directory: of the index, or its address; made if there is none.
        load_encoder: see `EncoderLoader`.
        key_dir: where this user's key for graph files lies.
        listed: files from a list, absolute, in place of `paths`.
        base: listed files below it get their ids, and skipped files are shown, relative to
            it; the folder that holds the index by default.
        options: what to cover and how to cut it.
        observer: told how far it is.
        wait: seconds to wait for another process that is writing to the index.
        on_wait: told once who is waited for.
        executor: who reads and encodes, if there is anything to do; this process by default.

    Raises:
        PathNotFound: something that was named is not there.
        IndexNotFound: nothing was named, and nothing is covered.
        IndexBusy: another process is writing to the index.
        IndexMismatch: another model, or other lengths, than the index was made with.
        StorageError: the index directory cannot be written, or the server does not answer.
    """
    base = base or home_of(directory)
    for path in [*paths, *(listed or ())]:
        # Before anything is made: a path that was mistyped leaves no empty index behind.
        if not path.exists():
            shown = path.relative_to(base) if path.is_relative_to(base) else path
            raise PathNotFound(f"There is no '{shown}' here.", "check the path")
    with open_writer(directory, key_dir=key_dir, wait=wait, on_wait=on_wait) as writer:
        run = _Run(
            writer,
            load_encoder,
            options or IndexOptions(),
            observer or SilentObserver(),
            base,
            executor,
        )
        return run.all(paths, listed, directory)


@dataclass(frozen=True, slots=True)
class _Work:
    """One root with what is known of its files, and what has to be done about them."""

    root_id: int
    finding: Finding
    known: dict[str, FileState]
    changes: Changes


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A file whose content is not what the index knows; satisfies `readers.SourceFile`.

    `before` are the digests of its documents' texts as the index has them.
    """

    path: Path
    doc_id: str
    size: int
    mtime_ns: int
    digest: bytes
    stamp: str
    before: dict[str, bytes]


class _Run:
    """One indexing run; holds what adds up over its files."""

    def __init__(
        self,
        writer: IndexWriter,
        load_encoder: EncoderLoader,
        options: IndexOptions,
        observer: IndexObserver,
        base: Path,
        executor: Executor | None,
    ) -> None:
        self._writer = writer
        self._executor = executor or in_this_process(options.workers)
        self._runtime = ""
        self._info: IndexInfo | None = writer.info
        self._covered = self._info.roots if self._info else ()
        self._load_encoder = load_encoder
        self._options = options
        self._observer = observer
        self._base = base
        self._watch = Stopwatch()
        self._new = self._changed = self._unchanged = self._removed = 0
        self._new_passages = 0
        self._characters = 0
        self._skipped: list[Skipped] = []
        self._warnings: list[str] = []
        # Bytes of files that are done without a text of theirs going through the encoder.
        self._passed_bytes = 0.0

    def all(
        self, paths: Sequence[Path], listed: Sequence[Path] | None, directory: IndexPlace
    ) -> IndexReport:
        """Every step, in order."""
        chunking = self._recorded_chunking()
        stale = chunking is not None and chunking.version != CHUNKING_VERSION
        with self._watch.stage("discover"):
            pruned = self._prune() if self._options.prune else ()
            if not paths and listed is None and not self._covered and not pruned:
                raise IndexNotFound(
                    "There is no index here to refresh.", "make one: bienc index PATH"
                )
            works = [self._plan(finding, stale) for finding in self._look(paths, listed)]
        to_read = [file for work in works for file in work.changes.read]
        self._observer.discovered(len(to_read), sum(file.size for file in to_read))
        totals = EncodingTotals()
        if to_read or self._info is None:
            with self._watch.stage("load model"):
                encoder = self._load_encoder(self._info.encoder if self._info else None)
            with self._executor(encoder, self._watch) as execution:
                self._runtime = execution.runtime
                totals = self._read_and_encode(works, execution)
        else:
            for work in works:
                self._forget(work)
                self._unchanged += sum(self._writer.document_counts(work.root_id).values())
        for work in works:
            self._collect_skipped(work)
        with self._watch.stage("commit"):
            committed = self._writer.commit(self._observer.stage, compact=bool(pruned))
        if not committed.info.documents:
            self._warnings.append(
                "there is nothing to index here"
                + (": every file was skipped (--skipped says why)" if self._skipped else "")
            )
        return IndexReport(
            directory=directory,
            documents=DocumentCounts(self._new, self._changed, self._unchanged, self._removed),
            skipped=tuple(self._skipped),
            passages=committed.info.passages,
            total_documents=committed.info.documents,
            new_passages=self._new_passages,
            encoded=totals.encoded,
            reused=totals.reused,
            tokens=totals.tokens,
            text_characters=self._characters,
            stages=self._watch.times,
            encoder=committed.info.encoder,
            runtime=self._runtime,
            committed=committed.committed,
            warnings=tuple(self._warnings),
        )

    def _look(self, paths: Sequence[Path], listed: Sequence[Path] | None) -> Iterator[Finding]:
        for found in look(paths, listed, self._base, self._covered, self._options):
            if isinstance(found, str):
                self._warnings.append(found)
            else:
                yield found

    def _prune(self) -> Sequence[Root]:
        """Forget the roots that are not there; which."""
        gone = [root for root in self._covered if not root.path.exists()]
        for root in gone:
            self._removed += self._writer.remove_root(root.path)
            self._warnings.append(f"{root.path} is not there; it is forgotten")
        self._covered = tuple(root for root in self._covered if root not in gone)
        return gone

    def _plan(self, finding: Finding, stale: bool) -> _Work:
        absorb_roots(finding, self._info, self._writer)
        root_id = self._writer.put_root(finding.root)
        self._writer.put_discovery_skips(root_id, finding.skipped)
        known = self._writer.files(root_id)
        changes = compare_with_index(finding, known, all_stale=stale)
        return _Work(root_id, finding, known, changes)

    def _collect_skipped(self, work: _Work) -> None:
        root = work.finding.root.path
        for one in self._writer.skipped(work.root_id):
            path = root if root.is_file() else root / one.path
            near = path.relative_to(self._base) if path.is_relative_to(self._base) else path
            # A record of a collection has its line behind the file's name.
            self._skipped.append(Skipped(str(near), one.code, one.reason))

    # ------------------------------------------------------------ chunking

    def _recorded_chunking(self) -> ChunkingParameters | None:
        """The lengths that the index was made with, if the options do not contradict them."""
        if self._info is None:
            return None
        recorded = self._info.chunking
        for flag, asked, held in (
            ("--passage-tokens", self._options.passage_tokens, recorded.max_tokens),
            ("--overlap-tokens", self._options.overlap_tokens, recorded.overlap_tokens),
        ):
            resolve(
                flag,
                flag=asked,
                recorded=held,
                environment=None,
                default=held,
                remedy=f"leave out {flag}, or make another index: --index DIR",
            )
        return recorded

    def _chunking(self, encoder: BiEncoder) -> ChunkingParameters:
        recorded = self._recorded_chunking()
        if recorded is not None:
            return ChunkingParameters(recorded.max_tokens, recorded.overlap_tokens)
        identity = encoder.identity
        longest = identity.max_tokens - encoder.tokenizer.counts([identity.passage_prompt])[0]
        wanted = self._options.passage_tokens
        if wanted is not None and wanted > longest:
            raise UsageError(
                f"{identity.name} reads {longest} tokens of a passage, not {wanted}.",
                f"give --passage-tokens {longest} or less",
            )
        length = wanted or min(DEFAULT_PASSAGE_TOKENS, longest)
        overlap = self._options.overlap_tokens
        return ChunkingParameters(
            length, min(DEFAULT_OVERLAP_TOKENS, length // 4) if overlap is None else overlap
        )

    # ----------------------------------------------------------- documents

    def _read_and_encode(self, works: Sequence[_Work], execution: Execution) -> EncodingTotals:
        chunking = self._chunking(execution.encoder)
        self._writer.begin(execution.encoder.identity, chunking)
        encoding = Encoding(
            self._writer,
            execution,
            self._watch,
            lambda totals: self._observer.progressed(
                int(self._passed_bytes + totals.weight), totals.encoded
            ),
        )
        for work in works:
            self._forget(work)
            self._read(work, execution, chunking, encoding)
        encoding.flush()
        return encoding.totals

    def _forget(self, work: _Work) -> None:
        counts = self._writer.document_counts(work.root_id)
        for state in work.changes.gone:
            self._removed += counts[state.file_id]
            self._writer.remove_file(state.file_id)

    def _read(
        self,
        work: _Work,
        execution: Execution,
        chunking: ChunkingParameters,
        encoding: Encoding,
    ) -> None:
        counts = self._writer.document_counts(work.root_id)
        self._unchanged += sum(counts[state.file_id] for state in work.changes.unchanged)
        passed: list[Skipped] = []
        engine = work.finding.root.pdf_engine
        candidates = self._candidates(work.changes.read, engine, work.known, counts, passed)
        for candidate, items in execution.cut(candidates, chunking, engine):
            first = next(items, None)
            if isinstance(first, Skipped) and is_transient(first):
                # It could not be read this time; what is known of it stays.
                passed.append(first)
                self._unchanged += len(candidate.before)
                self._passed_bytes += candidate.size
                continue
            state = FileState(
                0,
                candidate.doc_id,
                candidate.size,
                candidate.mtime_ns,
                candidate.digest,
                candidate.stamp,
            )
            file_id = self._writer.replace_file(work.root_id, state)
            left = float(candidate.size)
            before = dict(candidate.before)
            for item in chain([first] if first else [], items):
                if isinstance(item, Skipped):
                    self._writer.add_skipped(file_id, item)
                    continue
                self._count(item.document, before)
                # A collection comes record by record; any other file is one document.
                weight = min(left, float(len(item.document.text)))
                left -= weight
                self._add(file_id, item, encoding, weight)
            self._removed += len(before)
            self._passed_bytes += left
        if passed:
            self._writer.put_discovery_skips(work.root_id, (*work.finding.skipped, *passed))

    def _candidates(
        self,
        files: Sequence[FoundFile],
        pdf_engine: str,
        known: dict[str, FileState],
        counts: dict[int, int],
        passed: list[Skipped],
    ) -> Iterator[_Candidate]:
        """Files whose content differs from what is known; the content hash is the truth."""
        for file in files:
            state = known.get(file.doc_id)
            try:
                digest = digest_of_file(file.path)
            except OSError as error:
                code = "vanished" if isinstance(error, FileNotFoundError) else "permission"
                passed.append(Skipped(file.doc_id, code, error.strerror or str(error)))
                self._unchanged += counts[state.file_id] if state else 0
                continue
            stamp = stamp_of(file.path, pdf_engine)
            if state is not None and (state.digest, state.reader) == (digest, stamp):
                self._writer.touch_file(
                    FileState(state.file_id, state.path, file.size, file.mtime_ns, digest, stamp)
                )
                self._unchanged += counts[state.file_id]
                self._passed_bytes += file.size
                continue
            yield _Candidate(
                path=file.path,
                doc_id=file.doc_id,
                size=file.size,
                mtime_ns=file.mtime_ns,
                digest=digest,
                stamp=stamp,
                before=self._writer.document_digests(state.file_id) if state else {},
            )

    def _count(self, document: Document, before: dict[str, bytes]) -> None:
        known = before.pop(document.doc_id, None)
        if known is None:
            self._new += 1
        elif known == digest_of(document.text):
            self._unchanged += 1
        else:
            self._changed += 1

    def _add(self, file_id: int, cut: CutDocument, encoding: Encoding, weight: float) -> None:
        with self._watch.stage("chunk"):
            self._writer.add_document(file_id, cut.document, cut.passages)
        self._new_passages += len(cut.passages)
        self._characters += len(cut.document.text)
        encoding.add([passage.embedded_text for passage in cut.passages], weight)
