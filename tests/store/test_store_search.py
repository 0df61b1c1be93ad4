"""Reading what was written: places, texts, rankings, filters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bienc_cli.store import Filter, Root, nearest, open_reader, open_writer
from bienc_cli.types import Skipped
from stores import CHUNKING, build, encode, exactly, identity, numbered, put_file, reading, state

FILES = {
    "a.md": numbered(6),
    "sub/b.md": ["shared words", *numbered(3, "other")],
    "sub/deep/c.txt": ["shared words", "ünïcode « text » of three lines\nwith a break\nor two"],
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    build(tmp_path / ".bienc", tmp_path / "keys", FILES)
    return tmp_path


def test_identical_passages_share_a_vector_and_both_are_found(home: Path) -> None:
    with reading(home) as index:
        (query,) = encode(["shared words"])
        found = index.search(query, 2)
        paths = {stored.path for stored in index.passages([one for one, _ in found])}
        assert index.info.vectors == index.info.passages - 1
    assert paths == {"docs/sub/b.md", "docs/sub/deep/c.txt"}
    assert found[0][1] == found[1][1]
    assert found[0][0] < found[1][0]


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
        (Filter(formats=("pdf",)), set()),
        (Filter(paths=("*.txt",), formats=("text",)), {"sub/deep/c.txt"}),
    ],
)
def test_filters_apply_before_the_ranking_is_cut(home: Path, where: Filter, files: set) -> None:
    with reading(home) as index:
        expected = sum(len(FILES[name]) for name in files)
        found = index.search(encode(["shared words"])[0], 100, where)
        stored = index.passages([one for one, _ in found])
        assert {one.passage.doc_id for one in stored} == files
        assert len(found) == expected == index.count(where)
        assert {one.passage.doc_id for one in index.iter_passages(where)} == files
        if files:
            assert len(index.search(encode(["shared words"])[0], 1, where)) == 1


def test_bm25_ranks_stemmed_words_and_filters(home: Path) -> None:
    with reading(home) as index:
        found = index.bm25('Other "numbers" -- OR* 2', 4)
        texts = [one.passage.text for one in index.passages([one for one, _ in found])]
        assert texts[0] == "other number 2 of some words"
        assert [score for _, score in found] == sorted((s for _, s in found), reverse=True)
        assert index.bm25("number", 99, Filter(paths=("a.md",))) == [
            hit for hit in index.bm25("number", 99) if hit[0] <= 6
        ]
        assert index.bm25("»«!", 3) == index.bm25("number", 0) == []


def test_many_queries_equal_each_alone(home: Path) -> None:
    queries = encode(["one", "two", "shared words"])
    with reading(home) as index:
        for where in (None, Filter(paths=("*.md",))):
            for exact in (False, True):
                together = index.search_many(queries, 5, where, exact=exact)
                assert together == [exactly(index, query, 5, where) for query in queries]
        assert index.search(queries[0], 0) == []


def test_skips_are_kept_with_their_reasons(tmp_path: Path) -> None:
    with open_writer(tmp_path / ".bienc", key_dir=tmp_path / "keys") as writer:
        writer.begin(identity(), CHUNKING)
        root_id = writer.put_root(Root(tmp_path))
        file_id = writer.replace_file(root_id, state("x.pdf", ["x"]))
        writer.add_skipped(file_id, Skipped("x.pdf", "encrypted", "needs a password"))
        writer.put_discovery_skips(root_id, [Skipped("y.bin", "binary", "is binary")])
        writer.put_discovery_skips(root_id, [Skipped("z.bin", "binary", "is binary")])
        assert len(writer.skipped(root_id)) == 2
        writer.commit()
    with reading(tmp_path) as index:
        assert [one.path for one in index.skipped()] == ["x.pdf", "z.bin"]
        assert (index.info.skipped, index.info.files, index.info.vectors) == (2, 1, 0)
        assert index.search(encode(["anything"])[0], 3) == []
        assert [(root.path, file.path) for root, file in index.files()] == [(tmp_path, "x.pdf")]


def test_the_folder_can_be_moved(home: Path) -> None:
    elsewhere = home.parent / f"{home.name}-moved"
    home.rename(elsewhere)
    with open_reader(elsewhere / ".bienc", key_dir=elsewhere / "keys") as index:
        assert index.info.roots[0].path == elsewhere / "docs"
        assert not index.warnings


def test_a_root_may_be_a_single_file_and_lie_elsewhere(tmp_path: Path) -> None:
    single = tmp_path / "notes" / "single.md"
    single.parent.mkdir()
    single.write_text("text")
    directory = tmp_path / "indexes" / "one"
    with open_writer(directory, key_dir=tmp_path / "keys") as writer:
        writer.begin(identity(), CHUNKING)
        put_file(writer, writer.put_root(Root(single)), "single.md", ["text"])
        writer.commit()
    with open_reader(directory, key_dir=tmp_path / "keys") as index:
        assert next(index.iter_passages()).path == str(single)
    with open_reader(directory, key_dir=tmp_path / "keys", shown_from=tmp_path) as index:
        assert next(index.iter_passages()).path == "notes/single.md"
        assert index.count(Filter(paths=("notes/",))) == 1


# ------------------------------------------------------------- with a graph


def big(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int = 600) -> Path:
    """An index that is searched by its graph, with a tail and tombstones beside it."""
    monkeypatch.setattr(nearest, "SCAN_LIMIT", 10)
    files = {f"{n}.md": numbered(10, f"file {n}") for n in range(count // 10)}
    build(tmp_path / ".bienc", tmp_path / "keys", files)
    for name in ("0.md", "1.md", "2.md"):
        del files[name]
    build(tmp_path / ".bienc", tmp_path / "keys", files | {"new.md": numbered(50, "new")})
    return tmp_path


def test_tail_and_tombstones_beside_a_graph(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = big(tmp_path, monkeypatch)
    queries = encode(["new number 7 of some words", *numbered(40, "query")])
    with reading(home) as index:
        assert index.info.sizes["graph"]
        assert (home / ".bienc" / "graph-1.hnsw").exists()  # still the first generation's
        for where in (None, Filter(paths=("*5.md", "new.md")), Filter(paths=("new.md", "7.md"))):
            found = index.search_many(queries, 10, where)
            exact = index.search_many(queries, 10, where, exact=True)
            agree = [
                len(set(one) & set(other)) / 10 for one, other in zip(found, exact, strict=True)
            ]
            assert np.mean(agree) > 0.98, where
            assert all(len(one) == 10 for one in found)
        assert not index.warnings
        assert index.search(queries[0], 1)[0][1] == pytest.approx(1.0, abs=1e-6)
        assert len(index.search(queries[0], 10_000)) == index.info.passages


def test_a_tail_of_many_does_not_hide_what_is_in_the_graph(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = big(tmp_path, monkeypatch)
    monkeypatch.setattr(nearest, "SCAN_LIMIT", 10_000)
    where = Filter(paths=("new.md", "33.md"))
    (query,) = encode(["file 33 number 4 of some words"])
    with reading(home) as index:
        assert index.search(query, 5, where) == exactly(index, query, 5, where)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_comparing_in_blocks_equals_sorting_everything(data: st.DataObject) -> None:
    from bienc_cli.store.exact import NOTHING, VectorBlock, similarity

    count = data.draw(st.integers(1, 40))
    distinct = data.draw(st.integers(1, 12))
    pool = encode(numbered(distinct))
    vectors = pool[
        data.draw(st.lists(st.integers(0, distinct - 1), min_size=count, max_size=count))
    ]
    (query,) = encode(["query"])
    k = data.draw(st.integers(1, 10))
    ids = np.arange(1, count + 1)
    best = NOTHING
    for part in np.array_split(np.arange(count), data.draw(st.integers(1, 5))):
        block = VectorBlock(ids[part], vectors[part])
        best = best.and_also(block.compared(query[np.newaxis], k)[0]).best(k)
    scores = similarity(vectors, query)
    order = sorted(range(count), key=lambda row: (-scores[row], ids[row]))
    cut = scores[order[min(k, count) - 1]]
    assert best.ids.tolist() == [ids[row] for row in order if scores[row] >= cut]
