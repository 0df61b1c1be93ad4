"""Connections to `catalog.sqlite`, and the translation of SQLite's errors for users."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from bienc_cli.errors import BiencError, IndexDamaged, IndexMismatch, IndexNotFound, StorageError
from bienc_cli.store import schema
from bienc_cli.store.privacy import is_own, make_file
from bienc_cli.store.schema import APPLICATION_ID, FORMAT_VERSION

CATALOG = "catalog.sqlite"

_NEW = f"{CATALOG}-new"
"""The name of a first catalog until it is complete. Nobody reads it, so it needs no write-ahead
log, which would double the writes. A crash leaves a file that is ignored."""

VECTOR_FILES = "vectors-*.f32"
"""Glob for the files of vectors; see `vectors.py`."""

MAKE_AGAIN = "make it again: bienc index PATH --index OTHER_DIRECTORY"

REPAIR = "see what can be saved: bienc check --repair"

_PAGE_SIZE = 8192
"""Bytes: pieces of text are long, and larger pages mean fewer reads."""

_CACHE_KIB = 65_536
_LOCK_SECONDS = 10.0


def catalog_path(directory: Path) -> Path:
    """The path of an index's catalog, whether or not it exists."""
    return directory / CATALOG


class Snapshot(sqlite3.Connection):
    """A read connection.

    Attributes:
        as_it_lies: modification time and size of the catalog, if it is read without a lock because
            the directory is not writable; None otherwise.
    """

    as_it_lies: tuple[int, int] | None = None


def connect_to_read(directory: Path) -> Snapshot:
    """Open a snapshot of the current generation, which later commits do not change.

    Raises:
        IndexNotFound: the directory does not exist or holds no catalog.
        IndexDamaged: the catalog is not an SQLite file or has other tables.
        IndexMismatch: it has another version of the format.
        StorageError: it cannot be opened.
    """
    path = catalog_path(directory)
    with decoded(directory):
        if not path.is_file():
            if any(directory.glob(VECTOR_FILES)):
                raise _unfinished(directory)
            raise IndexNotFound(
                f"There is no index in {directory}."
                if directory.is_dir()
                else f"There is no such index directory: {directory}.",
                f"make one: bienc index PATH --index {directory}",
            )
        try:
            return _snapshot(path, "mode=ro", directory)
        except sqlite3.OperationalError as error:
            # In a read-only directory or on a full disk, SQLite cannot create the shared-memory
            # file through which readers and writers coordinate. A catalog at rest can be read
            # without it; one with a write-ahead log cannot, because part of it is in that log.
            if os.access(path.parent, os.W_OK) and not _is_full(error):
                raise
            if not is_at_rest(path):
                raise
            before = time_and_size(path)
            snapshot = _snapshot(path, "mode=ro&immutable=1", directory)
            snapshot.as_it_lies = before
            return snapshot


def time_and_size(path: Path) -> tuple[int, int]:
    """What changes when a file is written to: modification time and size."""
    status = path.stat()
    return status.st_mtime_ns, status.st_size


def _snapshot(path: Path, parameters: str, directory: Path) -> Snapshot:
    connection = _open(path, parameters)
    try:
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("BEGIN")
        if is_empty(connection):
            if not path.stat().st_size and any(directory.glob("graph-*.hnsw")):
                # SQLite treats an empty file as new. A graph is only written after a catalog.
                raise IndexDamaged(f"{path} is empty.", MAKE_AGAIN)
            raise _unfinished(directory)
        version = _checked_version(connection, directory)
        if version != FORMAT_VERSION:
            raise IndexMismatch(
                f"The index in {directory} has format {version}, that of an earlier bienc; this "
                f"one reads format {FORMAT_VERSION}.",
                "bring it up to date, what is encoded is kept: bienc index",
            )
    except BaseException:
        connection.close()
        raise
    return connection


def _unfinished(directory: Path) -> IndexNotFound:
    return IndexNotFound(
        f"The index in {directory} was begun and never finished.",
        "finish it, what is encoded is kept: bienc index PATH",
    )


def is_at_rest(path: Path) -> bool:
    """Whether a catalog is entirely in its file, with nothing in the write-ahead log."""
    log = path.with_name(f"{path.name}-wal")
    return not (log.exists() and log.stat().st_size)


