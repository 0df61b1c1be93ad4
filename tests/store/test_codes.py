"""Codes of vectors: candidates for a first query on a large index."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stores import DIM, build, encode, numbered

from bienc_cli.store import (
    Filter,
    check,
    codes,
    open_reader,
    open_writer,
    repair,
    vector_search,
    vectors,
)
from bienc_cli.store.codes import CodeTable

FILES = {f"f{number:02d}.txt": numbered(20, f"file {number} text") for number in range(12)}


@pytest.fixture(autouse=True)
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Codes from the first vector on, in rows of a few, and no exact scan that hides them."""
    monkeypatch.setattr(codes, "FEWEST", 1)
    monkeypatch.setattr(codes, "_AT_ONCE", 50)
    monkeypatch.setattr(vectors, "_AT_ONCE", 10)
    monkeypatch.setattr(vector_search, "SCAN_LIMIT", 0)
    monkeypatch.setattr(vector_search, "FILTERED_SCAN_LIMIT", 0)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    build(tmp_path / ".bienc", tmp_path / "keys", FILES)
    return tmp_path


def reading(home: Path):  # type: ignore[no-untyped-def]
    return open_reader(home / ".bienc", key_dir=home / "keys")


def rows(home: Path) -> list[tuple[int, list[int]]]:
    with sqlite3.connect(home / ".bienc" / "catalog.sqlite") as connection:
        return [
            (first, np.frombuffer(ids, "<i8").tolist())
            for first, ids in connection.execute("SELECT first_id, ids FROM codes ORDER BY 1")
        ]


def vector_ids(home: Path) -> list[int]:
    with sqlite3.connect(home / ".bienc" / "catalog.sqlite") as connection:
        return [row[0] for row in connection.execute("SELECT id FROM vectors ORDER BY id")]


def damage(home: Path, statement: str) -> None:
    with sqlite3.connect(home / ".bienc" / "catalog.sqlite") as connection:
        connection.execute(statement)


def test_a_first_query_is_answered_exactly_without_the_graph(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: object) -> None:
        raise AssertionError("the graph was loaded")

    monkeypatch.setattr(vector_search.VectorSearch, "_load_graph", refuse)
    with reading(home) as index:
        for query in encode(["file 3 text number 7 of some words", "something else"]):
            # With more candidates than vectors, all are compared.
            assert index.search(query, 10) == index.search_exact(query, 10)
        assert index.warnings == ()


def test_few_candidates_still_hold_the_nearest(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes, "CANDIDATES", 30)
    text = FILES["f05.txt"][3]
    with reading(home) as index:
        (query,) = encode([text])
        ((passage_id, similarity),) = index.search(query, 1)
        (stored,) = index.passages([passage_id])
    assert stored.passage.text == text
    assert similarity == pytest.approx(1.0, abs=1e-6)


def test_a_filter_acts_before_candidates_are_cut(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes, "CANDIDATES", 5)
    where = Filter(paths=("f07.txt",))
    with reading(home) as index:
        (query,) = encode([FILES["f01.txt"][0]])
        found = index.search(query, 20, where)
        assert found == index.search_exact(query, 20, where)
        assert len(found) == 20


