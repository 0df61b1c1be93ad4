"""The default weights of the blends, learned from judgments of several collections.

    python benchmarks/learn_blend.py --work build/blend --queries 120 --documents 2500 \\
        ../shared/data/scifact:train ../shared/data/nfcorpus:dev ../shared/data/nq_qed:train \\
        ../shared/data/cosqa:dev ../shared/data/obliqa:dev ../shared/data/vaswani:dev

Two more collections are made of the Python standard library: docstrings without their first
lines, and functions without their docstrings, each with the first lines as queries. Of each a
sample is indexed (kept under --work and used again): what is judged for the queries, and other
documents at random. Test splits are not read.

`blend`: weights and scales are fitted to the chance that a relevant candidate has under a softmax
of its scores, each collection counting the same, and drawn to where the search begins. They are
fitted once without each collection and measured on it, against each signal alone.

`light-blend`: of a grid the point whose largest shortfall from the best point of each collection
is smallest, and of points that are equal in that the one with the highest mean.
"""

from __future__ import annotations

import argparse
import ast
import json
import random
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from bienc_cli.evaluation.measures import measure
from bienc_cli.evaluation.qrels import best_first, judged_in, read_qrels
from bienc_cli.evaluation.queries import read_queries
from bienc_cli.evaluation.score_cache import CachedScores
from bienc_cli.evaluation.significance import compare_with_baseline
from bienc_cli.evaluation.tuning import (
    LIGHT_GRID,
    MEASURE,
    Signals,
    signals_of,
    values_by_weights,
)
from bienc_cli.indexing.indexer import index_paths
from bienc_cli.models import load_bi_encoder, load_cross_encoder
from bienc_cli.search import fusion
from bienc_cli.search.fusion import DEFAULT_BLEND, DEFAULTS, Pooling, pooled
from bienc_cli.store import open_reader
from bienc_cli.strategy import Strategy
from bienc_cli.types import BiEncoder, BlendWeights

NOISE = 0.001
"""Shortfalls that differ by less are taken for equal."""

LEAST_WORDS = 30
"""Of a docstring's rest, for it to be a document."""

START = np.log([1.0, 0.5, 3.5, 1.0, 0.2, 1.0, 0.5])
"""Where the search begins: logarithms of similarity, BM25, scale, sharpness, sum, trust in code and
numbers."""

DRAWN = 0.003
"""How strongly: the loss of one unit from there, squared."""

ONE_BY_ONE = (0, 1, 3, 5, 7, 10, 20)
"""How many places are voted on one after the other: what is tried."""

Order = Callable[[Signals], NDArray[np.intp]]
"""The places of candidates, best first, shape (n,)."""

Table = dict[str, NDArray[np.float64]]
"""nDCG@10 by collection, shape (len(grid),)."""


@dataclass(frozen=True)
class Gathered:
    """What the blends have to order, of the judged queries of one collection.

    Attributes:
        read: candidates of `blend`, by query.
        light: of `light-blend`.
        grades: of items, by query.
    """

    read: Mapping[str, Signals]
    light: Mapping[str, Signals]
    grades: Mapping[str, Mapping[str, int]]

    def mean(self, order: Order, light: bool = False) -> float:
        """nDCG@10 of candidates in an order."""
        return fmean(self.values(order, light).values())

    def values(self, order: Order, light: bool = False) -> dict[str, float]:
        """The same of each query."""
        rankings = {}
        for query_id, one in (self.light if light else self.read).items():
            rankings[query_id] = best_first([one.items[place] for place in order(one)])
        return measure([MEASURE], self.grades, rankings)[MEASURE]


def parser_of(doc: str | None, *, queries: int, documents: int) -> argparse.ArgumentParser:
    """Of a script that asks samples of judged collections, kept under one directory."""
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("collections", nargs="+", help="DIRECTORY:SPLIT in BEIR's layout")
    parser.add_argument("--work", type=Path, default=Path("build/blend"))
    parser.add_argument("--cache", type=Path, default=Path("~/.cache/bienc").expanduser())
    parser.add_argument("--queries", type=int, default=queries, help="at most, of each collection")
    parser.add_argument(
        "--documents", type=int, default=documents, help="at least, of each collection"
    )
    return parser


def main() -> None:
    """Learn, and print tables."""
    parser = parser_of(__doc__, queries=120, documents=2500)
    parser.add_argument("--model", default="granite-30m")
    arguments = parser.parse_args()
    made = made_collections(arguments.work, arguments.queries)
    collections: dict[str, Gathered] = {}
    cross_encoder = load_cross_encoder(
        "ms-marco-minilm-l12", cache_dir=arguments.cache, offline=True
    )
    bi_encoder = load_bi_encoder(arguments.model, cache_dir=arguments.cache, offline=True)
    with CachedScores(cross_encoder, arguments.work / "scores") as scores:
        for named in [*arguments.collections, *made]:
            directory, _, split = named.rpartition(":")
            name = f"{Path(directory).name} {split}"
            collections[name] = gather(Path(directory), split, bi_encoder, scores, arguments)
            print(f"# {name}: {len(collections[name].grades)} queries", file=sys.stderr, flush=True)
    report_blend(collections)
    light = {
        name: values_by_weights(one.light, one.grades, LIGHT_GRID).mean(axis=1)
        for name, one in collections.items()
    }
    report_grid("light-blend", light, LIGHT_GRID, DEFAULTS.light_weights)


