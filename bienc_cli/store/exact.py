"""Exact comparison of vectors.

Scores are inner products in double precision, computed row by row, so that a passage's similarity
does not depend on how it was found: through the graph or a scan, alone or in a batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bienc_cli.types import Vectors

EXACT_LIMIT = 20_000
"""Vectors up to which a search compares all of them. An index of this many also keeps a graph and
codes; a graph pays after a thousand queries of one process (`benchmarks/graph_pays.py`)."""

SINGLE_PRECISION = 2e-5
"""Largest difference in single precision of two inner products of unit vectors that are equal in
double precision: all candidates this close to a cutoff are compared again. Bound: n * eps / 2."""


@dataclass(frozen=True, slots=True)
class Scored:
    """Vectors with their similarity to one query.

    Attributes:
        ids: shape (n,).
        scores: shape (n,), float64.
    """

    ids: NDArray[np.int64]
    scores: NDArray[np.float64]

    def and_also(self, other: Scored) -> Scored:
        """The union of both; no vector may be in both."""
        return Scored(
            np.concatenate([self.ids, other.ids]), np.concatenate([self.scores, other.scores])
        )

    def best(self, k: int) -> Scored:
        """The `k` best and all ties with the last of them, best first."""
        order = np.lexsort((self.ids, -self.scores))
        if len(order) > k:
            order = order[
                : np.searchsorted(-self.scores[order], -self.scores[order[k - 1]], "right")
            ]
        return Scored(self.ids[order], self.scores[order])


NOTHING = Scored(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float64))


@dataclass(frozen=True, slots=True)
class VectorBlock:
    """Vectors with their ids, ascending.

    Attributes:
        ids: shape (n,).
        vectors: shape (n, dim).
    """

    ids: NDArray[np.int64]
    vectors: Vectors

    def compared(self, queries: NDArray[np.float32], k: int) -> list[Scored]:
        """Each query's `k` nearest, and all ties with the last of them."""
        if not len(self.ids):
            return [NOTHING] * len(queries)
        rough_scores = queries @ self.vectors.T
        nearest = []
        for query, scores in zip(queries, rough_scores, strict=True):
            if len(scores) > k:
                threshold = np.partition(scores, -k)[-k] - SINGLE_PRECISION
                chosen = np.flatnonzero(scores >= threshold)
            else:
                chosen = np.arange(len(scores))
            exact = similarity(self.vectors[chosen], query)
            nearest.append(Scored(self.ids[chosen], exact).best(k))
        return nearest


def joined(parts: Sequence[VectorBlock], dim: int) -> VectorBlock:
    """Concatenate blocks."""
    if not parts:
        return VectorBlock(np.empty(0, dtype=np.int64), np.empty((0, dim), dtype=np.float32))
    return VectorBlock(
        np.concatenate([part.ids for part in parts]),
        np.concatenate([part.vectors for part in parts]),
    )


def similarity(vectors: Vectors, query: NDArray[np.float32]) -> NDArray[np.float64]:
    """The inner product of each row with a query, shape (n,)."""
    products = vectors.astype(np.float64) * query.astype(np.float64)
    scores: NDArray[np.float64] = products.sum(axis=1)
    return scores
