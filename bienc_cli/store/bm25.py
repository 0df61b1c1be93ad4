"""Exact BM25 over the word index, without scanning every word of a query.

The score of a passage p is the sum over the words w of the query, each once, of

    idf(w) * f * (k1 + 1) / (f + k1 * (1 - b + b * |p| / avg)),
    idf(w) = ln((N - n + 0.5) / (n + 0.5)), or 1e-6 if that is not positive,

where f is the frequency of w in p, |p| the number of words of p, avg the mean of |p| over all N
passages, and n the number of passages that contain w. SQLite's FTS5 computes the same (`bm25()`),
but slowly: it visits every passage that contains any of the words.

`query_words.py` maps the words of a query to those of the index; some have a lower weight.

Words are processed in order of increasing n. A word adds at most idf(w) * (k1 + 1); as soon as the
remaining words alone cannot lift a passage into the k best, they are looked up only for the
passages that they can still lift that far.

Sources: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond",
2009; Turtle and Flood, "Query Evaluation: Strategies and Optimizations" (MaxScore), 1995.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import accumulate, chain, pairwise

import numpy as np
from numpy.typing import NDArray

from bienc_cli.store.postings import (
    BLOCK,
    BLOCK_BITS,
    Numbers,
    Postings,
    read_lengths,
    read_postings,
)
from bienc_cli.store.query_words import QueryWord, QueryWords

K1 = 1.2
B = 0.75

_LEAST_IDF = 1e-6

SHARE_WORTH_ASKING = 1 / 16
"""Fraction of the passages that a word must occur in before checking whether the remaining words
need to be scanned: the check looks at every score."""

_NOWHERE = np.empty(0, np.int64)

_LOOKING_UP = 8
"""Cost of looking a word up for one passage, relative to scanning past one posting."""

_ROUNDING = 1e-12
"""Relative tolerance: more than summing in double precision can lose."""


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of a query.

    Attributes:
        count: passages that contain it.
        idf: multiplied by the word's weight.
        postings: by block, as an index into `_blocks`.
    """

    text: str
    count: int
    idf: float
    postings: dict[int, Postings]

    @property
    def most(self) -> float:
        """The most it can add to a score."""
        return self.idf * (K1 + 1.0)

    def scores(self, frequencies: Numbers, norms: NDArray[np.float64]) -> NDArray[np.float64]:
        """Its contribution, given its frequencies in some passages and their norms."""
        scores = frequencies.astype(np.float64)
        scores /= scores + norms
        scores *= self.most
        return scores


