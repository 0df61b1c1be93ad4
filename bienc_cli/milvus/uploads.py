"""Passages on their way to Milvus: waiting for their vectors, then sent in batches.

A row is sent with its vector or not at all. Vectors of texts that are already in the collection are
copied from there, whether written by an earlier generation, this attempt, or one that was stopped
before it could commit, which is how encoded vectors survive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from bienc_cli.milvus.connection import Connection, MilvusRow
from bienc_cli.milvus.rows import Record, split_long, text_key, vectors_of
from bienc_cli.milvus.schema import VECTOR, all_of, among, in_chunks
from bienc_cli.types import Vectors

_KEYS_AT_ONCE = 500
_ROWS_AT_ONCE = 256


class Uploads:
    """The passages of one attempt.

    Args:
        connection: to the server.
        dim: length of a vector.
        is_counted: whether a row, by `born` and `file_id`, belongs to the previous generation or to
            this attempt.
        put_record: stores what does not fit into a row.
        before_upload: called before each batch; raises if nothing may be written any more.

    Attributes:
        new_texts: number of distinct texts new to the previous generation and this attempt.
        rows: number of rows sent.
    """

    def __init__(
        self,
        connection: Connection,
        dim: int,
        is_counted: Callable[[MilvusRow], bool],
        put_record: Callable[[Record], None],
        before_upload: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._collection = connection.address.collection
        self._dim = dim
        self._is_counted = is_counted
        self._put_record = put_record
        self._before_upload = before_upload
        self._waiting: dict[str, list[MilvusRow]] = {}
        self._missing: set[str] = set()
        self._early: dict[str, list[float]] = {}
        self._ready: list[MilvusRow] = []
        self.new_texts = 0
        self.rows = 0

    def add(self, rows: Sequence[MilvusRow]) -> None:
        """Queue rows without vectors."""
        for row in rows:
            self._waiting.setdefault(row["text_key"], []).append(row)

    def without_vector(self, texts: Sequence[str]) -> list[str]:
        """The texts without a known vector, without repeats."""
        by_key = {text_key(text): text for text in texts}
        missing = self._settle(by_key)
        return [text for key, text in by_key.items() if key in missing]

    def add_vectors(self, texts: Sequence[str], vectors: Vectors) -> None:
        """Add vectors, shape (n, dim), and send the rows waiting for them."""
        keys = [text_key(text) for text in texts]
        self._settle([key for key in keys if key not in self._missing])
        for key, vector in zip(keys, np.asarray(vectors, np.float32).tolist(), strict=True):
            if key not in self._missing:
                continue
            if key in self._waiting:
                self._complete(key, vector, counted=False)
            else:
                # Its passage follows; if it never does, nothing is sent.
                self._early[key] = vector
        self.flush()

    def settle(self) -> int:
        """Look for the vectors of all rows that wait, and send them; how many texts still do."""
        self._settle(list(self._waiting))
        self.flush()
        return len(self._waiting)

    def flush(self) -> None:
        """Send the rows that have vectors."""
        while self._ready:
            batch = self._ready[:_ROWS_AT_ONCE]
            rows = []
            for row in batch:
                fitting, long = split_long(row)
                rows.append(fitting)
                if long is not None:
                    self._put_record(long)
            self._before_upload()
            self._connection.upsert(self._collection, rows)
            self.rows += len(rows)
            del self._ready[:_ROWS_AT_ONCE]

    # -------------------------------------------------------------- vectors

    def _settle(self, keys: Iterable[str]) -> set[str]:
        """Complete the rows of texts with a known vector; returns the other texts."""
        self.flush()
        missing = set()
        for chunk in in_chunks(keys, _KEYS_AT_ONCE):
            rows_by_key = one_of_each(
                self._connection, chunk, "", ["born", "file_id", VECTOR], self._is_counted
            )
            vectors = vectors_of(list(rows_by_key.values()), self._dim).tolist()
            vector_by_key = dict(zip(rows_by_key, vectors, strict=True))
            for key in chunk:
                if key in vector_by_key:
                    self._complete(
                        key, vector_by_key[key], counted=self._is_counted(rows_by_key[key])
                    )
                elif key in self._early:
                    vector = self._early[key]
                    if key in self._waiting:
                        del self._early[key]
                    self._complete(key, vector, counted=False)
                else:
                    missing.add(key)
        self._missing |= missing
        return missing

    def _complete(self, key: str, vector: list[float], *, counted: bool) -> None:
        rows = self._waiting.pop(key, [])
        self._ready += [{**row, VECTOR: vector} for row in rows]
        self._missing.discard(key)
        if rows and not counted:
            self.new_texts += 1


def one_of_each(
    connection: Connection,
    keys: Sequence[str],
    condition: str,
    fields: Sequence[str],
    preferred: Callable[[MilvusRow], bool],
) -> dict[str, MilvusRow]:
    """For each text, a row that meets a condition, if there is one; preferably a preferred row.

    A text may have very many rows (a licence at the top of every file), of which one suffices.
    """
    collection = connection.address.collection
    rows_by_key: dict[str, MilvusRow] = {}

    def take(rows: Iterable[MilvusRow]) -> None:
        for row in rows:
            key = row["text_key"]
            if key not in rows_by_key or (preferred(row) and not preferred(rows_by_key[key])):
                rows_by_key[key] = row

    fields = ["text_key", *fields]
    limit = 4 * len(keys)
    rows = connection.rows(collection, all_of(among("text_key", keys), condition), fields, limit)
    take(rows)
    unsettled = [key for key in keys if key not in rows_by_key or not preferred(rows_by_key[key])]
    if len(rows) < limit or not unsettled:
        return rows_by_key
    for page in connection.pages(
        collection, all_of(among("text_key", unsettled), condition), fields
    ):
        take(page)
        if all(key in rows_by_key and preferred(rows_by_key[key]) for key in unsettled):
            break
    return rows_by_key
