"""The dataclasses of an index: what it covers and holds, filters, and the results of a check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bienc_cli.errors import IndexMismatch
from bienc_cli.types import ChunkingParameters, EncoderIdentity, Passage, TunedBlend

if TYPE_CHECKING:
    from bienc_cli.store.place import IndexPlace


@dataclass(frozen=True, slots=True)
class Mount:
    """A mount point below a root, of a file system or a bind-mounted directory.

    Attributes:
        path: under the root.
        device: identifies the file system; None in indexes older than this field.
        inode: of the mounted directory in that file system; likewise.
    """

    path: str
    device: int | None = None
    inode: int | None = None


@dataclass(frozen=True, slots=True)
class Root:
    """A folder or single file that the index covers, with its settings.

    Attributes:
        path: absolute.
        include: gitignore-style patterns; all files if empty.
        exclude: likewise; none if empty.
        max_bytes: larger files are skipped; None for discovery's default.
        hidden: whether hidden files are included.
        pdf_engine: which library reads PDFs: `pypdf` or `pdfium`.
        ocr: whether text in images and on scanned pages is recognised.
        ocr_languages: the languages of that text, by Tesseract's names; all of them if empty.
        language: the declared language of its texts, an ISO 639-1 code; None to detect it per text.
        files: only these files, by path under `path`, because they were listed; None for all.
        excludes_file: the user's global git excludes file at the time; None for none.
        removed: paths under `path` that a person removed by hand; they and everything below them
            stay out of the index.
        device: device number of `path` when files were last found there; None if unknown. An
            unmounted disk leaves an empty directory on another device.
        inode: of `path` on that device, likewise.
        mounts: the mount points below `path`.
    """

    path: Path
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    max_bytes: int | None = None
    hidden: bool = False
    pdf_engine: str = "pypdf"
    ocr: bool = False
    ocr_languages: tuple[str, ...] = ()
    language: str | None = None
    files: tuple[str, ...] | None = None
    excludes_file: str | None = None
    removed: tuple[str, ...] = ()
    device: int | None = None
    inode: int | None = None
    mounts: tuple[Mount, ...] = ()


Outcome = Literal["whole", "partial", "failed"]
"""How much of a file the index has: everything, the part read until something failed, or
nothing."""


UNSETTLED = -1
"""Stands for a file's `ctime_ns` if the file changed so shortly before it was read that another
change right after would not show in its times."""


@dataclass(frozen=True, slots=True)
class FileState:
    """The recorded state of a file when it was last read.

    Attributes:
        digest: of its bytes; empty if it changed while it was being read.
        reader: version stamp of the format that read it; another stamp makes it stale.
        inode: inode number; 0 if unknown.
        ctime_ns: when its content, name or permissions last changed; maintained by the system and
            not settable by programs. Nanoseconds since the epoch, 0 if unknown, or `UNSETTLED`.
        outcome: how much of it was indexed.
        code: the reason if it is not whole; "" otherwise.
        attempts: consecutive attempts with this code and the same content.
    """

    file_id: int
    path: str
    size: int
    mtime_ns: int
    digest: bytes
    reader: str
    inode: int = 0
    ctime_ns: int = 0
    outcome: Outcome = "whole"
    code: str = ""
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class FileStamp:
    """A file with the size in bytes and modification time it had when it was read."""

    path: Path
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Filter:
    """Which documents a search includes. Empty fields allow all.

    Attributes:
        paths: gitignore-style patterns, matched against a document's path under its root and its
            displayed path; one match is enough. A pattern starting with `!` excludes.
        formats: format names (`markdown`, `pdf`).
    """

    paths: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.paths or self.formats)


@dataclass(frozen=True, slots=True)
class StoredPassage:
    """A passage as stored in an index.

    Attributes:
        file: the document's file; None if the index is not on this machine.
        path: displayed path of the document's file: relative to the folder that holds the index if
            it is inside, else absolute.
    """

    passage_id: int
    document_id: int
    passage: Passage
    path: str
    title: str | None
    format: str
    file: FileStamp | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class VectorRows:
    """What the catalog records about the vector file.

    Attributes:
        name: file name.
        nonce: the file's nonce, which its checksums depend on.
        rows: how many of its rows this generation counts; any further rows are the tail.
    """

    name: str
    nonce: int
    rows: int


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """Summary of one generation of an index; cheap to obtain at any size.

    Attributes:
        directory: where the index is.
        created: seconds since the epoch.
        updated: time of the last commit, likewise.
        formats: number of documents by format, most frequent first.
        skipped: number of files and records that were found but not indexed.
        sizes: bytes on this disk by part: `catalog`, `vectors`, `graph`; 0 for parts on a server.
        blend: weights learned for this index; None for the defaults.
        languages: number of passages by language code, most frequent first; passages not counted
            are in English or of unknown language.
        names_model_of_ours: whether this user has loaded the recorded model for this index before;
            otherwise its name is merely what the index's author wrote.
    """

    directory: IndexPlace
    format_version: int
    generation: int
    created: float
    updated: float
    encoder: EncoderIdentity
    chunking: ChunkingParameters
    roots: tuple[Root, ...]
    files: int
    documents: int
    passages: int
    vectors: int
    skipped: int
    formats: tuple[tuple[str, int], ...]
    sizes: Mapping[str, int]
    blend: TunedBlend | None = None
    languages: tuple[tuple[str, int], ...] = ()
    names_model_of_ours: bool = True


@dataclass(frozen=True, slots=True)
class CommitReport:
    """The result of a commit.

    Attributes:
        committed: False if nothing had changed and nothing was written.
    """

    info: IndexInfo
    graph_rebuilt: bool
    committed: bool


@dataclass(frozen=True, slots=True)
class Begun:
    """The settings of a new index that no commit has recorded yet."""

    encoder: EncoderIdentity
    chunking: ChunkingParameters


def check_agreement(
    info: IndexInfo | Begun, encoder: EncoderIdentity, chunking: ChunkingParameters
) -> None:
    """Refuse vectors of another model, and passages chunked with other settings.

    Raises:
        IndexMismatch: the settings differ.
    """
    if info.encoder.fingerprint != encoder.fingerprint:
        was = "is being" if isinstance(info, Begun) else "was"
        raise IndexMismatch(
            f"This index {was} made with {info.encoder.name}, not {encoder.name}.",
            f"make another: bienc index PATH --model {encoder.name} --index DIR",
        )
    # A newer version of the algorithm may be used for files that are read again.
    if replace(info.chunking, version=chunking.version) != chunking:
        raise IndexMismatch(
            f"This index has passages of {info.chunking.max_tokens} tokens with "
            f"{info.chunking.overlap_tokens} of overlap, not {chunking.max_tokens} "
            f"with {chunking.overlap_tokens}.",
            "make another: bienc index PATH --index DIR",
        )


class Remedy(StrEnum):
    """What fixes a problem."""

    REBUILD = "rebuild"
    """`repair` rebuilds it from undamaged data."""
    READ_AGAIN = "read again"
    """`repair` removes the file; the next run of `index` reads and encodes it again."""
    START_OVER = "start over"
    """Nothing; the index must be rebuilt."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A part of the index that is not what was written.

    Attributes:
        part: `catalog`, `texts`, `passages`, `vectors`, `words`, `codes` or `graph`.
        message: a sentence.
        file_ids: the affected files, if known.
    """

    part: str
    message: str
    remedy: Remedy
    file_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The result of a check.

    Attributes:
        info: None if even that is unreadable.
        recall: mean fraction of the 10 nearest vectors that the graph finds, over a sample of
            vectors; None without a usable graph.
    """

    info: IndexInfo | None
    problems: tuple[Problem, ...]
    recall: float | None = None

    @property
    def beyond_repair(self) -> Problem | None:
        """The first problem that only a new index fixes."""
        lost = (problem for problem in self.problems if problem.remedy is Remedy.START_OVER)
        return next(lost, None)

    @property
    def file_ids(self) -> set[int]:
        """The affected files, if known."""
        return {file_id for problem in self.problems for file_id in problem.file_ids}


@dataclass(frozen=True, slots=True)
class RepairReport:
    """The result of a repair.

    Attributes:
        rebuilt: parts that were rebuilt.
        forgotten: files to be read again, as paths under their roots.
    """

    rebuilt: tuple[str, ...]
    forgotten: tuple[str, ...]
