"""Paths to files worth reading, in a fixed order, each with what tells whether it changed.

What is left out on purpose (ignored, hidden, excluded) is passed over in silence; what would
belong here and cannot be read is handed out as `Skipped`, with its reason.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bienc_cli.errors import PathNotFound
from bienc_cli.formats.refusal import why_binary
from bienc_cli.formats.table import ReadingOptions, format_by_file_name, is_unreadable
from bienc_cli.indexing.ignoring import (
    GIT,
    IGNORE_FILES,
    IgnoreFiles,
    Patterns,
    rules_above,
    rules_of,
)
from bienc_cli.patterns import parse_patterns
from bienc_cli.store import Root
from bienc_cli.types import Skipped

DEFAULT_MAX_BYTES = 32 << 20
"""Larger files are rarely documents: logs, dumps, exports."""

MAX_COLLECTION_BYTES = 64 << 30
"""Cap for collections, which are read record by record, whatever their size."""

# Never documents of this folder: our own index, the stores of version control systems.
_NEVER = frozenset({".bienc", ".git", ".hg", ".svn", ".bzr", ".jj", "_darcs", "CVS"})
# Made by machines and made again at will; out even where hidden files are in.
_CACHES = frozenset(
    (
        "__pycache__ node_modules .venv .tox .nox .mypy_cache .pytest_cache .ruff_cache "
        ".hypothesis .ipynb_checkpoints .cache .gradle .terraform .eggs"
    ).split()
)
# What programs and systems keep beside documents: while one is open, or of its folder.
_KEPT_BESIDE = re.compile(
    r"(?is)~\$.*|\.~lock\..*#|~WR\w+\.tmp|\._.+|\.DS_Store|(?:eh)?thumbs\.db|desktop\.ini|Icon\r"
)
_VIRTUAL_ENVIRONMENT = "pyvenv.cfg"
_CACHE_TAG = "CACHEDIR.TAG"
"""Marks a directory of regenerable content: https://bford.info/cachedir/"""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file to read.

    Attributes:
        path: absolute.
        doc_id: path under the root (POSIX); the file's name where the root is the file.
        size: bytes.
        mtime_ns: time of its last modification, nanoseconds since the epoch; the nearest that
            fits into 64 bits, which end in the year 2262.
        inode: its number on its device.
        ctime_ns: time of the last change of its content, name or rights, likewise.
        device: number of the device it is on.
    """

    path: Path
    doc_id: str
    size: int
    mtime_ns: int
    inode: int = 0
    ctime_ns: int = 0
    device: int = 0

    @classmethod
    def of(cls, path: Path, doc_id: str, status: os.stat_result) -> FoundFile:
        """A file as the system describes it."""
        return cls(
            path,
            doc_id,
            status.st_size,
            _in_64_bits(status.st_mtime_ns),
            _in_64_bits(status.st_ino),
            _in_64_bits(status.st_ctime_ns),
            status.st_dev,
        )


OUTSIDE = "a link that leads outside the folder"
"""Why it is not followed, as the end of a sentence."""


def is_never_a_document(name: str) -> bool:
    """Whether discovery passes over anything of this name, whatever its options."""
    return name in _NEVER or name in _CACHES or _KEPT_BESIDE.fullmatch(name) is not None


def discover(
    root: Path,
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    max_bytes: int = DEFAULT_MAX_BYTES,
    hidden: bool = False,
    removed: Collection[str] = (),
    excludes_file: str | None = None,
    ocr: bool = False,
) -> Iterator[FoundFile | Skipped]:
    """Find the files under a root.

    Ignore files under the root have git's semantics, in a repository or not: `.biencignore`
    overrides the `.gitignore` beside it, deeper ones override those above. In a repository those
    above the root count too, up to its top, and what git is told besides.

    Symbolic links are followed where they stay inside the root and lead to something that
    is not found anyway; they come last, so that a file is known by its own name.

    Args:
        root: a directory, or a single file, which no rule but size and kind holds back.
        include: patterns as in ignore files, relative to the root; if there are any, only
            files that match are found. They do not bring back what is ignored or hidden.
        exclude: patterns of files and directories to pass over.
        max_bytes: cap on a file's size; collections have a cap of their own.
        hidden: whether files and directories whose name begins with a dot are found too.
        removed: paths under the root to pass over, exactly these and what is below them.
        excludes_file: of patterns that this user has git ignore in every repository.
        ocr: pictures are found too, where there is something to recognise text in them.

    Returns:
        Files and refusals, ordered by path, component by component. The root is looked at
        at once, the rest as it is asked for.

    Raises:
        PathNotFound: there is no such root.
        UsageError: a pattern is malformed.
    """
    selection = Patterns(parse_patterns("--include", include), parse_patterns("--exclude", exclude))
    absolute = Path(os.path.abspath(root))  # noqa: PTH100  (links in it stay as they are)
    try:
        status = absolute.stat()
    except OSError as error:
        raise PathNotFound(f"There is no '{root}' here.") from error
    if stat.S_ISDIR(status.st_mode):
        return _Walk(
            str(absolute),
            os.path.realpath(absolute),
            selection,
            max_bytes,
            hidden,
            frozenset(removed),
            excludes_file,
            ReadingOptions(ocr=ocr),
        ).run()
    return iter(
        (_judge(str(absolute), _shown(absolute.name), status, max_bytes, ReadingOptions(ocr=ocr)),)
    )


def discover_listed(
    base: Path, names: Iterable[str], *, max_bytes: int = DEFAULT_MAX_BYTES, ocr: bool = False
) -> Iterator[FoundFile | Skipped]:
    """Find files of a list, which no rule but size and kind holds back.

    Links are followed as in `discover`, and none to a directory: a list is of files. Those that
    are gone are passed over.

    Args:
        base: what the names are relative to, absolute.
        names: paths below it.
        max_bytes: as of `discover`.
        ocr: likewise.

    Returns:
        Files and refusals, links last.
    """
    real_base = os.path.realpath(base)
    reading = ReadingOptions(ocr=ocr)
    seen: set[tuple[int, int]] = set()
    for name in sorted(names, key=lambda name: ((base / name).is_symlink(), name)):
        path = os.path.join(base, name)  # noqa: PTH118  (`Path` would take what is no path apart)
        try:
            target = os.path.realpath(path, strict=True)
            status = Path(target).stat()
        except OSError as error:
            if os.path.lexists(path):
                yield _refused_link(error, name)
            continue
        inside = Path(os.path.relpath(target, real_base)).parts
        if os.pardir in inside:
            yield Skipped(name, "outside", OUTSIDE)
        elif stat.S_ISDIR(status.st_mode):
            yield Skipped(name, "directory", "a directory, and a list is of files")
        elif (status.st_dev, status.st_ino) not in seen and not _NEVER.intersection(inside):
            seen.add((status.st_dev, status.st_ino))
            yield _judge(target, name, status, max_bytes, reading)


def items_under(root: Root) -> Iterator[FoundFile | Skipped]:
    """What discovery finds under a root, by its settings.

    Raises:
        PathNotFound: it is not there.
    """
    limit = DEFAULT_MAX_BYTES if root.max_bytes is None else root.max_bytes
    if root.files is None:
        yield from discover(
            root.path,
            include=root.include,
            exclude=root.exclude,
            max_bytes=limit,
            hidden=root.hidden,
            removed=root.removed,
            excludes_file=root.excludes_file,
            ocr=root.ocr,
        )
        return
    yield from discover_listed(root.path, root.files, max_bytes=limit, ocr=root.ocr)


@dataclass(frozen=True, slots=True)
class _Place:
    """A directory or link: where it is, its path under the root, the rules in force there."""

    path: str
    doc_id: str
    ignoring: IgnoreFiles


@dataclass(slots=True)
class _Walk:
    """One walk below one root."""

    root: str
    real_root: str
    selection: Patterns
    max_bytes: int
    hidden: bool
    removed: frozenset[str]
    excludes_file: str | None
    reading: ReadingOptions
    # Judged after everything else: most lead to what has a name of its own.
    links: deque[_Place] = field(default_factory=deque)
    # Device and inode of the files handed out and the directories listed.
    seen: set[tuple[int, int]] = field(default_factory=set)

    def run(self) -> Iterator[FoundFile | Skipped]:
        """Everything below the root, then what only links lead to."""
        above = rules_above(self.real_root, self.excludes_file)
        yield from self._below(_Place(self.root, "", above))
        while self.links:
            yield from self._follow(self.links.popleft())

    def _below(self, top: _Place) -> Iterator[FoundFile | Skipped]:
        """Depth first, without recursion: trees may be as deep as they like."""
        pending = [self._list(top)]
        while pending:
            for item in pending[-1]:
                if isinstance(item, _Place):
                    pending.append(self._list(item))
                    break
                yield item
            else:
                pending.pop()

    def _list(self, directory: _Place) -> Iterator[FoundFile | Skipped | _Place]:
        try:
            if not self._is_new(Path(directory.path).stat()):
                return
            with os.scandir(directory.path) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            yield skip_for(error, directory.doc_id or ".")
            return
        names = {entry.name for entry in entries}
        # The root was named by a person: it is no cache to them, whatever it looks like.
        if directory.doc_id and (_VIRTUAL_ENVIRONMENT in names or _CACHE_TAG in names):
            return
        brings_rules = not names.isdisjoint((GIT, *IGNORE_FILES))
        rules = rules_of(directory.path, self.excludes_file) if brings_rules else ()
        ignoring = directory.ignoring.within(directory.doc_id, rules)
        for entry in entries:
            doc_id = f"{directory.doc_id}/{entry.name}" if directory.doc_id else entry.name
            item = self._enter(entry, _Place(entry.path, doc_id, ignoring))
            if item is not None:
                yield item

    def _enter(self, entry: os.DirEntry[str], place: _Place) -> FoundFile | Skipped | _Place | None:
        if is_never_a_document(entry.name):
            return None
        if entry.name.startswith(".") and not self.hidden:
            return None
        if place.doc_id in self.removed:
            return None
        try:
            # As to git, a link is a file, also one to a directory.
            is_directory = entry.is_dir(follow_symlinks=False)
            status = entry.stat(follow_symlinks=False)
        except OSError as error:
            return skip_for(error, place.doc_id)
        if place.ignoring.ignore(place.doc_id, is_directory=is_directory):
            return None
        if self.selection.excludes(place.doc_id, is_directory=is_directory):
            return None
        is_link = entry.is_symlink()
        if not (is_directory or is_link or self.selection.includes(place.doc_id)):
            return None
        if not _is_utf8(entry.name):
            return Skipped(_shown(place.doc_id), "name", "its name is not valid UTF-8")
        if is_link:
            self.links.append(place)
            return None
        return place if is_directory else self._found(place, status)

    def _follow(self, link: _Place) -> Iterator[FoundFile | Skipped]:
        try:
            target = os.path.realpath(link.path, strict=True)
            status = Path(target).stat()
        except OSError as error:
            yield _refused_link(error, link.doc_id)
            return
        is_directory = stat.S_ISDIR(status.st_mode)
        if not is_directory and not self.selection.includes(link.doc_id):
            return
        inside = Path(os.path.relpath(target, self.real_root)).parts
        if os.pardir in inside:
            yield Skipped(link.doc_id, "outside", OUTSIDE)
        elif (status.st_dev, status.st_ino) not in self.seen and not _NEVER.intersection(inside):
            # By its real path: a link may lead elsewhere by the time it is read.
            place = _Place(target, link.doc_id, link.ignoring)
            if is_directory:
                yield from self._below(place)
            else:
                yield self._found(place, status)

    def _found(self, place: _Place, status: os.stat_result) -> FoundFile | Skipped:
        self._is_new(status)
        return _judge(place.path, place.doc_id, status, self.max_bytes, self.reading)

    def _is_new(self, status: os.stat_result) -> bool:
        known = len(self.seen)
        self.seen.add((status.st_dev, status.st_ino))
        return len(self.seen) > known


def _judge(
    path: str, doc_id: str, status: os.stat_result, max_bytes: int, reading: ReadingOptions
) -> FoundFile | Skipped:
    """Refuse what cannot or should not be read; nothing is opened for it."""
    if not stat.S_ISREG(status.st_mode):
        # Opening one could wait forever (a pipe) or do something (a device).
        return Skipped(doc_id, "special", "a pipe, socket or device, not a file")
    # Strings as far as possible: every `Path` costs as much as asking the system for the file.
    suffix = os.path.splitext(path)[1].lower()  # noqa: PTH122
    if is_unreadable(suffix, reading):
        return Skipped(doc_id, "binary", why_binary(suffix))
    if status.st_size > max_bytes:
        found = format_by_file_name(Path(path))
        cap = MAX_COLLECTION_BYTES if found is not None and found.streamed else max_bytes
        if status.st_size > cap:
            size, limit = status.st_size / (1 << 20), cap / (1 << 20)
            return Skipped(doc_id, "too_large", f"{size:,.1f} MiB, more than {limit:,.1f} MiB")
    if not os.access(path, os.R_OK):
        return Skipped(doc_id, "permission", "no permission to read it")
    return FoundFile.of(Path(path), doc_id, status)


def _in_64_bits(number: int) -> int:
    return max(-(1 << 63), min(number, (1 << 63) - 1))


def skip_for(error: OSError, doc_id: str) -> Skipped:
    """What to say of a file or folder that the system does not let one look at."""
    if isinstance(error, FileNotFoundError):
        return Skipped(_shown(doc_id), "vanished", "was there and is gone")
    if isinstance(error, PermissionError):
        return Skipped(_shown(doc_id), "permission", "no permission to read it")
    return Skipped(_shown(doc_id), "io", f"the system cannot read it ({error.strerror})")


def _refused_link(error: OSError, doc_id: str) -> Skipped:
    if error.errno == errno.ELOOP:
        return Skipped(doc_id, "loop", "a link that leads back to itself")
    if isinstance(error, FileNotFoundError):
        return Skipped(doc_id, "vanished", "a link that leads nowhere")
    return skip_for(error, doc_id)


def _is_utf8(name: str) -> bool:
    return name.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in name)


def _shown(name: str) -> str:
    """A name that may be no UTF-8 as one that can be stored and printed."""
    return os.fsencode(name).decode("utf-8", "replace")
