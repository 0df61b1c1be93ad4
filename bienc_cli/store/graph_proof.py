"""Proves that a graph file of any origin is safe for hnswlib to load and search.

hnswlib's loader trusts what a file says about itself, and its search follows every link. So before
a file without this user's seal is loaded, everything that loading, searching and extending rely on
is checked here, in bounded memory: the exact header, the length of each list, the target and level
of each link, every label, and that each vector is the one in that row of the index. The file's
author only decides which of the genuine vectors are neighbours, and thus how well the graph finds
them.

Source of the layout: `saveIndex` and `loadIndex` of hnswlib 0.8 (hnswalg.h).
"""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bienc_cli import portable
from bienc_cli.errors import IndexDamaged
from bienc_cli.store.graph_file import GraphFile, GraphUnusable
from bienc_cli.store.vectors import AT_ONCE, UsedVectors

M = 16
"""Links per node on each level; twice as many on the lowest."""

EF_CONSTRUCTION = 200
"""Search width while building."""

_HEAD = struct.Struct("<6QiI3QdQ")
_WORD = 4
_COUNT_BITS = 16
_MOST_LEVELS = 64
"""More than any genuine graph has: each level has a sixteenth of the nodes of the one below."""


def prove(descriptor: int, file: GraphFile, used: UsedVectors) -> None:
    """Check a whole graph file, in bounded memory except for the links above the lowest level.

    Args:
        descriptor: of the file, which has the recorded size and which nobody else can write to.
        file: its record in the catalog; not trusted either.
        used: the vectors it should contain.

    Raises:
        GraphUnusable: something is not as hnswlib would have written it.
    """
    _Proof(descriptor, file, used).run()


class _Proof:
    def __init__(self, descriptor: int, file: GraphFile, used: UsedVectors) -> None:
        self._descriptor = descriptor
        self._file = file
        self._used = used
        self._node: np.dtype[Any] = np.dtype(
            [
                ("count", "<u2"),
                ("mark", "<u2"),
                ("links", "<u4", (2 * M,)),
                ("vector", "<f4", (used.file.dim,)),
                ("label", "<u8"),
            ]
        )

    def run(self) -> None:
        file = self._file
        if file.dim != self._used.file.dim or not 0 < file.end <= self._used.rows:
            raise self._wrong("what is recorded of it")
        lowest = file.elements * self._node.itemsize
        if not 0 < file.elements <= file.end or _HEAD.size + lowest > file.size:
            raise self._wrong("how many vectors it has")
        highest, entry = self._head()
        levels = self._upper_levels(_HEAD.size + lowest)
        if entry >= file.elements or not levels[entry] == levels.max() == highest:
            raise self._wrong("where its search begins")
        self._lowest_level()

    def _head(self) -> tuple[int, int]:
        """Check the header; returns the highest level and the entry point of a search."""
        head = portable.read_at(self._descriptor, _HEAD.size, 0)
        if len(head) < _HEAD.size:
            raise self._wrong("its head")
        # The loader is given a capacity and ignores the one in the file.
        first, _room, *sizes, highest, entry, upper, lowest, links, scale, width = _HEAD.unpack(
            head
        )
        vector_at = self._node.fields["vector"][1] if self._node.fields else 0
        label_at = self._node.itemsize - 8
        if (
            first != 0
            or sizes != [self._file.elements, self._node.itemsize, label_at, vector_at]
            or (upper, lowest, links) != (M, 2 * M, M)
            or not math.isclose(scale, 1 / math.log(M), rel_tol=1e-12)
            or width != EF_CONSTRUCTION
        ):
            raise self._wrong("its head")
        return highest, entry

    def _upper_levels(self, offset: int) -> NDArray[np.int64]:
        """For each node, on how many levels above the lowest it is; shape (elements,)."""
        nodes, list_words = self._file.elements, 1 + M
        size = self._file.size - offset
        # One word per node, and lists for a few of them.
        if size % _WORD or size > _WORD * (nodes * (1 + list_words) + _MOST_LEVELS * list_words):
            raise self._wrong("the length of its lists")
        words = np.frombuffer(portable.read_at(self._descriptor, size, offset), "<u4")
        levels = np.zeros(nodes, dtype=np.int64)
        list_starts = np.zeros(nodes, dtype=np.int64)
        values, position = words.tolist(), 0
        for node in range(nodes):
            if position >= len(values):
                raise self._wrong("the length of its lists")
            if values[position]:
                levels[node], remainder = divmod(values[position], _WORD * list_words)
                if remainder or levels[node] > _MOST_LEVELS:
                    raise self._wrong("the length of its lists")
                list_starts[node] = position + 1
            position += 1 + values[position] // _WORD
        if position != len(values):
            raise self._wrong("the length of its lists")
        for level in range(1, int(levels.max()) + 1):
            starts = list_starts[levels >= level] + (level - 1) * list_words
            link_lists = words[starts[:, None] + np.arange(list_words)]
            self._check_links(
                link_lists[:, 0] & (1 << _COUNT_BITS) - 1,
                link_lists[:, 0] >> _COUNT_BITS,
                link_lists[:, 1:],
                levels >= level,
            )
        return levels

    def _lowest_level(self) -> None:
        """Check every node's links, vector and label."""
        file, used = self._file, self._used
        everywhere = np.ones(file.elements, dtype=np.bool_)
        seen = np.zeros(file.end, dtype=np.bool_)
        for start in range(0, file.elements, AT_ONCE):
            count = min(AT_ONCE, file.elements - start)
            data = portable.read_at(
                self._descriptor,
                count * self._node.itemsize,
                _HEAD.size + start * self._node.itemsize,
            )
            if len(data) < count * self._node.itemsize:
                raise self._wrong("its size")
            nodes = np.frombuffer(data, self._node)
            self._check_links(nodes["count"], nodes["mark"], nodes["links"], everywhere)
            if (nodes["label"] >= file.end).any():
                raise self._wrong("its labels")
            labels = nodes["label"].astype(np.int64)
            order = np.argsort(labels)
            labels = labels[order]
            if seen[labels].any() or (np.diff(labels) == 0).any():
                raise self._wrong("its labels")
            seen[labels] = True
            try:
                vectors = used.file.read(labels)
            except IndexDamaged as error:
                raise self._wrong("its vectors") from error
            if not np.array_equal(nodes["vector"][order], vectors):
                raise self._wrong("its vectors")
        if not seen[used.ids[used.ids < file.end]].all():
            raise self._wrong("which vectors it has")

    def _check_links(
        self,
        counts: NDArray[Any],
        marks: NDArray[Any],
        links: NDArray[Any],
        present: NDArray[np.bool_],
    ) -> None:
        """Check some lists of one level.

        Args:
            counts: number of links, shape (n,).
            marks: the rest of the same word, 0 unless the node is marked as deleted, shape (n,).
            links: shape (n, most).
            present: whether each node exists on this level, shape (elements,).
        """
        if marks.any() or (counts > links.shape[1]).any():
            raise self._wrong("its lists")
        targets = links[np.arange(links.shape[1]) < counts[:, None]]
        if (targets >= len(present)).any() or not present[targets].all():
            raise self._wrong("its links")

    def _wrong(self, what: str) -> GraphUnusable:
        return GraphUnusable(f"{self._file.name} does not belong to the vectors: {what}")
