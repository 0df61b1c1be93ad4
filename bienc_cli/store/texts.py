"""A document's text, read piece by piece."""

from __future__ import annotations

import sqlite3
from functools import lru_cache

from bienc_cli.store.rows import (
    PIECE,
    TEXT_COLUMNS,
    damaged,
    digest_of,
    piece_id,
    pieces_of,
    text_of_piece,
)

_KEPT = 4
"""Pieces of a document that are kept: its passages come in the order in which they stand."""


class DocumentText:
    """The text of one document, of which only what is asked for is unpacked."""

    def __init__(self, connection: sqlite3.Connection, document_id: int) -> None:
        self._connection = connection
        self._document_id = document_id
        self._piece = lru_cache(_KEPT)(self._read_piece)

    def between(self, start: int, end: int) -> str:
        """What stands between two offsets; less where the text ends before.

        Raises:
            IndexDamaged: it is not what was written.
        """
        first, last = start // PIECE, (end - 1) // PIECE
        text = "".join(self._piece(number) for number in range(first, last + 1))
        return text[start - first * PIECE : end - first * PIECE]

    def whole(self, digest: bytes) -> str:
        """All of it.

        Args:
            digest: of the text.

        Raises:
            IndexDamaged: it is not what was written.
        """
        rows = self._connection.execute(
            f"SELECT {TEXT_COLUMNS} FROM texts WHERE id >= ? AND id < ? ORDER BY id",
            pieces_of(self._document_id),
        )
        text = "".join(text_of_piece(row) for row in rows)
        if digest_of(text) != digest:
            raise damaged(f"the text of document {self._document_id}")
        return text

    def _read_piece(self, number: int) -> str:
        row = self._connection.execute(
            f"SELECT {TEXT_COLUMNS} FROM texts WHERE id = ?",
            (piece_id(self._document_id, number),),
        ).fetchone()
        if row is None:
            raise damaged(f"the text of document {self._document_id}")
        return text_of_piece(row)
