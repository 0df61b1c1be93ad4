"""Vectors that were encoded for a commit that has not come yet.

A file of its own, because the catalog changes in one transaction or not at all. Losing it
costs time only, so it is written without waiting for the disk, and thrown away when anything
about it is amiss.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from bienc_cli.store.catalog import RESUME, catalog_path
from bienc_cli.store.privacy import make_file
from bienc_cli.store.records import vector_checksum
from bienc_cli.types import EncoderIdentity

_MOST_BYTES = 256 << 20
"""Of vectors that are kept beyond a commit: an hour's work and more, and no second index."""


class ResumeFile:
    """Vectors by the digest of their text, of one encoder."""

    def __init__(self, directory: Path, encoder: EncoderIdentity) -> None:
        self._path = directory / RESUME
        self._dim = encoder.dim
        if self._path.is_symlink():
            self._path.unlink()
        self._directory = directory
        self._encoder = encoder
        try:
            self._connection = self._open(encoder)
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
            remove_resume_file(directory)
            self._connection = self._open(encoder)

    def _open(self, encoder: EncoderIdentity) -> sqlite3.Connection:
        make_file(self._path)
        connection = sqlite3.connect(self._path, isolation_level=None)
        try:
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("CREATE TABLE IF NOT EXISTS encoder (fingerprint TEXT PRIMARY KEY)")
            connection.execute(
                # With row ids: without them each of these long rows would take a page or two.
                "CREATE TABLE IF NOT EXISTS vectors (digest BLOB PRIMARY KEY, "
                "vector BLOB NOT NULL, checksum INTEGER NOT NULL)"
            )
            recorded = connection.execute("SELECT fingerprint FROM encoder").fetchall()
            if recorded != [(encoder.fingerprint,)]:
                connection.execute("DELETE FROM encoder")
                connection.execute("DELETE FROM vectors")
                connection.execute("INSERT INTO encoder VALUES (?)", (encoder.fingerprint,))
        except BaseException:
            connection.close()
            raise
        return connection

    def lookup(self, digests: Sequence[bytes]) -> dict[bytes, bytes]:
        """Those that are known and whole."""
        found = {}
        try:
            for digest in digests:
                row = self._connection.execute(
                    "SELECT vector, checksum FROM vectors WHERE digest = ?", (digest,)
                ).fetchone()
                if (
                    row is not None
                    and len(row[0]) == self._dim * 4
                    and vector_checksum(0, digest, row[0]) == row[1]
                ):
                    found[digest] = row[0]
        except sqlite3.DatabaseError:
            return found
        return found

    def append(self, vectors: Sequence[tuple[bytes, bytes]]) -> None:
        """Keep (digest, vector) pairs."""
        try:
            self._append(vectors)
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
            self._connection.close()
            remove_resume_file(self._directory)
            self._connection = self._open(self._encoder)
            self._append(vectors)

    def _append(self, vectors: Sequence[tuple[bytes, bytes]]) -> None:
        self._connection.execute("BEGIN")
        try:
            self._connection.executemany(
                "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)",
                [(digest, blob, vector_checksum(0, digest, blob)) for digest, blob in vectors],
            )
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def drop_committed(self, catalog: Path) -> bool:
        """Keep only what no commit has taken yet, and not more than `_MOST_BYTES` of it.

        Returns:
            False where nothing is worth keeping: the file can go, and was not emptied first,
            which for a million vectors writes more than encoding them did.
        """
        return _drop_committed(self._connection, self._dim, catalog)

    def __len__(self) -> int:
        """How many vectors it keeps."""
        return int(self._connection.execute("SELECT count(*) FROM main.vectors").fetchone()[0])

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def remove_resume_file(directory: Path) -> None:
    """Delete it: the catalog has everything, or nothing is worth keeping."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        (directory / f"{RESUME}{suffix}").unlink(missing_ok=True)


def _drop_committed(connection: sqlite3.Connection, dim: int, catalog: Path) -> bool:
    connection.execute("ATTACH ? AS catalog", (str(catalog),))
    (uncommitted,) = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM main.vectors AS kept WHERE NOT EXISTS "
        "(SELECT 1 FROM catalog.vectors WHERE vectors.digest = kept.digest))"
    ).fetchone()
    if not uncommitted:
        connection.execute("DETACH catalog")
        return False
    connection.execute(
        "DELETE FROM main.vectors WHERE digest IN (SELECT digest FROM catalog.vectors)"
    )
    (kept,) = connection.execute("SELECT count(*) FROM main.vectors").fetchone()
    surplus = kept - _MOST_BYTES // (dim * 4)
    if surplus > 0:
        connection.execute(
            "DELETE FROM main.vectors WHERE digest IN (SELECT digest FROM main.vectors LIMIT ?)",
            (surplus,),
        )
    connection.execute("DETACH catalog")
    connection.execute("VACUUM")
    return True


def remove_committed(directory: Path) -> None:
    """Keep what an interrupted run has encoded, behind a commit that encoded nothing itself."""
    path = directory / RESUME
    if not path.is_file() or path.is_symlink():
        return
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        row = connection.execute("SELECT vector FROM vectors LIMIT 1").fetchone()
        dim = max(len(row[0]) // 4, 1) if row else 1
        worth_keeping = _drop_committed(connection, dim, catalog_path(directory))
    except sqlite3.DatabaseError as error:
        worth_keeping = not _is_damage(error)
    finally:
        connection.close()
    if not worth_keeping:
        remove_resume_file(directory)


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether the file's content is at fault, not the disk, the directory or the limits."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF in {
        sqlite3.SQLITE_ERROR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_MISMATCH,
        sqlite3.SQLITE_CONSTRAINT,
    }
