"""`check` finds every kind of damage; `repair` mends it or says what must be read again."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from bienc_cli.errors import IndexDamaged, IndexNotFound
from bienc_cli.store import Remedy, check, open_reader, open_writer, repair, verification
from stores import DIM, build, numbered

FILES = {f"{n}.md": numbered(10, f"file {n}") for n in range(12)} | {
    "twin.md": numbered(3, "file 1")
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    build(tmp_path / ".bienc", tmp_path / "keys", FILES)
    return tmp_path


def change(home: Path, *statements: str) -> None:
    connection = sqlite3.connect(home / ".bienc" / "catalog.sqlite")
    for statement in statements:
        if statement.startswith("flip "):
            flip_vector(home, int(statement.removeprefix("flip ")))
            continue
        assert connection.execute(statement).rowcount, statement
    connection.commit()
    connection.close()


def flip_vector(home: Path, row: int) -> None:
    path = home / ".bienc" / "vectors-1.f32"
    held = bytearray(path.read_bytes())
    held[64 + row * (DIM * 4 + 24) + 40] ^= 4
    path.write_bytes(held)


def checked(home: Path) -> verification.CheckReport:
    return check(home / ".bienc", key_dir=home / "keys")


def parts(home: Path) -> set[str]:
    return {problem.part for problem in checked(home).problems}


def test_a_sound_index_has_no_problems(home: Path) -> None:
    stages: list[str] = []
    report = check(home / ".bienc", key_dir=home / "keys", on_stage=stages.append)
    assert report.problems == ()
    assert report.recall is not None
    assert report.recall > 0.99
    assert report.info is not None
    assert report.info.passages == 123
    assert stages == ["catalog", "texts", "vectors", "words", "graph"]
    assert repair(home / ".bienc", key_dir=home / "keys") == verification.RepairReport((), ())


def test_after_changes_too(home: Path) -> None:
    build(home / ".bienc", home / "keys", {**FILES, "3.md": ["new"], "0.md": numbered(4, "zero")})
    report = checked(home)
    assert report.problems == ()
    assert report.recall is not None


def test_nothing_to_check(tmp_path: Path) -> None:
    with pytest.raises(IndexNotFound):
        check(tmp_path, key_dir=tmp_path)


@pytest.mark.parametrize(
    ("part", "statement"),
    [
        ("texts", "UPDATE texts SET text = x'00' WHERE id >> 20 = 3"),
        ("texts", "DELETE FROM texts WHERE id >> 20 = 3"),
        ("texts", "UPDATE passages SET first = 2 WHERE document_id = 3 AND ordinal = 1"),
        ("texts", "UPDATE documents SET title = 'x' WHERE id = 3"),
        ("catalog", "UPDATE files SET size = 1 WHERE id = 3"),
        ("vectors", "UPDATE vectors SET digest = zeroblob(16) WHERE id = 24"),
        ("vectors", "flip 24"),
    ],
)
def test_damaged_rows_are_found_and_their_files_read_again(
    home: Path, part: str, statement: str
) -> None:
    change(home, statement)
    report = checked(home)
    assert part in {problem.part for problem in report.problems}
    assert {problem.remedy for problem in report.problems} == {Remedy.READ_AGAIN}
    repaired = repair(home / ".bienc", key_dir=home / "keys")
    assert repaired.forgotten == ("2.md",)  # the third file of the sorted dozen is the third put
    assert checked(home).problems == ()
    with open_reader(home / ".bienc", key_dir=home / "keys") as index:
        assert index.info.documents == len(FILES) - 1
    build(home / ".bienc", home / "keys", FILES)
    assert checked(home).problems == ()
    with open_reader(home / ".bienc", key_dir=home / "keys") as index:
        assert index.info.passages == 123


@pytest.mark.parametrize(
    ("part", "statement"),
    [
        ("words", "DELETE FROM postings"),
        ("words", "DELETE FROM postings WHERE word = 'number'"),
        ("words", "INSERT INTO postings SELECT 7, word, count, postings, 0 FROM postings"),
        ("words", "UPDATE lengths SET lengths = zeroblob(124)"),
        ("vectors", "DELETE FROM passages WHERE document_id = 3"),
        ("texts", "INSERT INTO texts SELECT 99 << 20, length, text, checksum FROM texts LIMIT 1"),
        ("vectors", "INSERT INTO unused VALUES (999, 0)"),
        ("vectors", "INSERT INTO unused VALUES (25, 0)"),
    ],
)
def test_what_is_derived_is_made_anew(home: Path, part: str, statement: str) -> None:
    change(home, statement)
    report = checked(home)
    assert part in {problem.part for problem in report.problems}
    assert {problem.remedy for problem in report.problems} == {Remedy.REBUILD}
    repaired = repair(home / ".bienc", key_dir=home / "keys")
    assert repaired == verification.RepairReport(("words", "graph"), ())
    assert checked(home).problems == ()


def test_a_missing_graph_and_a_flipped_one(home: Path) -> None:
    (path,) = (home / ".bienc").glob("graph-*")
    held = bytearray(path.read_bytes())
    held[len(held) // 2] ^= 1
    path.write_bytes(held)
    assert parts(home) == {"graph"}
    repair(home / ".bienc", key_dir=home / "keys")
    assert parts(home) == set()
    next((home / ".bienc").glob("graph-*")).unlink()
    assert parts(home) == {"graph"}
    repair(home / ".bienc", key_dir=home / "keys")
    assert parts(home) == set()


@pytest.mark.parametrize("harm", ["gone", "head", "cut", "other"])
def test_a_file_of_vectors_that_is_lost_has_all_files_read_again(home: Path, harm: str) -> None:
    path = home / ".bienc" / "vectors-1.f32"
    held = path.read_bytes()
    match harm:
        case "gone":
            path.unlink()
        case "head":
            path.write_bytes(b"x" + held[1:])
        case "cut":
            path.write_bytes(held[:70])
        case "other":
            build(home / "other" / ".bienc", home / "keys", FILES)
            path.write_bytes((home / "other" / ".bienc" / "vectors-1.f32").read_bytes())
    with (
        pytest.raises(IndexDamaged),
        open_reader(home / ".bienc", key_dir=home / "keys") as index,
    ):
        index.search(np.ones(DIM, np.float32) / 4, 3)
    assert parts(home) == {"vectors"}
    assert len(repair(home / ".bienc", key_dir=home / "keys").forgotten) == len(FILES)
    assert checked(home).problems == ()
    build(home / ".bienc", home / "keys", FILES)
    assert checked(home).problems == ()
    with open_reader(home / ".bienc", key_dir=home / "keys") as index:
        assert index.info.passages == 123


def test_a_graph_that_misses_what_is_near(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A graph of the right vectors with hardly a link between them."""
    from bienc_cli.store import graph

    monkeypatch.setattr(graph, "M", 2)
    monkeypatch.setattr(graph, "EF_CONSTRUCTION", 1)
    files = {f"{n}.md": numbered(30, f"file {n}") for n in range(60)}
    build(home / "poor" / ".bienc", home / "keys", files)
    monkeypatch.undo()
    monkeypatch.setattr(graph, "EF_SEARCH", 10)
    report = check(home / "poor" / ".bienc", key_dir=home / "keys")
    assert report.recall is not None
    assert report.recall < verification.LEAST_RECALL
    assert [problem.part for problem in report.problems] == ["graph"]


@pytest.mark.parametrize("seed", range(6))
def test_broken_structure_needs_a_new_index(home: Path, seed: int) -> None:
    path = home / ".bienc" / "catalog.sqlite"
    held = bytearray(path.read_bytes())
    chance = np.random.default_rng(seed)
    page = int(chance.integers(1, len(held) // 8192)) * 8192
    held[page : page + 8192] = chance.bytes(8192)
    path.write_bytes(held)
    report = checked(home)
    assert report.problems
    if any(problem.remedy is Remedy.START_OVER for problem in report.problems):
        with pytest.raises(IndexDamaged):
            repair(home / ".bienc", key_dir=home / "keys")


def test_a_check_does_not_wait_for_a_writer(home: Path) -> None:
    with open_writer(home / ".bienc", key_dir=home / "keys"):
        assert checked(home).problems == ()