def fold_log(directory: Path) -> None:
    """Checkpoint the write-ahead log when a reader closes.

    A commit cannot checkpoint what a reader still uses. If a reader follows every commit, some
    reader always does, and the log would grow forever. This waits for nobody, and never writes to
    another user's index.
    """
    path = catalog_path(directory)
    # On failure, the next reader to close tries again, or the next writer.
    with suppress(sqlite3.Error, OSError):
        if is_at_rest(path) or not is_own(directory):
            return
        address = f"{path.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(address, uri=True, timeout=0)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _is_full(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", 0)
    return code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE)


def connect_to_write(directory: Path) -> tuple[sqlite3.Connection, int]:
    """Open a connection, begin the write transaction, and return the format found.

    The tables are brought to the current format whatever was found; 0 means a new catalog.

    Raises:
        StorageError: the directory cannot be written.
        IndexDamaged, IndexMismatch: as in `connect_to_read`.
    """
    path = catalog_path(directory)
    if path.is_symlink():
        raise StorageError(f"{path} is a symbolic link; what it points to is not written to.")
    with decoded(directory):
        remove_new(directory)
        is_first = not path.exists() or (is_at_rest(path) and not path.stat().st_size)
        if is_first:
            path = directory / _NEW
            make_file(path)
        connection = _open_to_write(path, "MEMORY" if is_first else "WAL")
        try:
            connection.execute("BEGIN IMMEDIATE")
            version = 0 if is_empty(connection) else _checked_version(connection, directory)
            if version == 0:
                schema.create(connection)
            elif version != FORMAT_VERSION:
                from bienc_cli.store import upgrade

                upgrade.upgrade(connection, version, directory)
            connection.execute("CREATE TEMP TABLE loose (vector_id INTEGER PRIMARY KEY)")
        except BaseException:
            connection.close()
            raise
    return connection, version


def is_new(directory: Path) -> bool:
    """Whether there is a first catalog that is not complete yet."""
    return (directory / _NEW).exists()


def name_new(connection: sqlite3.Connection, directory: Path) -> sqlite3.Connection:
    """Give a committed first catalog its name: from here on it is the index.

    Returns:
        A connection to it that replaces the given one.
    """
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    # SQLite would replay the leftover log of a deleted catalog into this one.
    _remove_logs(catalog_path(directory))
    (directory / _NEW).replace(catalog_path(directory))
    return _open_to_write(catalog_path(directory), "WAL")


def remove_new(directory: Path) -> None:
    """Delete a first catalog that was never completed."""
    new = directory / _NEW
    new.unlink(missing_ok=True)
    _remove_logs(new)


def _remove_logs(path: Path) -> None:
    for suffix in ("-journal", "-wal", "-shm"):
        path.with_name(f"{path.name}{suffix}").unlink(missing_ok=True)


def _open_to_write(path: Path, journal: str) -> sqlite3.Connection:
    connection = _open(path, "mode=rw")
    try:
        # Both only take effect on a new file.
        connection.execute(f"PRAGMA page_size = {_PAGE_SIZE}")
        connection.execute(f"PRAGMA journal_mode = {journal}")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        # FULL: a commit reaches the disk before anything it replaces is deleted.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        # Overwrite deleted text instead of only unlinking it.
        connection.execute("PRAGMA secure_delete = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _open(path: Path, parameters: str) -> Snapshot:
    # isolation_level None: only this package begins and ends transactions.
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?{parameters}",
        uri=True,
        isolation_level=None,
        timeout=_LOCK_SECONDS,
        factory=Snapshot,
    )
    # SQLite recommends this for files of unknown origin.
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    return connection


