"""Facts about an index: what it covers, what it holds, what is asked of it, what a check found."""

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
    """A directory below a root that a file system, or another directory, was mounted on.

    Attributes:
        path: under the root.
        device: what tells that file system; None in indexes of before it was recorded.
        inode: of what was mounted, in that file system; likewise.
    """

    path: str
    device: int | None = None
    inode: int | None = None


@dataclass(frozen=True, slots=True)
class Root:
    """A folder or a single file that the index covers, with the settings it was covered by.

    Attributes:
        path: absolute.
        include: gitignore-style patterns; all files if empty.
        exclude: likewise; none if empty.
        max_bytes: larger files were skipped; None for discovery's default.
        hidden: hidden files were looked into.
        pdf_engine: what read its PDFs: `pypdf` or `pdfium`.
        ocr: text in pictures and on scanned pages was recognised.
        ocr_languages: that it was looked for in, by Tesseract's names; all of them if empty.
        language: its texts are said to be in, by ISO 639-1 code; None where each tells itself.
        files: only these, by path under `path`, as they came in a list; None for all.
        excludes_file: what its user had git ignore in every repository then; None for nothing.
        removed: never these, nor what is below them, by path under `path`: a person had the
            index forget them while the root went on being covered.
        device: number of the device that `path` was on when files were last found there; None
            where that is not known. A mount that is gone leaves an empty directory on another.
        inode: of `path` on that device, likewise.
        mounts: what was mounted below `path`.
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
"""How much of a file the index has: all that is in it, what was read until something failed, or
nothing."""


UNSETTLED = -1
"""In place of a file's `ctime_ns`: it was changed so shortly before it was read that a change
right after would not show in its times."""


@dataclass(frozen=True, slots=True)
class FileState:
    """What is known of a file from the last time it was read.

    Attributes:
        digest: of its bytes; empty where it changed while it was read.
        reader: stamp of the reader that read it; another stamp makes it stale.
        inode: number of the file on its device; 0 where that is not known.
        ctime_ns: when its content, name or rights last changed, as the system keeps it and no
            program can set it; nanoseconds since the epoch, 0 where not known, or `UNSETTLED`.
        outcome: how much of it the index has.
        code: of the reason where that is not all; "" where it is.
        attempts: how often in a row it was read with that code, the content being the same.
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
    """A file with what told it when it was read: its size in bytes and time of modification."""

    path: Path
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Filter:
    """Which documents count. Empty fields allow all.

    Attributes:
        paths: gitignore-style patterns, matched against a document's path under its root and
            against its path as it is shown; one match is enough. What matches one that begins
            with `!` is out.
        formats: names of formats (`markdown`, `pdf`).
    """

    paths: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.paths or self.formats)


@dataclass(frozen=True, slots=True)
class StoredPassage:
    """A passage with its place in the index.

    Attributes:
        file: the document's file; None where the index is not on this machine.
        path: of the document's file as it is shown: relative to the folder that holds the
            index where it lies inside it, else absolute.
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
    """What the catalog records of the file it names.

    Attributes:
        name: of the file.
        nonce: of the file; a checksum depends on it.
        rows: how many of the file's rows are counted; what lies behind them is a tail.
    """

    name: str
    nonce: int
    rows: int


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """What one generation of an index holds; cheap to have, whatever its size.

    Attributes:
        directory: where it is.
        created: seconds since the epoch.
        updated: of the last commit, likewise.
        formats: documents by format, most frequent first.
        skipped: files and records that were found and not indexed.
        sizes: bytes on this disk by part: `catalog`, `vectors`, `graph`; 0 for what a server keeps.
        blend: weights that were learned for this index; None where the defaults hold.
        languages: passages by the code of their language, most frequent first; those that are not
            counted are in English, or tell nothing.
        names_model_of_ours: this user has loaded the model that it names before, for this index;
            otherwise its name is only what whoever made the index wrote there.
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
    """What a commit wrote.

    Attributes:
        committed: False where nothing had changed, so that nothing was written.
    """

    info: IndexInfo
    graph_rebuilt: bool
    committed: bool


@dataclass(frozen=True, slots=True)
class Begun:
    """What the vectors and passages of a new index are of, which no commit says yet."""

    encoder: EncoderIdentity
    chunking: ChunkingParameters


def check_agreement(
    info: IndexInfo | Begun, encoder: EncoderIdentity, chunking: ChunkingParameters
) -> None:
    """Refuse vectors of another model, and passages cut otherwise.

    Raises:
        IndexMismatch: they are.
    """
    if info.encoder.fingerprint != encoder.fingerprint:
        was = "is being" if isinstance(info, Begun) else "was"
        raise IndexMismatch(
            f"This index {was} made with {info.encoder.name}, not {encoder.name}.",
            f"make another: bienc index PATH --model {encoder.name} --index DIR",
        )
    # An improved algorithm may cut anew what it reads anew.
    if replace(info.chunking, version=chunking.version) != chunking:
        raise IndexMismatch(
            f"This index has passages of {info.chunking.max_tokens} tokens with "
            f"{info.chunking.overlap_tokens} of overlap, not {chunking.max_tokens} "
            f"with {chunking.overlap_tokens}.",
            "make another: bienc index PATH --index DIR",
        )


class Remedy(StrEnum):
    """What mends a problem."""

    REBUILD = "rebuild"
    """Made anew from what is whole, by `repair`."""
    READ_AGAIN = "read again"
    """`repair` forgets the file; the next run of `index` reads and encodes it again."""
    START_OVER = "start over"
    """Nothing; the index must be made again."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not what was written.

    Attributes:
        part: `catalog`, `texts`, `passages`, `vectors`, `words`, `codes` or `graph`.
        message: a sentence.
        file_ids: the files it concerns, where it concerns some.
    """

    part: str
    message: str
    remedy: Remedy
    file_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check found.

    Attributes:
        info: None where even that cannot be told.
        recall: mean share of the 10 nearest vectors that the graph finds, over a sample of the
            vectors; None where there is no graph to ask.
    """

    info: IndexInfo | None
    problems: tuple[Problem, ...]
    recall: float | None = None


@dataclass(frozen=True, slots=True)
class RepairReport:
    """What a repair did.

    Attributes:
        rebuilt: parts that were made anew.
        forgotten: files to be read again, as paths under their roots.
    """

    rebuilt: tuple[str, ...]
    forgotten: tuple[str, ...]
