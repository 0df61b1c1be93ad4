"""The two stores, each as a place where a test can make an index."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bienc_cli.milvus.address import MilvusAddress
from bienc_cli.store import (
    CommitReport,
    IndexPlace,
    IndexReader,
    IndexWriter,
    Root,
    open_reader,
    open_writer,
)
from stores import CHUNKING, DIM, encode, identity, numbered, put_file, state

__all__ = ["CHUNKING", "DIM", "Place", "encode", "identity", "put_file", "state"]

STORES = ("directory", "milvus")
FILES = {
    "a.md": numbered(6),
    "sub/b.md": ["shared words", *numbered(3, "other")],
    "sub/deep/c.txt": ["shared words", "ünïcode « text » of three lines\nwith a break\nor two"],
}
"""What the fixture `built` holds: names of files, and their passages."""


class Place:
    """A folder of documents and an index of it, in one of the stores."""

    def __init__(self, home: Path, store: str) -> None:
        self.home = home
        self.docs = home / "docs"
        self.docs.mkdir(parents=True, exist_ok=True)
        self.keys = home / "keys"
        self.index: IndexPlace = (
            home / ".bienc" if store == "directory" else MilvusAddress(str(home / "i.db"), "things")
        )

    def read(self) -> IndexReader:
        return open_reader(self.index, key_dir=self.keys, shown_from=self.home)

    def write(self, *, create: bool = True, wait: float = 0.0) -> IndexWriter:
        return open_writer(self.index, key_dir=self.keys, create=create, wait=wait)

    def build(self, files: dict[str, Sequence[str]], *, compact: bool = False) -> CommitReport:
        """Commit an index that holds these files, and no others."""
        with self.write() as writer:
            writer.begin(identity(), CHUNKING)
            root_id = writer.put_root(Root(self.docs))
            known = writer.files(root_id)
            for path, file in known.items():
                if path not in files:
                    writer.remove_file(file.file_id)
            for path, paragraphs in files.items():
                if path in known and known[path].digest == state(path, paragraphs).digest:
                    continue
                format_ = "markdown" if path.endswith(".md") else "text"
                put_file(writer, root_id, path, paragraphs, format_)
            return writer.commit(compact=compact)

    def texts(self) -> list[tuple[str, int, str]]:
        """Every passage as (document id, ordinal, text), in the order of the index."""
        with self.read() as reader:
            return [
                (one.passage.doc_id, one.passage.ordinal, one.passage.text)
                for one in reader.iter_passages()
            ]
