"""What is asked of hnswlib."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bienc_cli.store.graph import Graph


class Recorded:
    """In place of hnswlib's index: of a size, and with the widths that were asked for."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.widths: list[int] = []

    def get_current_count(self) -> int:
        return self.size

    def set_ef(self, width: int) -> None:
        self.widths.append(width)

    def knn_query(self, queries: Any, k: int, num_threads: int) -> tuple[Any, Any]:
        shape = len(queries), k
        return np.zeros(shape, np.uint64), np.zeros(shape, np.float32)


@pytest.mark.parametrize(
    ("vectors", "k", "width"),
    [(20_000, 10, 200), (20_000, 150, 300), (250_000, 10, 500), (1_000_000, 100, 1000)],
)
def test_a_search_is_wider_of_more_vectors(vectors: int, k: int, width: int) -> None:
    index = Recorded(vectors)
    Graph(index).nearest(np.zeros((1, 4), np.float32), k)
    assert index.widths == [width]
