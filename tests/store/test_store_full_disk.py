"""On a full disk an index can be read, and not written."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from bienc_cli.errors import StorageError
from bienc_cli.store import catalog, open_reader, open_writer
from stores import build, encode, numbered


@pytest.fixture
def full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An index at rest on a disk without room for SQLite's shared-memory file."""
    build(tmp_path / ".bienc", tmp_path / "keys", {"a.md": numbered(5)})
    open_database = catalog._open

    def refuse(path: Path, parameters: str) -> catalog.Snapshot:
        if "immutable" in parameters:
            return open_database(path, parameters)
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHMSIZE
        raise error

    monkeypatch.setattr(catalog, "_open", refuse)
    return tmp_path


def test_it_is_read_as_it_lies(full: Path) -> None:
    with open_reader(full / ".bienc", key_dir=full / "keys") as index:
        assert index.search(encode(numbered(1))[0], 1)[0][1] == pytest.approx(1.0, abs=1e-6)


def test_not_where_part_of_it_is_in_the_log(full: Path) -> None:
    (full / ".bienc" / "catalog.sqlite-wal").write_bytes(b"x" * 5000)
    with pytest.raises(StorageError, match="is full"):
        open_reader(full / ".bienc", key_dir=full / "keys")


def test_who_writes_is_told(full: Path) -> None:
    with pytest.raises(StorageError, match="is full") as caught:
        open_writer(full / ".bienc", key_dir=full / "keys")
    assert "free some space" in str(caught.value.hint)


def test_a_quota_that_is_used_up_is_no_failing_disk(tmp_path: Path) -> None:
    """To SQLite both are errors of writing."""
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_WRITE
    with (
        pytest.raises(StorageError, match="as it was before") as caught,
        catalog.translated(tmp_path),
    ):
        raise error
    assert "quota" in str(caught.value.hint)
