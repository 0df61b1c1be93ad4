"""Runs the indexing pipeline: paths -> discover -> read -> chunk -> encode -> commit."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from bienc_cli.errors import IndexMismatch, IndexNotFound, PathNotFound, UsageError
from bienc_cli.indexing.encoding import Encoding, EncodingTotals
from bienc_cli.indexing.file_reading import BrokenOff, FileReading
from bienc_cli.indexing.planning import RootWork, plan
from bienc_cli.indexing.report import (
    IndexObserver,
    IndexOptions,
    IndexReport,
    Progress,
    SilentObserver,
)
from bienc_cli.indexing.workers import StartWorkers, Workers, in_this_process
from bienc_cli.models import reads_english_only
from bienc_cli.stages import Stopwatch
from bienc_cli.store import (
    Begun,
    IndexInfo,
    IndexPlace,
    IndexWriter,
    let_in,
    open_writer,
    parent_of,
)
from bienc_cli.types import CHUNKING_VERSION, BiEncoder, ChunkingParameters, Skipped

DEFAULT_PASSAGE_TOKENS = 256
DEFAULT_OVERLAP_TOKENS = 32

LEAST_STAY = 2.0
"""Seconds that a run encodes before making room for another process."""

EncoderLoader = Callable[[IndexInfo | None], BiEncoder]
"""Loads the bi-encoder, given the info of the existing index, if any; called at most once, and not
at all if nothing has changed."""


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
    ask: bool = False,
    start_workers: StartWorkers | None = None,
    check: Callable[[IndexInfo], None] = lambda _: None,
) -> IndexReport:
    """Update an index to match folders and files, reading and encoding only what changed.

    Args:
        paths: folders and files, absolute; empty for everything the index already covers.
        directory: of the index, or its address; created if it does not exist.
        load_encoder: see `EncoderLoader`.
        key_dir: directory of this user's key for graph files.
        listed: files from a list, absolute, instead of `paths`.
        base: listed files below it get ids relative to it, and skipped files are displayed relative
            to it; by default the index's parent directory.
        options: what to cover and how to chunk it.
        observer: told about progress.
        wait: seconds to wait for another process that is writing to the index.
        on_wait: called once with a description of the other writer.
        ask: while waiting, ask a run that encodes to make room; this run makes room for others that
            ask.
        start_workers: starts what reads and encodes, if there is work; by default this process.
        check: raises if the request contradicts the index's settings; called even if nothing has
            changed and no encoder is needed.

    Raises:
        PathNotFound: a named path does not exist.
        IndexNotFound: no path was named, and nothing is covered yet.
        IndexBusy: another process is writing to the index.
        IndexMismatch: the index was made with another model, or other lengths.
        StorageError: the index directory cannot be written, or the server does not answer.
    """
    base = base or parent_of(directory)
    for path in paths:
        # Checked first, so that a mistyped path leaves no empty index behind.
        if not path.exists():
            shown = path.relative_to(base) if path.is_relative_to(base) else path
            raise PathNotFound.at(path, shown)
    loaded: list[BiEncoder] = []

    def load_once(info: IndexInfo | None) -> BiEncoder:
        if not loaded:
            loaded.append(load_encoder(info))
        return loaded[0]

    broken_off: list[tuple[Path, Skipped]] = []
    watch, earlier = Stopwatch(), EncodingTotals()
    begun: Begun | None = None
    while True:
        with open_writer(
            directory, key_dir=key_dir, wait=wait, on_wait=on_wait, ask=ask, begun=begun
        ) as writer:
            attempt = _Attempt(
                writer,
                load_once,
                options or IndexOptions(),
                observer or SilentObserver(),
                base,
                start_workers,
                broken_off,
                watch,
                earlier,
            )
            if writer.info is not None:
                check(writer.info)
            # Encoded vectors are kept in the index's tail, so little work is repeated.
            try:
                return attempt.run(paths, listed, directory)
            except BrokenOff as error:
                broken_off.append((error.path, error.skipped))
            except _RoomAskedForError:
                pass
            earlier, begun = attempt.totals, attempt.begun
        let_in(directory)
        # Continue what was begun, however long the other process takes.
        wait, ask = float("inf"), True


class _RoomAskedForError(Exception):
    """Another process is waiting to write; this one continues after it."""


class _Attempt:
    """One attempt at an indexing run, with totals over its files.

    Attributes:
        totals: of the encoder, over this attempt and the earlier ones.
        begun: the encoder and chunking it works with; None until it starts reading, and if there is
            nothing to read.
    """

    def __init__(
        self,
        writer: IndexWriter,
        load_encoder: EncoderLoader,
        options: IndexOptions,
        observer: IndexObserver,
        base: Path,
        start_workers: StartWorkers | None,
        broken_off: Sequence[tuple[Path, Skipped]],
        watch: Stopwatch,
        earlier: EncodingTotals,
    ) -> None:
        self._writer = writer
        self._start_workers = start_workers or in_this_process(options.workers)
        self._runtime = ""
        self._info: IndexInfo | None = writer.info
        self._load_encoder = load_encoder
        self._options = options
        self._observer = observer
        self._base = base
        self._broken_off = broken_off
        self._watch = watch
        self._earlier = self.totals = earlier
        self.begun: Begun | None = None
        self._began = time.monotonic()
        self._stays_until: float | None = None
        self._skipped: list[Skipped] = []
        self._warnings: list[str] = []

    def run(
        self, paths: Sequence[Path], listed: Sequence[Path] | None, directory: IndexPlace
    ) -> IndexReport:
        """Take every step, in order."""
        chunking = self._recorded_chunking()
        stale = chunking is not None and chunking.version != CHUNKING_VERSION
        with self._watch.stage("discover"):
            if not (paths or listed is not None or self._writer.roots()):
                raise IndexNotFound(
                    "There is no index here to refresh.", "make one: bienc index PATH"
                )
            planned = plan(
                self._writer,
                paths,
                listed,
                self._base,
                self._options,
                all_stale=stale,
                unreadable=self._broken_off,
            )
        works = planned.works
        reading = FileReading(self._writer, self._watch, retry=self._options.retry)
        self._warnings += planned.warnings
        to_read = [file for work in works for file in work.changes.read]
        self._observer.discovered(len(to_read), sum(file.size for file in to_read))
        if to_read or self._info is None:
            self._read_and_encode(works, reading)
        else:
            for work in works:
                reading.forget(work)
                reading.pass_over(work)
        for work in works:
            self._collect_skipped(work)
        with self._watch.stage("commit"):
            committed = self._writer.commit(self._observer.stage, compact=planned.pruned)
        if not committed.info.documents:
            self._warnings.append(
                "there is nothing to index here"
                + (": every file was skipped (--skipped says why)" if self._skipped else "")
            )
        return IndexReport(
            directory=directory,
            documents=replace(reading.counts, removed=reading.counts.removed + planned.removed),
            skipped=tuple(self._skipped),
            passages=committed.info.passages,
            total_documents=committed.info.documents,
            new_passages=reading.new_passages,
            encoded=self.totals.encoded,
            reused=self.totals.reused,
            tokens=self.totals.tokens,
            text_characters=reading.characters,
            stages=self._watch.times,
            encoder=committed.info.encoder,
            runtime=self._runtime,
            committed=committed.committed,
            warnings=tuple(self._warnings),
        )

    def _collect_skipped(self, work: RootWork) -> None:
        root = work.finding.root.path
        for skipped in self._writer.skipped(work.root_id):
            path = root if root.is_file() else root / skipped.path
            shown = path.relative_to(self._base) if path.is_relative_to(self._base) else path
            # For a record of a collection, its line follows the file's name.
            self._skipped.append(Skipped(str(shown), skipped.code, skipped.reason))

    # ------------------------------------------------------------ chunking

    def _recorded_chunking(self) -> ChunkingParameters | None:
        """The index's passage lengths, unless the options contradict them."""
        if self._info is None:
            return None
        recorded = self._info.chunking
        for flag, given, recorded_tokens in (
            ("--passage-tokens", self._options.passage_tokens, recorded.max_tokens),
            ("--overlap-tokens", self._options.overlap_tokens, recorded.overlap_tokens),
        ):
            if given not in (None, recorded_tokens):
                raise IndexMismatch(
                    f"This index was made with {flag} {recorded_tokens}, not {given}.",
                    f"leave out {flag}, or make another index: --index DIR",
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

    def _read_and_encode(self, works: Sequence[RootWork], reading: FileReading) -> None:
        with self._watch.stage("load model"):
            encoder = self._load_encoder(self._info)
        with self._start_workers(encoder, self._watch) as workers:
            self._runtime = workers.runtime
            self._work_through(works, reading, workers)
        unread = reading.languages.unread_by(encoder.identity.name)
        if unread is not None and reads_english_only(encoder.identity.name):
            self._warnings.append(unread)

    def _work_through(
        self, works: Sequence[RootWork], reading: FileReading, workers: Workers
    ) -> None:
        chunking = self._chunking(workers.encoder)
        self._writer.begin(workers.encoder.identity, chunking)
        self.begun = Begun(workers.encoder.identity, chunking)

        def progressed(totals: EncodingTotals) -> None:
            self.totals = totals.after(self._earlier)
            self._observer.progressed(
                Progress(
                    done_bytes=int(reading.passed_bytes + totals.weight),
                    encoded=totals.encoded,
                    tokens=totals.tokens,
                    encoded_bytes=int(totals.encoded_weight),
                )
            )

        encoding = Encoding(self._writer, workers, self._watch, progressed, self._rest)
        for work in works:
            reading.forget(work)
            reading.read(work, workers, chunking, encoding)
        encoding.flush()

    def _rest(self) -> None:
        """Let another process write, if one asks and enough was done since the last time.

        Raises:
            _RoomAskedForError: this attempt is over; vectors are kept, but files must be read
                again.
        """
        now = time.monotonic()
        if self._stays_until is None:
            # At least as long as it took to get this far, so that the next attempt gets further.
            self._stays_until = now + max(LEAST_STAY, now - self._began)
        if now >= self._stays_until and self._writer.is_asked_for_room:
            raise _RoomAskedForError
