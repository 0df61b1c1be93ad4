"""The file of a graph: its name, and what the catalog records of it."""

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
    """The graph's file cannot be used; the vectors themselves can."""


@dataclass(frozen=True, slots=True)
class GraphFile:
    """What the catalog records of the graph it names.

    Attributes:
        size: bytes.
        nonce: of the checksum.
        checksum: keyed, of the file's bytes, hex.
        seal: keyed, of all the fields before it, hex.
        elements: nodes, tombstones included.
        end: rows of the file of vectors from this one on are not in the graph.
        inode, mtime_ns, ctime_ns: what told the file when it was written, as the system keeps them:
            while they are the same, it need not be read to know that it is.
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
        """What the seal covers."""
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
    """It may be sound, and whoever made it may use it; here nobody can tell."""


def graph_name(generation: int) -> str:
    """What the graph that is made for a generation is called."""
    return f"graph-{generation}.hnsw"


def is_graph_name(name: str) -> bool:
    """Whether a file of that name in an index's directory can be a graph."""
    return _NAME.fullmatch(name) is not None


def graph_paths(directory: Path) -> Iterator[Path]:
    """All files in a directory that are called like graphs."""
    return (path for path in directory.glob("graph-*.hnsw") if is_graph_name(path.name))


def sealed(file: GraphFile, descriptor: int, key: Key) -> GraphFile:
    """What the catalog is to record of an open file, with this user's word for it."""
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
    """What tells that a file is the same, untouched: inode, and times of content and inode."""
    return status.st_ino, status.st_mtime_ns, status.st_ctime_ns


def chunks_of(descriptor: int) -> Iterator[bytes]:
    """An open file's bytes, from its beginning."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    while chunk := os.read(descriptor, _CHUNK):
        yield chunk
