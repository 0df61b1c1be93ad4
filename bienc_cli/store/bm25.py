"""BM25 over the word index: exact, without going through every word of a query.

The score of a passage p is the sum over the words w of the query of

    q * idf(w) * f * (k1 + 1) / (f + k1 * (1 - b + b * |p| / avg)),
    idf(w) = ln((N - n + 0.5) / (n + 0.5)), or 1e-6 where that is not positive,

with q how often the query has w and f how often p has it, |p| the words of p, avg their mean
over all N passages, n the passages that have w. SQLite's FTS5 computes the same (`bm25()`), at
a hundred times the cost.

Words are gone through by rising n. A word adds q * idf(w) * (k1 + 1) at most; as soon as those
that are left cannot lift a passage that has none of the others among the k best, they are
looked up only for the passages that they can lift that far.

Sources: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond",
2009; Turtle and Flood, "Query Evaluation: Strategies and Optimizations" (MaxScore), 1995.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

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
from bienc_cli.store.tokenizer import Tokenizer

K1 = 1.2
B = 0.75

_LEAST_IDF = 1e-6

MOST_WORDS = 64
"""Words of a query that count where there is more than one block: the rarest. Questions have
some 10; a pasted paragraph has 150, of which the commonest take the time and decide nothing."""

SHARE_WORTH_ASKING = 1 / 16
"""Share of the passages a word must be in before it is asked whether the words that are left
have to be gone through: the answer takes a look at every score."""

LOOKING_UP = 8
"""How much longer it takes to look a word up for one passage than to go past one of those that
have it."""

_ROUNDING = 1e-12
"""Share of a score, more than can be lost by adding up in double precision."""


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of a query.

    Attributes:
        count: passages that have it.
        weight: its idf, times how often the query has it.
        postings: by block.
    """

    text: str
    count: int
    weight: float
    postings: dict[int, Postings]

    @property
    def most(self) -> float:
        """What it can add to a score."""
        return self.weight * (K1 + 1.0)

    def scores(self, frequencies: Numbers, norms: NDArray[np.float64]) -> NDArray[np.float64]:
        """What it adds to scores, with the frequencies and norms of some passages."""
        scores: NDArray[np.float64] = self.weight * (
            frequencies * (K1 + 1.0) / (frequencies + norms)
        )
        return scores


