"""Indexes that earlier versions made, kept as they were, are brought up to date and answer alike.

Each archive in `indexes` holds a catalog that the last version of its format wrote, the files it
was made of, and what it answered.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from bienc_cli.errors import IndexMismatch
from bienc_cli.indexing.indexer import index_paths
from bienc_cli.store import IndexReader, check, open_reader
from bienc_cli.store.schema import FORMAT_VERSION
from fakes import FakeBiEncoder

ARCHIVES = sorted((Path(__file__).parent / "indexes").glob("format-*.zip"))


@pytest.fixture(params=ARCHIVES, ids=lambda path: path.stem)
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    with zipfile.ZipFile(request.param) as archive:
        archive.extractall(tmp_path)
    return tmp_path


def told(index: IndexReader, found: list[tuple[int, float]]) -> list[list[Any]]:
    stored = index.passages([passage_id for passage_id, _ in found])
    return [
        [one.path, one.passage.ordinal, pytest.approx(score, abs=1e-5)]
        for one, (_, score) in zip(stored, found, strict=True)
    ]


def brought_up(home: Path, encoder: FakeBiEncoder) -> None:
    index_paths(
        [],
        directory=home / ".bienc",
        load_encoder=lambda _: encoder,
        key_dir=home / "keys",
    )


def test_there_is_one_of_every_format_before_this() -> None:
    assert [path.stem for path in ARCHIVES] == [f"format-{n}" for n in range(1, FORMAT_VERSION)]


def test_it_is_not_read_before_and_answers_the_same_after(home: Path) -> None:
    directory, keys = home / ".bienc", home / "keys"
    with pytest.raises(IndexMismatch, match="that of an earlier bienc"):
        open_reader(directory, key_dir=keys)
    encoder = FakeBiEncoder()
    brought_up(home, encoder)
    answers = json.loads((home / "answers.json").read_text())
    with open_reader(directory, key_dir=keys) as index:
        assert index.info.format_version == FORMAT_VERSION
        for answer in answers:
            (query,) = FakeBiEncoder().encode_queries([answer["query"]])
            assert told(index, index.search(query, 10)) == answer["nearest"]
            found = index.bm25(answer["query"], 10)
            # Words of paths have come to count since: scores differ a little, and few places.
            paths = {(path, ordinal) for path, ordinal, _ in told(index, found)}
            assert len(paths & {(path, ordinal) for path, ordinal, _ in answer["bm25"]}) >= 8
    assert check(directory, key_dir=keys).problems == ()


def test_a_run_that_fails_leaves_it_as_it_was(home: Path) -> None:
    directory = home / ".bienc"
    if not list(directory.glob("vectors-*")):
        # Until format 3 no name of a graph was recorded; later, what is not is nobody's.
        (directory / "graph-1.hnsw").touch()
    before = {path.name: path.read_bytes() for path in directory.iterdir()}

    class Failing(FakeBiEncoder):
        def encode_passages(self, texts: object) -> Any:
            raise OSError("no more")

    (home / "docs" / "new.md").write_text("A text that nobody has encoded.\n")
    with pytest.raises(Exception, match="no more"):
        brought_up(home, Failing())
    left = {path.name for path in directory.iterdir()}
    assert left - {".gitignore", "lock", "catalog.sqlite-shm", "catalog.sqlite-wal"} == set(before)
    assert {name: (directory / name).read_bytes() for name in before} == before
    brought_up(home, FakeBiEncoder())
    assert check(directory, key_dir=home / "keys").problems == ()
