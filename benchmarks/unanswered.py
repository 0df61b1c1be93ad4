"""How well the cross-encoder's highest relevance tells that nothing answers.

    python benchmarks/unanswered.py --work build/blend --queries 80 --documents 900 \\
        ../shared/data/scifact:train ../shared/data/nfcorpus:dev ../shared/data/nq_qed:train \\
        ../shared/data/obliqa:dev ../shared/data/vaswani:dev

Prints which share of queries has no candidate of so much relevance, for a row of thresholds:

- of a collection's queries with a relevant passage among the candidates (an alarm is false there),
- of the same without their relevant candidates,
- of queries of the other collections, put to this one,
- of the questions about the folder `ordinary`, in other words than its files have.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bienc_cli.evaluation.qrels import read_qrels
from bienc_cli.evaluation.queries import read_queries
from bienc_cli.evaluation.score_cache import CachedScores
from bienc_cli.indexing.indexer import index_paths
from bienc_cli.models import load_bi_encoder, load_cross_encoder
from bienc_cli.search import SearchOptions, search
from bienc_cli.search.reranking import relevance_of
from bienc_cli.store import open_reader
from bienc_cli.types import BiEncoder, CrossEncoder
from learn_blend import Gathered, gather, parser_of

THRESHOLDS = (0.05, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0001)
ELSEWHERE = 10
"""Queries of other collections that a collection is asked."""

EVERY = SearchOptions(k=20)
"""All candidates that are read."""

ORDINARY = Path(__file__).parent / "ordinary"

Relevances = NDArray[np.float64]
"""The highest relevance among the candidates of each query, shape (n,)."""


def main() -> None:
    """Measure, and print a table."""
    arguments = parser_of(__doc__, queries=80, documents=900).parse_args()
    bi_encoder = load_bi_encoder("granite-30m", cache_dir=arguments.cache, offline=True)
    cross_encoder = load_cross_encoder(
        "ms-marco-minilm-l12", cache_dir=arguments.cache, offline=True
    )
    keys = arguments.cache / "keys"
    collections = dict(named.rpartition(":")[::2] for named in arguments.collections)
    print("\t".join(["highest relevance below", "queries", *map(str, THRESHOLDS)]))
    with CachedScores(cross_encoder, arguments.work / "scores") as scores:
        for directory, split in collections.items():
            name = Path(directory).name
            gathered = gather(Path(directory), split, bi_encoder, scores, arguments)
            answerable, taken_away = with_and_without(gathered)
            report(f"{name}, answerable", answerable)
            report(f"{name}, taken away", taken_away)
            index = arguments.work / f"{name}-{bi_encoder.identity.name}"
            asked = queries_of(collections, ELSEWHERE, but=directory)
            report(
                f"{name}, asked elsewhere", highest(index, keys, asked, bi_encoder, cross_encoder)
            )
    index = arguments.work / "ordinary"
    index_paths(
        [ORDINARY / "files"],
        directory=index,
        load_encoder=lambda _: bi_encoder,
        key_dir=keys,
    )
    lines = (ORDINARY / "questions.tsv").read_text(encoding="utf-8").splitlines()
    own = [line.partition("\t")[0] for line in lines]
    asked = queries_of(collections, len(own))
    report("ordinary, answerable", highest(index, keys, own, bi_encoder, cross_encoder))
    report("ordinary, asked elsewhere", highest(index, keys, asked, bi_encoder, cross_encoder))


def report(row: str, relevances: Relevances) -> None:
    """The share below each threshold."""
    shares = (f"{np.mean(relevances < threshold):.3f}" for threshold in THRESHOLDS)
    print("\t".join([row, str(len(relevances)), *shares]), flush=True)


def with_and_without(collection: Gathered) -> tuple[Relevances, Relevances]:
    """Of the queries with a relevant candidate: with all candidates, and without the relevant."""
    answerable, taken_away = [], []
    for query_id, signals in collection.read.items():
        grades = collection.grades[query_id]
        relevant = np.array([any(grades.get(item, 0) for item in items) for items in signals.items])
        if relevant.any() and not relevant.all() and signals.relevances is not None:
            answerable.append(relevance_of(signals.relevances.max()).probability)
            taken_away.append(relevance_of(signals.relevances[~relevant].max()).probability)
    return np.array(answerable), np.array(taken_away)


def queries_of(collections: Mapping[str, str], number: int, but: str = "") -> list[str]:
    """Judged queries of collections but one, at random."""
    texts = []
    for directory, split in collections.items():
        if directory != but:
            judged = read_qrels(Path(directory) / "qrels" / f"{split}.tsv").by_query
            queries = read_queries(Path(directory) / "queries.jsonl")
            texts += [query.text for query in queries if query.query_id in judged]
    return random.Random(1).sample(texts, number)


def highest(
    index: Path,
    keys: Path,
    queries: Sequence[str],
    bi_encoder: BiEncoder,
    cross_encoder: CrossEncoder,
) -> Relevances:
    """What the cross-encoder finds most relevant among the candidates of each query it can read."""
    with open_reader(index.resolve(), key_dir=keys) as reader:
        results = [search(reader, query, bi_encoder, cross_encoder, EVERY) for query in queries]
    read = [[hit.relevance for hit in result.hits if hit.relevance] for result in results]
    return np.array(
        [max(each.probability for each in relevances) for relevances in read if relevances]
    )


if __name__ == "__main__":
    main()
