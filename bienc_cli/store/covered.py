"""What an index records of the folders and files that it covers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


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
