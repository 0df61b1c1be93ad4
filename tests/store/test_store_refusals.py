"""What a writer refuses, and what the system refuses it: each a sentence, and nothing is lost."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import suppress
from pathlib import Path

import pytest

from bienc_cli.errors import (
    IndexBusy,
    IndexDamaged,
    IndexMismatch,
    IndexNotFound,
    StorageError,
)
from bienc_cli.store import Root, find_index, open_reader, open_writer
from bienc_cli.store.graph import Graph
from bienc_cli.store.schema import FORMAT_VERSION
from bienc_cli.types import ChunkingParameters
from stores import (
    CHUNKING,
    build,
    identity,
    names,
    numbered,
    put_file,
)


def test_no_index(tmp_path: Path, keys: Path) -> None:
    with pytest.raises(IndexNotFound, match="no such index directory"):
        open_reader(tmp_path / "none", key_dir=keys)
    with pytest.raises(IndexNotFound, match="no index in"):
        open_reader(tmp_path, key_dir=keys)
    with pytest.raises(IndexNotFound):
        open_writer(tmp_path / "none", key_dir=keys, create=False)
    assert find_index(tmp_path / "deep" / "down") is None


def test_a_folder_with_other_things_is_not_written_to(tmp_path: Path, keys: Path) -> None:
    (tmp_path / "thesis.md").write_text("years of work")
    with pytest.raises(IndexMismatch, match=r"thesis\.md"):
        open_writer(tmp_path, key_dir=keys)
    with pytest.raises(IndexMismatch, match=r"thesis\.md"):
        open_writer(tmp_path / "thesis.md", key_dir=keys)
    assert names(tmp_path) == {"thesis.md"}


def test_another_model_or_chunking_is_refused(directory: Path, keys: Path) -> None:
    build(directory, keys, {"a.md": numbered(2)})
    with open_writer(directory, key_dir=keys) as writer:
        with pytest.raises(IndexMismatch, match="made with fake, not other"):
            writer.begin(identity("other"), CHUNKING)
        with pytest.raises(IndexMismatch, match="64 tokens"):
            writer.begin(identity(), ChunkingParameters(128, 8))


def altered(directory: Path, statement: str) -> None:
    connection = sqlite3.connect(directory / "catalog.sqlite")
    connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("PRAGMA user_version = 99", IndexDamaged),
        ("PRAGMA user_version = 0", IndexDamaged),
        ("PRAGMA application_id = 7", IndexDamaged),
        ("DROP TABLE unused", IndexDamaged),
        ("CREATE TRIGGER t AFTER DELETE ON files BEGIN DELETE FROM roots; END", IndexDamaged),
        ("CREATE VIEW v AS SELECT 1", IndexDamaged),
        ("UPDATE meta SET value = '7' WHERE key = 'generation'", IndexDamaged),
        ("DELETE FROM meta", IndexDamaged),
        ("UPDATE roots SET path = '/'", IndexDamaged),
    ],
)
def test_another_format_or_shape_is_refused(
    directory: Path, keys: Path, statement: str, error: type[Exception]
) -> None:
    build(directory, keys, {"a.md": numbered(2)})
    altered(directory, statement)
    with pytest.raises(error):
        open_reader(directory, key_dir=keys)
    with pytest.raises(error):
        open_writer(directory, key_dir=keys)


def test_a_newer_format_is_refused_by_name(directory: Path, keys: Path) -> None:
    build(directory, keys, {"a.md": numbered(2)})
    newer = FORMAT_VERSION + 1
    altered(directory, f"UPDATE meta SET value = '{newer}' WHERE key = 'format'")
    altered(directory, f"PRAGMA user_version = {newer}")
    altered(directory, "CREATE TABLE of_the_future (id INTEGER)")
    for opened in (open_reader, open_writer):
        said = f"has format {newer}; this bienc reads up to {FORMAT_VERSION}"
        with pytest.raises(IndexMismatch, match=said):
            opened(directory, key_dir=keys)


def test_one_writer_at_a_time(directory: Path, keys: Path) -> None:
    waited: list[str] = []
    with open_writer(directory, key_dir=keys):
        with pytest.raises(IndexBusy, match=f"process {os.getpid()}"):
            open_writer(directory, key_dir=keys)
        with pytest.raises(IndexBusy):
            open_writer(directory, key_dir=keys, wait=0.2, on_wait=waited.append)
    assert len(waited) == 1
    with open_writer(directory, key_dir=keys):
        pass


def test_own_files_are_never_written_through_links(tmp_path: Path, keys: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    for name in ("lock", "catalog.sqlite"):
        directory = tmp_path / f"with-{name}"
        directory.mkdir()
        (directory / name).symlink_to(victim)
        with pytest.raises(StorageError):
            open_writer(directory, key_dir=keys)
    directory = tmp_path / "with-others"
    directory.mkdir()
    for name in ("graph-1.hnsw", "vectors-1.f32", "resume.sqlite", ".gitignore"):
        (directory / name).symlink_to(victim)
    build(directory, keys, {"a.md": numbered(3)})
    assert victim.read_text() == "precious"


def test_a_full_disk_under_the_catalog(directory: Path, keys: Path) -> None:
    build(directory, keys, {"a.md": numbered(20)})
    with open_writer(directory, key_dir=keys) as writer:
        writer.begin(identity(), CHUNKING)
        (pages,) = writer._connection.execute("PRAGMA page_count").fetchone()
        writer._connection.execute(f"PRAGMA max_page_count = {pages + 1}")
        root_id = writer.put_root(Root(directory.parent / "docs"))
        with pytest.raises(StorageError, match="full"):
            put_file(writer, root_id, "big.md", numbered(2000, "filling"))
    with open_reader(directory, key_dir=keys) as index:
        assert index.info.passages == 20
    build(directory, keys, {"a.md": numbered(20), "big.md": numbered(100, "filling")})


def test_a_graph_cut_short_by_a_full_disk(
    directory: Path, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(directory, keys, {"a.md": numbered(20)})

    class Cut:
        def __init__(self, index: object) -> None:
            self.index = index

        def __getattr__(self, name: str) -> object:
            return getattr(self.index, name)

        def save_index(self, path: str) -> None:
            self.index.save_index(path)  # type: ignore[attr-defined]
            os.truncate(path, 1000)

    genuine = Graph.empty
    monkeypatch.setattr(
        Graph, "empty", classmethod(lambda _, *args: Graph(Cut(genuine(*args)._index)))
    )
    with pytest.raises(StorageError, match=r"Only 1,000 of"):
        build(directory, keys, {"b.md": numbered(20, "other")})
    assert "graph-2.hnsw" not in names(directory)
    with open_reader(directory, key_dir=keys) as index:
        assert (index.info.generation, index.warnings) == (1, ())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_directory_that_may_not_be_written(directory: Path, keys: Path) -> None:
    build(directory, keys, {"a.md": numbered(5)})
    directory.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        with pytest.raises(StorageError, match="cannot be written"):
            open_writer(directory, key_dir=keys)
        with open_reader(directory, key_dir=keys) as index:
            assert index.info.passages == 5
    finally:
        directory.chmod(0o700)


def test_no_file_handles_left(directory: Path, keys: Path) -> None:
    import resource

    build(directory, keys, {"a.md": numbered(5)})
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    held = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
    try:
        with suppress(OSError):
            while True:
                held.append(os.open(directory, os.O_RDONLY))
        with pytest.raises(StorageError):
            open_reader(directory, key_dir=keys)
        with pytest.raises(StorageError, match="file handles"):
            open_writer(directory, key_dir=keys)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for descriptor in held:
            os.close(descriptor)