def report_blend(collections: Mapping[str, Gathered]) -> None:
    """Each signal alone and the blends, those of all collections and without each."""
    alone: dict[str, Callable[[Gathered], dict[str, float]]] = {
        "similarity": lambda one: one.values(by("similarities"), light=True),
        "bm25": lambda one: one.values(by("bm25"), light=True),
        "relevance": lambda one: one.values(by("relevances")),
    }
    rows = {name: [value(one) for one in collections.values()] for name, value in alone.items()}
    best = [
        max(of_one, key=lambda one: fmean(one.values()))
        for of_one in zip(*rows.values(), strict=True)
    ]
    for places in ONE_BY_ONE:
        with patch.object(fusion, "ONE_BY_ONE", places):
            rows[f"default, {places} one by one"] = [
                one.values(lambda signals: signals.order(DEFAULT_BLEND))
                for one in collections.values()
            ]
    learned = learn(collections)
    rows["learned"] = [values_at(learned, one) for one in collections.values()]
    left_out = rows["learned without it"] = [
        values_at(learn({other: of for other, of in collections.items() if other != name}), one)
        for name, one in collections.items()
    ]
    print("\t".join(["blend", *collections, "mean"]))
    for name, values in rows.items():
        means = [fmean(one.values()) for one in values]
        print("\t".join([name, *(f"{one:.4f}" for one in means), f"{fmean(means):.4f}"]))
    print("\t".join(["learned without it - best alone", *map(difference, best, left_out)]))
    print(*parameters(learned))


def difference(before: Mapping[str, float], after: Mapping[str, float]) -> str:
    """How much better, with its 95 % interval over queries."""
    found = compare_with_baseline(before, {"after": after})["after"]
    if found.low is None or found.high is None:
        return f"{found.mean:+.4f}"
    return f"{found.mean:+.4f} ({found.low:+.4f} to {found.high:+.4f})"


def learn(collections: Mapping[str, Gathered]) -> NDArray[np.float64]:
    """The parameters, as `START`, under which relevant candidates have the best chance."""
    prepared = [
        [(signals, wanted) for signals, wanted in _with_grades(one) if wanted.any()]
        for one in collections.values()
    ]

    def loss(at: NDArray[np.float64]) -> float:
        weights, how = parameters(at)
        means = [
            np.mean([surprise(_pooled(signals, weights, how), wanted) for signals, wanted in one])
            for one in prepared
        ]
        return float(np.mean(means) + DRAWN * ((at - START) ** 2).sum())

    return np.array(minimize(loss, START, method="L-BFGS-B", options={"maxiter": 30}).x)


def parameters(at: NDArray[np.float64]) -> tuple[BlendWeights, Pooling]:
    """What the logarithms stand for."""
    similarity, bm25, *how = np.exp(at).tolist()
    return BlendWeights(similarity, bm25), Pooling(*how)


def values_at(at: NDArray[np.float64], collection: Gathered) -> dict[str, float]:
    """nDCG@10 of each query of a collection under learned parameters."""
    weights, how = parameters(at)
    return collection.values(lambda signals: signals.order(weights, how))


def by(signal: str) -> Order:
    """The order of one signal alone."""
    return lambda one: np.lexsort((one.passage_ids, -getattr(one, signal)))


def _pooled(signals: Signals, weights: BlendWeights, how: Pooling) -> NDArray[np.float64]:
    return pooled(
        weights,
        signals.similarities,
        signals.bm25,
        _relevances(signals),
        signals.codelike,
        signals.numbers,
        how,
    )


def _relevances(signals: Signals) -> NDArray[np.float64]:
    if signals.relevances is None:
        raise ValueError("these candidates were not read")
    return signals.relevances


def _with_grades(collection: Gathered) -> Iterator[tuple[Signals, NDArray[np.float64]]]:
    for query_id, signals in collection.read.items():
        grades = collection.grades[query_id]
        wanted = [max((grades.get(item, 0) for item in some), default=0) for some in signals.items]
        yield signals, np.array(wanted, dtype=np.float64)


def surprise(scores: NDArray[np.float64], wanted: NDArray[np.float64]) -> float:
    """Cross entropy of a softmax of scores from grades."""
    behind = scores - scores.max()
    chances = behind - np.log(np.exp(behind).sum())
    return float(-(wanted * chances).sum() / wanted.sum())


