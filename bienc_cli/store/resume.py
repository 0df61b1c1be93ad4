"""Vectors that were encoded for a commit that has not come yet.

A file of its own, because the catalog changes in one transaction or not at all. Losing it
costs time only, so it is written without waiting for the disk.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from bienc_cli.types import EncoderIdentity

_NAME = "resume.sqlite"


class ResumeFile:
    """Vectors by the digest of their text, of one encoder."""

    def __init__(self, directory: Path, encoder: EncoderIdentity) -> None:
        self._path = directory / _NAME
        self._dim = encoder.dim
        try:
            self._connection = self._open(encoder)
        except sqlite3.DatabaseError:
            # Damaged: it is not worth repairing.
            self._path.unlink(missing_ok=True)
            self._connection = self._open(encoder)

    def _open(self, encoder: EncoderIdentity) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None)
        connection.execute("PRAGMA journal_mode = TRUNCATE")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("CREATE TABLE IF NOT EXISTS encoder (fingerprint TEXT PRIMARY KEY)")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS vectors (digest BLOB PRIMARY KEY, vector BLOB NOT NULL)"
        )
        recorded = connection.execute("SELECT fingerprint FROM encoder").fetchone()
        if recorded != (encoder.fingerprint,):
            connection.execute("DELETE FROM encoder")
            connection.execute("DELETE FROM vectors")
            connection.execute("INSERT INTO encoder VALUES (?)", (encoder.fingerprint,))
        return connection

    def lookup(self, digests: Sequence[bytes]) -> dict[bytes, bytes]:
        """Those that are known."""
        found = {}
        for digest in digests:
            row = self._connection.execute(
                "SELECT vector FROM vectors WHERE digest = ?", (digest,)
            ).fetchone()
            if row is not None and len(row[0]) == self._dim * 4:
                found[digest] = row[0]
        return found

    def append(self, vectors: Sequence[tuple[bytes, bytes]]) -> None:
        """Keep (digest, vector) pairs."""
        self._connection.execute("BEGIN")
        self._connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", vectors)
        self._connection.execute("COMMIT")

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def discard(self) -> None:
        """Delete it: the catalog has everything."""
        self._connection.close()
        with suppress(FileNotFoundError):
            self._path.unlink()
