"""What every store promises of reading and safety: the same tests over both, and both compared."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bienc_cli.errors import IndexBusy, IndexDamaged, IndexMismatch, IndexNotFound, UsageError
from bienc_cli.store import (
    Filter,
    IndexReader,
    IndexWriter,
    Root,
    check,
    open_reader,
    repair,
)
from bienc_cli.types import BlendWeights, ChunkingParameters, Passage, TunedBlend
from bienc_cli.types import Place as FilePlace
from places import CHUNKING, FILES, STORES, Place, encode, identity, put_file, state
from stores import document, exactly, passages_of

BLEND = TunedBlend(BlendWeights(0.5, 0.25), BlendWeights(1.0, 0.125), 40)


# ----------------------------------------------------------------- reading


def test_a_passage_comes_back_with_its_place(index: IndexReader) -> None:
    ((passage_id, similarity),) = index.search(encode([FILES["sub/deep/c.txt"][1]])[0], 1)
    (stored,) = index.passages([passage_id])
    passage = stored.passage
    text = index.document_text(stored.document_id)
    assert similarity == pytest.approx(1.0, abs=1e-6)
    assert passage.text == FILES["sub/deep/c.txt"][1] == text[passage.start : passage.end]
    assert (stored.path, passage.doc_id) == ("docs/sub/deep/c.txt", "sub/deep/c.txt")
    assert (passage.place, passage.ordinal) == (FilePlace("line", 3, 5), 1)
    assert passage.heading == ("Part", "§ “1”")
    assert (stored.title, stored.format) == ("⁂", "text")


def test_passages_come_in_the_order_asked(index: IndexReader) -> None:
    ids = [stored.passage_id for stored in index.iter_passages()]
    asked = ids[::-1] + ids[:2]
    assert [stored.passage_id for stored in index.passages(asked)] == asked
    assert len(ids) == index.info.passages == index.count() == 12
    assert sorted(ids) == ids
    assert index.passages([]) == []
    with pytest.raises(IndexDamaged, match="passage 10000"):
        index.passages([10_000])


def test_what_it_holds_is_counted(index: IndexReader) -> None:
    info = index.info
    assert (info.files, info.documents, info.passages, info.vectors, info.skipped) == (
        *(3, 3, 12, 11),
        0,
    )
    assert info.formats == (("markdown", 2), ("text", 1))
    assert (info.encoder, info.chunking, info.generation) == (identity(), CHUNKING, 1)
    assert info.created == info.updated > 0
    assert list(index.warnings) == []
    assert set(info.sizes) == {"catalog", "vectors", "graph"}


def test_identical_passages_are_both_found_in_the_order_they_came(index: IndexReader) -> None:
    found = index.search(encode(["shared words"])[0], 2)
    assert [one.path for one in index.passages([one for one, _ in found])] == [
        "docs/sub/b.md",
        "docs/sub/deep/c.txt",
    ]
    assert found[0][1] == found[1][1]
    assert found[0][0] < found[1][0]


def test_many_equal_passages_are_cut_by_id(place: Place) -> None:
    place.build({f"{number:03}.txt": ["the same", f"own {number}"] for number in range(60)})
    with place.read() as index:
        found = index.search(encode(["the same"])[0], 5)
        paths = [one.path for one in index.passages([one for one, _ in found])]
        worded = index.bm25("same", 5)
        assert [one.path for one in index.passages([one for one, _ in worded])] == paths
    assert paths == [f"docs/{number:03}.txt" for number in range(5)]


def test_every_way_to_a_similarity_gives_the_same_number(index: IndexReader) -> None:
    queries = encode(["one", "two", "shared words"])
    for where in (None, Filter(paths=("*.md",))):
        for exact in (False, True):
            together = index.search_many(queries, 5, where, exact=exact)
            assert together == [exactly(index, query, 5, where) for query in queries]
            assert together == [index.search(query, 5, where) for query in queries]
    ids, scores = zip(*index.search(queries[0], 12), strict=True)
    assert index.similarities(queries[0], ids[::-1]) == list(scores[::-1])
    assert index.similarities(queries[0], []) == []
    assert index.search(queries[0], 0) == []
    assert len(index.search(queries[0], 1000)) == 12
    assert scores == tuple(sorted(scores, reverse=True))
    with pytest.raises(ValueError, match="shape"):
        index.search_many(np.zeros((1, 3), np.float32), 1)


@pytest.mark.parametrize(
    ("where", "files"),
    [
        (Filter(), set(FILES)),
        (Filter(paths=("*.md",)), {"a.md", "sub/b.md"}),
        (Filter(paths=("sub/",)), {"sub/b.md", "sub/deep/c.txt"}),
        (Filter(paths=("./sub/*.md",)), {"sub/b.md"}),
        (Filter(paths=("/a.md", "**/c.*")), {"a.md", "sub/deep/c.txt"}),
        (Filter(paths=("docs/sub/**/c.txt",)), {"sub/deep/c.txt"}),
        (Filter(paths=("*", "!sub/")), {"a.md"}),
        (Filter(paths=("none/",)), set()),
        (Filter(formats=("pdf",)), set()),
        (Filter(formats=("markdown",)), {"a.md", "sub/b.md"}),
        (Filter(paths=("*.txt",), formats=("text", "pdf")), {"sub/deep/c.txt"}),
    ],
)
def test_filters_apply_before_the_ranking_is_cut(
    index: IndexReader, where: Filter, files: set[str]
) -> None:
    query = encode(["shared words"])[0]
    expected = sum(len(FILES[name]) for name in files)
    found = index.search(query, 100, where)
    assert {one.passage.doc_id for one in index.passages([one for one, _ in found])} == files
    assert len(found) == expected == index.count(where)
    assert found == exactly(index, query, 100, where)
    assert {one.passage.doc_id for one in index.iter_passages(where)} == files
    worded = index.bm25("words number", 100, where)
    assert {one.passage.doc_id for one in index.passages([one for one, _ in worded])} == files
    if files:
        assert len(index.search(query, 1, where)) == 1


def test_a_malformed_pattern_is_a_usage_error(index: IndexReader) -> None:
    with pytest.raises(UsageError, match="malformed"):
        index.count(Filter(paths=("a\\",)))


def test_bm25_ranks_stemmed_words(index: IndexReader) -> None:
    found = index.bm25('Other "numbers" -- OR* 2', 4)
    texts = [one.passage.text for one in index.passages([one for one, _ in found])]
    scores = [score for _, score in found]
    assert texts[0] == "other number 2 of some words"
    assert scores == sorted(scores, reverse=True)
    assert min(scores) > 0
    assert index.bm25("»«!", 3) == index.bm25("number", 0) == index.bm25("zebra", 3) == []
    assert len(index.bm25("UNICODE", 3)) == 1
    in_a = Filter(paths=("a.md",))
    assert {one.path for one in index.passages([i for i, _ in index.bm25("number", 9, in_a)])} == {
        "docs/a.md"
    }


def test_the_words_of_some_passages_are_scored_as_in_the_ranking(index: IndexReader) -> None:
    ranked = dict(index.bm25("other numbers", 100))
    ids = [one.passage_id for one in index.iter_passages()][::-1]
    assert index.bm25_of("other numbers", ids) == pytest.approx([ranked.get(i, 0.0) for i in ids])
    assert 0.0 in index.bm25_of("other numbers", ids)
    assert index.bm25_of("»«!", ids[:2]) == [0.0, 0.0]
    assert index.bm25_of("other", []) == []


def test_a_file_is_named_through_links_and_without_them(place: Place) -> None:
    place.docs.rmdir()
    (place.home / "real" / "docs").mkdir(parents=True)
    place.docs.symlink_to(place.home / "real" / "docs")
    place.build(FILES)
    with place.read() as index:
        for pattern in ("docs/sub/*.md", "real/docs/sub/*.md", "sub/*.md"):
            assert index.count(Filter(paths=(pattern,))) == 4
    with open_reader(place.index, key_dir=place.keys, shown_from=place.home / "real") as index:
        assert index.count(Filter(paths=("/docs/sub/*.md",))) == 4


def test_documents_and_files_are_listed(index: IndexReader, tmp_path: Path) -> None:
    assert sorted(index.documents()) == [(name, f"docs/{name}") for name in sorted(FILES)]
    root = index.info.roots[0]
    assert root == Root(tmp_path / "docs")
    listed = list(index.files())
    assert [(where, one.path) for where, one in listed] == [(root, name) for name in sorted(FILES)]
    assert all(one == state(one.path, FILES[one.path], one.file_id) for _, one in index.files())
    assert index.file_times() == [(root, {one.path: (one.size, one.mtime_ns) for _, one in listed})]


# ---------------------------------------------------- visibility and safety


def test_a_reader_keeps_its_generation(built: Place) -> None:
    with built.read() as old:
        before = list(old.iter_passages())
        ranking = old.search(encode(["shared words"])[0], 20)
        built.build({"a.md": ["all new"]})
        assert old.info.generation == 1
        assert old.search(encode(["shared words"])[0], 20) == ranking
        assert exactly(old, encode(["all new"])[0], 20) == old.search(encode(["all new"])[0], 20)
        assert list(old.iter_passages()) == before
        assert old.passages([before[0].passage_id]) == before[:1]
        assert len(old.bm25("number", 20)) == 9
        assert sum(1 for _ in old.files()) == 3
    assert built.texts() == [("a.md", 0, "all new")]


def test_what_is_not_committed_never_was_but_what_is_encoded_is_kept(built: Place) -> None:
    class Stop(Exception):
        pass

    def change(writer: IndexWriter) -> None:
        writer.begin(identity(), CHUNKING)
        (root_id,) = writer.roots()
        put_file(writer, root_id, "new.txt", ["brand new"])
        writer.remove_file(writer.files(root_id)["a.md"].file_id)

    before = built.texts()
    with suppress(Stop), built.write() as writer:
        change(writer)
        raise Stop
    assert built.texts() == before
    with built.write() as writer:
        writer.begin(identity(), CHUNKING)
        assert writer.without_vector(["brand new", "unheard of"]) == ["unheard of"]
        assert len(writer.files(next(iter(writer.roots())))) == 3
    assert built.texts() == before
    with built.write() as writer:
        change(writer)
        info = writer.commit().info
    assert (info.files, info.passages, info.vectors) == (3, 7, 6)
    assert {one for one, _, _ in built.texts()} == {"sub/b.md", "sub/deep/c.txt", "new.txt"}
    assert not check(built.index, key_dir=built.keys).problems


def test_nothing_of_a_writer_that_gave_up_ever_counts(built: Place) -> None:
    """Not even what needed no encoding, and so went through at once."""
    with built.write() as writer:
        writer.begin(identity(), CHUNKING)
        (root_id,) = writer.roots()
        put_file(writer, root_id, "given-up.txt", ["shared words"])
        assert writer.without_vector(["shared words"]) == []
        assert len(writer.files(root_id)) == 4
    built.build({**FILES, "new.txt": ["new"]})
    with built.read() as index:
        found = index.passages([one for one, _ in index.search(encode(["shared words"])[0], 50)])
        assert {one.passage.doc_id for one in found} == {*FILES, "new.txt"}
        assert len(found) == index.info.passages == 13
    assert not check(built.index, key_dir=built.keys).problems


def test_an_index_that_never_came_to_be_is_not_there(place: Place) -> None:
    with place.write() as writer:
        writer.begin(identity(), CHUNKING)
    with pytest.raises(IndexNotFound):
        place.read()
    with pytest.raises(IndexNotFound):
        place.write(create=False)
    assert sorted(path.name for path in place.home.iterdir() if path != place.keys) == ["docs"]


def test_one_writer_at_a_time(built: Place) -> None:
    with built.write(), pytest.raises(IndexBusy, match="being written by process"):
        built.write()
    with built.write():
        pass


@pytest.mark.parametrize(
    ("name", "tokens", "match"), [("other", 64, "made with fake, not other"), ("fake", 65, "64")]
)
def test_another_model_or_another_length_is_refused(
    built: Place, name: str, tokens: int, match: str
) -> None:
    with built.write() as writer, pytest.raises(IndexMismatch, match=match):
        writer.begin(identity(name), ChunkingParameters(tokens, 8))
    assert len(built.texts()) == 12


def test_a_whole_index_has_no_problems(built: Place) -> None:
    stages: list[str] = []
    report = check(built.index, key_dir=built.keys, on_stage=stages.append)
    assert report.problems == ()
    assert report.info is not None
    assert report.info.passages == 12
    assert report.recall == 1.0
    assert {"texts", "graph"} <= set(stages)
    repaired = repair(built.index, key_dir=built.keys)
    assert (repaired.rebuilt, repaired.forgotten) == ((), ())


# ------------------------------------------------------------- equivalence


def test_both_stores_answer_alike_after_the_same_changes(tmp_path: Path) -> None:
    pytest.importorskip("milvus_lite")
    places = [Place(tmp_path / name, name) for name in STORES]
    chance = random.Random(11)
    words = "apple pear plum fig lime quince date cherry melon grape".split()
    files: dict[str, list[str]] = {}
    for _ in range(6):
        for _ in range(5):
            name = f"{chance.choice('abc')}/{chance.randrange(9)}.{chance.choice(['md', 'txt'])}"
            if name in files and chance.random() < 0.4:
                del files[name]
            else:
                files[name] = [
                    " ".join(chance.choices(words, k=3)) for _ in range(chance.randrange(1, 6))
                ]
        compact = chance.random() < 0.3
        infos = [place.build(files, compact=compact).info for place in places]
        facts = [
            (one.files, one.documents, one.passages, one.vectors, one.formats, one.generation)
            for one in infos
        ]
        assert facts[0] == facts[1]
        answers = []
        for place in places:
            with place.read() as index:
                answers.append([*_answers(index, words)])
        assert answers[0] == answers[1]
    assert not check(places[1].index, key_dir=places[1].keys).problems


def _answers(index: IndexReader, words: list[str]) -> Iterator[object]:
    queries = encode([f"{one} {two} {one}" for one, two in zip(words, words[1:])])
    for where in (None, Filter(paths=("a/",)), Filter(formats=("markdown",))):
        yield index.count(where)
        for ranking in index.search_many(queries, 7, where):
            stored = index.passages([one for one, _ in ranking])
            yield [
                (one.path, one.passage, one.title, score)
                for one, (_, score) in zip(stored, ranking, strict=True)
            ]
        for word in words:
            found = index.passages([one for one, _ in index.bm25(word, 1000, where)])
            yield {(one.path, one.passage.ordinal) for one in found}
    yield sorted(index.documents())
    yield sorted((one.path, one.digest) for _, one in index.files())


@pytest.mark.parametrize(
    "stands",
    [
        FilePlace("line", 3, 9),
        FilePlace("page", 12, 12),
        FilePlace("page", 12, 12, recognised=True),
        FilePlace("slide", 4, 4),
        FilePlace("row", 1, 7, "Bob's sheet"),
        FilePlace("row", 1, 1),
        FilePlace("cell", 2, 3),
        FilePlace("heading", name="Über “3”"),
        FilePlace("file"),
    ],
)
def test_a_place_is_kept(place: Place, stands: FilePlace) -> None:
    made = document("p.pdf", ["one"], "pdf")
    (passage,) = (replace(one, place=stands, context="Of it") for one in passages_of(made))
    assert isinstance(passage, Passage)
    with place.write() as writer:
        writer.begin(identity(), CHUNKING)
        file_id = writer.replace_file(writer.put_root(Root(place.docs)), state("p.pdf", ["one"]))
        writer.add_document(file_id, made, [passage])
        writer.add_vectors([passage.embedded_text], encode([passage.embedded_text]))
        writer.commit()
    with place.read() as index:
        assert [one.passage for one in index.iter_passages()] == [passage]
