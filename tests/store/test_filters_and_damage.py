"""Under a filter, what it reads is verified: a changed row is damage, not an omission."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from bienc_cli.errors import IndexDamaged, StorageError
from bienc_cli.store import Filter, catalog, open_reader
from places import Place
from stores import encode, exactly, numbered

FILES = {
    "a.md": numbered(4, "a"),
    "b.txt": numbered(4, "b"),
    "sub/c.md": numbered(4, "c"),
    "sub/d.txt": numbered(4, "d"),
}
FILTERS = {
    "format": Filter(formats=("markdown",)),
    "formats": Filter(formats=("markdown", "text")),
    "path": Filter(paths=("sub",)),
    "both": Filter(paths=("sub",), formats=("markdown",)),
    "not": Filter(paths=("!sub",)),
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    Place(tmp_path, "directory").build(FILES)  # type: ignore[arg-type]
    return tmp_path


def changed(home: Path, statement: str) -> None:
    with sqlite3.connect(home / ".bienc" / "catalog.sqlite") as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        assert connection.execute(statement).rowcount > 0
    connection.close()


def answers(home: Path, where: Filter) -> list[set[str]]:
    """The paths that each way of asking finds under a filter."""
    (query,) = encode(["any text"])
    with open_reader(home / ".bienc", key_dir=home / "keys") as reader:
        ways = (
            [one for one, _ in reader.search(query, 50, where)],
            [one for one, _ in exactly(reader, query, 50, where)],
            [one for one, _ in reader.bm25("text number words", 50, where)],
            [one.passage_id for one in reader.iter_passages(where)],
        )
        return [{one.path for one in reader.passages(ids)} for ids in ways]


@pytest.mark.parametrize("name", FILTERS)
def test_a_whole_index_answers(home: Path, name: str) -> None:
    first, *others = answers(home, FILTERS[name])
    assert first
    assert others == [first] * 3


@pytest.mark.parametrize("name", ["format", "both"])
@pytest.mark.parametrize("value", ["text", "markdowm", "", "pdf"])
@pytest.mark.parametrize("row", [1, 3])
def test_a_changed_format(home: Path, name: str, value: str, row: int) -> None:
    changed(home, f"UPDATE documents SET format = '{value}' WHERE id = {row}")
    with pytest.raises(IndexDamaged):
        answers(home, FILTERS[name])


def test_two_formats_that_changed_places(home: Path) -> None:
    """As many as before of each, and each another one."""
    changed(
        home,
        "UPDATE documents SET format = CASE format WHEN 'text' THEN 'markdown' ELSE 'text' END",
    )
    with pytest.raises(IndexDamaged):
        answers(home, FILTERS["format"])


@pytest.mark.parametrize("name", ["path", "both", "not"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE files SET path = 'elsewhere/c.md' WHERE path = 'sub/c.md'",
        "UPDATE files SET path = 'sub/a.md' WHERE path = 'a.md'",
        "UPDATE files SET size = size + 1 WHERE path = 'sub/c.md'",
        "UPDATE documents SET file_id = 1 WHERE id = 3",
        "UPDATE documents SET file_id = 3 WHERE id = 1",
        "DELETE FROM documents WHERE id = 3",
        "DELETE FROM files WHERE id = 3",
        "UPDATE files SET root_id = 7 WHERE id = 3",
    ],
)
def test_a_changed_place(home: Path, name: str, statement: str) -> None:
    changed(home, statement)
    with pytest.raises(IndexDamaged):
        answers(home, FILTERS[name])


def test_too_little_memory_and_errors_of_ones_own_are_no_damage(tmp_path: Path) -> None:
    """It is said only where a row is decoded."""
    with pytest.raises(StorageError, match="not enough memory"), catalog.translated(tmp_path):
        raise MemoryError
    with pytest.raises(StorageError, match="not enough memory"), catalog.decoded(tmp_path):
        raise MemoryError
    for error in (TypeError("of ours"), ValueError("of ours"), OverflowError("of ours")):
        with pytest.raises(type(error), match="of ours"), catalog.translated(tmp_path):
            raise error
        with pytest.raises(IndexDamaged), catalog.decoded(tmp_path):
            raise error
