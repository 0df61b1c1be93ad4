"""Searches vectors and words in Milvus, in the same order as the embedded store.

Milvus proposes candidates, which are scored again here in double precision: a passage's similarity
does not depend on how it was found, and is the same number as in the embedded store.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bienc_cli.errors import UsageError
from bienc_cli.milvus.connection import MOST_ROWS, Connection, MilvusRow
from bienc_cli.milvus.head import Head
from bienc_cli.milvus.rows import spelled, vectors_of
from bienc_cli.milvus.schema import (
    LEAST_EF,
    VECTOR,
    WORDS_VECTOR,
    all_of,
    among,
    in_chunks,
)
from bienc_cli.store.exact import NOTHING, SINGLE_PRECISION, VectorBlock, similarity
from bienc_cli.store.rows import damaged
from bienc_cli.store.tokenizer import Tokenizer, has_stems
from bienc_cli.types import Vectors

_MARGIN = 16
"""How many more results to request than needed: single precision may reorder neighbours."""

_BYTES_AT_ONCE = 16 << 20
"""Bytes of vectors in one response."""

_KEPT_VECTORS = 20_000
"""Most vectors of the last comparison that are cached for the next."""

Ranked = list[tuple[int, float]]


class Searching:
    """Search over one generation.

    Args:
        connection: to the server.
        head: of the generation.
    """

    def __init__(self, connection: Connection, head: Head) -> None:
        self._connection = connection
        self._collection = connection.address.collection
        self._head = head
        self._dim = head.encoder.dim
        # An index may come from a version that knows more languages.
        self._languages = [code for code, _ in head.languages if has_stems(code)]
        self._cached_blocks: tuple[str, list[VectorBlock]] | None = None

    # -------------------------------------------------------------- vectors

    def by_graph(self, queries: NDArray[np.float32], k: int, condition: str) -> list[Ranked]:
        """The `k` nearest of each query, shape (n, dim), through the HNSW graph."""
        if k + _MARGIN > MOST_ROWS:
            return self.by_comparing(queries, k, condition)
        rankings: list[Ranked] = []
        at_once = max(1, _BYTES_AT_ONCE // ((k + _MARGIN) * self._dim * 4))
        for start in range(0, len(queries), at_once):
            batch = queries[start : start + at_once]
            proposed = self._nearest(batch, k + _MARGIN, condition)
            for query, rows in zip(batch, proposed, strict=True):
                rankings.append(self._scored(query, rows, k, condition))
        return rankings

    def _scored(
        self, query: NDArray[np.float32], rows: list[MilvusRow], k: int, condition: str
    ) -> Ranked:
        limit = k + _MARGIN
        while True:
            scores = similarity(vectors_of(rows, self._dim), query).tolist()
            ranking = _ordered(zip((row["id"] for row in rows), scores, strict=True))
            # A vector that was not proposed may be as near as the last proposed one.
            cut = len(rows) >= limit and ranking[k - 1][1] - ranking[-1][1] <= SINGLE_PRECISION
            if not cut:
                return ranking[:k]
            limit *= 4
            if limit > MOST_ROWS:
                return self.by_comparing(query[np.newaxis], k, condition)[0]
            (rows,) = self._nearest(query[np.newaxis], limit, condition)

    def _nearest(
        self, queries: NDArray[np.float32], k: int, condition: str
    ) -> list[list[MilvusRow]]:
        return self._connection.search(
            self._collection,
            VECTOR,
            queries.tolist(),
            k,
            condition,
            {"metric_type": "IP", "params": {"ef": max(LEAST_EF, 2 * k)}},
            [VECTOR],
        )

    def by_comparing(self, queries: NDArray[np.float32], k: int, condition: str) -> list[Ranked]:
        """The same by fetching and comparing every vector."""
        best = [NOTHING] * len(queries)
        for block in self._blocks(condition):
            compared = block.compared(queries, k)
            best = [a.and_also(b).best(k) for a, b in zip(best, compared, strict=True)]
        return [
            list(zip(ranking.ids[:k].tolist(), ranking.scores[:k].tolist(), strict=True))
            for ranking in best
        ]

    def _blocks(self, condition: str) -> Sequence[VectorBlock] | Any:
        if self._cached_blocks is not None and self._cached_blocks[0] == condition:
            return self._cached_blocks[1]
        if self._head.counts["passages"] > _KEPT_VECTORS:
            return self._fetched(condition)
        self._cached_blocks = condition, list(self._fetched(condition))
        return self._cached_blocks[1]

    def _fetched(self, condition: str) -> Any:
        size = max(1, min(4096, _BYTES_AT_ONCE // (self._dim * 4)))
        for page in self._connection.pages(self._collection, condition, ["id", VECTOR], size):
            ids = np.array([row["id"] for row in page], dtype=np.int64)
            yield VectorBlock(ids, vectors_of(page, self._dim))

    def similarities(self, query: NDArray[np.float32], passage_ids: Sequence[int]) -> list[float]:
        """Cosines of passages by id, in the order asked."""
        scores: list[float] = similarity(self.vectors_of(passage_ids), query).tolist()
        return scores

    def vectors_of(self, passage_ids: Sequence[int]) -> Vectors:
        """The vectors of passages by id, in the order asked, shape (n, dim)."""
        vectors_by_id: dict[int, NDArray[np.float32]] = {}
        for ids in in_chunks(dict.fromkeys(passage_ids)):
            rows = self._connection.rows(
                self._collection, all_of(among("id", ids), self._head.born), ["id", VECTOR]
            )
            vectors = vectors_of(rows, self._dim)
            vectors_by_id |= dict(zip((row["id"] for row in rows), vectors, strict=True))
        for passage_id in passage_ids:
            if passage_id not in vectors_by_id:
                raise damaged(f"passage {passage_id}")
        return np.array(
            [vectors_by_id[passage_id] for passage_id in passage_ids], np.float32
        ).reshape(-1, self._dim)

    def of_all(self, condition: str) -> Iterator[tuple[NDArray[np.int64], Vectors]]:
        """Passage ids, ascending, with their vectors."""
        for block in self._fetched(condition):
            yield block.ids, block.vectors

    # ---------------------------------------------------------------- words

    def by_words(self, query: str, k: int, condition: str) -> Ranked:
        """The `k` best passages by BM25, as Milvus computes it."""
        words = self._words(query)
        if not words:
            return []
        limit = min(k + _MARGIN, MOST_ROWS)
        while True:
            ranking = self._search_words(words, limit, condition)
            tied = len(ranking) >= limit > k and ranking[k - 1][1] == ranking[-1][1]
            if not tied or limit == MOST_ROWS:
                return ranking[:k]
            limit = min(limit * 4, MOST_ROWS)

    def word_scores(self, query: str, passage_ids: Sequence[int]) -> list[float]:
        """The scores that `by_words` gives these passages, in the order asked, 0.0 for none."""
        words = self._words(query)
        scores: dict[int, float] = {}
        for ids in in_chunks(dict.fromkeys(passage_ids)) if words else ():
            scores |= self._search_words(words, len(ids), all_of(among("id", ids), self._head.born))
        return [scores.get(passage_id, 0.0) for passage_id in passage_ids]

    def holding(self, text: str, condition: str) -> list[int]:
        """The passages that contain every word of a text, ascending."""
        self._check_full_text()
        common: set[int] | None = None
        for forms in self._tokenizer.parts_of(text, self._languages):
            words = " ".join(map(spelled, forms))
            ids = {passage_id for passage_id, _ in self._search_words(words, MOST_ROWS, condition)}
            common = ids if common is None else common & ids
        return sorted(common or ())

    def _search_words(self, words: str, limit: int, condition: str) -> Ranked:
        (rows,) = self._connection.search(
            self._collection,
            WORDS_VECTOR,
            [words],
            limit,
            condition,
            {"metric_type": "BM25", "params": {}},
            ["id"],
        )
        # Milvus Lite returns negative distances, a server returns scores.
        return _ordered((row["id"], abs(float(row["distance"]))) for row in rows)

    def _words(self, query: str) -> str:
        """The words of a query in all forms, without repeats; a text has one form of a word."""
        self._check_full_text()
        words = chain.from_iterable(self._tokenizer.words_of(query, self._languages))
        return " ".join(dict.fromkeys(map(spelled, words)))

    def _check_full_text(self) -> None:
        """Refuse to search words on a server that cannot.

        Raises:
            UsageError: saying so.
        """
        if not self._head.full_text:
            raise UsageError(
                f"The Milvus server of {self._connection.address} has no full-text search.",
                "use --strategy bi-encoder, or Milvus 2.5 or newer and make the index again",
            )

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        return Tokenizer()

    def close(self) -> None:
        """Free the memory."""
        self._cached_blocks = None
        if "_tokenizer" in self.__dict__:
            self._tokenizer.close()


def _ordered(scored: Any) -> Ranked:
    return sorted(scored, key=lambda hit: (-hit[1], hit[0]))
