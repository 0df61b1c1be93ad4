"""Paths in an index: relative to the folder that it lies in, so that both can move together."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bienc_cli.errors import IndexDamaged
from bienc_cli.store.catalog import REPAIR


def root_path_for_storage(path: Path, directory: Path) -> str:
    """Relative to the folder that holds the index where inside it, so that both can move."""
    home = directory.parent
    if path.is_relative_to(home):
        return path.relative_to(home).as_posix()
    return str(path)


def root_path_from_storage(stored: str, home: Path) -> Path:
    """The absolute path of a root, of an index whose documents are where `home_of` says."""
    return Path(os.path.normpath(home / stored))


_MOST_LOOKED_FOR = 200


def home_of(connection: sqlite3.Connection, meta: Mapping[str, Any], directory: Path) -> Path:
    """The folder that an index's relative roots are relative to.

    That is the folder it lies in, also when both were moved or copied together. Of an index that
    was moved by itself, it is the folder that it lay in when it was written last, where its
    documents still are.
    """
    return moved_from(connection, meta, directory) or directory.parent


def moved_from(
    connection: sqlite3.Connection, meta: Mapping[str, Any], directory: Path
) -> Path | None:
    """The folder that an index was moved away from, without what it covers; None if it was not."""
    here = directory.parent
    recorded = meta.get("home")
    if not isinstance(recorded, str) or recorded == os.path.realpath(here):
        return None
    found = list(_known_paths(connection, here))
    # Most of them: a `README.md` is in many folders.
    if not found or 2 * sum(found) >= len(found) or _holds_nothing_else(connection, here):
        return None
    # Where they are nowhere, nothing says what was moved.
    before = list(_known_paths(connection, Path(recorded)))
    return Path(recorded) if sum(before) > sum(found) else None


def _holds_nothing_else(connection: sqlite3.Connection, home: Path) -> bool:
    """Whether all that is seen in relative roots, taken from a home, is known, and something is.

    That is a copy of which most was deleted.
    """
    seen = False
    roots = connection.execute(
        "SELECT id, path FROM roots WHERE path NOT LIKE '/%' AND kind <> 'file'"
    ).fetchall()
    for root_id, stored in roots:
        sizes = dict(
            connection.execute("SELECT path, size FROM files WHERE root_id = ?", (root_id,))
        )
        folders = {inside_root(path).partition("/")[0] for path in sizes if "/" in path}
        try:
            for entry in root_path_from_storage(stored, home).iterdir():
                if entry.name.startswith("."):
                    continue
                is_known = entry.is_dir() and entry.name in folders
                if not is_known and sizes.get(entry.name) != entry.stat().st_size:
                    return False
                seen = True
        except OSError:
            continue
    return seen


def _known_paths(connection: sqlite3.Connection, home: Path) -> Iterator[bool]:
    """Whether each of some files under relative roots is there, taken from a home."""
    rows = connection.execute(
        "SELECT roots.path, roots.kind, files.path FROM files "
        "JOIN roots ON roots.id = files.root_id WHERE roots.path NOT LIKE '/%' LIMIT ?",
        (_MOST_LOOKED_FOR,),
    ).fetchall()
    for stored, kind, path in rows:
        root = root_path_from_storage(stored, home)
        yield os.path.lexists(root if kind == "file" else root / inside_root(path))


def inside_root(path: str) -> str:
    """A file's path under its root, if it is one.

    Raises:
        IndexDamaged: it is absolute or goes upwards; the index may be a stranger's.
    """
    # By string: for an index of many files, `PurePosixPath` takes longer than reading the rows.
    # A column of text may hold anything in a file that was damaged.
    names = set(path.split("/")) if isinstance(path, str) else {".."}
    if ".." in names or names <= {"", "."} or path.startswith("/"):
        raise IndexDamaged(
            f"The index is damaged: the path {path!r} is not what was written.", REPAIR
        )
    return path


def shown_path(root: Path, kind: str, path: str, shown_from: Path) -> str:
    """A file's path for people: relative to where they are, else absolute.

    A root that is a single file has that file's name as its only path.
    """
    full = root if kind == "file" else root / inside_root(path)
    return str(full.relative_to(shown_from)) if full.is_relative_to(shown_from) else str(full)


class ShownPaths:
    """The paths of an index's files as people know them.

    Args:
        home: what relative roots are relative to; see `home_of`.
        shown_from: paths below it are shown relative to it.
    """

    def __init__(self, home: Path, shown_from: Path) -> None:
        self._home = home
        self._shown_from = shown_from
        self._real_roots: dict[Path, Path] = {}

    def of(self, root: str, kind: str, path: str) -> str:
        """The path that is shown."""
        return shown_path(self.full(root), kind, path, self._shown_from)

    def names(self, root: str, kind: str, path: str) -> tuple[str, ...]:
        """The path that is shown and, where links lead to the root, that without them."""
        full = self.full(root)
        if full not in self._real_roots:
            self._real_roots[full] = Path(os.path.realpath(full))
        real = self._real_roots[full]
        shown = self.of(root, kind, path)
        if real == full:
            return (shown,)
        return shown, shown_path(real, kind, path, Path(os.path.realpath(self._shown_from)))

    def full(self, root: str) -> Path:
        """The absolute path of a root, as it is recorded."""
        return root_path_from_storage(root, self._home)
