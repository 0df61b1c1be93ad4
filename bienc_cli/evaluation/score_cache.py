"""Caches cross-encoder scores on the disk.

Comparing strategies scores the same pairs again and again: for several strategies, in the run after
an interrupt, in the run after three files changed. A pair of texts always gets the same score from
the same model, so it is scored once.

The same weights on another runtime, or in another precision, count as another model.

Cached scores take no time, so the cost of a strategy is never measured through this.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Self

from bienc_cli.search.reranking import check_relevance_model
from bienc_cli.types import CrossEncoder

_LARGEST = 256 * 2**20
"""Bytes above which a cache file is started afresh."""


class CachedScores:
    """Logits of (query, passage) pairs by one cross-encoder, from memory, disk or the model.

    If the file cannot be opened or written, scores are only kept in memory.

    Args:
        cross_encoder: with one label.
        directory: holds the scores of all models; None keeps nothing on the disk.

    Raises:
        UsageError: the cross-encoder has several labels.
    """

    def __init__(self, cross_encoder: CrossEncoder, directory: Path | None) -> None:
        check_relevance_model(cross_encoder)
        self._cross_encoder = cross_encoder
        self._known: dict[bytes, float] = {}
        self._database = _opened(directory, cross_encoder) if directory else None

    def logits(self, query: str, passages: Sequence[str]) -> list[float]:
        """The logit of each passage."""
        keys = [_key(query, passage) for passage in passages]
        self._recall([key for key in keys if key not in self._known])
        # Identical passages of different documents are one pair.
        unread = {
            key: passage
            for key, passage in zip(keys, passages, strict=True)
            if key not in self._known
        }
        if unread:
            scores = self._cross_encoder.score_pairs([(query, text) for text in unread.values()])
            new = {
                key: float(logit) for key, logit in zip(unread, scores.logits[:, 0], strict=True)
            }
            self._known.update(new)
            self._remember(new)
        return [self._known[key] for key in keys]

    def _recall(self, keys: Sequence[bytes]) -> None:
        if self._database is None:
            return
        with suppress(sqlite3.Error):
            for key in keys:
                row = self._database.execute(
                    "SELECT logit FROM scores WHERE pair = ?", (key,)
                ).fetchone()
                if row is not None and isinstance(row[0], float):
                    self._known[key] = row[0]

    def _remember(self, new: dict[bytes, float]) -> None:
        if self._database is None:
            return
        with suppress(sqlite3.Error), self._database:
            self._database.executemany("INSERT OR REPLACE INTO scores VALUES (?, ?)", new.items())

    def __enter__(self) -> Self:
        """The scores themselves."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        if self._database is not None:
            self._database.close()


def _opened(directory: Path, cross_encoder: CrossEncoder) -> sqlite3.Connection | None:
    # The runtime affects the last digits, which matter when runtimes are compared.
    identity = f"{cross_encoder.identity.fingerprint}\n{cross_encoder.runtime}"
    path = directory / f"{blake2b(identity.encode(), digest_size=12).hexdigest()}.sqlite"
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.exists() and path.stat().st_size > _LARGEST:
            path.unlink()
        database = sqlite3.connect(path, timeout=10)
        # A lost score can be computed again, so syncing is not worth the wait.
        database.execute("PRAGMA synchronous = OFF")
        database.execute(
            "CREATE TABLE IF NOT EXISTS scores "
            "(pair BLOB PRIMARY KEY, logit REAL NOT NULL) WITHOUT ROWID"
        )
    except (OSError, sqlite3.Error):
        return None
    return database


def _key(query: str, passage: str) -> bytes:
    digest = blake2b(digest_size=16)
    for text in (query, passage):
        encoded = text.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "little"))
        digest.update(encoded)
    return digest.digest()
