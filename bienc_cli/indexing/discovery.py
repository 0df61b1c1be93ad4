"""Finds the files worth reading, in a fixed order, with what identifies their changes.

Files left out on purpose (ignored, hidden, excluded) are passed over silently; files that belong in
the index but cannot be read are yielded as `Skipped`, with the reason.
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
"""Limit for collections, which are read record by record, whatever their size."""

# Never documents: our own index, and the directories of version control systems.
_NEVER = frozenset({".bienc", ".git", ".hg", ".svn", ".bzr", ".jj", "_darcs", "CVS"})
# Generated, and easily regenerated; skipped even if hidden files are included.
_CACHES = frozenset(
    (
        "__pycache__ node_modules .venv .tox .nox .mypy_cache .pytest_cache .ruff_cache "
        ".hypothesis .ipynb_checkpoints .cache .gradle .terraform .eggs"
    ).split()
)
# Files that programs and systems create beside documents: lock files, folder settings.
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
        doc_id: path under the root (POSIX); the file's name if the root is the file.
        size: bytes.
        mtime_ns: time of last modification, nanoseconds since the epoch, clipped to 64 bits, which
            end in the year 2262.
        inode: its inode number.
        ctime_ns: time of the last change of content, name or permissions, likewise.
        device: number of its device.
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
"""Why a link is not followed; completes a sentence."""


def is_never_a_document(name: str) -> bool:
    """Whether discovery skips anything with this name, whatever its options."""
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
    overrides the `.gitignore` beside it, and deeper ones override those above. Inside a repository,
    those above the root apply too, up to its top, as do git's other excludes files.

    Symbolic links are followed if they stay inside the root and lead to something not found
    otherwise; they come last, so that a file goes by its own name.

    Args:
        root: a directory, or a single file, to which only the rules on size and kind apply.
        include: patterns as in ignore files, relative to the root; if there are any, only matching
            files are found. They do not bring back ignored or hidden files.
        exclude: patterns of files and directories to skip.
        max_bytes: limit on a file's size; collections have their own.
        hidden: also find files and directories whose name starts with a dot.
        removed: paths under the root to skip, exactly these and everything below them.
        excludes_file: the user's global git excludes file.
        ocr: also find images, if text can be recognised in them.

    Returns:
        Files and skips, ordered by path, component by component. The root is examined
        immediately, the rest lazily.

    Raises:
        PathNotFound: the root does not exist.
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
        (_admit(str(absolute), _shown(absolute.name), status, max_bytes, ReadingOptions(ocr=ocr)),)
    )


def discover_listed(
    base: Path, names: Iterable[str], *, max_bytes: int = DEFAULT_MAX_BYTES, ocr: bool = False
) -> Iterator[FoundFile | Skipped]:
    """Find the files of a list, to which only the rules on size and kind apply.

    Links are followed as in `discover`, but never to a directory: a list is of files. Missing files
    are passed over.

    Args:
        base: absolute path that the names are relative to.
        names: paths below it.
        max_bytes: as of `discover`.
        ocr: likewise.

    Returns:
        Files and skips, links last.
    """
    real_base = os.path.realpath(base)
    reading = ReadingOptions(ocr=ocr)
    seen: set[tuple[int, int]] = set()
    for name in sorted(names, key=lambda listed: ((base / listed).is_symlink(), listed)):
        path = os.path.join(base, name)  # noqa: PTH118  (`Path` would normalise invalid names)
        try:
            target = os.path.realpath(path, strict=True)
            status = Path(target).stat()
        except OSError as error:
            if os.path.lexists(path):
                yield _refused_link(error, name)
            continue
        parts = Path(os.path.relpath(target, real_base)).parts
        if os.pardir in parts:
            yield Skipped(name, "outside", OUTSIDE)
        elif stat.S_ISDIR(status.st_mode):
            yield Skipped(name, "directory", "a directory, and a list is of files")
        elif (status.st_dev, status.st_ino) not in seen and not _NEVER.intersection(parts):
            seen.add((status.st_dev, status.st_ino))
            yield _admit(target, name, status, max_bytes, reading)


def items_under(root: Root) -> Iterator[FoundFile | Skipped]:
    """Discover the files under a root, with its settings.

    Raises:
        PathNotFound: it does not exist.
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
class _Node:
    """A directory or link: its location, its path under the root, the rules in force there."""

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
    # Followed after everything else: most lead to files that are found under their own names.
    links: deque[_Node] = field(default_factory=deque)
    # Device and inode of the files yielded and the directories listed.
    seen: set[tuple[int, int]] = field(default_factory=set)

    def run(self) -> Iterator[FoundFile | Skipped]:
        """Everything below the root, then what is only reachable through links."""
        above = rules_above(self.real_root, self.excludes_file)
        yield from self._below(_Node(self.root, "", above))
        while self.links:
            yield from self._follow(self.links.popleft())

    def _below(self, top: _Node) -> Iterator[FoundFile | Skipped]:
        """Depth first, without recursion: trees may be arbitrarily deep."""
        pending = [self._list(top)]
        while pending:
            for item in pending[-1]:
                if isinstance(item, _Node):
                    pending.append(self._list(item))
                    break
                yield item
            else:
                pending.pop()

    def _list(self, directory: _Node) -> Iterator[FoundFile | Skipped | _Node]:
        try:
            if not self._is_new(Path(directory.path).stat()):
                return
            with os.scandir(directory.path) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            yield skip_for(error, directory.doc_id or ".")
            return
        names = {entry.name for entry in entries}
        # A person named the root, so it is not a cache to them, whatever it looks like.
        if directory.doc_id and (_VIRTUAL_ENVIRONMENT in names or _CACHE_TAG in names):
            return
        brings_rules = not names.isdisjoint((GIT, *IGNORE_FILES))
        rules = rules_of(directory.path, self.excludes_file) if brings_rules else ()
        ignoring = directory.ignoring.within(directory.doc_id, rules)
        for entry in entries:
            doc_id = f"{directory.doc_id}/{entry.name}" if directory.doc_id else entry.name
            item = self._enter(entry, _Node(entry.path, doc_id, ignoring))
            if item is not None:
                yield item

    def _enter(self, entry: os.DirEntry[str], node: _Node) -> FoundFile | Skipped | _Node | None:
        if is_never_a_document(entry.name):
            return None
        if entry.name.startswith(".") and not self.hidden:
            return None
        if node.doc_id in self.removed:
            return None
        try:
            # To git, a link is a file, even one to a directory.
            is_directory = entry.is_dir(follow_symlinks=False)
            status = entry.stat(follow_symlinks=False)
        except OSError as error:
            return skip_for(error, node.doc_id)
        if node.ignoring.ignore(node.doc_id, is_directory=is_directory):
            return None
        if self.selection.excludes(node.doc_id, is_directory=is_directory):
            return None
        is_link = entry.is_symlink()
        if not (is_directory or is_link or self.selection.includes(node.doc_id)):
            return None
        if not _is_utf8(entry.name):
            return Skipped(_shown(node.doc_id), "name", "its name is not valid UTF-8")
        if is_link:
            self.links.append(node)
            return None
        return node if is_directory else self._file_at(node, status)

    def _follow(self, link: _Node) -> Iterator[FoundFile | Skipped]:
        try:
            target = os.path.realpath(link.path, strict=True)
            status = Path(target).stat()
        except OSError as error:
            yield _refused_link(error, link.doc_id)
            return
        is_directory = stat.S_ISDIR(status.st_mode)
        if not is_directory and not self.selection.includes(link.doc_id):
            return
        parts = Path(os.path.relpath(target, self.real_root)).parts
        if os.pardir in parts:
            yield Skipped(link.doc_id, "outside", OUTSIDE)
        elif (status.st_dev, status.st_ino) not in self.seen and not _NEVER.intersection(parts):
            # By its real path, because the link may change before the file is read.
            node = _Node(target, link.doc_id, link.ignoring)
            if is_directory:
                yield from self._below(node)
            else:
                yield self._file_at(node, status)

    def _file_at(self, node: _Node, status: os.stat_result) -> FoundFile | Skipped:
        self._is_new(status)
        return _admit(node.path, node.doc_id, status, self.max_bytes, self.reading)

    def _is_new(self, status: os.stat_result) -> bool:
        count_before = len(self.seen)
        self.seen.add((status.st_dev, status.st_ino))
        return len(self.seen) > count_before


