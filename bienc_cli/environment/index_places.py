"""Decides which index is meant: the named one, or the nearest one upwards."""

from __future__ import annotations

import errno
import os
import shlex
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from bienc_cli.environment import caller, variables
from bienc_cli.errors import IndexNotFound, PathNotFound

if TYPE_CHECKING:
    from bienc_cli.store import IndexPlace

_MOST_QUOTED = 100
"""Characters of a name that an error repeats."""

_INDEX_FILE_PREFIXES = (".gitignore", "catalog.", "graph-", "lock", "resume.", "vectors-")
"""Prefixes of the files that an unfinished run leaves in a directory."""


def index_to_read(named: str | IndexPlace | None) -> IndexPlace:
    """The index as named, or the nearest one upwards.

    Raises:
        IndexNotFound: there is none upwards.
        UsageError: the address is malformed.
    """
    from bienc_cli.store import find_index

    here = caller.here()
    place = _place(named) if named is not None else find_index(here, variables.safe_indexes())
    if place is None:
        raise _not_found(here)
    return place


def _not_found(here: Path) -> IndexNotFound:
    from bienc_cli.store import find_foreign_index

    foreign = find_foreign_index(here, variables.safe_indexes())
    if foreign is not None:
        return IndexNotFound(
            f"There is no index of yours in {here} or above it; {foreign} belongs to another user.",
            f"if you trust it: --index {foreign}, or BIENC_SAFE={foreign}",
        )
    return IndexNotFound(
        f"There is no index in {here} or above it.", "make one of this folder: bienc index"
    )


def indexes_to_read(named: Sequence[str] | None) -> list[IndexPlace]:
    """The named indexes without repeats, links resolved; else what `index_to_read` finds.

    Raises:
        IndexNotFound: none is named, and there is none upwards.
        UsageError: an address is malformed.
    """
    names: Sequence[str | None] = named or [os.environ.get("BIENC_INDEX") or None]
    places: dict[str, IndexPlace] = {}
    for name in names:
        place = index_to_read(name)
        places.setdefault(os.path.realpath(place) if isinstance(place, Path) else str(place), place)
    return list(places.values())


def index_to_write(named: str | IndexPlace | None) -> IndexPlace:
    """The index to make or update: as named, or the nearest one upwards, or a new one here.

    Raises:
        UsageError: the address is malformed.
    """
    from bienc_cli.store import INDEX_NAME, find_index

    if named is not None:
        return _place(named)
    return find_index(Path.cwd(), variables.safe_indexes()) or Path.cwd() / INDEX_NAME


def place_of(path: str | Path) -> IndexPlace:
    """The index at a path or address, or the nearest one above it.

    Raises:
        IndexNotFound: there is none that this user owns.
        PathNotFound: the path is not a valid file name.
    """
    from bienc_cli.store import INDEX_NAME, find_index, holds_index
    from bienc_cli.wings import PLACES

    if isinstance(path, str) and path.startswith(tuple(PLACES)):
        return index_to_read(path)
    directory = (Path.cwd() / Path(possible(path)).expanduser()).absolute()
    if directory.name == INDEX_NAME or holds_index(directory):
        return index_to_read(str(directory))
    place = find_index(directory, variables.safe_indexes())
    if place is None:
        raise IndexNotFound(
            f"There is no index of yours in {directory} or above it.",
            f"make one: Index.build([{str(directory)!r}])",
        )
    return place


def _place(named: str | IndexPlace) -> IndexPlace:
    """An index by address or directory, or one that was already found."""
    from bienc_cli.wings import remote_place

    if not isinstance(named, str | Path):
        return named
    place = remote_place(named, caller.here(), os.environ) if isinstance(named, str) else None
    if place is not None:
        return place
    directory = caller.here() / Path(possible(named)).expanduser()
    if directory.name != os.pardir:
        # Its location determines which folders are beside it, even if it is itself a link.
        directory = Path(os.path.realpath(directory.parent), directory.name)
    _refuse_folder_of_documents(directory)
    return directory


def possible(path: str | Path) -> str:
    """A path as text, after checking that it is a valid name.

    Raises:
        PathNotFound: it contains a NUL or half a character, or is too long for the system.
    """
    name = str(path)
    try:
        os.lstat(name)
    except ValueError:
        impossible = True
    except OSError as error:
        impossible = error.errno == errno.ENAMETOOLONG
    else:
        impossible = False
    if impossible:
        raise PathNotFound(f"No file can be called {name[:_MOST_QUOTED]!a}.", "check the path")
    return name


def _refuse_folder_of_documents(directory: Path) -> None:
    """Refuse to scatter an index's files among other files.

    Raises:
        IndexNotFound: the folder contains other files.
    """
    from bienc_cli.store import INDEX_NAME, holds_index

    if directory.name == INDEX_NAME or not directory.is_dir() or holds_index(directory):
        return
    inner_index = directory / INDEX_NAME
    quoted = shlex.quote(str(inner_index))
    if holds_index(inner_index):
        raise IndexNotFound(f"{directory} holds an index, and is none itself.", f"--index {quoted}")
    with suppress(OSError):
        # Ignore the remains of an unfinished index.
        others = [
            entry
            for entry in directory.iterdir()
            if not entry.name.startswith(_INDEX_FILE_PREFIXES)
        ]
        if not others:
            return
        raise IndexNotFound(
            f"There is no index in {directory}, and other files are.",
            f"make one inside: bienc index PATH --index {quoted}",
        )


def can_be_written(place: IndexPlace) -> bool:
    """Whether this user may change an index; unknown for a remote one, so True."""
    return not isinstance(place, Path) or os.access(place, os.W_OK)
