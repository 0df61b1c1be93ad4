"""The graph file: its name, and its record in the catalog."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from bienc_cli.store.seal import Key, new_nonce

_NAME = re.compile(r"graph-[0-9]+\.hnsw")
_CHUNK = 1 << 22


class GraphUnusable(Exception):
    """The graph file cannot be used; the vectors themselves can."""


@dataclass(frozen=True, slots=True)
class GraphFile:
    """What the catalog records about the graph file.

    Attributes:
        size: bytes.
        nonce: for the checksum.
        checksum: keyed checksum of the file's bytes, hex.
        seal: keyed hash of all the fields before it, hex.
        elements: number of nodes, tombstones included.
        end: first row of the vector file that is not in the graph.
        inode, mtime_ns, ctime_ns: identify the file as it was written:
            while they stay the same, it need not be read again to verify it.
    """

    name: str
    size: int
    nonce: str
    checksum: str
    dim: int
    elements: int
    end: int
    seal: str = ""
    inode: int = 0
    mtime_ns: int = 0
    ctime_ns: int = 0

    @property
    def sealed_fields(self) -> str:
        """The text that the seal covers."""
        return "\n".join(
            map(
                str,
                (
                    self.name,
                    self.size,
                    self.nonce,
                    self.checksum,
                    self.dim,
                    self.elements,
                    self.end,
                ),
            )
        )


class ForeignGraph(GraphUnusable):
    """It may be sound, and its owner may use it; this user cannot verify it."""


def graph_name(generation: int) -> str:
    """The file name of a generation's graph."""
    return f"graph-{generation}.hnsw"


def is_graph_name(name: str) -> bool:
    """Whether this is a possible name of a graph file."""
    return _NAME.fullmatch(name) is not None


def graph_paths(directory: Path) -> Iterator[Path]:
    """All graph files in a directory, by their names."""
    return (path for path in directory.glob("graph-*.hnsw") if is_graph_name(path.name))


def sealed(file: GraphFile, descriptor: int, key: Key) -> GraphFile:
    """The record of an open file, sealed with this user's key."""
    nonce = new_nonce()
    file = replace(file, nonce=nonce, checksum=key.checksum(chunks_of(descriptor), nonce))
    inode, mtime_ns, ctime_ns = times_of(os.fstat(descriptor))
    return replace(
        file,
        seal=key.seal(file.sealed_fields),
        inode=inode,
        mtime_ns=mtime_ns,
        ctime_ns=ctime_ns,
    )


def times_of(status: os.stat_result) -> tuple[int, int, int]:
    """What changes when a file is replaced or touched: inode, mtime and ctime."""
    return status.st_ino, status.st_mtime_ns, status.st_ctime_ns


def chunks_of(descriptor: int) -> Iterator[bytes]:
    """An open file's bytes, from the start."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    while chunk := os.read(descriptor, _CHUNK):
        yield chunk
