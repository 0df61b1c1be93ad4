"""An index of an earlier format is brought up to date by the next writer, or left as it is."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from stores import CHUNKING, build, identity, numbered

from bienc_cli.errors import IndexDamaged, IndexMismatch
from bienc_cli.store import check, open_reader, open_writer, records, upgrade
from bienc_cli.store.catalog import read_meta, write_meta
from bienc_cli.store.schema import CODES, FORMAT_VERSION, OUTCOME_COLUMNS, WORD_INDEX


def drop_outcomes(connection: sqlite3.Connection) -> None:
    """Formats 1 and 2 knew a file by its size and time alone, and took each for whole."""
    for column in OUTCOME_COLUMNS:
        connection.execute(f"ALTER TABLE files DROP COLUMN {column.split()[0]}")
    rows = connection.execute(
        "SELECT id, root_id, path, size, mtime_ns, digest, reader FROM files"
    ).fetchall()
    for row in rows:
        checksum = records.checksum_of(*row)
        connection.execute("UPDATE files SET checksum = ? WHERE id = ?", (checksum, row[0]))


def make_format_2(directory: Path) -> None:
    connection = sqlite3.connect(directory / "catalog.sqlite", isolation_level=None)
    connection.execute("BEGIN")
    drop_outcomes(connection)
    connection.execute("PRAGMA user_version = 2")
    meta = read_meta(connection) | {"format": 2}
    write_meta(connection, meta | {"checksum": records.meta_checksum(connection, meta)})
    connection.execute("COMMIT")
    connection.close()


def make_format_1(directory: Path) -> None:
    """What format 1 was besides: the words in a table of FTS5, and no codes."""
    with open_reader(directory, key_dir=directory) as index:
        texts = [(one.passage_id, one.passage.embedded_text) for one in index.iter_passages()]
    connection = sqlite3.connect(directory / "catalog.sqlite", isolation_level=None)
    connection.execute("BEGIN")
    for statement in (*WORD_INDEX, CODES):
        connection.execute(statement.replace("CREATE", "DROP", 1).partition("(")[0])
    connection.execute(upgrade.EARLIER[1].statements[-1])
    connection.executemany("INSERT INTO passage_words (rowid, text) VALUES (?, ?)", texts)
    drop_outcomes(connection)
    connection.execute("PRAGMA user_version = 1")
    meta = read_meta(connection) | {"format": 1}
    del meta["lengths_checksum"], meta["codes"]
    write_meta(connection, meta | {"checksum": records.meta_checksum(connection, meta)})
    connection.execute("COMMIT")
    connection.close()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    build(tmp_path / ".bienc", tmp_path / "keys", {"a.md": numbered(9), "b.md": ["a pear"]})
    return tmp_path


@pytest.mark.parametrize("version", [1, 2])
def test_a_writer_brings_it_up_to_date(version: int, home: Path) -> None:
    directory, keys = home / ".bienc", home / "keys"
    with open_reader(directory, key_dir=keys) as index:
        right = index.bm25("number 7 pears", 99), list(index.iter_passages())
        files = list(index.files())
    {1: make_format_1, 2: make_format_2}[version](directory)
    with pytest.raises(IndexMismatch, match=f"format {version}") as refused:
        open_reader(directory, key_dir=keys)
    assert "bienc index" in (refused.value.hint or "")
    with open_writer(directory, key_dir=keys) as writer:
        writer.begin(identity(), CHUNKING)
        report = writer.commit()
    assert report.committed
    assert not report.graph_rebuilt
    assert report.info.format_version == FORMAT_VERSION
    with open_reader(directory, key_dir=keys) as index:
        assert (index.bm25("number 7 pears", 99), list(index.iter_passages())) == right
        assert list(index.files()) == files
    assert check(directory, key_dir=keys).problems == ()


def test_a_change_comes_along(home: Path) -> None:
    directory, keys = home / ".bienc", home / "keys"
    make_format_1(directory)
    build(directory, keys, {"a.md": numbered(9), "c.md": ["a plum"]})
    with open_reader(directory, key_dir=keys) as index:
        assert index.bm25("pear", 9) == []
        assert len(index.bm25("plums", 9)) == 1
    assert check(directory, key_dir=keys).problems == ()


def test_what_is_not_committed_leaves_it_as_it_was(home: Path) -> None:
    directory, keys = home / ".bienc", home / "keys"
    make_format_1(directory)
    for _ in range(2):
        with open_writer(directory, key_dir=keys) as writer:
            writer.begin(identity(), CHUNKING)
        with pytest.raises(IndexMismatch):
            open_reader(directory, key_dir=keys)


def test_only_the_tables_of_that_format_will_do(home: Path) -> None:
    directory, keys = home / ".bienc", home / "keys"
    make_format_1(directory)
    connection = sqlite3.connect(directory / "catalog.sqlite")
    connection.execute("CREATE VIEW other AS SELECT 1")
    connection.commit()
    connection.close()
    with pytest.raises(IndexDamaged):
        open_writer(directory, key_dir=keys)


def test_a_changed_bit_in_the_version_makes_no_earlier_format(home: Path) -> None:
    connection = sqlite3.connect(home / ".bienc" / "catalog.sqlite")
    connection.execute("PRAGMA user_version = 1")
    connection.close()
    for opened in (open_reader, open_writer):
        with pytest.raises(IndexDamaged):
            opened(home / ".bienc", key_dir=home / "keys")
