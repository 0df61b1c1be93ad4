"""What large collections cost, on paper: rates times sizes.

    python benchmarks/costs.py                          # prints the tables
    python benchmarks/costs.py --write docs/scaling.md  # puts them into the page

A rate says whether it was measured, and where, or is assumed. Those of the index on one machine
come from `results.json`, as `scaling.py` left them at the largest size it made. What lies beyond
that size is proportion, and nothing better.
"""

from __future__ import annotations

import argparse
import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tables import table

RESULTS = Path(__file__).parent / "results.json"

SIZES = {"1 million": 10**6, "100 million": 10**8, "10 billion": 10**10}
FOLDER_SIZES = {"1 million": 10**6, "10 million": 10**7, "100 million": 10**8}

DIM = 384
HNSW_M = 16
NODE_CORES = 16
NODE_GB = 128.0
HOURS_A_MONTH = 730

DOLLARS_A_CORE_HOUR = 0.04

GIB = 2**30


@dataclass(frozen=True, slots=True)
class Rates:
    """What everything below is computed from; seconds and bytes are of one passage.

    Attributes:
        encode: CPU seconds of a whole `bienc index`, the graph of a small index included.
        gpu: passages a second of one GPU.
        write: seconds of the one process that writes the index; the graph not included.
        graph: CPU seconds to put a vector into a graph.
        catalog: bytes on disk.
        graph_bytes: bytes of a vector and its links, in memory or on disk.
        first_search: seconds of a process's first search, for each passage there is.
        graph_load: seconds to load the graph, likewise.
        bm25: seconds of a BM25 query, likewise.
        search: CPU seconds of a warm search of one graph.
        scalars: bytes of a row of a Milvus collection without its vector.
        words: bytes of a row in Milvus' index of words.
        headroom: memory that a node needs for each byte of index.
        usable: share of a node's memory that indexes may fill.
        segment: bytes of rows in a sealed segment of Milvus, by its own default.
        effort: what a search costs there, against one through a million here, which is wider.
    """

    encode: float
    gpu: float
    write: float
    graph: float
    catalog: float
    graph_bytes: float
    first_search: float
    graph_load: float
    bm25: float
    search: float
    scalars: float = 1_600
    words: float = 700
    headroom: float = 1.3
    usable: float = 0.8
    segment: float = 1 * GIB
    effort: float = 512 / 1000

    @property
    def links(self) -> float:
        """Bytes that a graph has for a vector beside the vector."""
        return self.graph_bytes - 4 * DIM


ENCODE_CPU_SECONDS, ENCODE_PASSAGES = 145.3, 11_066
GPU_PASSAGES = 3_000.0


def rates(results: dict[str, Any]) -> Rates:
    """Rates of the largest index that was measured, and those that are assumed."""
    size, largest = max(results["scaling"]["sizes"].items(), key=lambda item: int(item[0]))
    count = int(size)
    return Rates(
        encode=ENCODE_CPU_SECONDS / ENCODE_PASSAGES,
        gpu=GPU_PASSAGES,
        write=(largest["build_seconds"] - largest["graph_seconds"]) / count,
        graph=results["machine"]["cores"] * largest["graph_seconds"] / count,
        catalog=largest["bytes"]["catalog"] / count,
        graph_bytes=largest["bytes"]["graph"] / count,
        first_search=largest["first_search_seconds"] / count,
        graph_load=largest["graph_load_seconds"] / count,
        bm25=largest["bm25"]["p50"] / count,
        search=largest["graph"]["p50"],
    )


@dataclass(frozen=True, slots=True)
class VectorIndex:
    """How Milvus keeps vectors; bytes of one passage.

    Attributes:
        memory: that must be there for a search.
        disk: on the query node's own disk.
    """

    name: str
    memory: Callable[[Rates], float]
    disk: Callable[[Rates], float]


