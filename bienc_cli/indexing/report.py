"""What an indexing run did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bienc_cli.stages import StageTime
from bienc_cli.store import IndexPlace
from bienc_cli.types import EncoderIdentity, Skipped


@dataclass(frozen=True, slots=True)
class DocumentCounts:
    """Documents by what became of them, against the index as it was."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0

    @property
    def held(self) -> int:
        """How many the covered part of the index holds now."""
        return self.new + self.changed + self.unchanged


@dataclass(frozen=True, slots=True)
class IndexReport:
    """The answer of `index`.

    Attributes:
        documents: by what became of them.
        skipped: files and records found and not indexed, each with its reason.
        passages: how many the whole index holds now.
        new_passages: how many were cut in this run.
        encoded: how many distinct texts went through the model.
        reused: how many of the new passages have a text that was encoded before.
        tokens: tokens that went through the model, without padding.
        text_characters: characters of text that were read.
        stages: wall time of each stage, in order.
        committed: False where nothing had changed, so that nothing was written.
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
        """Wall time of all stages together."""
        return sum(stage.seconds for stage in self.stages)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an indexing run is.

    Attributes:
        done_bytes: of the files to read, that are through.
        encoded: passages that went through the model.
        tokens: of these.
        encoded_bytes: those of `done_bytes` that went through the model.
    """

    done_bytes: int
    encoded: int
    tokens: int
    encoded_bytes: int


class IndexObserver(Protocol):
    """Told what an indexing run does, as it does it; for progress bars."""

    def discovered(self, files: int, total_bytes: int) -> None:
        """This many changed files are to be read."""

    def progressed(self, progress: Progress) -> None:
        """It is so far, in all."""

    def stage(self, name: str) -> None:
        """A stage without a measure of its own begins: `graph`, `commit`."""


class SilentObserver:
    """Says nothing."""

    def discovered(self, files: int, total_bytes: int) -> None:
        """Nothing is shown."""

    def progressed(self, progress: Progress) -> None:
        """Nothing is shown."""

    def stage(self, name: str) -> None:
        """Nothing is shown."""


@dataclass(frozen=True, slots=True)
class IndexOptions:
    """What to cover.

    Attributes:
        include: only files that match one of these gitignore-style patterns, all if empty; None
            for what is recorded of a root, or all.
        exclude: no file that matches one of these; None likewise.
        max_bytes: larger files are skipped; None likewise, or discovery's default.
        hidden: look into hidden files and folders too; None likewise, or not.
        pdf_engine: what reads PDFs: `pypdf` or `pdfium`; None for what is recorded, or pypdf.
        ocr: recognise text in pictures and on scanned pages; None for what is recorded, or not.
        ocr_languages: that it is looked for in, by Tesseract's names, all that are installed if
            empty; None for what is recorded. Where some are given, `ocr` need not be.
        language: that the texts are in, by ISO 639-1 code, for BM25's stems and for what is said
            of the model; `auto` where each tells itself; None for what is recorded, or `auto`.
        excludes_file: patterns that this user has git ignore in every repository; None for what
            is recorded.
        passage_tokens: longest passage, context and special tokens included; None for what
            the index was made with, or the default.
        overlap_tokens: how much of a passage its successor repeats; None likewise.
        workers: processes that read files beside this one.
        prune: forget roots and files that are not there any more, however many, where otherwise
            a disk is thought not to be mounted.
        checksum: tell whether a file has changed by its content alone.
        retry: read again what could not be read, or not whole, whatever the reason was.
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
