"""Connections to `catalog.sqlite`, and what SQLite's refusals mean to a user."""

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
"""A first catalog until it is whole: nobody reads it, so it needs no log, in which all of it would
be written twice. One that a crash has left is nothing."""

VECTOR_FILES = "vectors-*.f32"
"""What the files of vectors are called; see `vectors.py`."""

REBUILD = "make it again: bienc index PATH --index OTHER_DIRECTORY"

REPAIR = "see what can be saved: bienc check --repair"

_PAGE_SIZE = 8192
"""Bytes: pieces of text are long, and half as many pages are half as many reads."""

_CACHE_KIB = 65_536
_LOCK_SECONDS = 10.0


def catalog_path(directory: Path) -> Path:
    """Where an index's catalog lies; it need not exist."""
    return directory / CATALOG


class Snapshot(sqlite3.Connection):
    """A connection for reading.

    Attributes:
        as_it_lies: time and size of the catalog where it is read without any lock, because the
            directory cannot be written; None otherwise.
    """

    as_it_lies: tuple[int, int] | None = None


def connect_to_read(directory: Path) -> Snapshot:
    """A connection on a snapshot: it sees the generation that is current now, and no other.

    Raises:
        IndexNotFound: the directory is not there or holds no catalog.
        IndexDamaged: the catalog is no SQLite file or has other tables.
        IndexMismatch: another version of the format.
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
            # In a directory that cannot be written, or on a full disk, SQLite cannot make the
            # shared-memory file that readers and writers agree by. A catalog at rest may be
            # taken as it lies; one with a write-ahead log beside it may not, for part of it is
            # in that log.
            if os.access(path.parent, os.W_OK) and not _is_full(error):
                raise
            if not is_at_rest(path):
                raise
            before = time_and_size(path)
            snapshot = _snapshot(path, "mode=ro&immutable=1", directory)
            snapshot.as_it_lies = before
            return snapshot


def time_and_size(path: Path) -> tuple[int, int]:
    """What changes when a file is written to."""
    status = path.stat()
    return status.st_mtime_ns, status.st_size


def _snapshot(path: Path, parameters: str, directory: Path) -> Snapshot:
    connection = _open(path, parameters)
    try:
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("BEGIN")
        if is_empty(connection):
            if not path.stat().st_size and any(directory.glob("graph-*.hnsw")):
                # SQLite takes an empty file for a new one. A graph is made after a catalog.
                raise IndexDamaged(f"{path} is empty.", REBUILD)
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
    """Whether a catalog is all in its file, and no part of it in the write-ahead log."""
    log = path.with_name(f"{path.name}-wal")
    return not (log.exists() and log.stat().st_size)


def fold_log(directory: Path) -> None:
    """Fold the log into the catalog when a reader closes.

    A commit cannot fold what somebody still reads. Where a reader follows each commit, somebody
    always does, and the log would grow without end. This waits for nobody, and writes to no index
    of another user.
    """
    path = catalog_path(directory)
    # Where it fails, the next reader that closes does it, or the next writer.
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
    """A connection with one write transaction begun, and the format that was found.

    The tables are those of this format, whatever was found; 0 stands for a new catalog.

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
            found = 0 if is_empty(connection) else _checked_version(connection, directory)
            if found == 0:
                schema.create(connection)
            elif found != FORMAT_VERSION:
                from bienc_cli.store import upgrade

                upgrade.upgrade(connection, found, directory)
            connection.execute("CREATE TEMP TABLE loose (vector_id INTEGER PRIMARY KEY)")
        except BaseException:
            connection.close()
            raise
    return connection, found


def is_new(directory: Path) -> bool:
    """Whether there is a first catalog that has not got its name yet."""
    return (directory / _NEW).exists()


def name_new(connection: sqlite3.Connection, directory: Path) -> sqlite3.Connection:
    """Give a first catalog, which is committed, its name: from here on it is the index.

    Returns:
        A connection to it, in place of the one that is given.
    """
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    # A log of a catalog that is not there any more would be played into this one.
    _remove_logs(catalog_path(directory))
    (directory / _NEW).replace(catalog_path(directory))
    return _open_to_write(catalog_path(directory), "WAL")


def remove_new(directory: Path) -> None:
    """Delete a first catalog that never came to be."""
    new = directory / _NEW
    new.unlink(missing_ok=True)
    _remove_logs(new)


def _remove_logs(path: Path) -> None:
    for suffix in ("-journal", "-wal", "-shm"):
        path.with_name(f"{path.name}{suffix}").unlink(missing_ok=True)


def _open_to_write(path: Path, journal: str) -> sqlite3.Connection:
    connection = _open(path, "mode=rw")
    try:
        # Both have an effect on a new file only.
        connection.execute(f"PRAGMA page_size = {_PAGE_SIZE}")
        connection.execute(f"PRAGMA journal_mode = {journal}")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        # FULL: the commit has reached the disk before anything that it replaces is deleted.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        # Deleted text is overwritten, not only unlinked.
        connection.execute("PRAGMA secure_delete = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _open(path: Path, parameters: str) -> Snapshot:
    # isolation_level None: transactions begin and end where this package says so.
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?{parameters}",
        uri=True,
        isolation_level=None,
        timeout=_LOCK_SECONDS,
        factory=Snapshot,
    )
    # As SQLite advises for files of unknown origin.
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    return connection


def is_empty(connection: sqlite3.Connection) -> bool:
    """Whether nothing was ever committed: no table, no mark."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return bool(application == 0 and tables == 0)


def _checked_version(connection: sqlite3.Connection, directory: Path) -> int:
    """The format: this one, or one that can be brought up to it."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise IndexDamaged(f"{directory / CATALOG} is not an index of bienc.", REBUILD)
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
            raise IndexDamaged(f"The index in {directory} says it has format {version}.", REBUILD)
        is_intact = upgrade.is_intact(connection, version)
    if not is_intact:
        raise IndexDamaged(f"The index in {directory} has other tables than it should.", REBUILD)
    return int(version)


def _recorded_version(connection: sqlite3.Connection) -> object:
    """The format as `meta` has it, which a changed bit in the file's header does not alter."""
    try:
        row = connection.execute("SELECT value FROM meta WHERE key = 'format'").fetchone()
        return json.loads(row[0]) if row else None
    except (sqlite3.Error, ValueError):
        return None


@contextmanager
def translated(directory: Path) -> Iterator[None]:
    """Turn what SQLite and the system raise into errors with a sentence.

    Raises:
        StorageError: disk full, read-only, no permission, no file handles.
        IndexDamaged: the catalog does not hold together.
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
    """`translated`, around the reading of rows: what does not decode is damage.

    STRICT holds on writing, not on reading: a file may hold values that nothing of ours wrote.

    Raises:
        IndexDamaged: a value is none of those that are written there.
        StorageError: also where a file may not be read.
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
            raise IndexDamaged(f"The index in {directory} is damaged: {error}.", REBUILD) from error


def refused(error: OSError, directory: Path) -> StorageError:
    """The sentence for an operation on the index directory that the system refused."""
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
            # SQLite does not tell a quota that is used up from a disk that fails.
            return StorageError(
                f"The index in {directory} could not be written to; it is as it was before.",
                "see what space and what quota are left there, and whether the disk is sound",
            )
        case sqlite3.SQLITE_IOERR if code != sqlite3.SQLITE_IOERR_SHORT_READ:
            return StorageError(
                f"The disk failed on the index in {directory}: {error}.",
                "check that it has space left, and its health",
            )
    return IndexDamaged(f"The index in {directory} is damaged: {error}.", REBUILD)
