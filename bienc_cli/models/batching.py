"""Batches of like length under a budget of tokens, and what is done to their results.

A batch is padded to its longest member, so what it costs is members times longest; texts of
like length together waste least, and a bound on the product bounds memory and time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from bienc_cli.errors import ModelUnavailable
from bienc_cli.types import Vectors


def token_budget_batches(
    lengths: Sequence[int], budget: int, overhead: int | None = None
) -> Iterator[NDArray[np.intp]]:
    """Split items into batches, longest first.

    Longest first, so that memory peaks at once rather than at the end.

    Args:
        lengths: tokens of each item.
        budget: most tokens a batch may hold, padding included; an item beyond it gets a batch
            of its own.
        overhead: what a batch costs besides, in tokens: it ends early where the padding that is
            saved is more; None where each is to hold as much as it may.

    Yields:
        Indices into `lengths`; together every index once.
    """
    tokens = np.asarray(lengths, dtype=np.int64)
    order = np.argsort(-tokens, kind="stable")
    start = 0
    while start < len(order):
        longest = max(1, int(tokens[order[start]]))
        batch = order[start : start + max(1, budget // longest)]
        while overhead is not None:
            saved = (longest - np.maximum(tokens[batch], 1)) * np.arange(len(batch), 0, -1)
            if saved.max() <= overhead:
                break
            batch = batch[: int(saved.argmax())]
        yield batch
        start += len(batch)


def finite(outputs: NDArray[np.float32], name: str) -> NDArray[np.float32]:
    """What a model has said, if it is numbers.

    Args:
        outputs: of any shape.
        name: of the model.

    Raises:
        ModelUnavailable: some of it is infinite, or not a number.
    """
    if not np.isfinite(outputs).all():
        raise ModelUnavailable(
            f"The model {name} answers with values that are not numbers.",
            "its weights are damaged: fetch the model again, or name another one: bienc models",
        )
    return outputs


def unit_length(vectors: NDArray[np.float32]) -> Vectors:
    """Scale each row to length 1; a zero row stays."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-12), dtype=np.float32)
