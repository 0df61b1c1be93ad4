"""`bienc index` without a path where there is no index yet."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from bienc_cli.errors import IndexNotFound

MOST_FILES = 2_000
MOST_BYTES = 200_000_000
"""Limits up to which a folder is indexed without being named: minutes on two cores."""

_MOST_LOOKED_AT = 20_000


def folder_to_index(here: Path) -> tuple[Path, int]:
    """The working directory and its number of readable files, if it is clearly meant.

    Raises:
        IndexNotFound: it is a home directory or contains home directories, or has no readable
            files, or too many.
    """
    home = Path.home().resolve()
    if here in (home, *home.parents) or here == Path(here.anchor):
        raise _not_meant(f"There is no index here, and {here} holds more than documents.")
    files, size = _files_of(here)
    if not files:
        raise IndexNotFound(
            f"There is no index here, and no file in {here} that can be read.",
            "make one of another folder: bienc index PATH",
        )
    if files > MOST_FILES or size > MOST_BYTES:
        raise _not_meant(
            f"There is no index here, and {here} is large: {files:,} files or more, "
            f"{size / 1e6:,.0f} MB."
        )
    return here, files


def _files_of(here: Path) -> tuple[int, int]:
    """The number and total size of readable files, counted up to the limits."""
    from bienc_cli.environment import variables
    from bienc_cli.indexing.discovery import FoundFile, discover

    files = size = 0
    entries = discover(here, excludes_file=variables.excludes_file())
    for entry in islice(entries, _MOST_LOOKED_AT):
        if isinstance(entry, FoundFile):
            files, size = files + 1, size + entry.size
        if files > MOST_FILES or size > MOST_BYTES:
            break
    return files, size


def _not_meant(message: str) -> IndexNotFound:
    return IndexNotFound(
        message, "index a folder of documents: bienc index PATH; or all of this: bienc index ."
    )