def _admit(
    path: str, doc_id: str, status: os.stat_result, max_bytes: int, reading: ReadingOptions
) -> FoundFile | Skipped:
    """Refuse files that cannot or should not be read, without opening any."""
    if not stat.S_ISREG(status.st_mode):
        # Opening one could block forever (a pipe) or have side effects (a device).
        return Skipped(doc_id, "special", "a pipe, socket or device, not a file")
    # Strings where possible: creating a `Path` costs as much as a stat.
    suffix = os.path.splitext(path)[1].lower()  # noqa: PTH122
    if is_unreadable(suffix, reading):
        return Skipped(doc_id, "binary", why_binary(suffix))
    if status.st_size > max_bytes:
        format_ = format_by_file_name(Path(path))
        cap = MAX_COLLECTION_BYTES if format_ is not None and format_.streamed else max_bytes
        if status.st_size > cap:
            size, limit = status.st_size / (1 << 20), cap / (1 << 20)
            return Skipped(doc_id, "too_large", f"{size:,.1f} MiB, more than {limit:,.1f} MiB")
    if not os.access(path, os.R_OK):
        return Skipped(doc_id, "permission", "no permission to read it")
    return FoundFile.of(Path(path), doc_id, status)


def _in_64_bits(number: int) -> int:
    return max(-(1 << 63), min(number, (1 << 63) - 1))


def skip_for(error: OSError, doc_id: str) -> Skipped:
    """The skip for a file or folder that the system refuses to open."""
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
    """A name that may not be UTF-8, made storable and printable."""
    return os.fsencode(name).decode("utf-8", "replace")
