"""The hnswlib graph over the vectors: building, verifying, searching.

hnswlib guarantees little. `save_index` to a full disk raises nothing; a flipped byte loads silently
or kills the process; a file records neither its dimension nor its space; `ef` is lost on load;
requesting more results than are reachable raises. Hence a file is written under a new name, synced,
checked for size, checksummed and sealed before the catalog names it. It is handed to hnswlib again
only if seal and checksum are valid, or if everything that hnswlib takes on trust was checked
(`graph_proof.py`), as for a folder that was copied with its index.

Seal and checksum are keyed with a key stored outside the index (`seal.py`): an attacker can make a
plain checksum match a crafted file, but not these.

Source of the structure: Malkov and Yashunin, "Efficient and robust approximate nearest neighbor
search using hierarchical navigable small world graphs", TPAMI 42(4), 2020.
"""

from __future__ import annotations

import math
import os
import stat
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from bienc_cli import portable
from bienc_cli.errors import StorageError
from bienc_cli.store import failpoints
from bienc_cli.store.exact import EXACT_LIMIT
from bienc_cli.store.graph_file import (
    ForeignGraph,
    GraphFile,
    GraphUnusable,
    chunks_of,
    graph_name,
    is_graph_name,
    sealed,
    times_of,
)
from bienc_cli.store.graph_proof import EF_CONSTRUCTION, M, prove
from bienc_cli.store.privacy import FILE_MODE, is_ours_alone
from bienc_cli.store.seal import Key
from bienc_cli.types import Vectors

if TYPE_CHECKING:
    from bienc_cli.store.exact import VectorBlock
    from bienc_cli.store.vectors import UsedVectors

FEWEST = EXACT_LIMIT
"""Vectors from which an index has a graph."""

TAIL_LEAST = 1_000
TAIL_SHARE = 0.05
TAIL_MOST = 20_000
"""Vectors added after the graph was built form its tail and are compared one by one. They are added
to the graph once there are more than `TAIL_LEAST` of them and more than `TAIL_SHARE` of its size,
so that a small change rewrites nothing and a growing index is rewritten in proportion to its
growth; and in any case above `TAIL_MOST`, where comparing them takes longer than searching the
graph."""

EF_SEARCH = 200
"""Minimum search width. Recall@10 on real sentence vectors of 384 dimensions: 1.000 of 5,000,
0.9996 of 20,000, 0.998 of 39,500, in 0.3 to 0.7 ms; half the width gives 0.997 of 39,500. Above
40,000 vectors the width is the square root of their number: of a million real and synthetic
vectors, more crowded than real ones, a width of 200 finds 0.91 and 1,000 finds 0.985, in 2.5 ms
(`benchmarks/scaling.py`)."""

_ADDED_AT_ONCE = 1024
"""Vectors added between two chances to interrupt: less than half a second."""


