"""The default weights of the blends: learned for the worst case over collections.

    python benchmarks/learn_blend.py --work build/blend \\
        ../shared/data/scifact:train ../shared/data/nfcorpus:dev ../shared/data/nq_qed:train

Each collection is indexed with each bi-encoder (kept under --work and used again). For every
point of the grid nDCG@10 is measured on every collection with every bi-encoder; the point is
taken whose largest shortfall from the best point of each is smallest, and of points that are
equal in that the one with the highest mean. Test splits are not read. A collection of another
kind, whose documents are the docstrings of the Python standard library without their first
lines and whose queries are those lines, is made on the way.
"""

from __future__ import annotations

import argparse
import ast
import json
import random
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bienc_cli.evaluation.qrels import judged_in, read_qrels
from bienc_cli.evaluation.queries import read_queries
from bienc_cli.evaluation.score_cache import CachedScores
from bienc_cli.evaluation.tuning import (
    GRID,
    LIGHT_GRID,
    Signals,
    signals_of,
    values_by_weights,
)
from bienc_cli.indexing import index_paths
from bienc_cli.models import load_bi_encoder, load_cross_encoder
from bienc_cli.search.fusion import DEFAULTS
from bienc_cli.store import open_reader
from bienc_cli.strategy import Strategy
from bienc_cli.types import BiEncoder, BlendWeights

NOISE = 0.001
"""Shortfalls that differ by less are taken for equal."""

LEAST_WORDS = 30
"""Of a docstring's rest, for it to be a document."""

Table = dict[str, NDArray[np.float64]]
"""nDCG@10 by collection and model, shape (len(grid),)."""


def main() -> None:
    """Measure the grids and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("collections", nargs="+", help="DIRECTORY:SPLIT in BEIR's layout")
    parser.add_argument("--work", type=Path, default=Path("build/blend"))
    parser.add_argument("--cache", type=Path, default=Path("~/.cache/bienc").expanduser())
    parser.add_argument("--models", default="granite-30m,minilm")
    parser.add_argument("--queries", type=int, default=500, help="at most, of each collection")
    arguments = parser.parse_args()
    docstrings = arguments.work / "docstrings"
    make_docstring_collection(docstrings, arguments.queries)
    read: Table = {}
    light: Table = {}
    cross_encoder = load_cross_encoder(
        "ms-marco-minilm-l12", cache_dir=arguments.cache, offline=True
    )
    with CachedScores(cross_encoder, arguments.work / "scores") as scores:
        for model in arguments.models.split(","):
            bi_encoder = load_bi_encoder(model, cache_dir=arguments.cache, offline=True)
            for named in [*arguments.collections, f"{docstrings}:dev"]:
                directory, _, split = named.rpartition(":")
                name = f"{Path(directory).name} {split}, {model}"
                signals, grades = gather(Path(directory), split, bi_encoder, scores, arguments)
                for strategy, grid, table in (
                    (Strategy.BLEND, GRID, read),
                    (Strategy.LIGHT_BLEND, LIGHT_GRID, light),
                ):
                    values = values_by_weights(signals[strategy], grades, grid)
                    table[name] = values.mean(axis=1)
                print(f"# {name}: {len(grades)} queries", file=sys.stderr, flush=True)
    report("blend", read, GRID, DEFAULTS.weights)
    report("light-blend", light, LIGHT_GRID, DEFAULTS.light_weights)


def gather(
    directory: Path,
    split: str,
    bi_encoder: BiEncoder,
    scores: CachedScores,
    arguments: argparse.Namespace,
) -> tuple[dict[Strategy, dict[str, Signals]], dict[str, dict[str, int]]]:
    """Signals of both blends and the judgments, for a sample of a collection's queries."""
    index = arguments.work / f"{directory.name}-{bi_encoder.identity.name}"
    index_paths(
        [(directory / "corpus.jsonl").resolve()],
        directory=index.resolve(),
        load_encoder=lambda _: bi_encoder,
        key_dir=arguments.cache / "keys",
    )
    judgments = read_qrels(directory / "qrels" / f"{split}.tsv")
    queries = [
        query
        for query in read_queries(directory / "queries.jsonl")
        if query.query_id in judgments.by_query
    ]
    random.Random(0).shuffle(queries)
    queries = queries[: arguments.queries]
    found_by: dict[Strategy, dict[str, Signals]] = {Strategy.BLEND: {}, Strategy.LIGHT_BLEND: {}}
    with open_reader(index.resolve(), key_dir=arguments.cache / "keys") as reader:
        judged = judged_in(judgments, reader.documents())
        vectors = bi_encoder.encode_queries([query.text for query in queries])
        for query, vector in zip(queries, vectors, strict=True):
            for strategy, signals in found_by.items():
                signals[query.query_id] = signals_of(
                    reader, query.text, vector, strategy, judged, scores
                )
    grades = {query.query_id: dict(judged.by_query[query.query_id]) for query in queries}
    return found_by, grades


