"""Narrows an index to what a query demands: required phrases, excluded words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bienc_cli.search.phrases import wording
from bienc_cli.search.query_syntax import ParsedQuery
from bienc_cli.store import Filter, IndexInfo, Searchable, StoredPassage
from bienc_cli.store.folding import plain_letters

_AT_ONCE = 512


def unmatched(index: Searchable, where: Filter, paths: str = "--path") -> list[str]:
    """A warning for a filter that no document passes; empty if some document does.

    Args:
        index: opened for reading.
        where: the filter.
        paths: the flag its path patterns were given by.
    """
    if not where or index.count(where):
        return []
    filters = [f"{paths} '{pattern}'" for pattern in where.paths]
    filters += [f"--type {name}" for name in where.formats]
    return [f"no document of the index matches {' '.join(filters)}"]


class Narrowed:
    """The passages of an index that contain every phrase of a query and nothing it excludes.

    Rankings are as if the index held no other passages, except that BM25 scores keep the statistics
    of the whole index.

    Args:
        index: opened for reading.
        parsed: the required phrases and the excluded words.
        where: the filter; no method answers for any other filter.
    """

    def __init__(self, index: Searchable, parsed: ParsedQuery, where: Filter) -> None:
        self._index = index
        self._parsed = parsed
        self._where = where

    @property
    def info(self) -> IndexInfo:
        """What the whole index holds."""
        return self._index.info

    @property
    def warnings(self) -> Sequence[str]:
        """Problems found and worked around so far."""
        return self._index.warnings

    def search(
        self, query: NDArray[np.float32], k: int, where: Filter | None = None
    ) -> list[tuple[int, float]]:
        """The `k` nearest of the remaining passages."""
        if self._wanted is None:
            return self._without_unwanted(lambda depth: self._index.search(query, depth, where), k)
        return _best(self._wanted, self._index.similarities(query, self._wanted), k)

    def similarities(self, query: NDArray[np.float32], passage_ids: Sequence[int]) -> list[float]:
        """The cosine of the query with each passage."""
        return self._index.similarities(query, passage_ids)

    def bm25(self, query: str, k: int, where: Filter | None = None) -> list[tuple[int, float]]:
        """The `k` best of the remaining passages by BM25."""
        if self._wanted is None:
            return self._without_unwanted(lambda depth: self._index.bm25(query, depth, where), k)
        return _best(self._wanted, self._index.bm25_of(query, self._wanted), k)

    def bm25_of(self, query: str, passage_ids: Sequence[int]) -> list[float]:
        """The BM25 score of each passage."""
        return self._index.bm25_of(query, passage_ids)

    def holding(self, text: str, where: Filter | None = None) -> list[int]:
        """The remaining passages that contain every word of a text."""
        wanted = None if self._wanted is None else set(self._wanted)
        return [
            passage_id
            for passage_id in self._index.holding(text, where)
            if passage_id not in self._unwanted and (wanted is None or passage_id in wanted)
        ]

    def spellings(self, query: str) -> dict[str, tuple[str, ...]]:
        """The words of the query that no passage of the whole index contains."""
        return self._index.spellings(query)

    def passages(self, passage_ids: Sequence[int]) -> list[StoredPassage]:
        """Passages by id, in the order asked."""
        return self._index.passages(passage_ids)

    def iter_passages(self, where: Filter | None = None) -> Iterator[StoredPassage]:
        """All remaining passages."""
        if self._wanted is not None:
            yield from self._read(self._wanted)
            return
        for stored in self._index.iter_passages(where):
            if stored.passage_id not in self._unwanted:
                yield stored

    def count(self, where: Filter | None = None) -> int:
        """How many passages remain."""
        if self._wanted is not None:
            return len(self._wanted)
        return self._index.count(where) - len(self._unwanted)

    @cached_property
    def _wanted(self) -> list[int] | None:
        """The passages that contain every phrase; None if there is no phrase."""
        if not self._parsed.phrases:
            return None
        first, *others = self._parsed.phrases
        matching = self._containing(first)
        for phrase in others:
            matching = matching & self._containing(phrase)
        return sorted(matching - self._unwanted)

    @cached_property
    def _unwanted(self) -> set[int]:
        """The passages that contain anything excluded."""
        holding = [set(self._index.holding(word, self._where)) for word in self._parsed.without]
        return set().union(*holding, *map(self._containing, self._parsed.without_phrases))

    def _containing(self, phrase: str) -> set[int]:
        matcher = wording(phrase)
        return {
            stored.passage_id
            for stored in self._read(self._index.holding(phrase, self._where))
            if matcher.stands_in(plain_letters(stored.passage.embedded_text))
        }

    def _read(self, passage_ids: Sequence[int]) -> Iterator[StoredPassage]:
        for start in range(0, len(passage_ids), _AT_ONCE):
            yield from self._index.passages(passage_ids[start : start + _AT_ONCE])

    def _without_unwanted(
        self, ranking: Callable[[int], list[tuple[int, float]]], k: int
    ) -> list[tuple[int, float]]:
        """The `k` best of a ranking that are not excluded, searching as deep as necessary."""
        depth = k + min(k, len(self._unwanted))
        while True:
            ranked = ranking(depth)
            kept = [hit for hit in ranked if hit[0] not in self._unwanted][:k]
            if len(kept) == k or len(ranked) < depth:
                return kept
            depth *= 4


def _best(ids: Sequence[int], scores: Sequence[float], k: int) -> list[tuple[int, float]]:
    return sorted(zip(ids, scores, strict=True), key=lambda hit: (-hit[1], hit[0]))[:k]