class VerifiedFile:
    """An open graph file whose name, type and size match the record.

    It stays readable when a later commit deletes it, and nobody can swap the file between
    verification and loading.

    Attributes:
        is_sealed: this user's key confirms that they wrote it; otherwise it must be proven.
    """

    def __init__(self, directory: Path, file: GraphFile, key: Key | None) -> None:
        """Open a graph file.

        Raises:
            GraphUnusable: it does not match the record.
            ForeignGraph: it is not sealed, and others can write to it.
        """
        self.file = file
        # The name comes from a catalog of unknown origin.
        if not is_graph_name(file.name):
            raise GraphUnusable("its name leads out of the index")
        self._key = key if key and key.holds(file.sealed_fields, file.seal) else None
        self.is_sealed = self._key is not None
        self._path = directory / file.name
        try:
            self._descriptor = os.open(
                self._path, os.O_RDONLY | portable.OWN | portable.NO_FOLLOW | portable.NO_WAIT
            )
        except OSError as error:
            raise GraphUnusable(f"{file.name}: {error.strerror}") from error
        status = os.fstat(self._descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size != file.size:
            self.close()
            raise GraphUnusable(f"{file.name} has not the size that was written")
        # A file that others can write to may change before it is loaded.
        if not self.is_sealed and not is_ours_alone(status):
            self.close()
            raise ForeignGraph("others may write to it, and it was not sealed by this user's key")

    def verify(self, used: UsedVectors) -> None:
        """Read and verify the whole file.

        Args:
            used: the vectors that it should contain.

        Raises:
            GraphUnusable: its bytes are not what was written, or are unreadable.
        """
        try:
            if self._key is None:
                prove(self._descriptor, self.file, used)
                return
            checksum = self._key.checksum(chunks_of(self._descriptor), self.file.nonce)
        except OSError as error:
            raise GraphUnusable(f"{self.file.name}: {error.strerror}") from error
        if checksum != self.file.checksum:
            raise GraphUnusable(f"{self.file.name} is not what was written")

    def verify_once(self, used: UsedVectors) -> None:
        """Like `verify`, but skip a file this user sealed and nobody has touched since."""
        status = os.fstat(self._descriptor)
        recorded = (self.file.inode, self.file.mtime_ns, self.file.ctime_ns)
        if not self.is_sealed or times_of(status) != recorded:
            self.verify(used)

    def sealed_by(self, key: Key) -> GraphFile:
        """The record of a verified file for the catalog."""
        return sealed(self.file, self._descriptor, key)

    def load(self, used: UsedVectors, spare: int = 0) -> Graph:
        """Verify the file and load it into hnswlib.

        Args:
            used: the vectors that it should contain.
            spare: extra capacity, in vectors.

        Raises:
            GraphUnusable: its bytes are not what was written, or are unreadable.
        """
        self.verify(used)
        import hnswlib

        index = hnswlib.Index(space="ip", dim=self.file.dim)
        # By descriptor, so that it is the same file that was verified.
        path = f"/dev/fd/{self._descriptor}"
        if not Path(path).exists():
            path = str(self._path)
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        try:
            index.load_index(path, max_elements=self.file.elements + spare)
        except RuntimeError as error:
            raise GraphUnusable(str(error)) from error
        return Graph(index, self.file.end)

    def close(self) -> None:
        """Close the file; a loaded graph remains usable."""
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        """The file itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()


class Graph:
    """A graph in memory.

    Attributes:
        end: first row of the vector file that is not in the graph.
    """

    def __init__(self, index: Any, end: int = 0) -> None:
        self._index = index
        self.end = end

    @classmethod
    def empty(cls, dim: int, capacity: int) -> Graph:
        """An empty graph with room for `capacity` vectors."""
        import hnswlib

        index = hnswlib.Index(space="ip", dim=dim)
        index.init_index(max_elements=max(capacity, 1), M=M, ef_construction=EF_CONSTRUCTION)
        return cls(index)

    @property
    def elements(self) -> int:
        """The number of nodes."""
        return int(self._index.get_current_count())

    def labels(self) -> list[int]:
        """All labels."""
        return [int(label) for label in self._index.get_ids_list()]

    def vectors(self, labels: list[int]) -> Vectors:
        """The stored vectors of some labels, shape (len(labels), dim)."""
        return np.asarray(self._index.get_items(labels), dtype=np.float32)

    def add(
        self, blocks: Iterable[VectorBlock], on_added: Callable[[int], None] = lambda _: None
    ) -> None:
        """Add vectors, each labelled with its row number.

        Args:
            blocks: vectors that are not in it yet.
            on_added: called with the number of vectors added so far.
        """
        threads = usable_processors()
        added = 0
        for block in blocks:
            for start in range(0, len(block.ids), _ADDED_AT_ONCE):
                part = slice(start, start + _ADDED_AT_ONCE)
                self._index.add_items(block.vectors[part], block.ids[part], num_threads=threads)
                added += len(block.ids[part])
                on_added(added)

    def nearest(
        self, queries: NDArray[np.float32], k: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Approximately the `k` nearest vectors of each query.

        Returns:
            Labels, best first, shape (queries, <= k), and the similarity of the last of each,
            shape (queries,): whatever was not found is not nearer than that.
        """
        k = min(k, self.elements)
        threads = 1 if len(queries) == 1 else usable_processors()
        while k:
            self._index.set_ef(max(EF_SEARCH, math.isqrt(self.elements), 2 * k))
            try:
                labels, distances = self._index.knn_query(queries, k=k, num_threads=threads)
            except RuntimeError:
                # Fewer than k nodes are reachable from the entry point.
                k //= 2
                continue
            return np.asarray(labels, dtype=np.int64), 1.0 - distances[:, -1]
        return np.empty((len(queries), 0), np.int64), np.ones(len(queries), np.float32)

    def save(self, directory: Path, name: str, dim: int, key: Key) -> GraphFile:
        """Write and sync it, under a name that no committed generation uses.

        Raises:
            StorageError: the file is incomplete.
        """
        path = directory / name
        expected = self._index.index_file_size()
        # hnswlib opens by name and follows links, so create the file ourselves.
        path.unlink(missing_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | portable.OWN
        descriptor = os.open(path, flags, FILE_MODE)
        try:
            with suppress(RuntimeError):  # the size check below detects it
                self._index.save_index(str(path))
            failpoints.reached("graph written")
            os.fsync(descriptor)
            size = os.fstat(descriptor).st_size
            if not size:
                # hnswlib does not say why it could not open the file; the system will.
                os.close(os.open(path, os.O_WRONLY))
            if size != expected:
                raise StorageError(
                    f"Only {size:,} of {expected:,} bytes of {path} were written; "
                    "is the disk full?",
                    "free some space and run the same command again: what is encoded is kept",
                )
            file = GraphFile(name, size, "", "", dim, self.elements, self.end)
            return sealed(file, descriptor, key)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)


def need(
    graph: GraphFile | None, directory: Path, used: UsedVectors, key: Key
) -> tuple[Literal["keep", "adopt", "extend", "build", "drop"], GraphFile | None]:
    """What a commit has to do about the graph.

    Args:
        graph: of the last generation.
        directory: of the index.
        used: the current vectors.
        key: this user's.

    Returns:
        What to do, and the record to keep if the graph stays: a proven one is sealed,
        so that it need not be proven again.
    """
    if len(used) < FEWEST:
        return ("keep" if graph is None else "drop"), None
    if graph is None:
        return "build", None
    foreign, record = False, graph
    try:
        with VerifiedFile(directory, graph, key) as file:
            file.verify_once(used)
            if not file.is_sealed:
                record = file.sealed_by(key)
    except ForeignGraph:
        # Its owner may keep using it; if each user rebuilt it after the other's runs, the two
        # would take turns building.
        foreign = True
    except GraphUnusable:
        return "build", None
    tail = len(used.from_row(graph.end))
    if tail > min(max(TAIL_LEAST, TAIL_SHARE * graph.elements), TAIL_MOST):
        return ("build" if foreign else "extend"), None
    return ("keep" if record is graph else "adopt"), record


def is_foreign(graph: GraphFile, directory: Path, key: Key | None) -> bool:
    """Whether only the user who made a graph can tell whether it is sound."""
    try:
        VerifiedFile(directory, graph, key).close()
    except ForeignGraph:
        return True
    except GraphUnusable:
        pass
    return False


def write(
    base: GraphFile | None,
    directory: Path,
    generation: int,
    used: UsedVectors,
    key: Key,
    on_added: Callable[[int], None],
) -> GraphFile:
    """Write the graph file of a new generation.

    Args:
        base: a graph to extend; None to build from scratch.
        directory: of the index.
        generation: the number of the new one.
        used: its vectors.
        key: this user's, to verify the old file and seal the new one.
        on_added: called with the number of vectors added so far.

    Raises:
        StorageError: the file is incomplete.
        IndexDamaged: a vector is not what was written.
    """
    if base is None:
        graph = Graph.empty(used.file.dim, len(used))
    else:
        with VerifiedFile(directory, base, key) as file:
            graph = file.load(used, spare=len(used.from_row(base.end)))
    graph.add(used.blocks(used.from_row(graph.end)), on_added)
    graph.end = used.rows
    return graph.save(directory, graph_name(generation), used.file.dim, key)


def usable_processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
