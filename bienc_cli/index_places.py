"""What a notebook names: indexes and files."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from bienc_cli.cli import environment
from bienc_cli.errors import IndexNotFound, PathNotFound
from bienc_cli.store import INDEX_NAME, IndexPlace, find_index, holds_index

_MOST_SAID = 100
"""Characters of a name that an error repeats."""


def place_of(path: str | Path) -> IndexPlace:
    """The index that a path or an address stands for: there, or the nearest one above.

    Raises:
        IndexNotFound: there is none of this user's.
        PathNotFound: no file can be called so.
    """
    if isinstance(path, str) and path.startswith("milvus+"):
        return environment.index_to_read(path)
    directory = (Path.cwd() / Path(possible(path)).expanduser()).absolute()
    if directory.name == INDEX_NAME or holds_index(directory):
        return environment.index_to_read(str(directory))
    found = find_index(directory, environment.safe_indexes())
    if found is None:
        raise IndexNotFound(
            f"There is no index of yours in {directory} or above it.",
            f"make one: Index.build([{str(directory)!r}])",
        )
    return found


def possible(path: str | Path) -> str:
    """A path as text, if anything can be called so.

    Raises:
        PathNotFound: it has a NUL, half a character, or is too long for a system to look for.
    """
    named = str(path)
    try:
        os.lstat(named)
    except ValueError:
        impossible = True
    except OSError as error:
        impossible = error.errno == errno.ENAMETOOLONG
    else:
        impossible = False
    if impossible:
        raise PathNotFound(f"No file can be called {named[:_MOST_SAID]!a}.", "check the path")
    return named
