"""The result of an indexing run, its options, and progress while it runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bienc_cli.stages import StageTime, total_seconds
from bienc_cli.store import IndexPlace
from bienc_cli.types import EncoderIdentity, Skipped


@dataclass(frozen=True, slots=True)
class DocumentCounts:
    """Numbers of documents by what happened to them, compared with the index before."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0

    @property
    def held(self) -> int:
        """How many documents the covered part of the index holds now."""
        return self.new + self.changed + self.unchanged


@dataclass(frozen=True, slots=True)
class IndexReport:
    """The result of `index`.

    Attributes:
        documents: numbers of documents by what happened to them.
        skipped: files and records that were found but not indexed, with reasons.
        passages: number of passages in the whole index now.
        new_passages: number of passages created in this run.
        encoded: number of distinct texts encoded by the model.
        reused: number of new passages whose text had been encoded before.
        tokens: number of tokens encoded, without padding.
        text_characters: number of characters of text read.
        stages: wall time of each stage, in order.
        committed: False if nothing had changed and nothing was written.
    """

    directory: IndexPlace
    documents: DocumentCounts
    skipped: tuple[Skipped, ...]
    passages: int
    total_documents: int
    new_passages: int
    encoded: int
    reused: int
    tokens: int
    text_characters: int
    stages: tuple[StageTime, ...]
    encoder: EncoderIdentity
    runtime: str
    committed: bool
    warnings: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """Total wall time of all stages."""
        return total_seconds(self.stages)


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of an indexing run.

    Attributes:
        done_bytes: bytes finished, of the files to read.
        encoded: number of passages encoded by the model.
        tokens: number of their tokens.
        encoded_bytes: the part of `done_bytes` that was encoded by the model.
    """

    done_bytes: int
    encoded: int
    tokens: int
    encoded_bytes: int


class IndexObserver(Protocol):
    """Receives the events of an indexing run; for progress bars."""

    def discovered(self, files: int, total_bytes: int) -> None:
        """Called with the number and size of the changed files to read."""

    def progressed(self, progress: Progress) -> None:
        """Called with the total progress."""

    def stage(self, name: str) -> None:
        """Called when a stage without a measure of progress begins: `graph`, `commit`."""


class SilentObserver:
    """Ignores all events."""

    def discovered(self, files: int, total_bytes: int) -> None:
        """Ignored."""

    def progressed(self, progress: Progress) -> None:
        """Ignored."""

    def stage(self, name: str) -> None:
        """Ignored."""


@dataclass(frozen=True, slots=True)
class IndexOptions:
    """What to cover and how. None keeps the recorded setting, or else takes the default.

    Attributes:
        include: only files matching one of these gitignore-style patterns; all if empty.
        exclude: no files matching one of these.
        max_bytes: skip larger files.
        hidden: include hidden files and folders.
        pdf_engine: what reads PDFs: `pypdf` (default) or `pdfium`.
        ocr: recognise text in images and on scanned pages.
        ocr_languages: the languages of that text, by Tesseract's names; all installed ones if
            empty. Giving any implies `ocr`.
        language: the language of the texts, an ISO 639-1 code, for BM25's stemmer and for warnings
            about the model; `auto` detects it for each text.
        excludes_file: the user's global git excludes file.
        passage_tokens: length of the longest passage, context and special tokens included.
        overlap_tokens: how much of a passage the next one repeats.
        workers: number of extra processes that read files.
        prune: remove missing roots and files, however many, even if they might be on an unmounted
            disk.
        checksum: detect changes by file content alone.
        retry: read files again that could not be read whole, whatever the reason.
    """

    include: Sequence[str] | None = None
    exclude: Sequence[str] | None = None
    max_bytes: int | None = None
    hidden: bool | None = None
    pdf_engine: str | None = None
    ocr: bool | None = None
    ocr_languages: Sequence[str] | None = None
    language: str | None = None
    excludes_file: str | None = None
    passage_tokens: int | None = None
    overlap_tokens: int | None = None
    workers: int = 2
    prune: bool = False
    checksum: bool = False
    retry: bool = False