class Bm25:
    """BM25 over one generation.

    The scores of all passages are one array, block after block, leaving out the ids that no block
    covers: a *position* is an index into it.

    Args:
        connection: open on the generation.
        passages: how many there are.
        checksum: of the passages' lengths, as recorded.
        languages: of the passages, besides English.

    Raises:
        IndexDamaged: the lengths are not what was written.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        passages: int,
        checksum: int,
        languages: Sequence[str] = (),
    ) -> None:
        self._connection = connection
        self._passages = passages
        lengths = read_lengths(connection, checksum)
        total_words = sum(int(numbers.sum(dtype=np.int64)) for numbers in lengths.values())
        self._blocks = np.array(list(lengths), dtype=np.int64)
        self._norms = [np.full(BLOCK, K1 * (1.0 - B)) for _ in lengths]
        for norms, block_lengths in zip(self._norms, lengths.values(), strict=True):
            norms[: len(block_lengths)] += (K1 * B * passages / total_words) * block_lengths
        self._query_words = QueryWords(connection, list(lengths), languages)
        self._last: tuple[str, list[_Word], dict[str, tuple[str, ...]]] = ("", [], {})

    def best(
        self, query: str, k: int, allowed: NDArray[np.int64] | None = None
    ) -> list[tuple[int, float]]:
        """The `k` best passages that contain any word of the query.

        Args:
            query: any text.
            k: how many, at least 1.
            allowed: positions of the passages that pass the filter; all if None.

        Returns:
            (passage id, score), ordered by (-score, passage id).
        """
        words = self._words(query)
        scores = self._no_scores(allowed)
        # The most that the words from each one on can add.
        rests = [*accumulate((word.most for word in reversed(words)), initial=0.0)][::-1]
        added = 0
        for word, rest in zip(words, rests, strict=False):
            if word.count > SHARE_WORTH_ASKING * self._passages:
                floor = _floor(_kth_best(scores, k), rest)
                if floor > 0.0 and self._is_lookup_cheaper(words[added:], scores, floor):
                    break
            self._add(word, scores)
            added += 1
        floor = _floor(_kth_best(scores, k), rests[added])
        positions = np.flatnonzero(scores >= floor if floor > 0.0 else scores > 0.0)
        totals = scores[positions]
        for word in words[added:]:
            totals += self._looked_up(word, positions)
        best = np.flatnonzero(totals >= _kth_best(totals, k))
        # A stable sort leaves ties in the order of positions, which is that of ids.
        order = best[np.argsort(-totals[best], kind="stable")][:k]
        ids = self._ids(positions[order])
        return list(zip(ids.tolist(), totals[order].tolist(), strict=True))

    def scores_of(self, query: str, passage_ids: Sequence[int]) -> list[float]:
        """The score of each passage; 0.0 for one without any word of the query."""
        ids, indices = np.unique(np.array(passage_ids, dtype=np.int64), return_inverse=True)
        in_blocks, positions = self._positions(ids)
        scores = np.zeros(len(ids))
        for word in self._words(query):
            scores[in_blocks] += self._looked_up(word, positions)
        return [float(score) for score in scores[indices]]

    def holding(self, text: str, allowed: NDArray[np.int64] | None = None) -> list[int]:
        """The passages that contain every word of a text, ascending; none for a text without words.

        Args:
            text: its compounds are replaced by their parts.
            allowed: positions of the passages that pass the filter; all if None.
        """
        words = self._query_words.parts_of(text)
        if not words:
            return []
        found_positions = []
        for block_index, block in enumerate(self._blocks.tolist()):
            postings = read_postings(self._connection, [*chain.from_iterable(words)], block)
            alternatives = [
                [postings[form] for form in forms if form in postings] for forms in words
            ]
            positions_of_words = [
                np.unique(np.concatenate([*(row.occurring()[0] for row in rows), _NOWHERE]))
                for rows in alternatives
            ]
            found_positions.append(reduce(np.intersect1d, positions_of_words) + block_index * BLOCK)
        positions = np.concatenate([_NOWHERE, *found_positions])
        if allowed is not None:
            positions = np.intersect1d(positions, allowed)
        ids: list[int] = self._ids(positions).tolist()
        return ids

    def positions(self, passage_ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """The positions of the passages that a block covers."""
        return self._positions(passage_ids)[1]

    def close(self) -> None:
        """Free the tokenizer's memory."""
        self._query_words.close()

    # --------------------------------------------------------------- scores

    def _positions(self, ids: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Which of the ids are in a block, and the positions of those."""
        in_blocks = np.isin(ids >> BLOCK_BITS, self._blocks)
        block_indexes = np.searchsorted(self._blocks, ids[in_blocks] >> BLOCK_BITS)
        return in_blocks, block_indexes * BLOCK + ids[in_blocks] % BLOCK

    def _ids(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        ids: NDArray[np.int64] = self._blocks[positions >> BLOCK_BITS] * BLOCK + positions % BLOCK
        return ids

    def _no_scores(self, allowed: NDArray[np.int64] | None) -> NDArray[np.float64]:
        """A score of 0 for each passage; -inf if it does not pass the filter."""
        size = len(self._blocks) * BLOCK
        if allowed is None:
            return np.zeros(size)
        scores = np.full(size, -np.inf)
        scores[allowed] = 0.0
        return scores

    def _add(self, word: _Word, scores: NDArray[np.float64]) -> None:
        """Add a word's contribution to the scores of all passages."""
        for block_index, postings in word.postings.items():
            block_scores = scores[block_index * BLOCK : (block_index + 1) * BLOCK]
            norms = self._norms[block_index]
            if postings.positions is None:
                block_scores += word.scores(postings.frequencies, norms)
            else:
                in_block = postings.positions.astype(np.intp)
                block_scores[in_block] += word.scores(postings.frequencies, norms.take(in_block))

    def _looked_up(self, word: _Word, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """A word's contribution to the scores at the given positions, ascending."""
        scores = np.zeros(len(positions))
        for block_index, part in self._by_block(positions):
            if block_index in word.postings:
                in_block = positions[part] % BLOCK
                frequencies = word.postings[block_index].at(in_block)
                scores[part] = word.scores(frequencies, self._norms[block_index][in_block])
        return scores

    def _by_block(self, positions: NDArray[np.int64]) -> Iterator[tuple[int, slice]]:
        edges = np.arange(len(self._blocks) + 1) * BLOCK
        bounds = np.searchsorted(positions, edges).tolist()
        for block_index, (start, end) in enumerate(pairwise(bounds)):
            if start < end:
                yield block_index, slice(start, end)

    @staticmethod
    def _is_lookup_cheaper(
        words: Sequence[_Word], scores: NDArray[np.float64], floor: float
    ) -> bool:
        """Whether looking the words up for the passages above a score beats scanning them."""
        reaching = int(np.count_nonzero(scores >= floor))
        return reaching * len(words) * _LOOKING_UP < sum(word.count for word in words)

    # ---------------------------------------------------------------- words

    def spellings(self, query: str) -> dict[str, tuple[str, ...]]:
        """The words of a query that no passage contains, each with those looked up instead."""
        self._words(query)
        return self._last[2]

    def _words(self, query: str) -> list[_Word]:
        """The words that occur, rarest first; cached for the next call with the same query."""
        if self._last[0] != query:
            query_words, spellings = self._query_words.of(query)
            words = sorted(map(self._word, query_words), key=lambda word: (word.count, word.text))
            self._last = (query, words, spellings)
        return self._last[1]

    def _word(self, query_word: QueryWord) -> _Word:
        count = query_word.count
        idf = math.log((self._passages - count + 0.5) / (count + 0.5))
        weighted_idf = query_word.weight * (idf if idf > 0.0 else _LEAST_IDF)
        return _Word(query_word.text, count, weighted_idf, query_word.postings)


def _kth_best(scores: NDArray[np.float64], k: int) -> float:
    """The `k`-th highest score; 0.0 if fewer than `k` are above 0."""
    best = np.empty(0)
    least = 0.0
    # Most scores of a later block are below the best so far, and comparing is cheaper than sorting.
    for start in range(0, len(scores), BLOCK):
        part = scores[start : start + BLOCK]
        best = np.concatenate([best, part[part > least]])
        if len(best) >= k:
            best = np.partition(best, len(best) - k)[len(best) - k :]
            least = float(best[0])
    return least


def _floor(kth_best: float, rest: float) -> float:
    """The score a passage needs by now to reach the `k` best with `rest` still to be added."""
    return kth_best - rest - _ROUNDING * kth_best
