"""The hnswlib graph over the vectors: built, verified, searched.

hnswlib promises little. `save_index` to a full disk raises nothing; a flipped byte loads
silently or kills the process; a file says neither its dimension nor its space; `ef` is
forgotten on load; asking for more than is reachable raises. Hence: a file is written under a
new name, synced, checked for size, checksummed and sealed before the catalog names it, and
handed to hnswlib again only when checksum and seal hold.

The seal is a keyed hash with a key that lies outside the index (`trust.py`). A checksum
alone could be made to match a crafted file; the seal cannot, without the key.

Source of the structure: Malkov and Yashunin, "Efficient and robust approximate nearest
neighbor search using hierarchical navigable small world graphs", TPAMI 42(4), 2020.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bienc_cli.errors import StorageError
from bienc_cli.store.trust import Key
from bienc_cli.types import Vectors

M = 16
"""Links of a node on each level; twice as many on the lowest."""

EF_CONSTRUCTION = 200
"""Width of the search while building."""

EF_SEARCH = 128
"""Least width of a search."""

_CHUNK = 1 << 22


class GraphUnusable(Exception):
    """The graph's file cannot be used; the vectors themselves can."""


@dataclass(frozen=True, slots=True)
class GraphFile:
    """What the catalog records of the graph it names.

    Attributes:
        size: bytes.
        checksum: xxh3_128 of the file, hex.
        seal: keyed hash of all the other fields, hex.
        elements: nodes, tombstones included.
        last_vector_id: the greatest label; later vectors are not in the graph.
    """

    name: str
    size: int
    checksum: str
    seal: str
    dim: int
    elements: int
    last_vector_id: int

    @property
    def sealed_fields(self) -> str:
        """What the seal covers."""
        return "\n".join(
            str(field)
            for field in (
                self.name,
                self.size,
                self.checksum,
                self.dim,
                self.elements,
                self.last_vector_id,
            )
        )


def write_graph(
    directory: Path,
    name: str,
    batches: Iterable[tuple[NDArray[np.int64], Vectors]],
    count: int,
    dim: int,
    key: Key,
    on_built: Callable[[int], None] = lambda _: None,
) -> GraphFile:
    """Build a graph and write it, synced, under `directory / name`.

    Args:
        directory: of the index.
        name: a name that no committed generation uses.
        batches: (vector ids, vectors), ids ascending over all batches.
        count: how many vectors there are in all.
        dim: length of a vector.
        key: this user's, for the seal.
        on_built: called with the number of vectors added so far.

    Raises:
        StorageError: the file did not come out whole.
    """
    import hnswlib

    index = hnswlib.Index(space="ip", dim=dim)
    index.init_index(max_elements=max(count, 1), M=M, ef_construction=EF_CONSTRUCTION)
    done = last = 0
    for ids, vectors in batches:
        index.add_items(vectors, ids)
        done += len(ids)
        last = int(ids[-1])
        on_built(done)
    path = directory / name
    expected = index.index_file_size()
    try:
        index.save_index(str(path))
    except RuntimeError as error:
        raise StorageError(f"{path} cannot be written: {error}.") from error
    size = path.stat().st_size
    if size != expected:
        path.unlink()
        raise StorageError(
            f"Only {size:,} of {expected:,} bytes of {path} were written; is the disk full?",
            "free some space and run the same command again: what is encoded is kept",
        )
    with path.open("rb") as file:
        os.fsync(file.fileno())
    unsealed = GraphFile(name, size, checksum(path), "", dim, done, last)
    return GraphFile(
        name, size, unsealed.checksum, key.seal(unsealed.sealed_fields), dim, done, last
    )


def checksum(path: Path) -> str:
    """xxh3_128 of a file, hex; reads at the speed of memory."""
    import xxhash

    hasher = xxhash.xxh3_128()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            hasher.update(chunk)
    return hasher.hexdigest()


class Graph:
    """A graph that has been verified and loaded."""

    def __init__(self, index: Any, file: GraphFile) -> None:
        self._index = index
        self.file = file

    @classmethod
    def load(cls, directory: Path, file: GraphFile, key: Key) -> Graph:
        """Verify the file and hand it to hnswlib.

        Raises:
            GraphUnusable: it is missing, damaged, or not sealed by this user.
        """
        # The name comes from a catalog that may have come from anywhere.
        if Path(file.name).name != file.name:
            raise GraphUnusable("its name leads out of the index")
        path = directory / file.name
        if not key.holds(file.sealed_fields, file.seal):
            raise GraphUnusable("it was not made by this user on this machine")
        try:
            if path.is_symlink() or path.stat().st_size != file.size:
                raise GraphUnusable("its size is not what was written")
            if checksum(path) != file.checksum:
                raise GraphUnusable("its checksum is not what was written")
        except OSError as error:
            raise GraphUnusable(error.strerror or str(error)) from error
        import hnswlib

        index = hnswlib.Index(space="ip", dim=file.dim)
        try:
            index.load_index(str(path), max_elements=file.elements)
        except RuntimeError as error:
            raise GraphUnusable(str(error)) from error
        return cls(index, file)

    def search(self, query: NDArray[np.float32], k: int) -> NDArray[np.int64]:
        """Labels of about the `k` nearest vectors, best first, shape (<= k,)."""
        k = min(k, self.file.elements)
        if k == 0:
            return np.empty(0, dtype=np.int64)
        self._index.set_ef(max(EF_SEARCH, 2 * k))
        while True:
            try:
                labels, _ = self._index.knn_query(query[np.newaxis], k=k, num_threads=1)
            except RuntimeError:
                # Fewer than k nodes could be reached from the entry point.
                if k == 1:
                    return np.empty(0, dtype=np.int64)
                k //= 2
                continue
            found: NDArray[np.int64] = labels[0].astype(np.int64)
            return found
