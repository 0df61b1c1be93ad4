"""What a notebook names: indexes and files."""

from __future__ import annotations

from pathlib import Path

from bienc_cli.cli import environment
from bienc_cli.errors import IndexNotFound
from bienc_cli.store import INDEX_NAME, IndexPlace, find_index, holds_index


def place_of(path: str | Path) -> IndexPlace:
    """The index that a path or an address stands for: there, or the nearest one above.

    Raises:
        IndexNotFound: there is none of this user's.
        PathNotFound: no file can be called so.
    """
    if isinstance(path, str) and path.startswith("milvus+"):
        return environment.index_to_read(path)
    directory = (Path.cwd() / Path(environment.possible(path)).expanduser()).absolute()
    if directory.name == INDEX_NAME or holds_index(directory):
        return environment.index_to_read(str(directory))
    found = find_index(directory, environment.safe_indexes())
    if found is None:
        raise IndexNotFound(
            f"There is no index of yours in {directory} or above it.",
            f"make one: Index.build([{str(directory)!r}])",
        )
    return found