def test_many_queries_and_later_ones_go_to_the_graph(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads = []
    load = vector_search.VectorSearch._load_graph

    def counting(self: vector_search.VectorSearch) -> object:
        loads.append(1)
        return load(self)

    monkeypatch.setattr(vector_search.VectorSearch, "_load_graph", counting)
    (query,) = encode(["some words"])
    with reading(home) as index:
        for _ in range(codes.QUERIES):
            index.search(query, 3)
        assert not loads
        index.search(query, 3)
        assert loads
    loads.clear()
    with reading(home) as index:
        index.search_many(np.tile(query, (codes.QUERIES + 1, 1)), 3)
        assert loads


def test_every_row_holds_the_vectors_that_there_are(home: Path) -> None:
    held = rows(home)
    assert len(held) > 1
    assert all(first == ids[0] for first, ids in held)
    assert [one for _, ids in held for one in ids] == vector_ids(home)


def test_what_is_deleted_leaves_no_code(home: Path) -> None:
    before = vector_ids(home)
    changed = {name: texts for name, texts in FILES.items() if name not in ("f00.txt", "f06.txt")}
    changed["f06.txt"] = [*FILES["f06.txt"][:4], "a new one"]
    changed["new.txt"] = numbered(30, "new")
    build(home / ".bienc", home / "keys", changed)
    after = vector_ids(home)
    assert set(before) - set(after)
    assert [one for _, ids in rows(home) for one in ids] == after
    assert check(home / ".bienc", key_dir=home / "keys").problems == ()
    with reading(home) as index:
        for query in encode(["new number 3 of some words", FILES["f00.txt"][2]]):
            assert index.search(query, 7) == index.search_exact(query, 7)


def test_a_growing_index_keeps_the_rows_that_are_full(home: Path) -> None:
    full = rows(home)[:-1]
    build(home / ".bienc", home / "keys", {**FILES, "z.txt": numbered(70, "z")})
    assert rows(home)[: len(full)] == full


def test_too_few_vectors_have_no_codes(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes, "FEWEST", 1_000)
    build(home / ".bienc", home / "keys", {**FILES, "z.txt": ["one more"]})
    assert rows(home) == []
    assert check(home / ".bienc", key_dir=home / "keys").problems == ()
    with reading(home) as index:
        (query,) = encode(["one more"])
        assert index.search(query, 1)[0][1] == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE codes SET codes = zeroblob(length(codes)) WHERE first_id = 1",
        "UPDATE codes SET ids = zeroblob(length(ids)) WHERE first_id = 1",
        "UPDATE codes SET codes = x'00'",
        "DELETE FROM codes WHERE first_id = 1",
        "DELETE FROM codes",
    ],
)
def test_damaged_codes_are_told_and_done_without(home: Path, statement: str) -> None:
    damage(home, statement)
    with reading(home) as index:
        (query,) = encode(["file 3 text number 7 of some words"])
        assert index.search(query, 5) == index.search_exact(query, 5)
        assert ["codes" in warning for warning in index.warnings] == [True]
    report = check(home / ".bienc", key_dir=home / "keys")
    assert [problem.part for problem in report.problems] == ["codes"]
    repair(home / ".bienc", key_dir=home / "keys")
    assert check(home / ".bienc", key_dir=home / "keys").problems == ()
    with reading(home) as index:
        assert index.search(query, 5) == index.search_exact(query, 5)
        assert index.warnings == ()


def test_codes_of_other_vectors_are_noticed_by_check(home: Path) -> None:
    with open_writer(home / ".bienc", key_dir=home / "keys") as writer:
        connection = writer._connection  # type: ignore[attr-defined]
        ids = np.array(vector_ids(home)[:50])
        connection.execute("DELETE FROM codes WHERE first_id = 1")
        codes._write(connection, ids, np.zeros((DIM // 16, 50), np.uint16))
        writer._changed = True  # type: ignore[attr-defined]
        writer.commit()
    report = check(home / ".bienc", key_dir=home / "keys")
    assert [problem.part for problem in report.problems] == ["codes"]


@given(st.integers(1, 70), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_scores_are_sums_of_signed_distances(dim: int, count: int, seed: int) -> None:
    """The table against the definition: sum over d of (q_d - c_d) * sign(v_d - c_d)."""
    random = np.random.default_rng(seed)
    rows = random.standard_normal((count, dim)).astype(np.float32)
    centre = random.standard_normal(dim).astype(np.float32)
    query = random.standard_normal(dim).astype(np.float32)
    table = CodeTable(np.arange(1, count + 1), codes._columns(rows, centre), centre)
    expected = np.where(rows > centre, 1.0, -1.0) @ (query - centre)
    assert table._scores(query) == pytest.approx(expected, abs=1e-3)
    best = set(table.nearest(query, 3).tolist())
    floor = np.sort(expected)[-min(3, count)]
    assert all(expected[one - 1] >= floor - 1e-3 for one in best)
    assert len(best) == min(3, count)