def report(title: str, table: Table, grid: tuple[BlendWeights, ...], default: BlendWeights) -> None:
    """The best points for the worst case, and the shortfall of each collection at them."""
    shortfalls = np.array([values.max() - values for values in table.values()])
    worst = shortfalls.max(axis=0)
    print(f"\n{title}: similarity + bm25 | largest shortfall | nDCG@10 of each")
    print("\t".join(["weights", "shortfall", *table]))
    means = np.mean(list(table.values()), axis=0)
    near = np.flatnonzero(worst <= worst.min() + NOISE)
    chosen = int(near[np.argmax(means[near])])
    shown = list(np.argsort(worst, kind="stable")[:8])
    if default in grid and grid.index(default) not in shown:
        shown.append(grid.index(default))
    for place in shown:
        weights = grid[place]
        mark = " (chosen)" if place == chosen else ""
        mark += " (default)" if weights == default else ""
        cells = [f"{weights.similarity:g} + {weights.bm25:g}{mark}", f"{worst[place]:.4f}"]
        print("\t".join([*cells, *(f"{values[place]:.4f}" for values in table.values())]))


def make_docstring_collection(directory: Path, limit: int) -> None:
    """Docstrings of the standard library as a BEIR collection, the same for one Python."""
    if (directory / "qrels" / "dev.tsv").exists():
        return
    found = dict.fromkeys(_docstrings(Path(sysconfig.get_paths()["stdlib"])))
    documents = [(f"d{number}", *pair) for number, pair in enumerate(found)]
    (directory / "qrels").mkdir(parents=True, exist_ok=True)
    with (directory / "corpus.jsonl").open("w", encoding="utf-8") as file:
        for doc_id, _, rest in documents:
            file.write(json.dumps({"_id": doc_id, "title": "", "text": rest}) + "\n")
    asked = random.Random(0).sample(documents, min(limit, len(documents)))
    with (directory / "queries.jsonl").open("w", encoding="utf-8") as file:
        for doc_id, first, _ in asked:
            file.write(json.dumps({"_id": f"q-{doc_id}", "text": first}) + "\n")
    with (directory / "qrels" / "dev.tsv").open("w", encoding="utf-8") as file:
        file.write("query-id\tcorpus-id\tscore\n")
        file.writelines(f"q-{doc_id}\t{doc_id}\t1\n" for doc_id, _, _ in asked)


def _docstrings(library: Path) -> Iterator[tuple[str, str]]:
    """(first line, rest) of docstrings with a rest worth reading."""
    for path in sorted(library.rglob("*.py")):
        if {"site-packages", "test", "tests", "idlelib"} & set(path.parts):
            continue
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"))
        except (SyntaxError, UnicodeDecodeError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
                first, _, rest = (ast.get_docstring(node) or "").partition("\n")
                if len(rest.split()) >= LEAST_WORDS and len(first.split()) >= 3:
                    yield first.strip(), rest.strip()


if __name__ == "__main__":
    main()
