"""Folders and indexes that tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from bienc_cli.indexing import IndexOptions, IndexReport, index_paths
from bienc_cli.store import IndexReader, open_reader

from fakes import FakeBiEncoder, FakeCrossEncoder

FRUIT = {
    "apple.md": "# Apples\n\nThe apple tree blossoms in spring.\n\n"
    "## Harvest\n\nApples ripen in autumn.\n",
    "pear.txt": "A pear keeps for weeks in a cool cellar.\n\nPears bruise easily.\n",
    "deep/cherry.txt": "Cherry stones are small and hard.\n",
    "table.csv": "name,price\napple,3\npear,4\n",
}


class Folder:
    """A folder with an index beside it, indexed with a fake model."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.root = home / "docs"
        self.directory = home / ".bienc"
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

    def open(self) -> IndexReader:
        return open_reader(self.directory, key_dir=self.keys)

    def texts(self) -> list[tuple[str, str]]:
        """Every passage as (document id, text), ordered."""
        with self.open() as reader:
            return sorted(
                (stored.passage.doc_id, stored.passage.text) for stored in reader.iter_passages()
            )


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def fruit(folder: Folder) -> Folder:
    folder.write(dict(FRUIT))
    folder.index()
    return folder


@pytest.fixture
def reader(fruit: Folder) -> Iterator[IndexReader]:
    with fruit.open() as opened:
        yield opened


@pytest.fixture
def bi_encoder() -> FakeBiEncoder:
    return FakeBiEncoder()


@pytest.fixture
def cross_encoder() -> FakeCrossEncoder:
    return FakeCrossEncoder()


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run `main(argv)` in `tmp_path` with fake models; gives (exit code, stdout, stderr)."""
    from bienc_cli import models
    from bienc_cli.cli import main

    bi, cross = FakeBiEncoder(), FakeCrossEncoder()

    def load_bi(name: str, **_: object) -> FakeBiEncoder:
        return bi if name in ("granite-30m", "fake") else FakeBiEncoder(name=name)

    def identify(name: str, **_: object) -> object:
        return load_bi(name).identity

    monkeypatch.setattr(models, "load_bi_encoder", load_bi)
    monkeypatch.setattr(models, "identify_bi_encoder", identify)
    monkeypatch.setattr(models, "load_cross_encoder", lambda name, **_: cross)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BIENC_CACHE", str(tmp_path / "cache"))
    for name in ("BIENC_INDEX", "BIENC_MODEL", "BIENC_CROSS_ENCODER", "BIENC_DEBUG", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)

    def call(*argv: str) -> tuple[int, str, str]:
        capfd.readouterr()
        code = main(list(argv))
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return call
