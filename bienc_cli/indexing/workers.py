"""The workers of an indexing run, which read, chunk and encode: by default, this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bienc_cli.chunking.chunker import chunk
from bienc_cli.formats.isolation import File, read_files
from bienc_cli.formats.table import ReadingOptions
from bienc_cli.formats.worker_messages import Limits
from bienc_cli.stages import Stopwatch
from bienc_cli.types import BiEncoder, ChunkingParameters, Document, Passage, Skipped, Vectors


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file to read; a `SourceFile`."""

    path: Path
    doc_id: str
    size: int


@dataclass(frozen=True, slots=True)
class CutDocument:
    """A document with its passages."""

    document: Document
    passages: tuple[Passage, ...]


Cuts = Iterator[CutDocument | Skipped]


class Workers(Protocol):
    """Does the work of one indexing run. The order of execution does not affect the result."""

    @property
    def encoder(self) -> BiEncoder:
        """The model, for its identity and its tokenizer."""

    @property
    def runtime(self) -> str:
        """How the model runs, for display."""

    @property
    def width(self) -> int:
        """How many batches are encoded in parallel."""

    def cut(
        self, files: Iterable[File], chunking: ChunkingParameters, options: ReadingOptions
    ) -> Iterator[tuple[File, Cuts]]:
        """Read files and chunk their documents, in order.

        Returns:
            Each file with its items, to be consumed before the next file; as for
            `formats.read_files`, with the passages of each document.

        Raises:
            UsageError: the PDF engine is unknown or not installed.
        """

    def encode(self, batches: Iterable[Sequence[str]]) -> Iterator[Vectors]:
        """Encode each batch of embedded texts, in order."""


StartWorkers = Callable[[BiEncoder, Stopwatch], AbstractContextManager[Workers]]
"""Starts the workers for a model; only called if there is work. The stopwatch collects the time of
`read` and `chunk`."""


def in_this_process(workers: int) -> StartWorkers:
    """Encode in this process; read risky formats in `workers` extra processes, others here."""
    return lambda encoder, watch: nullcontext(_InThisProcess(encoder, watch, workers))


class _InThisProcess:
    width = 1

    def __init__(self, encoder: BiEncoder, watch: Stopwatch, workers: int) -> None:
        self.encoder = encoder
        self.runtime = encoder.runtime
        self._watch = watch
        self._workers = workers

    def cut(
        self, files: Iterable[File], chunking: ChunkingParameters, options: ReadingOptions
    ) -> Iterator[tuple[File, Cuts]]:
        results = read_files(files, workers=self._workers, limits=Limits(), options=options)
        while True:
            with self._watch.stage("read"):
                file, items = next(results, (None, iter(())))
            if file is None:
                return
            yield file, self._cut(items, chunking)

    def _cut(self, items: Iterator[Document | Skipped], chunking: ChunkingParameters) -> Cuts:
        while True:
            with self._watch.stage("read"):
                item = next(items, None)
            if item is None:
                return
            if isinstance(item, Skipped):
                yield item
                continue
            with self._watch.stage("chunk"):
                passages = tuple(chunk(item, self.encoder.tokenizer, chunking))
            yield CutDocument(item, passages)

    def encode(self, batches: Iterable[Sequence[str]]) -> Iterator[Vectors]:
        return map(self.encoder.encode_passages, batches)
