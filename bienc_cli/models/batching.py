"""Batches of like length under a budget of tokens, and what is done to their results.

A batch is padded to its longest member, so what it costs is members times longest; texts of
like length together waste least, and a bound on the product bounds memory and time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from bienc_cli.types import Vectors


def token_budget_batches(lengths: Sequence[int], budget: int) -> Iterator[NDArray[np.intp]]:
    """Split items into batches, longest first.

    Longest first, so that memory peaks at once rather than at the end.

    Args:
        lengths: tokens of each item.
        budget: most tokens a batch may hold, padding included; an item beyond it gets a batch
            of its own.

    Yields:
        Indices into `lengths`; together every index once.
    """
    order = np.argsort(-np.asarray(lengths, dtype=np.int64), kind="stable")
    start = 0
    while start < len(order):
        longest = max(1, lengths[order[start]])
        end = start + max(1, budget // longest)
        yield order[start:end]
        start = end


def unit_length(vectors: NDArray[np.float32]) -> Vectors:
    """Scale each row to length 1; a zero row stays."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-12), dtype=np.float32)
