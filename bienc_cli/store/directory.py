"""The directory of an index, and the files it may contain."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from bienc_cli.errors import IndexMismatch, IndexNotFound
from bienc_cli.store.catalog import CATALOG, catalog_path, refused
from bienc_cli.store.graph_file import GraphFile, graph_paths
from bienc_cli.store.lock import LOCK, WAITING
from bienc_cli.store.privacy import make_directory, make_file

GITIGNORE = ".gitignore"

_EARLIER = ("resume.sqlite",)
"""Files left by earlier versions; the next writer deletes them."""


def require_index(directory: Path) -> None:
    """Check that a directory has a catalog.

    Raises:
        IndexNotFound: it has none.
    """
    if not catalog_path(directory).exists():
        raise IndexNotFound(
            f"There is no index in {directory}.",
            f"make one: bienc index PATH --index {directory}",
        )


def prepare(directory: Path) -> bool:
    """Create the directory if necessary; returns whether it is new.

    Raises:
        IndexMismatch: it contains files that are not an index's.
        StorageError: it cannot be created.
    """
    try:
        with suppress(FileExistsError):
            make_directory(directory)
            return True
        if directory.is_dir():
            strangers = sorted(path.name for path in directory.iterdir() if not _is_ours(path.name))
        else:
            strangers = [directory.name]
    except OSError as error:
        raise refused(error, directory) from error
    if strangers and not catalog_path(directory).exists():
        raise IndexMismatch(
            f"{directory} is no index: it holds {strangers[0]}.",
            "give an empty or a new directory: --index DIR",
        )
    return False


def check_home(home: Path | None, directory: Path) -> None:
    """Refuse an index that was moved, whose new surroundings are not what it covers.

    Raises:
        IndexMismatch: it was moved away from its documents.
    """
    if home is not None:
        raise IndexMismatch(
            f"The index in {directory} was moved away from what it covers, in {home}.",
            f"move it back to {home}, or make another: bienc index PATH --index DIR",
        )


def _is_ours(name: str) -> bool:
    prefixes = (CATALOG, "vectors-", "graph-", *_EARLIER)
    return name in {LOCK, WAITING, GITIGNORE} or name.startswith(prefixes)


def write_gitignore(directory: Path) -> None:
    """Keep the index out of a surrounding git repository."""
    # An index can be rebuilt from the documents beside it, and is as large as they are.
    path = directory / GITIGNORE
    if not path.exists() and not path.is_symlink():
        make_file(path)
        path.write_text("*\n")


def remove_graphs(directory: Path, keep: GraphFile | None) -> None:
    """Delete all graph files except `keep`."""
    for path in graph_paths(directory):
        if keep is None or path.name != keep.name:
            path.unlink(missing_ok=True)


def remove_earlier(directory: Path) -> None:
    """Delete the files that only earlier versions used."""
    for name in _EARLIER:
        for path in directory.glob(f"{name}*"):
            path.unlink(missing_ok=True)


def sync_directory(directory: Path) -> None:
    """Flush the directory entries to the disk."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