# DiskANN by its own defaults: compressed vectors of 0.125 of the size, a cache of 0.1, 56 links
# of 4 bytes beside each vector, and no vector across a sector of 4,096 bytes.
_DISKANN_NODE = 4 * DIM + 4 + 56 * 4
VECTOR_INDEXES = (
    VectorIndex("HNSW, float32", lambda r: r.graph_bytes, lambda _: 0.0),
    VectorIndex("HNSW, int8", lambda r: DIM + r.links, lambda _: 0.0),
    VectorIndex("DiskANN", lambda _: 0.225 * 4 * DIM, lambda _: 4096 / (4096 // _DISKANN_NODE)),
)


@dataclass(frozen=True, slots=True)
class Layout:
    """Query nodes of a Milvus cluster that hold a collection once.

    Attributes:
        memory_gb: with headroom, words included.
        disk_gb: on local disks, rows and texts included.
        stored_gb: in object storage: rows, vectors and indexes.
        cpu_seconds: of a query, every segment searched.
        queries: a second, all cores busy.
    """

    nodes: int
    memory_gb: float
    disk_gb: float
    stored_gb: float
    segments: int
    cpu_seconds: float
    queries: float


def layout(rates: Rates, count: int, index: VectorIndex, *, segment: float) -> Layout:
    """Fit a collection into query nodes of `NODE_CORES` cores and `NODE_GB` of memory.

    Args:
        rates: see there.
        count: passages.
        index: how the vectors are kept.
        segment: bytes of rows in a segment.
    """
    memory = count * (index.memory(rates) + rates.words) * rates.headroom / 1e9
    nodes = max(1, math.ceil(memory / (NODE_GB * rates.usable)))
    segments = math.ceil(count * (4 * DIM + rates.scalars) / segment)
    seconds = segments * rates.search * rates.effort
    return Layout(
        nodes,
        memory,
        count * (index.disk(rates) + rates.scalars) / 1e9,
        count * (4 * DIM + rates.scalars + (index.disk(rates) or index.memory(rates))) / 1e9,
        segments,
        seconds,
        nodes * NODE_CORES / seconds,
    )


def documents(rates: Rates) -> dict[str, str]:
    """Every table of the page, by its name."""
    return {
        "rates": _rates_table(rates),
        "encoding": _encoding_table(rates),
        "folder": _folder_table(rates),
        "milvus": _milvus_table(rates),
        "searching": _searching_table(rates),
        "money": _money_table(rates),
    }


def _rates_table(r: Rates) -> str:
    bench = "measured ([benchmarks.md](benchmarks.md))"
    rows = [
        ["encoding, everything included", f"{1 / r.encode:.0f} passages a CPU second", "measured"],
        ["encoding on a GPU", f"{r.gpu:,.0f} passages/s", "assumed"],
        ["writing the index, one process", f"{1 / r.write:,.0f} passages/s", bench],
        ["putting vectors into a graph", f"{1 / r.graph:,.0f} a CPU second", bench],
        [
            "cores whose encoding one writer keeps up with",
            f"{r.encode / r.write:.0f}",
            "from the first and the third",
        ],
        ["catalog", f"{r.catalog:,.0f} bytes a passage", bench],
        [
            "graph, M 16",
            f"{r.graph_bytes:,.0f} bytes a vector: 4 x {DIM}, and {r.links:.0f} of links",
            bench,
        ],
        ["warm search of a graph", f"{1e3 * r.search:.1f} ms", bench],
        [
            "the same with 512 candidates for 1,000",
            f"{1e3 * r.search * r.effort:.1f} ms",
            "assumed, in proportion",
        ],
        ["row of Milvus without the vector", f"{r.scalars:,.0f} bytes", "assumed"],
        ["row in Milvus' index of words", f"{r.words:,.0f} bytes", "assumed"],
        ["memory for each byte of index", f"{r.headroom:g}", "assumed"],
        ["share of memory that may be filled", f"{100 * r.usable:.0f} %", "assumed"],
        ["segment of Milvus", f"{r.segment / GIB:.0f} GiB of rows", "its default"],
    ]
    return table(["rate", "value", "where from"], rows)


def _encoding_table(r: Rates) -> str:
    rows = []
    for name, count in SIZES.items():
        cpu_hours, gpu_hours = count * r.encode / 3600, count / r.gpu / 3600
        rows.append(
            [
                name,
                _number(cpu_hours),
                *(_hours(cpu_hours / cores) for cores in (2, 64, 1024)),
                _number(gpu_hours),
                *(_hours(gpu_hours / gpus) for gpus in (1, 8)),
                _hours(count * r.write / 3600),
            ]
        )
    header = ["passages", "CPU hours", "2 cores", "64 cores", "1,024 cores"]
    return table([*header, "GPU hours", "1 GPU", "8 GPUs", "writing, one process"], rows)


def _folder_table(r: Rates) -> str:
    counts = FOLDER_SIZES.values()
    rows = [
        ["disk, GB", *(_number(n * (r.catalog + r.graph_bytes) / 1e9) for n in counts)],
        ["memory for the graph, GB", *(_number(n * r.graph_bytes / 1e9) for n in counts)],
        ["encoding, 2 cores", *(_hours(n * r.encode / 7200) for n in counts)],
        ["encoding, 64 cores", *(_hours(n * r.encode / 3600 / 64) for n in counts)],
        ["writing", *(_hours(n * r.write / 3600) for n in counts)],
        ["the graph, 2 cores", *(_hours(n * r.graph / 7200) for n in counts)],
        ["first search of a process, s", *(_number(n * r.first_search) for n in counts)],
        ["loading the graph, s", *(_number(n * r.graph_load) for n in counts)],
        ["BM25, s", *(_number(n * r.bm25) for n in counts)],
    ]
    return table(["", *FOLDER_SIZES], rows)


def _milvus_table(r: Rates) -> str:
    rows = []
    for name, count in SIZES.items():
        for index in VECTOR_INDEXES:
            fit = layout(r, count, index, segment=r.segment)
            rows.append(
                [
                    name,
                    index.name,
                    f"{index.memory(r):,.0f}",
                    _number(fit.memory_gb),
                    f"{fit.nodes:,}",
                    _number(fit.disk_gb),
                    _number(fit.stored_gb),
                ]
            )
    header = ["passages", "vectors", "bytes of memory a vector", "memory, GB", "query nodes"]
    return table([*header, "their disks, GB", "object storage, GB"], rows)


def _searching_table(r: Rates) -> str:
    one = r.search * r.effort
    rows = []
    for name, count in SIZES.items():
        small = layout(r, count, VECTOR_INDEXES[0], segment=r.segment)
        large = layout(r, count, VECTOR_INDEXES[0], segment=16 * r.segment)
        for fit, size in ((small, "1 GiB"), (large, "16 GiB")):
            rows.append(
                [
                    name,
                    size,
                    f"{fit.segments:,}",
                    _number(fit.cpu_seconds),
                    f"{fit.nodes * NODE_CORES:,}",
                    _number(1e3 * max(fit.cpu_seconds / (fit.nodes * NODE_CORES), one)),
                    _number(fit.queries),
                ]
            )
    header = ["passages", "segments of", "segments", "CPU s a query", "cores of the query nodes"]
    return table([*header, "ms at the least", "queries/s at the most"], rows)


def _money_table(r: Rates) -> str:
    rows = []
    for name, count in SIZES.items():
        once = count * (r.encode + r.write + r.graph) / 3600
        fits = [layout(r, count, index, segment=r.segment) for index in VECTOR_INDEXES]
        monthly = [fit.nodes * NODE_CORES * HOURS_A_MONTH for fit in fits]
        rows.append(
            [
                name,
                _number(count * r.encode / 3600),
                _number(count * r.write / 3600),
                _number(count * r.graph / 3600),
                _number(once * DOLLARS_A_CORE_HOUR),
                f"{math.ceil(count * r.graph / 3600 / 24 / NODE_CORES):,}",
                *(_number(hours) for hours in monthly),
                _number(monthly[0] * DOLLARS_A_CORE_HOUR),
            ]
        )
    header = ["passages", "encoding", "writing", "graphs", "once, dollars", "nodes for a day"]
    kinds = [f"{index.name}, a month" for index in VECTOR_INDEXES]
    return table([*header, *kinds, "float32, dollars a month"], rows)


def _number(value: float) -> str:
    """Two figures that count, no more: nothing here is known better."""
    if value == 0:
        return "0"
    places = 1 - math.floor(math.log10(abs(value)))
    return f"{round(value, places):,.{max(0, places)}f}"


def _hours(hours: float) -> str:
    if hours < 1 / 60:
        return f"{_number(3600 * hours)} s"
    if hours < 1:
        return f"{_number(60 * hours)} min"
    return f"{_number(hours)} h" if hours < 72 else f"{_number(hours / 24)} days"


_PLACE = re.compile(r"(<!-- costs: (\w+) -->\n)(.*?)(<!-- end -->\n)", re.DOTALL)


def filled(page: str, made: dict[str, str]) -> str:
    """A page with the tables in the places that are marked for them.

    Raises:
        KeyError: a place for a table that there is not.
    """
    return _PLACE.sub(lambda place: f"{place[1]}\n{made[place[2]]}\n{place[4]}", page)


def places(page: str) -> list[str]:
    """Names of the tables that a page has places for."""
    return [found[2] for found in _PLACE.finditer(page)]


def main(argv: Sequence[str] | None = None) -> None:
    """Print the tables, or put them into a page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", type=Path, metavar="PAGE")
    arguments = parser.parse_args(argv)
    made = documents(rates(json.loads(RESULTS.read_text())))
    if arguments.write:
        page = arguments.write.read_text(encoding="utf-8")
        arguments.write.write_text(filled(page, made), encoding="utf-8")
        return
    for name, text in made.items():
        print(f"{name}\n\n{text}")


if __name__ == "__main__":
    main()
