"""What every store promises of writing: the same tests over the directory and over Milvus."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bienc_cli.store import (
    Filter,
    Root,
    check,
)
from bienc_cli.types import BlendWeights, Document, Skipped, TunedBlend
from bienc_cli.types import Place as FilePlace
from places import CHUNKING, FILES, Place, encode, identity, put_file, state
from stores import document, passages_of

BLEND = TunedBlend(BlendWeights(0.5, 0.25), BlendWeights(1.0, 0.125), 40)


def test_skips_are_kept_with_their_reasons(place: Place) -> None:
    with place.write() as writer:
        writer.begin(identity(), CHUNKING)
        root_id = writer.put_root(Root(place.docs))
        file_id = writer.replace_file(root_id, state("x.pdf", ["x"]))
        writer.add_skipped(file_id, Skipped("x.pdf", "encrypted", "needs a password"))
        writer.put_discovery_skips(root_id, [Skipped("y.bin", "binary", "is binary")])
        writer.put_discovery_skips(
            root_id, [Skipped("z.bin", "binary", "is binary"), Skipped("b", "size", "is large")]
        )
        assert [one.path for one in writer.unread(root_id)] == ["z.bin", "b"]
        assert [one.path for one in writer.skipped(root_id)] == ["b", "x.pdf", "z.bin"]
        assert writer.document_counts(root_id) == {file_id: 0}
        writer.commit()
    with place.read() as index:
        assert [one.path for one in index.skipped()] == ["b", "x.pdf", "z.bin"]
        assert (index.info.skipped, index.info.files, index.info.vectors) == (3, 1, 0)
        assert index.search(encode(["anything"])[0], 3) == index.bm25("anything", 3) == []
        assert list(index.iter_passages()) == []
    with place.write() as writer:
        (root_id,) = writer.roots()
        writer.remove_file(writer.files(root_id)["x.pdf"].file_id)
        writer.put_discovery_skips(root_id, [Skipped("b", "size", "is large")])
        assert writer.commit().info.skipped == 1


def test_a_writer_sees_what_it_has_done(place: Place) -> None:
    with place.write() as writer:
        assert writer.info is None
        assert writer.roots() == {}
        writer.begin(identity(), CHUNKING)
        root = Root(place.docs, exclude=("*.tmp",), files=("a.txt",))
        root_id = writer.put_root(root)
        assert writer.roots() == {root_id: root}
        assert writer.put_root(root) == root_id
        file_id = put_file(writer, root_id, "a.txt", ["one", "two"])
        known = writer.files(root_id)["a.txt"]
        assert known == state("a.txt", ["one", "two"], file_id)
        assert writer.document_digests(file_id).keys() == {"a.txt"}
        assert writer.document_counts(root_id) == {file_id: 1}
        writer.touch_file(replace(known, mtime_ns=7))
        assert writer.files(root_id)["a.txt"].mtime_ns == 7
        again = put_file(writer, root_id, "a.txt", ["three"])
        assert writer.document_counts(root_id) == {again: 1}
        report = writer.commit()
    assert report.committed
    assert (report.info.passages, report.info.vectors, report.info.files) == (1, 1, 1)
    assert place.texts() == [("a.txt", 0, "three")]


def test_only_what_changed_is_written_anew(built: Place) -> None:
    changed = {**FILES, "a.md": [*FILES["a.md"][:3], "new words"], "d.txt": ["shared words"]}
    del changed["sub/deep/c.txt"]
    report = built.build(changed)
    assert report.committed
    assert report.info.generation == 2
    assert (report.info.files, report.info.passages) == (3, 9)
    assert report.info.vectors == len({text for file in changed.values() for text in file})
    expected = {(name, n, text) for name, file in changed.items() for n, text in enumerate(file)}
    assert set(built.texts()) == expected
    assert built.build(changed).committed is False
    with built.read() as index:
        assert index.info.generation == 2
        assert index.info.created < index.info.updated
        found = index.passages([one for one, _ in index.search(encode(["text number 4"])[0], 20)])
        assert "text number 4 of some words" not in {one.passage.text for one in found}


def test_a_touched_file_keeps_its_passages(built: Place) -> None:
    before = built.texts()
    with built.write() as writer:
        (root_id,) = writer.roots()
        writer.touch_file(replace(writer.files(root_id)["a.md"], size=1, mtime_ns=2))
        assert writer.commit().committed
    assert built.texts() == before
    with built.read() as index:
        assert index.file_times()[0][1]["a.md"] == (1, 2)
        assert index.info.files == 3 == len(list(index.files()))


def test_a_file_that_comes_back_is_there_again(built: Place) -> None:
    built.build({})
    assert built.texts() == []
    built.build(FILES)
    with built.read() as index:
        assert (index.info.passages, index.info.vectors, index.info.generation) == (12, 11, 3)
        assert len(index.search(encode(["shared words"])[0], 100)) == 12


def test_roots_are_covered_and_forgotten(built: Place) -> None:
    other = built.home / "other.txt"
    other.write_text("x")
    with built.write() as writer:
        writer.begin(identity(), CHUNKING)
        put_file(writer, writer.put_root(Root(other)), "other.txt", ["shared words", "of its own"])
        writer.commit()
    with built.read() as index:
        assert [root.path for root in index.info.roots] == [built.docs, other]
        assert ("other.txt", "other.txt") in list(index.documents())
        assert index.count(Filter(paths=("other.txt",))) == 2
    with built.write() as writer:
        assert writer.remove_root(built.home / "nowhere") == 0
        assert writer.remove_root(built.docs) == 3
        info = writer.commit(compact=True).info
    assert (info.files, info.documents, info.passages, info.vectors) == (1, 1, 2, 2)
    assert [root.path for root in info.roots] == [other]
    assert {one for one, _, _ in built.texts()} == {"other.txt"}


def test_learned_weights_are_kept_and_reset(built: Place) -> None:
    for blend, committed in ((BLEND, True), (BLEND, False), (None, True)):
        with built.write(create=False) as writer:
            writer.put_blend(blend)
            report = writer.commit()
        assert (report.committed, report.info.blend) == (committed, blend)
        with built.read() as index:
            assert index.info.blend == blend


def test_a_commit_needs_a_beginning_and_every_vector(place: Place) -> None:
    with place.write() as writer, pytest.raises(RuntimeError, match="begin"):
        writer.commit()
    with place.write() as writer:
        writer.begin(identity(), CHUNKING)
        root_id = writer.put_root(Root(place.docs))
        file_id = writer.replace_file(root_id, state("a.txt", ["one"]))
        made = document("a.txt", ["one"])
        writer.add_document(file_id, made, passages_of(made))
        with pytest.raises(RuntimeError, match="no vector"):
            writer.commit()


def test_vectors_can_come_before_their_passages(place: Place) -> None:
    with place.write() as writer:
        writer.begin(identity(), CHUNKING)
        root_id = writer.put_root(Root(place.docs))
        texts = ["one", "two", "never"]
        writer.add_vectors(texts, encode(texts))
        assert writer.without_vector([*texts, "other"]) == ["other"]
        put_file(writer, root_id, "a.txt", ["one", "two"])
        assert writer.commit().info.vectors == 2


def test_long_texts_come_back_whole(place: Place) -> None:
    word = "длинное слово "
    paragraphs = [word * 9_000, "short", "x" * 70_000]
    made = Document("long.txt", "\n\n".join(paragraphs), "text", title="т" * 40_000)
    long = FilePlace("heading", name="з" * 40_000)
    passages = [replace(one, heading=("з" * 40_000,), place=long) for one in passages_of(made)]
    with place.write() as writer:
        writer.begin(identity(), CHUNKING)
        root_id = writer.put_root(Root(place.docs))
        file_id = writer.replace_file(root_id, state("long.txt", paragraphs))
        writer.add_document(file_id, made, passages)
        texts = [one.embedded_text for one in passages]
        writer.add_vectors(texts, encode(texts))
        writer.commit()
    with place.read() as index:
        stored = list(index.iter_passages())
        assert [one.passage for one in stored] == passages
        assert {one.title for one in stored} == {made.title}
        assert index.document_text(stored[0].document_id) == made.text
        assert index.passages([stored[2].passage_id]) == [stored[2]]
        assert len(index.bm25("слово", 5)) == 1
    assert not check(place.index, key_dir=place.keys).problems