def is_empty(connection: sqlite3.Connection) -> bool:
    """Whether nothing was ever committed: no table and no application id."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return bool(application == 0 and tables == 0)


def _checked_version(connection: sqlite3.Connection, directory: Path) -> int:
    """The format version: the current one, or one that can be upgraded."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise IndexDamaged(f"{directory / CATALOG} is not an index of bienc.", MAKE_AGAIN)
    recorded = _recorded_version(connection)
    if version > FORMAT_VERSION and recorded != FORMAT_VERSION:
        raise IndexMismatch(
            f"The index in {directory} has format {version}; this bienc reads up to "
            f"{FORMAT_VERSION}.",
            "install a newer bienc from its repository, or make another index: --index DIR",
        )
    if version == FORMAT_VERSION:
        is_intact = schema.is_intact(connection)
    else:
        from bienc_cli.store import upgrade

        if not (version in upgrade.EARLIER and recorded == version):
            raise IndexDamaged(
                f"The index in {directory} says it has format {version}.", MAKE_AGAIN
            )
        is_intact = upgrade.is_intact(connection, version)
    if not is_intact:
        raise IndexDamaged(f"The index in {directory} has other tables than it should.", MAKE_AGAIN)
    return int(version)


def _recorded_version(connection: sqlite3.Connection) -> object:
    """The version stored in `meta`, which a bit flip in the file header does not affect."""
    try:
        row = connection.execute("SELECT value FROM meta WHERE key = 'format'").fetchone()
        return json.loads(row[0]) if row else None
    except (sqlite3.Error, ValueError):
        return None


@contextmanager
def translated(directory: Path) -> Iterator[None]:
    """Translate errors of SQLite and the system into this program's errors.

    Raises:
        StorageError: disk full, read-only, no permission, no file handles.
        IndexDamaged: the catalog is corrupt.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise _explained(error, directory) from error
    except OSError as error:
        raise refused(error, directory) from error
    except MemoryError as error:
        raise StorageError(
            f"There is not enough memory for the index in {directory}.",
            "end other programs, or raise the limit of this one: ulimit -v",
        ) from error


@contextmanager
def decoded(directory: Path) -> Iterator[None]:
    """Like `translated`, for reading rows: a value that does not decode is damage.

    STRICT is enforced on writing, not on reading: a file may contain values that this program never
    wrote.

    Raises:
        IndexDamaged: a value could not have been written by this program.
        StorageError: also if a file may not be read.
    """
    with translated(directory):
        try:
            yield
        except PermissionError as error:
            raise StorageError(
                f"{error.filename or directory} cannot be read: {error.strerror}.",
                "have it made readable by whoever it belongs to, or use another index: --index DIR",
            ) from error
        except (TypeError, ValueError, OverflowError) as error:
            raise IndexDamaged(
                f"The index in {directory} is damaged: {error}.", MAKE_AGAIN
            ) from error


def refused(error: OSError, directory: Path) -> StorageError:
    """The error for an operation on the index directory that the system refused."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageError(
            f"The disk that holds {directory} is full; the index is as it was before.",
            "free some space and run the same command again: what is encoded is kept",
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StorageError(
            f"{directory} cannot be written: {error.strerror}.",
            "make it writable, or use another index: --index DIR",
        )
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return StorageError("There are no file handles left.", "raise the limit: ulimit -n 1024")
    return StorageError(f"{directory}: {error.strerror or error}.")


def _explained(error: sqlite3.Error, directory: Path) -> BiencError:
    if _is_full(error):
        return refused(OSError(errno.ENOSPC, "disk full"), directory)
    code = getattr(error, "sqlite_errorcode", 0)
    match code & 0xFF:
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            return refused(OSError(errno.EACCES, str(error)), directory)
        case sqlite3.SQLITE_CANTOPEN:
            return StorageError(
                f"The index in {directory} cannot be opened: {error}.",
                "check the permissions of the directory and of the files in it, "
                "and the limit of open files",
            )
        case sqlite3.SQLITE_BUSY:
            return StorageError(
                f"The index in {directory} is locked by another program.",
                "try again when it has finished",
            )
        case sqlite3.SQLITE_IOERR if code == sqlite3.SQLITE_IOERR_WRITE:
            # SQLite does not distinguish an exhausted quota from a failing disk.
            return StorageError(
                f"The index in {directory} could not be written to; it is as it was before.",
                "see what space and what quota are left there, and whether the disk is sound",
            )
        case sqlite3.SQLITE_IOERR if code != sqlite3.SQLITE_IOERR_SHORT_READ:
            return StorageError(
                f"The disk failed on the index in {directory}: {error}.",
                "check that it has space left, and its health",
            )
    return IndexDamaged(f"The index in {directory} is damaged: {error}.", MAKE_AGAIN)
