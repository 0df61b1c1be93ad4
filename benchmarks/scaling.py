"""What an index costs as it grows: 1 thousand to 1 million passages.

    python benchmarks/scaling.py --beir DIR [DIR ...] [--sizes 1000,10000,100000,1000000]

The collections give real texts, vectors and queries. What they lack for a size is made of them:
the text is half of one passage and half of another, the vector lies between theirs with noise
added, so that neighbourhoods are as crowded as real ones. Indexes are kept under --work and
used again.

Recall is against comparing every vector. Times of searches are of one process after another on
the same index, in the same minutes. Figures go into `results.json`, as of `bench.py`.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import keep, percentiles, rows_of, write_rows
from bienc_cli.indexing.changes import digest_of_file, stamp_of
from bienc_cli.indexing.indexer import index_paths
from bienc_cli.models import identify_bi_encoder, load_bi_encoder
from bienc_cli.store import FileState, Root, open_reader, open_writer
from bienc_cli.types import ChunkingParameters, Document, EncoderIdentity, Passage, Place
from processes import BIENC, figure, run, script

SEED = 1
BATCH = 10_000
K = 10

Pool = tuple[list[str], NDArray[np.float32]]
"""Texts and their vectors, shape (n, dim)."""


def real_passages(collections: Sequence[Path], work: Path, cache: Path) -> Pool:
    """Passages of collections with their vectors, shuffled."""
    texts: list[str] = []
    vectors: list[NDArray[np.float32]] = []
    encoder = load_bi_encoder("granite-30m", cache_dir=cache, offline=True)
    for collection in collections:
        directory = (work / f"real-{collection.name}").resolve()
        index_paths(
            [(collection / "corpus.jsonl").resolve()],
            directory=directory,
            load_encoder=lambda _: encoder,
            key_dir=cache / "keys",
        )
        with open_reader(directory, key_dir=cache / "keys") as reader:
            found = [stored.passage.embedded_text for stored in reader.iter_passages()]
        texts.extend(dict.fromkeys(found))
    random.Random(SEED).shuffle(texts)
    texts = list(dict.fromkeys(texts))
    for start in range(0, len(texts), 256):
        vectors.append(encoder.encode_passages(texts[start : start + 256]))
    return texts, np.concatenate(vectors)


def passages(pool: Pool, size: int) -> Iterator[Pool]:
    """Batches of `size` passages in all: the real ones first, then mixtures of them."""
    texts, vectors = pool
    rng = np.random.default_rng(SEED)
    for start in range(0, size, BATCH):
        stop = min(start + BATCH, size)
        real = range(start, min(stop, len(texts)))
        said, found = [texts[i] for i in real], [vectors[start : start + len(real)]]
        made = stop - start - len(real)
        if made:
            one, other = rng.integers(len(texts), size=(2, made))
            share = rng.uniform(0.5, 0.9, size=(made, 1)).astype(np.float32)
            noise = rng.normal(0, 0.01, size=(made, vectors.shape[1])).astype(np.float32)
            mixed = share * vectors[one] + (1 - share) * vectors[other] + noise
            found.append(mixed / np.linalg.norm(mixed, axis=1, keepdims=True))
            said += [
                f"{halves(texts[i])[0]} {halves(texts[j])[1]} ({start + len(real) + n})"
                for n, (i, j) in enumerate(zip(one, other, strict=True))
            ]
        yield said, np.concatenate(found).astype(np.float32)


def halves(text: str) -> tuple[str, str]:
    """Cut at the blank nearest before the middle."""
    middle = text.rfind(" ", 0, len(text) // 2 + 1)
    return text[: max(middle, 0)], text[middle + 1 :]


def build(directory: Path, pool: Pool, size: int, identity: EncoderIdentity, cache: Path) -> Any:
    """An index of `size` passages, written as `bienc index` writes it, without encoding."""
    shutil.rmtree(directory, ignore_errors=True)
    root = directory / "docs"
    root.mkdir(parents=True)
    began: dict[str, float] = {}
    started = time.perf_counter()
    with open_writer(directory / "index", key_dir=cache / "keys") as writer:
        writer.begin(identity, ChunkingParameters(256, 32))
        root_id = writer.put_root(Root(root))
        number = 0
        for said, vectors in passages(pool, size):
            path = root / f"{number:07}.jsonl"
            rows = [{"_id": f"d{number + i}", "text": text} for i, text in enumerate(said)]
            write_rows(path, rows)
            status = path.stat()
            state = FileState(
                0,
                path.name,
                status.st_size,
                status.st_mtime_ns,
                digest_of_file(path),
                stamp_of(path, "pypdf"),
            )
            file_id = writer.replace_file(root_id, state)
            for row in rows:
                name, text = row["_id"], row["text"]
                place = Place("line", 1, text.count("\n") + 1)
                passage = Passage(name, 0, 0, len(text), text, place)
                writer.add_document(file_id, Document(name, text, "jsonl"), [passage])
            writer.add_vectors(said, vectors)
            number += len(rows)
        report = writer.commit(lambda stage: began.setdefault(stage, time.perf_counter()))
    ended = time.perf_counter()
    graph = began["commit"] - began["graph"] if "graph" in began else 0.0
    return {
        "build_seconds": ended - started,
        "graph_seconds": graph,
        "graph_vectors_per_second": size / graph if graph else None,
        "bytes": dict(report.info.sizes),
    }


def searches(index: Path, vectors: Path, queries: Path, cache: Path) -> dict[str, Any]:
    """Searches of an index, in a process of its own (`scaling.py --search`)."""
    asked = np.load(vectors)
    texts = [row["text"] for row in rows_of(queries)]

    def timed(run: Any, items: Any) -> tuple[list[float], list[Any]]:
        seconds, answers = [], []
        for item in items:
            started = time.perf_counter()
            answers.append(run(item))
            seconds.append(time.perf_counter() - started)
        return seconds, answers

    def recall(found: list[Any], exact: list[Any]) -> float:
        return float(
            np.mean(
                [
                    len({number for number, _ in one} & {number for number, _ in other}) / K
                    for one, other in zip(found, exact, strict=True)
                ]
            )
        )

    started = time.perf_counter()
    with open_reader(index, key_dir=cache / "keys") as reader:
        opened = time.perf_counter() - started
        first_seconds, first = timed(lambda query: reader.search(query, K), asked[:10])
        exact = reader.search_many(asked, K, exact=True)
    with open_reader(index, key_dir=cache / "keys") as reader:
        # So many that the graph is worth loading, and loaded before the clock starts.
        started = time.perf_counter()
        reader.search_many(np.repeat(asked[:1], 32, axis=0), K)
        loading = time.perf_counter() - started
        graph_seconds, found = timed(lambda query: reader.search(query, K), asked)
        reader.bm25(texts[0], K)
        bm25_seconds, _ = timed(lambda text: reader.bm25(text, 100), texts)
        warnings = list(reader.warnings)
    return {
        "open_seconds": opened,
        "first_search_seconds": first_seconds[0],
        "first_recall": recall(first, exact[: len(first)]),
        "graph_load_seconds": loading,
        "graph": percentiles(graph_seconds),
        "recall": recall(found, exact),
        "bm25": percentiles(bm25_seconds),
        "queries": len(asked),
        "warnings": warnings,
    }


def cold_recall(index: Path, asked: NDArray[np.float32], cache: Path) -> float:
    """Recall of what a process answers that asks only once, each query in its own reader."""
    found: list[set[int]] = []
    for query in asked:
        with open_reader(index, key_dir=cache / "keys") as reader:
            found.append({number for number, _ in reader.search(query, K)})
    with open_reader(index, key_dir=cache / "keys") as reader:
        exact = reader.search_many(asked, K, exact=True)
    hits = [len(one & {n for n, _ in other}) for one, other in zip(found, exact, strict=True)]
    return float(np.mean(hits)) / K


def commands(index: Path, texts: Sequence[str], cache: Path, runs: int) -> dict[str, Any]:
    """Whole commands on the index, each a process of its own."""
    environment = {"BIENC_CACHE": str(cache)}
    figures: dict[str, dict[str, list[float]]] = {}
    for number in range(runs):
        for name, argv in (
            ("query --no-rerank", ("query", texts[number], "--no-rerank")),
            ("query", ("query", texts[number])),
            ("info", ("info",)),
        ):
            done = run((*BIENC, *argv, "--index", index, "--format", "json"), environment)
            kept = figures.setdefault(name, {"seconds": [], "cpu_seconds": [], "peak_mib": []})
            kept["seconds"].append(done.wall)
            kept["cpu_seconds"].append(done.cpu)
            kept["peak_mib"].append(done.peak_mib)
    return {
        name: {key: figure(values) for key, values in kept.items()}
        for name, kept in figures.items()
    }


def main() -> None:
    """Build, search, and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--beir", type=Path, nargs="+", default=[])
    parser.add_argument("--sizes", default="1000,10000,100000,1000000")
    parser.add_argument("--work", type=Path, default=Path("build/scaling"))
    parser.add_argument("--cache", type=Path, default=Path("~/.cache/bienc").expanduser())
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--search", type=Path, nargs=3, help="INDEX VECTORS QUERIES")
    given = parser.parse_args()
    if given.search:
        print(json.dumps(searches(*given.search, given.cache)))
        return
    given.work.mkdir(parents=True, exist_ok=True)
    queries = given.work / "queries.jsonl"
    rows = [row for beir in given.beir for row in rows_of(beir / "queries.jsonl")]
    write_rows(queries, random.Random(SEED).sample(rows, 200))
    texts = [row["text"] for row in rows_of(queries)]
    encoder = load_bi_encoder("granite-30m", cache_dir=given.cache, offline=True)
    asked = encoder.encode_queries(texts)
    np.save(given.work / "queries.npy", asked)
    identity = identify_bi_encoder("granite-30m", cache_dir=given.cache, offline=True)
    pool: Pool | None = None
    sizes: dict[str, Any] = {}
    for size in map(int, given.sizes.split(",")):
        directory = given.work / str(size)
        built = directory / "built.json"
        if not built.exists():
            pool = pool or real_passages(given.beir, given.work, given.cache)
            figures = build(directory, pool, size, identity, given.cache)
            built.write_text(json.dumps({**figures, "real": min(size, len(pool[0]))}))
        index = directory / "index"
        search = script("scaling.py", "--search", index, given.work / "queries.npy", queries)
        done = run((*search, "--cache", given.cache))
        sizes[str(size)] = {
            **json.loads(built.read_text()),
            **done.output,
            "cold_recall": cold_recall(index, asked[:30], given.cache),
            "peak_mib": done.peak_mib,
            "commands": commands(index, texts, given.cache, given.runs),
        }
        print(size, json.dumps(sizes[str(size)]), flush=True)
    keep("scaling", {"sizes": sizes, "queries": len(texts)})


if __name__ == "__main__":
    main()
