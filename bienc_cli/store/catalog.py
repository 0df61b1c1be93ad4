"""Connections to `catalog.sqlite`, and what SQLite's refusals mean to a user."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bienc_cli.errors import IndexDamaged, IndexMismatch, IndexNotFound, StorageError
from bienc_cli.store.schema import APPLICATION_ID, FORMAT_VERSION, TABLES

CATALOG = "catalog.sqlite"

_REBUILD = "make it again: bienc index PATH --index OTHER_DIRECTORY"


def connect_to_read(directory: Path) -> sqlite3.Connection:
    """A connection on a snapshot: it sees the generation that is current now, and no other.

    Raises:
        IndexNotFound: the directory is not there or holds no catalog.
        IndexDamaged: the catalog is no SQLite file or lacks its tables.
        IndexMismatch: another version of the format.
    """
    path = directory / CATALOG
    if not path.is_file():
        raise IndexNotFound(
            f"There is no index in {directory}."
            if directory.is_dir()
            else f"There is no such index directory: {directory}.",
            f"make one: bienc index PATH --index {directory}",
        )
    with translated(directory):
        connection = _open(path, "mode=ro")
        try:
            connection.execute("PRAGMA query_only = ON")
            connection.execute("BEGIN")
            _check_version(connection, directory)
        except sqlite3.OperationalError:
            connection.close()
            # On a read-only medium SQLite cannot make its shared-memory file. Nobody can
            # write there either, so the file may be taken as it lies.
            if os.access(directory, os.W_OK):
                raise
            connection = _open(path, "mode=ro&immutable=1")
            connection.execute("BEGIN")
            _check_version(connection, directory)
    return connection


def connect_to_write(directory: Path) -> sqlite3.Connection:
    """A connection with one write transaction begun, on a new catalog if there is none.

    Raises:
        StorageError: the directory cannot be written.
        IndexDamaged, IndexMismatch: as in `connect_to_read`.
    """
    path = directory / CATALOG
    with translated(directory):
        new = not path.exists() or path.stat().st_size == 0
        connection = _open(path, "mode=rwc")
        if new:
            connection.execute("PRAGMA page_size = 8192")
        connection.execute("PRAGMA journal_mode = WAL")
        # FULL: the commit has reached the disk before anything that it replaces is deleted.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        # Deleted text is overwritten, not only unlinked.
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("BEGIN IMMEDIATE")
        if not new and _empty(connection):
            new = True
        if new:
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
            for statement in TABLES.split(";"):
                if statement.strip():
                    connection.execute(statement)
        else:
            _check_version(connection, directory)
    return connection


def _open(path: Path, parameters: str) -> sqlite3.Connection:
    # isolation_level None: transactions begin and end where this package says so.
    return sqlite3.connect(
        f"file:{quote(str(path))}?{parameters}", uri=True, isolation_level=None, timeout=10
    )


def _empty(connection: sqlite3.Connection) -> bool:
    (number,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return bool(number == 0)


def _check_version(connection: sqlite3.Connection, directory: Path) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        if _empty(connection):
            raise IndexNotFound(
                f"The index in {directory} was begun and never finished.",
                "finish it: bienc index PATH",
            )
        raise IndexDamaged(f"{directory / CATALOG} is not an index of bienc.", _REBUILD)
    if version > FORMAT_VERSION:
        raise IndexMismatch(
            f"The index in {directory} has format {version}; this bienc reads up to "
            f"{FORMAT_VERSION}.",
            "install a newer bienc: pip install --upgrade bienc-cli",
        )
    if version < 1:
        raise IndexDamaged(f"The index in {directory} says it has format {version}.", _REBUILD)


@contextmanager
def translated(directory: Path) -> Iterator[None]:
    """Turn what SQLite and the system raise into errors with a sentence.

    Raises:
        StorageError: disk full, read-only, no permission, no file handles.
        IndexDamaged: the catalog does not hold together.
    """
    try:
        yield
    except sqlite3.OperationalError as error:
        raise _operational(error, directory) from error
    except sqlite3.DatabaseError as error:
        raise IndexDamaged(f"The index in {directory} is damaged: {error}.", _REBUILD) from error
    except OSError as error:
        raise refused(error, directory) from error


def refused(error: OSError, directory: Path) -> StorageError:
    """The sentence for an operation on the index directory that the system refused."""
    if error.errno == errno.ENOSPC:
        return StorageError(
            f"The disk that holds {directory} is full; the index is as it was before.",
            "free some space and run the same command again: what is encoded is kept",
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StorageError(
            f"{directory} cannot be written: {error.strerror}.",
            "choose another place: --index DIR",
        )
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return StorageError("There are no file handles left.", "raise the limit: ulimit -n 1024")
    return StorageError(f"{directory}: {error.strerror or error}.")


def _operational(error: sqlite3.OperationalError, directory: Path) -> Exception:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return refused(OSError(errno.ENOSPC, "disk full"), directory)
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return refused(OSError(errno.EACCES, str(error)), directory)
    if code == sqlite3.SQLITE_CANTOPEN:
        return StorageError(
            f"The index in {directory} cannot be opened: {error}.",
            "check the permissions of the directory and the files in it",
        )
    if code == sqlite3.SQLITE_IOERR:
        return StorageError(f"The disk failed on the index in {directory}: {error}.")
    return IndexDamaged(f"The index in {directory} is damaged: {error}.", _REBUILD)


# ------------------------------------------------------------------- meta


def read_meta(connection: sqlite3.Connection) -> dict[str, Any]:
    """All of `meta`, parsed; empty in a new catalog."""
    return {
        key: json.loads(value) for key, value in connection.execute("SELECT key, value FROM meta")
    }


def write_meta(connection: sqlite3.Connection, values: dict[str, Any]) -> None:
    """Set some of `meta`."""
    connection.executemany(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        [(key, json.dumps(value)) for key, value in values.items()],
    )
