"""Codes of vectors: candidates for a first query on a large index."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.store import (
    Filter,
    check,
    codes,
    nearest,
    open_writer,
    repair,
    vectors,
)
from bienc_cli.store.codes import CodeTable
from bienc_cli.store.vectors import UsedVectors
from stores import DIM, build, encode, exactly, numbered, reading

FILES = {f"f{number:02d}.txt": numbered(20, f"file {number} text") for number in range(12)}


@pytest.fixture(autouse=True)
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Codes from the first vector on, in blocks of a few, and no exact scan that hides them."""
    monkeypatch.setattr(codes, "FEWEST", 1)
    monkeypatch.setattr(codes, "BLOCK_ROWS", 50)
    monkeypatch.setattr(vectors, "AT_ONCE", 10)
    monkeypatch.setattr(nearest, "SCAN_LIMIT", 0)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    build(tmp_path / ".bienc", tmp_path / "keys", FILES)
    return tmp_path


def blocks(home: Path) -> list[bytes]:
    with sqlite3.connect(home / ".bienc" / "catalog.sqlite") as connection:
        return [row[0] for row in connection.execute("SELECT codes FROM codes ORDER BY block")]


def damage(home: Path, statement: str) -> None:
    with sqlite3.connect(home / ".bienc" / "catalog.sqlite") as connection:
        connection.execute(statement)


def test_a_first_query_is_answered_exactly_without_the_graph(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: object) -> None:
        raise AssertionError("the graph was loaded")

    monkeypatch.setattr(nearest.NearestPassages, "_load_graph", refuse)
    with reading(home) as index:
        for query in encode(["file 3 text number 7 of some words", "something else"]):
            # With more candidates than vectors, all are compared.
            assert index.search(query, 10) == exactly(index, query, 10)
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
        assert found == exactly(index, query, 20, where)
        assert len(found) == 20


def test_many_queries_and_later_ones_go_to_the_graph(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads = []
    load = nearest.NearestPassages._load_graph

    def counting(self: nearest.NearestPassages) -> object:
        loads.append(1)
        return load(self)

    monkeypatch.setattr(nearest.NearestPassages, "_load_graph", counting)
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


def test_there_is_a_code_for_every_row(home: Path) -> None:
    assert [len(held) // (DIM // 8) for held in blocks(home)] == [50] * 4 + [40]


def test_what_is_deleted_is_not_proposed_and_leaves_no_code(home: Path) -> None:
    changed = {name: texts for name, texts in FILES.items() if name not in ("f00.txt", "f06.txt")}
    changed["f06.txt"] = [*FILES["f06.txt"][:4], "a new one"]
    changed["new.txt"] = numbered(30, "new")
    for compact in (False, True):
        build(home / ".bienc", home / "keys", changed, compact=compact)
        assert check(home / ".bienc", key_dir=home / "keys").problems == ()
        with reading(home) as index:
            for query in encode(["new number 3 of some words", FILES["f00.txt"][2]]):
                assert index.search(query, 7) == exactly(index, query, 7)
            rows = sum(len(held) for held in blocks(home)) // (DIM // 8)
            assert (rows == index.info.vectors) is compact


def test_a_growing_index_keeps_the_blocks_that_are_full(home: Path) -> None:
    full = blocks(home)[:-1]
    build(home / ".bienc", home / "keys", {**FILES, "z.txt": numbered(70, "z")})
    assert blocks(home)[: len(full)] == full


def test_a_vector_is_read_for_its_code_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int]] = []
    coded = codes._computed_columns

    def watched(used: UsedVectors, start: int, end: int, centre: Any) -> Any:
        seen.append((start, end))
        return coded(used, start, end, centre)

    monkeypatch.setattr(codes, "_computed_columns", watched)
    grown = {**FILES, "z.txt": numbered(70, "z")}
    build(home / ".bienc", home / "keys", grown)
    assert seen == [(240, 250), (250, 300), (300, 310)]
    assert check(home / ".bienc", key_dir=home / "keys").problems == ()
    # What is not as it was written is made anew.
    damage(home, "UPDATE codes SET checksum = 0 WHERE block = 6")
    seen.clear()
    build(home / ".bienc", home / "keys", {**grown, "y.txt": ["one more"]})
    assert seen == [(300, 311)]
    assert check(home / ".bienc", key_dir=home / "keys").problems == ()


def test_too_few_vectors_have_no_codes(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes, "FEWEST", 1_000)
    build(home / ".bienc", home / "keys", {**FILES, "z.txt": ["one more"]})
    assert blocks(home) == []
    assert check(home / ".bienc", key_dir=home / "keys").problems == ()
    with reading(home) as index:
        (query,) = encode(["one more"])
        assert index.search(query, 1)[0][1] == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE codes SET codes = zeroblob(length(codes)) WHERE block = 1",
        "UPDATE codes SET codes = x'00'",
        "DELETE FROM codes WHERE block = 1",
        "DELETE FROM codes",
    ],
)
def test_damaged_codes_are_told_and_done_without(home: Path, statement: str) -> None:
    damage(home, statement)
    with reading(home) as index:
        (query,) = encode(["file 3 text number 7 of some words"])
        assert index.search(query, 5) == exactly(index, query, 5)
        assert ["codes" in warning for warning in index.warnings] == [True]
    report = check(home / ".bienc", key_dir=home / "keys")
    assert [problem.part for problem in report.problems] == ["codes"]
    repair(home / ".bienc", key_dir=home / "keys")
    assert check(home / ".bienc", key_dir=home / "keys").problems == ()
    with reading(home) as index:
        assert index.search(query, 5) == exactly(index, query, 5)
        assert index.warnings == ()


def test_codes_of_other_vectors_are_noticed_by_check(home: Path) -> None:
    with open_writer(home / ".bienc", key_dir=home / "keys") as writer:
        connection = writer._connection  # type: ignore[attr-defined]
        others = bytes(50 * DIM // 8)
        connection.execute(
            "REPLACE INTO codes VALUES (1, ?, ?)", (others, codes._checksum(1, others))
        )
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
    table = CodeTable(codes.columns_of(rows, centre), centre)
    expected = np.where(rows > centre, 1.0, -1.0) @ (query - centre)
    assert table._scores(query) == pytest.approx(expected, abs=1e-3)
    counts = random.random(count) < 0.7
    best = table.nearest(query, 3, counts)
    assert counts[best].all()
    assert len(set(best.tolist())) == len(best) == min(3, int(counts.sum()))
    if len(best):
        floor = np.sort(expected[counts])[-len(best)]
        assert (expected[best] >= floor - 1e-3).all()