class PassageWords:
    """BM25 over one generation.

    Args:
        connection: on the generation.
        passages: how many there are.
        checksum: of the lengths, as recorded.

    Raises:
        IndexDamaged: the lengths of the passages are not what was written.
    """

    def __init__(self, connection: sqlite3.Connection, passages: int, checksum: int) -> None:
        self._connection = connection
        self._passages = passages
        self._norms: dict[int, NDArray[np.float64]] = {}
        lengths = read_lengths(connection, checksum)
        words = sum(int(held.sum(dtype=np.int64)) for held in lengths.values())
        for block, held in lengths.items():
            norms = np.full(BLOCK, K1 * (1.0 - B))
            norms[: len(held)] += (K1 * B * passages / words) * held
            self._norms[block] = norms
        self._tokenizer = Tokenizer()
        self._last: tuple[str, list[_Word]] = ("", [])

    def best(
        self, query: str, k: int, allowed: NDArray[np.int64] | None = None
    ) -> list[tuple[int, float]]:
        """The `k` best passages that have any word of the query.

        Args:
            query: any text.
            k: how many.
            allowed: the only passages that count; all if None.

        Returns:
            (passage id, score), ordered by (-score, passage id).
        """
        words = self._words(query)
        if not words or k < 1:
            return []
        scores = self._no_scores(allowed)
        # What the words from each one on can add.
        rests = [*accumulate((word.most for word in reversed(words)), initial=0.0)][::-1]
        scanned = 0
        for word, rest in zip(words, rests, strict=False):
            if word.count > SHARE_WORTH_ASKING * self._passages:
                floor = _floor(_kth_best(scores, k), rest)
                left = words[scanned:]
                if floor > 0.0 and np.count_nonzero(scores >= floor) * len(left) < (
                    sum(word.count for word in left) / LOOKING_UP
                ):
                    break
            self._add(word, scores)
            scanned += 1
        floor = _floor(_kth_best(scores, k), rests[scanned])
        ids = np.flatnonzero(scores >= floor if floor > 0.0 else scores > 0.0)
        found = scores[ids]
        for word in words[scanned:]:
            found += self._looked_up(word, ids)
        keep = np.flatnonzero(found >= _kth_best(found, k))
        order = keep[np.lexsort((ids[keep], -found[keep]))][:k]
        return list(zip(ids[order].tolist(), found[order].tolist(), strict=True))

    def scores_of(self, query: str, passage_ids: Sequence[int]) -> list[float]:
        """The score of each passage; 0.0 for one that has no word of the query."""
        ids, positions = np.unique(np.array(passage_ids, dtype=np.int64), return_inverse=True)
        scores = np.zeros(len(ids))
        for word in self._words(query):
            scores += self._looked_up(word, ids)
        return [float(score) for score in scores[positions]]

    def close(self) -> None:
        """Let go of the memory that the tokenizer holds."""
        self._tokenizer.close()

    # --------------------------------------------------------------- scores

    def _no_scores(self, allowed: NDArray[np.int64] | None) -> NDArray[np.float64]:
        """0 for every passage; for one that does not count, what nothing can lift above 0."""
        size = (max(self._norms) + 1) * BLOCK
        if allowed is None:
            return np.zeros(size)
        scores = np.full(size, -np.inf)
        scores[allowed[allowed < size]] = 0.0
        return scores

    def _add(self, word: _Word, scores: NDArray[np.float64]) -> None:
        """Add to the scores of all passages what a word adds."""
        for block, held in word.postings.items():
            part = scores[block * BLOCK : (block + 1) * BLOCK]
            norms = self._norms[block]
            if held.places is None:
                part += word.scores(held.frequencies, norms)
            else:
                places = held.places.astype(np.intp)
                part[places] += word.scores(held.frequencies, norms[places])

    def _looked_up(self, word: _Word, ids: NDArray[np.int64]) -> NDArray[np.float64]:
        """What a word adds to the scores of some passages, ascending."""
        scores = np.zeros(len(ids))
        for block, part in _by_block(ids):
            if block in word.postings:
                places = ids[part] & (BLOCK - 1)
                frequencies = word.postings[block].at(places)
                scores[part] = word.scores(frequencies, self._norms[block][places])
        return scores

    # ---------------------------------------------------------------- words

    def _words(self, query: str) -> list[_Word]:
        """Those that occur, the rarest first; kept for the next call with the same query."""
        if self._last[0] != query:
            counts = self._tokenizer.words_of(query)
            found = [self._word(text, counts[text]) for text in self._rarest(list(counts))]
            words = [word for word in found if word.count]
            self._last = (query, sorted(words, key=lambda word: (word.count, word.text)))
        return self._last[1]

    def _rarest(self, words: list[str]) -> list[str]:
        if len(words) <= MOST_WORDS or len(self._norms) <= 1:
            return words
        rows = self._connection.execute(
            "SELECT word.value FROM json_each(?) AS word CROSS JOIN json_each(?) AS block "
            "JOIN postings ON postings.block = block.value AND postings.word = word.value "
            "GROUP BY word.value ORDER BY sum(count), word.value LIMIT ?",
            (json.dumps(words), json.dumps(list(self._norms)), MOST_WORDS),
        )
        return [row[0] for row in rows]

    def _word(self, text: str, times: int) -> _Word:
        postings = {}
        for block in self._norms:
            held = read_postings(self._connection, text, block)
            if held is not None:
                postings[block] = held
        count = sum(held.count for held in postings.values())
        idf = math.log((self._passages - count + 0.5) / (count + 0.5))
        return _Word(text, count, times * (idf if idf > 0.0 else _LEAST_IDF), postings)


def _kth_best(scores: NDArray[np.float64], k: int) -> float:
    """The `k`-th highest; 0.0 where fewer than `k` are above 0."""
    best = np.empty(0)
    least = 0.0
    # Most of a later block is below what was found so far, and looking is cheaper than sorting.
    for start in range(0, len(scores), BLOCK):
        part = scores[start : start + BLOCK]
        best = np.concatenate([best, part[part > least]])
        if len(best) >= k:
            best = np.partition(best, len(best) - k)[len(best) - k :]
            least = float(best[0])
    return least


def _floor(kth_best: float, rest: float) -> float:
    """What a passage must have by now to be among the `k` best yet, with `rest` still to come."""
    return kth_best - rest - _ROUNDING * kth_best


def _by_block(ids: NDArray[np.int64]) -> Iterator[tuple[int, slice]]:
    """Which blocks ids, ascending, are of, and which part of them is of each."""
    if not len(ids):
        return
    blocks = range(int(ids[0]) >> BLOCK_BITS, (int(ids[-1]) >> BLOCK_BITS) + 1)
    edges = np.arange(blocks.start, blocks.stop + 1) * BLOCK
    bounds = np.searchsorted(ids, edges).tolist()
    for block, start, end in zip(blocks, bounds, bounds[1:], strict=False):
        if start < end:
            yield block, slice(start, end)
