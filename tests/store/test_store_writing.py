"""What a commit leaves and does not leave, refusals, the lock."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bienc_cli.errors import (
    IndexNotFound,
)
from bienc_cli.store import Root, check, find_index, graph, open_reader, open_writer
from bienc_cli.store.exact import VectorBlock
from bienc_cli.store.graph import Graph
from stores import (
    CHUNKING,
    build,
    document,
    encode,
    identity,
    names,
    numbered,
    passages_of,
    put_file,
    state,
)


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
