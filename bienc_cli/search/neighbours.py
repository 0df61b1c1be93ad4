"""Finds pairs of passages with similar vectors, exhaustively or through the graph.

Passages with the same vector are one *text* here: it is compared once, for the first of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bienc_cli.store import Filter, IndexReader
from bienc_cli.store.exact import SINGLE_PRECISION
from bienc_cli.types import Vectors

ALL_PAIRS_LIMIT = 20_000
"""Most texts for which every pair is compared: exact, and faster than querying the graph for each
text (28,000 texts, 25,000 pairs: 21 s against 46 s). Above it, time grows with the number of texts
instead of its square."""

MOST_NEIGHBOURS = 100
"""Most pairs of one text, the most similar ones: each of a thousand variants of a text is in some
pair, without half a million pairs."""

PORTION = 512
"""Texts compared at once: the most work an interrupt can lose."""

_FIRST_DEPTH = 8


@dataclass(frozen=True, slots=True)
class Texts:
    """Passages grouped by vector.

    Attributes:
        passages: the first passage of each text, ascending.
        vectors: shape (texts, dim).
        text_of: every passage id to the id of its text's first passage.
    """

    passages: NDArray[np.int64]
    vectors: Vectors
    text_of: dict[int, int]


def texts_of(index: IndexReader, where: Filter) -> Texts:
    """All passages that pass the filter, with one vector per text in memory."""
    first_with: dict[bytes, int] = {}
    passages: list[int] = []
    parts: list[Vectors] = []
    text_of: dict[int, int] = {}
    for ids, vectors in index.iter_vectors(where):
        new_rows = []
        for row, passage_id in enumerate(ids.tolist()):
            text = first_with.setdefault(vectors[row].tobytes(), passage_id)
            text_of[passage_id] = text
            if text == passage_id:
                new_rows.append(row)
                passages.append(passage_id)
        parts.append(vectors[new_rows])
    dim = index.info.encoder.dim
    return Texts(
        passages=np.array(passages, dtype=np.int64),
        vectors=np.concatenate([np.empty((0, dim), np.float32), *parts]),
        text_of=text_of,
    )


NearPairs = list[tuple[int, int, float]]
"""(passage, other passage, cosine)."""


def near_texts(
    index: IndexReader,
    texts: Texts,
    others: Texts | None,
    least: float,
    where: Filter,
    *,
    start: int = 0,
    all_pairs: bool | None = None,
) -> Iterator[NearPairs]:
    """Pairs of texts with at least the given similarity, one portion of texts at a time.

    Args:
        index: the one the texts are from.
        texts: each is compared with the others.
        others: what to compare with; None for `texts` themselves, each pair once.
        least: the minimum cosine.
        where: the filter that `others`, or `texts`, passed.
        start: position of the first text to compare; a multiple of `PORTION`.
        all_pairs: whether to compare every pair or query the graph; None for the faster.

    Yields:
        The pairs of each portion, ordered by (-cosine, other passage), at most
        `MOST_NEIGHBOURS` for one text. No text is paired with itself.
    """
    among = others or texts
    if all_pairs is None:
        all_pairs = len(texts.passages) * len(among.passages) <= ALL_PAIRS_LIMIT**2
    for begin in range(start, len(texts.passages), PORTION):
        rows = np.arange(begin, min(begin + PORTION, len(texts.passages)))
        if all_pairs:
            yield _by_comparing(texts, among, rows, least, each_once=others is None)
        else:
            yield _by_searching(index, texts, among, rows, least, where, each_once=others is None)


def _by_comparing(
    texts: Texts, among: Texts, rows: NDArray[np.int64], least: float, *, each_once: bool
) -> NearPairs:
    rough_cosines = texts.vectors[rows] @ among.vectors.T
    pairs: NearPairs = []
    for row, cosines in zip(rows.tolist(), rough_cosines, strict=True):
        passage = int(texts.passages[row])
        # Each text is compared with later ones only, so that each pair comes once.
        first_column = row + 1 if each_once else 0
        columns = first_column + np.flatnonzero(cosines[first_column:] >= least - SINGLE_PRECISION)
        exact = among.vectors[columns].astype(np.float64) @ texts.vectors[row].astype(np.float64)
        pairs += _best(passage, among.passages[columns].tolist(), exact.tolist(), least)
    return pairs


def _by_searching(
    index: IndexReader,
    texts: Texts,
    among: Texts,
    rows: NDArray[np.int64],
    least: float,
    where: Filter,
    *,
    each_once: bool,
) -> NearPairs:
    pairs: NearPairs = []
    pending, depth = rows, _FIRST_DEPTH
    while len(pending):
        rankings = index.search_many(texts.vectors[pending], depth, where)
        deeper = []
        for row, ranking in zip(pending.tolist(), rankings, strict=True):
            passage = int(texts.passages[row])
            cosines = {
                among.text_of[passage_id]: cosine
                for passage_id, cosine in ranking
                if cosine >= least
            }
            # Passages of one text each take a place in the ranking, and may push out other texts.
            cut = len(ranking) == depth and ranking[-1][1] >= least
            if cut and len(cosines) <= MOST_NEIGHBOURS:
                deeper.append(row)
                continue
            # A pair may be found from one side only, so both are kept; the caller drops repeats.
            best = _best(passage, list(cosines), list(cosines.values()), least)
            pairs += (
                [(min(a, b), max(a, b), cosine) for a, b, cosine in best] if each_once else best
            )
        pending, depth = np.array(deeper, dtype=np.int64), depth * 4
    return pairs


def _best(passage: int, others: Sequence[int], cosines: Sequence[float], least: float) -> NearPairs:
    ranked = sorted(
        (-cosine, other)
        for other, cosine in zip(others, cosines, strict=True)
        if cosine >= least and other != passage
    )
    return [(passage, other, -negative) for negative, other in ranked[:MOST_NEIGHBOURS]]
