"""What a commit leaves and does not leave, refusals, the lock."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bienc_cli.errors import (
    IndexBusy,
    IndexDamaged,
    IndexMismatch,
    IndexNotFound,
    StorageError,
)
from bienc_cli.store import Root, check, find_index, graph, open_reader, open_writer
from bienc_cli.store.exact import VectorBlock
from bienc_cli.store.graph import Graph
from bienc_cli.store.schema import FORMAT_VERSION
from bienc_cli.types import ChunkingParameters
from stores import (
    CHUNKING,
    build,
    document,
    encode,
    identity,
    numbered,
    passages_of,
    put_file,
    state,
)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / ".bienc"


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return tmp_path / "keys"


def names(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


def test_nothing_changed_writes_nothing(directory: Path, keys: Path) -> None:
    build(directory, keys, {"a.md": numbered(3)})
    before = (directory / "catalog.sqlite").read_bytes()
    with open_writer(directory, key_dir=keys) as writer:
        writer.begin(identity(), CHUNKING)
        writer.put_root(Root(directory.parent / "docs"))
        report = writer.commit()
    assert not report.committed
    assert (directory / "catalog.sqlite").read_bytes() == before
    assert names(directory) == {
        *("catalog.sqlite", "vectors-1.f32", "graph-1.hnsw", "lock"),
        ".gitignore",
    }


def test_the_same_model_by_another_name_is_the_same_model(directory: Path, keys: Path) -> None:
    build(directory, keys, {"a.md": numbered(3)})
    with open_writer(directory, key_dir=keys) as writer:
        writer.begin(replace(identity(), name="alias"), CHUNKING)
        report = writer.commit()
    assert (report.committed, report.info.encoder.name) == (False, "fake")


def test_roots_and_files_come_and_go(directory: Path, keys: Path) -> None:
    built: list[tuple[int, int]] = []
    with open_writer(directory, key_dir=keys) as writer:
        writer.begin(identity(), CHUNKING)
        for name in ("one", "two"):
            root_id = writer.put_root(Root(directory.parent / name, include=("*.md",)))
            put_file(writer, root_id, "a.md", numbered(3, name))
            writer.replace_file(root_id, state("empty.md", []))
        writer.commit(on_built=lambda done, total: built.append((done, total)))
    assert built[-1] == (6, 6)
    with open_writer(directory, key_dir=keys) as writer:
        root_id = writer.put_root(Root(directory.parent / "two", include=("*.txt",)))
        known = writer.files(root_id)
        assert sorted(writer.document_counts(root_id).values()) == [0, 1]
        assert list(writer.document_digests(known["a.md"].file_id)) == ["a.md"]
        writer.touch_file(replace(known["a.md"], size=7, mtime_ns=8))
        writer.remove_root(directory.parent / "one")
        writer.commit()
    with open_reader(directory, key_dir=keys) as index:
        (root,) = index.info.roots
        assert (root.path.name, root.include) == ("two", ("*.txt",))
        assert (index.info.files, index.info.documents, index.info.passages) == (2, 1, 3)
        assert {(one.path, one.size) for _, one in index.files()} == {("a.md", 7), ("empty.md", 0)}


def test_text_that_moves_keeps_its_vector(directory: Path, keys: Path) -> None:
    build(directory, keys, {"a.md": numbered(5)})
    with open_writer(directory, key_dir=keys) as writer:
        writer.begin(identity(), CHUNKING)
        root_id = writer.put_root(Root(directory.parent / "docs"))
        writer.remove_file(writer.files(root_id)["a.md"].file_id)
        file_id = writer.replace_file(root_id, state("b.md", numbered(5)))
        made = document("b.md", [*numbered(5)[::-1], "new"])
        writer.add_document(file_id, made, passages_of(made))
        assert writer.without_vector([*numbered(5), "new", "new"]) == ["new"]
        writer.add_vectors(["new"], encode(["new"]))
        report = writer.commit()
    assert (report.info.vectors, report.info.generation, report.graph_rebuilt) == (6, 2, False)


def test_removed_text_is_gone_from_the_disk(directory: Path, keys: Path) -> None:
    secret = ["the passphrase is xylophone quagmire"]
    build(directory, keys, {"a.md": numbered(40), "secret.md": secret})
    packed = encode(secret).tobytes()
    everything = b"".join(path.read_bytes() for path in directory.iterdir())
    assert packed in everything
    assert b"xylophon" in everything
    with open_writer(directory, key_dir=keys) as writer:
        root_id = writer.put_root(Root(directory.parent / "docs"))
        writer.remove_file(writer.files(root_id)["secret.md"].file_id)
        writer.commit(compact=True)
    everything = b"".join(path.read_bytes() for path in directory.iterdir())
    assert packed not in everything
    assert b"xylophon" not in everything
    assert b"secret.md" not in everything


def test_an_unfinished_first_index_leaves_nothing(directory: Path, keys: Path) -> None:
    with open_writer(directory, key_dir=keys) as writer:
        writer.begin(identity(), CHUNKING)
        writer.put_root(Root(directory.parent))
    assert not directory.exists()


def test_what_was_encoded_survives_an_unfinished_index(directory: Path, keys: Path) -> None:
    with open_writer(directory, key_dir=keys) as writer:
        writer.begin(identity(), CHUNKING)
        put_file(writer, writer.put_root(Root(directory.parent / "docs")), "a.md", numbered(3))
    assert names(directory) == {"vectors-1.f32", ".gitignore", "lock"}
    assert find_index(directory.parent / "docs" / "deep") == directory
    with pytest.raises(IndexNotFound, match="never finished"):
        open_reader(directory, key_dir=keys)
    with open_writer(directory, key_dir=keys) as writer:
        writer.begin(identity(), CHUNKING)
        assert writer.without_vector([*numbered(3), "more"]) == ["more"]
    with open_writer(directory, key_dir=keys) as writer:
        writer.begin(identity("another"), CHUNKING)
        assert len(writer.without_vector(numbered(3))) == 3


@pytest.mark.parametrize("damage", [b"", b"no vectors at all" * 400, None])
def test_a_damaged_tail_costs_only_time(directory: Path, keys: Path, damage: bytes | None) -> None:
    with open_writer(directory, key_dir=keys) as writer:
        writer.begin(identity(), CHUNKING)
        put_file(writer, writer.put_root(Root(directory.parent / "docs")), "a.md", numbered(30))
    path = directory / "vectors-1.f32"
    if damage is None:
        held = bytearray(path.read_bytes())
        held[500:] = bytes(b ^ 0x10 for b in held[500:])
        path.write_bytes(held)
    else:
        path.write_bytes(damage)
    build(directory, keys, {"a.md": numbered(30)})
    with open_reader(directory, key_dir=keys) as index:
        assert index.search(encode(numbered(1))[0], 1)[0][1] == pytest.approx(1.0, abs=1e-6)
    assert check(directory, key_dir=keys).problems == ()


def test_a_passage_without_a_vector_is_not_committed(directory: Path, keys: Path) -> None:
    with open_writer(directory, key_dir=keys) as writer:
        writer.begin(identity(), CHUNKING)
        file_id = writer.replace_file(writer.put_root(Root(directory)), state("a", ["x"]))
        made = document("a", ["x"])
        writer.add_document(file_id, made, passages_of(made))
        with pytest.raises(RuntimeError, match="1 texts have no vector"):
            writer.commit()


# ------------------------------------------------------------------ refusals


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


# --------------------------------------------------------------------- graph


def test_a_graph_is_kept_then_extended_then_built_anew(
    directory: Path, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph, "TAIL_LEAST", 20)
    files = {f"{n}.md": numbered(10, f"{n}") for n in range(10)}

    def name() -> str:
        (path,) = directory.glob("graph-*")
        return path.name

    build(directory, keys, files)
    assert name() == "graph-1.hnsw"
    files["10.md"] = numbered(20, "10")
    build(directory, keys, files)
    assert name() == "graph-1.hnsw"  # a tail
    files["11.md"] = numbered(1, "11")
    build(directory, keys, files)
    assert name() == "graph-3.hnsw"  # extended
    for gone in ("0.md", "1.md"):
        del files[gone]
    build(directory, keys, files)
    assert name() == "graph-3.hnsw"  # tombstones
    del files["2.md"]
    build(directory, keys, files)
    assert name() == "graph-5.hnsw"  # built anew
    with open_reader(directory, key_dir=keys) as index:
        assert not index.warnings
        assert index.info.vectors == 91
    build(directory, keys, {})
    assert not list(directory.glob("graph-*"))


def test_the_graph_finds_what_is_near() -> None:
    vectors = encode(numbered(2000), 48)
    ids = np.arange(10, 2010)
    graph = Graph.empty(48, 2000)
    graph.add([VectorBlock(ids[:700], vectors[:700]), VectorBlock(ids[700:], vectors[700:])])
    labels, floors = graph.nearest(vectors[:50], 10)
    exact = ids[np.argsort(-(vectors[:50] @ vectors.T), axis=1)[:, :10]]
    shares = [len(set(a) & set(b)) / 10 for a, b in zip(labels, exact, strict=True)]
    assert np.mean(shares) > 0.97
    assert floors.shape == (50,)
    assert graph.nearest(vectors[:1], 5000)[0].shape[1] <= 2000
