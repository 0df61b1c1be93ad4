"""From how many vectors a graph pays: exact search against hnswlib in a process that is warm.

    python benchmarks/graph_pays.py [SIZE ...]

Vectors of 384 numbers lie about a few hundred random directions, as those of passages do about
topics. Prints for each size the median time of a query for 20 passages either way, what building
the graph takes, and after how many queries it has saved that much.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bienc_cli.store.exact import VectorBlock, similarity
from bienc_cli.store.graph import Graph

DIM = 384
TOPICS = 300
QUERIES = 200
K = 20
SIZES = (2_000, 5_000, 10_000, 20_000, 50_000)


def drawn(count: int, random: np.random.Generator) -> NDArray[np.float32]:
    """Unit vectors about some directions, shape (count, DIM)."""
    topics = np.random.default_rng(1).standard_normal((TOPICS, DIM), dtype=np.float32)
    rows = topics[random.integers(TOPICS, size=count)]
    rows = rows + 0.9 * random.standard_normal((count, DIM), dtype=np.float32)
    unit: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def median_ms(search: Callable[[NDArray[np.float32]], object], asked: NDArray[np.float32]) -> float:
    """Of one query after the other."""
    spent = []
    for query in asked:
        started = time.perf_counter()
        search(query[np.newaxis])
        spent.append(time.perf_counter() - started)
    return 1000 * statistics.median(spent)


def main() -> None:
    """Measure and print."""
    random = np.random.default_rng(2)
    asked = drawn(QUERIES, random)
    print("| vectors | exact | graph | recall@20 | built in | pays after |\n|" + "---|" * 6)
    for size in map(int, sys.argv[1:] or SIZES):
        block = VectorBlock(np.arange(size), drawn(size, random))
        graph = Graph.empty(DIM, size)
        started = time.perf_counter()
        graph.add([block])
        built = time.perf_counter() - started

        def by_graph(
            query: NDArray[np.float32], graph: Graph = graph, block: VectorBlock = block
        ) -> NDArray[np.int64]:
            labels: NDArray[np.int64] = graph.nearest(query, K)[0][0]
            similarity(block.vectors[labels], query[0])
            return labels

        def by_scan(query: NDArray[np.float32], block: VectorBlock = block) -> NDArray[np.int64]:
            return block.compared(query, K)[0].ids[:K]

        exact, approximate = median_ms(by_scan, asked), median_ms(by_graph, asked)
        found = [
            len(set(by_graph(query).tolist()) & set(by_scan(query).tolist()))
            for query in asked[:, np.newaxis]
        ]
        saved = exact - approximate
        after = f"{1000 * built / saved:,.0f} queries" if saved > 0 else "never"
        print(
            f"| {size:,} | {exact:.2f} ms | {approximate:.2f} ms | {np.mean(found) / K:.4f} | "
            f"{built:.1f} s | {after} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
