"""Assigns rows of the vector file to texts while a writer changes the index."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path

import numpy as np

from bienc_cli.errors import IndexDamaged
from bienc_cli.store import reclaim
from bienc_cli.store.facts import VectorRows
from bienc_cli.store.vectors import (
    UsedVectors,
    VectorFile,
    find_tail,
    read_unused,
    remove_vectors,
    unused_checksum,
    vector_paths,
)
from bienc_cli.types import EncoderIdentity, Vectors


class EncodedVectors:
    """The vector file as a writer's transaction sees it.

    A new text is assigned a row when it is first seen; its vector is written there once encoded,
    behind all rows that a generation counts. So readers never see a row change, and an interrupted
    run leaves a tail in which the next run finds the vectors.

    Args:
        connection: the writer's, with `temp.loose`.
        directory: of the index.
        recorded: the file of the last generation; None for a new index.
        recorded_checksum: of the unused rows, as the last generation recorded it.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        directory: Path,
        recorded: VectorRows | None,
        recorded_checksum: int,
    ) -> None:
        self._connection = connection
        self._directory = directory
        self._recorded = recorded
        self._unused_checksum = recorded_checksum
        self._file: VectorFile | None = None
        self._awaited: set[int] = set()
        self._rows = recorded.rows if recorded is not None else 0
        self._next = self._rows
        self._written = False

    @property
    def committed(self) -> int:
        """How many rows the last generation counts."""
        return self._recorded.rows if self._recorded is not None else 0

    @property
    def rows(self) -> int:
        """How many rows the next generation counts, once settled."""
        return self._rows

    @property
    def awaited(self) -> int:
        """How many texts have a row but no vector yet."""
        return len(self._awaited)

    def begin(self, encoder: EncoderIdentity) -> None:
        """Open a file to write to, reusing the tail of an interrupted first run if there is one."""
        if self._recorded is None and self._file is None:
            self._file = find_tail(self._directory, encoder)
            remove_vectors(self._directory, self._file.name if self._file else None)
            self._file = self._file or VectorFile.create(self._directory, 1, encoder)
            self._next = self._file.size

    @property
    def file(self) -> VectorFile:
        """The open file.

        Raises:
            IndexDamaged: it is not the file that the last generation recorded.
        """
        if self._file is None:
            if self._recorded is None:
                raise RuntimeError("begin() comes before vectors")
            self._file = VectorFile.open_recorded(self._directory, self._recorded, writable=True)
            self._next = max(self._rows, self._file.size)
        return self._file

    @cached_property
    def _tail(self) -> dict[bytes, int]:
        return self.file.tail(self.committed)

    # ---------------------------------------------------------------- texts

    def has(self, digest: bytes) -> bool:
        """Whether a text has a vector; marks an unused one as used."""
        vector_id = self._find(digest)
        return vector_id is not None and vector_id not in self._awaited

    def id_of(self, digest: bytes) -> int:
        """The row of a text's vector; a new one, still to be written, if there is none."""
        vector_id = self._find(digest)
        return vector_id if vector_id is not None else self._assign(digest)

    def _find(self, digest: bytes) -> int | None:
        row = self._connection.execute(
            "SELECT id, EXISTS (SELECT 1 FROM unused WHERE vector_id = id) FROM vectors "
            "WHERE digest = ?",
            (digest,),
        ).fetchone()
        if row is not None:
            vector_id, unused = row
            return self._revive(digest, vector_id) if unused else int(vector_id)
        vector_id = self._tail.get(digest)
        if vector_id is not None:
            self._insert(vector_id, digest)
        return vector_id

    def _revive(self, digest: bytes, vector_id: int) -> int | None:
        """A new row for a vector that was dropped: the graph may or may not contain the old one."""
        self._connection.execute("DELETE FROM vectors WHERE id = ?", (vector_id,))
        self._connection.execute("UPDATE unused SET ahead = 0 WHERE vector_id = ?", (vector_id,))
        with suppress(IndexDamaged):
            vector = self.file.read(np.array([vector_id], dtype=np.int64))
            new_id = self._assign(digest)
            self.write([digest], vector)
            return new_id
        return None

    def _assign(self, digest: bytes) -> int:
        self.file  # noqa: B018 (opening it determines the first free row)
        vector_id = self._next
        self._next += 1
        self._insert(vector_id, digest)
        self._awaited.add(vector_id)
        return vector_id

    def _insert(self, vector_id: int, digest: bytes) -> None:
        self._connection.execute("INSERT INTO vectors VALUES (?, ?)", (vector_id, digest))
        # Its passage follows; if it never does, the commit finds the row unused.
        self._connection.execute("INSERT OR IGNORE INTO temp.loose VALUES (?)", (vector_id,))

    def write(self, digests: Sequence[bytes], vectors: Vectors) -> None:
        """Write the vectors of texts that have none yet, shape (n, dim)."""
        positions = {}
        for position, digest in enumerate(digests):
            vector_id = self.id_of(digest)
            if vector_id in self._awaited:
                positions[vector_id] = position
        ids = sorted(positions)
        order = [positions[vector_id] for vector_id in ids]
        self.file.write(np.array(ids, dtype=np.int64), [digests[i] for i in order], vectors[order])
        self._awaited.difference_update(ids)
        self._written = self._written or bool(ids)

    # --------------------------------------------------------------- commit

    def settle(self) -> None:
        """Update the row count and the list of unused rows."""
        reclaim.mark_unused(self._connection, self.committed, self._awaited)
        (last,) = self._connection.execute(
            "SELECT max(id) FROM (SELECT max(id) AS id FROM vectors "
            "UNION ALL SELECT max(vector_id) FROM unused)"
        ).fetchone()
        if last is not None and last >= self._rows:
            reclaim.count_tail(self._connection, self._tail, self._rows, self._next)
            self._rows = self._next
            reclaim.bound_ahead(self._connection, self.file.row_bytes)
        self._unused_checksum = unused_checksum(self._connection)

    @property
    def is_lost(self) -> bool:
        """Whether the file with the last generation's vectors is missing or unreadable."""
        try:
            return self.file is None
        except IndexDamaged:
            return True

    def distrust(self) -> None:
        """Remove from the unused rows those that passages use, and those that do not exist."""
        self._connection.execute(
            "DELETE FROM unused WHERE vector_id NOT BETWEEN 0 AND ?", (self._rows - 1,)
        )
        self._connection.execute(
            "DELETE FROM unused WHERE vector_id IN (SELECT vector_id FROM passages)"
        )
        self._unused_checksum = unused_checksum(self._connection)

    def used(self) -> UsedVectors:
        """The vectors of the next generation."""
        unused = read_unused(self._connection, self._unused_checksum)
        return UsedVectors(self.file, self._rows, unused)

    def reclaim(self, encoder: EncoderIdentity) -> None:
        """Rewrite the file without the unused rows."""
        try:
            file: VectorFile | None = self.file
            used: UsedVectors | None = self.used()
        except IndexDamaged:
            (needed,) = self._connection.execute("SELECT count(*) FROM passages").fetchone()
            if needed:
                raise
            file = used = None
        number = reclaim.free_number(self._directory)
        new = reclaim.write_anew(self._connection, self._directory, number, encoder, file, used)
        self.close()
        self._file = new
        self._rows = len(used) if used is not None else 0
        self._unused_checksum = 0
        self._written = True

    def recorded(self) -> tuple[VectorRows, int]:
        """Sync the file; returns what the catalog should record about it and its unused rows."""
        if self._file is None and self._recorded is not None:
            return self._recorded, self._unused_checksum
        if self._written:
            if self.file.size < self._rows:
                self.file.resize(self._rows)
            self.file.sync()
        return VectorRows(self.file.name, self.file.nonce, self._rows), self._unused_checksum

    def leaves_anything(self) -> bool:
        """Whether any row is left that a later run could use."""
        if self._file is None:
            # This writer began nothing, so any file was left by an interrupted run.
            return any(vector_paths(self._directory))
        return self._file.size > 0

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