def gather(
    directory: Path,
    split: str,
    bi_encoder: BiEncoder,
    scores: CachedScores,
    arguments: argparse.Namespace,
) -> Gathered:
    """Signals of both blends and the judgments, for a sample of a collection."""
    judgments = read_qrels(directory / "qrels" / f"{split}.tsv")
    queries = [
        query
        for query in read_queries(directory / "queries.jsonl")
        if query.query_id in judgments.by_query
    ]
    random.Random(0).shuffle(queries)
    queries = queries[: arguments.queries]
    needed = {item.document for query in queries for item in judgments.by_query[query.query_id]}
    index = arguments.work / f"{directory.name}-{bi_encoder.identity.name}"
    sample = index.with_suffix(".jsonl")
    take_sample(directory / "corpus.jsonl", needed, arguments.documents, sample)
    index_paths(
        [sample.resolve()],
        directory=index.resolve(),
        load_encoder=lambda _: bi_encoder,
        key_dir=arguments.cache / "keys",
    )
    found_by: dict[Strategy, dict[str, Signals]] = {Strategy.BLEND: {}, Strategy.LIGHT_BLEND: {}}
    with open_reader(index.resolve(), key_dir=arguments.cache / "keys") as reader:
        judged = judged_in(judgments, reader.documents())
        vectors = bi_encoder.encode_queries([query.text for query in queries])
        for query, vector in zip(queries, vectors, strict=True):
            for strategy, signals in found_by.items():
                signals[query.query_id] = signals_of(
                    reader, query, vector, strategy, judged, scores
                )
    grades = {query.query_id: dict(judged.by_query[query.query_id]) for query in queries}
    return Gathered(found_by[Strategy.BLEND], found_by[Strategy.LIGHT_BLEND], grades)


def take_sample(corpus: Path, needed: set[str], documents: int, sample: Path) -> None:
    """What is needed of a corpus, and others at random up to so many documents."""
    lines = corpus.read_text(encoding="utf-8").splitlines()
    ids = [json.loads(line)["_id"] for line in lines]
    others = [one for one in ids if one not in needed]
    kept = needed | set(
        random.Random(0).sample(others, min(len(others), max(0, documents - len(needed))))
    )
    taken = [line for doc_id, line in zip(ids, lines, strict=True) if doc_id in kept]
    sample.parent.mkdir(parents=True, exist_ok=True)
    sample.write_text("\n".join(taken) + "\n", encoding="utf-8")


def report_grid(
    title: str, table: Table, grid: tuple[BlendWeights, ...], default: BlendWeights
) -> None:
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


def made_collections(work: Path, limit: int) -> list[str]:
    """What is made of the standard library, each as DIRECTORY:SPLIT."""
    for name, pairs in (("docstrings", _docstrings), ("functions", _functions)):
        make_collection(work / name, pairs, limit)
    return [f"{work / name}:dev" for name in ("docstrings", "functions")]


def make_collection(
    directory: Path, pairs: Callable[[Path], Iterator[tuple[str, str]]], limit: int
) -> None:
    """Pairs of query and document of the standard library in BEIR's layout."""
    if (directory / "qrels" / "dev.tsv").exists():
        return
    found = dict.fromkeys(pairs(Path(sysconfig.get_paths()["stdlib"])))
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


Documented = ast.FunctionDef | ast.ClassDef | ast.Module


def _docstrings(library: Path) -> Iterator[tuple[str, str]]:
    """(first line, rest) of docstrings with a rest worth reading."""
    for _, node in _documented(library):
        first, _, rest = (ast.get_docstring(node) or "").partition("\n")
        if len(rest.split()) >= LEAST_WORDS and len(first.split()) >= 3:
            yield first.strip(), rest.strip()


def _functions(library: Path) -> Iterator[tuple[str, str]]:
    """(first line of the docstring, source without it) of functions of two statements and more."""
    for lines, node in _documented(library):
        first = (ast.get_docstring(node) or "").partition("\n")[0].strip()
        if isinstance(node, ast.FunctionDef) and len(first.split()) > 3 and len(node.body) > 2:
            said = node.body[0]
            before = lines[node.lineno - 1 : said.lineno - 1]
            yield first, "\n".join([*before, *lines[said.end_lineno : node.end_lineno]])


def _documented(library: Path) -> Iterator[tuple[list[str], Documented]]:
    """Lines of a module, and what can have a docstring in it."""
    for path in sorted(library.rglob("*.py")):
        if {"site-packages", "test", "tests", "idlelib"} & set(path.parts):
            continue
        try:
            source = path.read_text(encoding="utf-8")
            tree = ast.parse(source)
        except (SyntaxError, UnicodeDecodeError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, Documented):
                yield source.splitlines(), node


if __name__ == "__main__":
    main()
