"""A folder of documents with an index beside it, made with fake models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bienc_cli.indexing.discovery import FoundFile, discover
from bienc_cli.indexing.indexer import index_paths
from bienc_cli.indexing.report import IndexOptions, IndexReport
from bienc_cli.store import IndexPlace, IndexReader, open_reader
from fakes import FakeBiEncoder

FRUIT = {
    "apple.md": "# Apples\n\nThe apple tree blossoms in spring.\n\n"
    "## Harvest\n\nApples ripen in autumn.\n",
    "pear.txt": "A pear keeps for weeks in a cool cellar.\n\nPears bruise easily.\n",
    "deep/cherry.txt": "Cherry stones are small and hard.\n",
    "table.csv": "name,price\napple,3\npear,4\n",
}
QUERIES = "a\tapples ripen in autumn\nb\tpear cellar\nc\tcherry stones\n"
QRELS = (
    "query-id\tcorpus-id\tscore\n"
    "a\tapple.md\t2\na\ttable.csv\t1\nb\tpear.txt\t1\nc\tdeep/cherry.txt\t1\n"
)
JUDGED = ("--queries", "queries.tsv", "--qrels", "qrels.tsv")
"""Options that measure on `QUERIES` and `QRELS`, where the fixture `judged` has written them."""


class Folder:
    """A folder with an index beside it, indexed with a fake model."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.root = home / "docs"
        self.directory: IndexPlace = home / ".bienc"
        self.keys = home / "keys"
        self.encoder = FakeBiEncoder()
        self.loads = 0

    def write(self, files: dict[str, str | bytes]) -> None:
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def index(self, *paths: Path, **options: object) -> IndexReport:
        def load(_recorded: object) -> FakeBiEncoder:
            self.loads += 1
            return self.encoder

        return index_paths(
            paths or (self.root,),
            directory=self.directory,
            load_encoder=load,
            key_dir=self.keys,
            options=IndexOptions(**options),  # type: ignore[arg-type]
        )

    def refresh(self) -> IndexReport:
        """All that is covered, with the settings that were recorded."""
        return index_paths(
            (), directory=self.directory, load_encoder=lambda _: self.encoder, key_dir=self.keys
        )

    def open(self) -> IndexReader:
        return open_reader(self.directory, key_dir=self.keys)

    def texts(self) -> list[tuple[str, str]]:
        """Every passage as (document id, text), ordered."""
        with self.open() as reader:
            return sorted(
                (stored.passage.doc_id, stored.passage.text) for stored in reader.iter_passages()
            )


def found(root: Path, **options: Any) -> list[str]:
    """The ids of the files that discovery finds."""
    return [item.doc_id for item in discover(root, **options) if isinstance(item, FoundFile)]
