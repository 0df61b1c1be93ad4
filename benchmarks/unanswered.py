"""How well relevance and similarity tell that nothing answers.

    python benchmarks/unanswered.py --work build/blend --queries 80 --documents 900 \\
        ../shared/data/scifact:train ../shared/data/nfcorpus:dev ../shared/data/nq_qed:train \\
        ../shared/data/cosqa:dev ../shared/data/obliqa:dev ../shared/data/vaswani:dev

Prints of how many queries it would be said, by several rules:

- of a collection's queries with a relevant passage among the candidates (there it is false),
- of the same without their relevant candidates,
- of queries of the other collections, put to this one,
- of the questions about the folder `ordinary`, in other words than its files have (false, too).

Two more collections are made of the Python library, as in `learn_blend.py`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bienc_cli.evaluation.qrels import read_qrels
from bienc_cli.evaluation.queries import read_queries
from bienc_cli.evaluation.score_cache import CachedScores
from bienc_cli.indexing.indexer import index_paths
from bienc_cli.models import load_bi_encoder, load_cross_encoder
from bienc_cli.search import SearchOptions, search
from bienc_cli.search.answered import (
    ANSWERS_FROM,
    UNRELATED_QUESTIONS,
    highest_similarities,
    stands_out,
)
from bienc_cli.search.reranking import sigmoid
from bienc_cli.store import Filter, IndexReader, open_reader
from bienc_cli.types import BiEncoder, CrossEncoder
from learn_blend import Gathered, gather, made_collections, parser_of

ELSEWHERE = 10
"""Queries of other collections that a collection is asked."""

ORDINARY = Path(__file__).parent / "ordinary"

EVERY = SearchOptions(k=20)
"""All candidates that are read."""


@dataclass(frozen=True)
class Highest:
    """The highest relevance and similarity among the candidates of a query."""

    relevance: float
    similarity: float


Rule = Callable[[Highest, Sequence[float]], bool]
"""Whether nothing is said to answer, from the similarities of unrelated questions, too."""

RULES: Mapping[str, Rule] = {
    "relevance below 0.05": lambda query, _: query.relevance < ANSWERS_FROM,
    "below 0.001": lambda query, _: query.relevance < 0.001,
    "below 0.0001": lambda query, _: query.relevance < 0.0001,
    "as near as unrelated": lambda query, unrelated: not stands_out(query.similarity, unrelated),
    "both": lambda query, unrelated: (
        query.relevance < ANSWERS_FROM and not stands_out(query.similarity, unrelated)
    ),
}


def main() -> None:
    """Measure, and print a table."""
    arguments = parser_of(__doc__, queries=80, documents=900).parse_args()
    bi_encoder = load_bi_encoder("granite-30m", cache_dir=arguments.cache, offline=True)
    cross_encoder = load_cross_encoder(
        "ms-marco-minilm-l12", cache_dir=arguments.cache, offline=True
    )
    keys = arguments.cache / "keys"
    made = made_collections(arguments.work, arguments.queries)
    collections = dict(named.rpartition(":")[::2] for named in [*arguments.collections, *made])
    print("\t".join(["", "queries", *RULES]))
    with CachedScores(cross_encoder, arguments.work / "scores") as scores:
        for directory, split in collections.items():
            name = Path(directory).name
            gathered = gather(Path(directory), split, bi_encoder, scores, arguments)
            index = arguments.work / f"{name}-{bi_encoder.identity.name}"
            with open_reader(index.resolve(), key_dir=keys) as reader:
                unrelated = similarities_of_unrelated(reader, bi_encoder)
                for row, queries in with_and_without(gathered).items():
                    report(f"{name}, {row}", queries, unrelated)
                asked = queries_of(collections, ELSEWHERE, but=directory)
                elsewhere = answers(reader, asked, bi_encoder, cross_encoder)
                report(f"{name}, asked elsewhere", elsewhere, unrelated)
    index = arguments.work / "ordinary"
    index_paths(
        [ORDINARY / "files"], directory=index, load_encoder=lambda _: bi_encoder, key_dir=keys
    )
    lines = (ORDINARY / "questions.tsv").read_text(encoding="utf-8").splitlines()
    own = [line.partition("\t")[0] for line in lines]
    with open_reader(index.resolve(), key_dir=keys) as reader:
        unrelated = similarities_of_unrelated(reader, bi_encoder)
        for row, questions in (
            ("answerable", own),
            ("asked elsewhere", queries_of(collections, len(own))),
        ):
            found = answers(reader, questions, bi_encoder, cross_encoder)
            report(f"ordinary, {row}", found, unrelated)


def report(row: str, queries: Sequence[Highest], unrelated: Sequence[float]) -> None:
    """The share of queries by each rule."""
    shares = (np.mean([rule(query, unrelated) for query in queries]) for rule in RULES.values())
    print("\t".join([row, str(len(queries)), *(f"{share:.2f}" for share in shares)]), flush=True)


def similarities_of_unrelated(index: IndexReader, bi_encoder: BiEncoder) -> list[float]:
    """How near each unrelated question comes to an index."""
    return highest_similarities(index, bi_encoder.encode_queries(UNRELATED_QUESTIONS), Filter())


def with_and_without(collection: Gathered) -> dict[str, list[Highest]]:
    """Of the queries with a relevant candidate: with all candidates, and without the relevant."""
    rows: dict[str, list[Highest]] = {"answerable": [], "taken away": []}
    for query_id, signals in collection.read.items():
        grades = collection.grades[query_id]
        relevant = np.array([any(grades.get(item, 0) for item in items) for items in signals.items])
        if relevant.any() and not relevant.all() and signals.relevances is not None:
            for queries, kept in zip(rows.values(), (relevant | True, ~relevant), strict=True):
                relevance = sigmoid(signals.relevances[kept].max())
                queries.append(Highest(relevance, signals.similarities[kept].max()))
    return rows


def queries_of(collections: Mapping[str, str], number: int, but: str = "") -> list[str]:
    """Judged queries of collections but one, at random."""
    texts = []
    for directory, split in collections.items():
        if directory != but:
            judged = read_qrels(Path(directory) / "qrels" / f"{split}.tsv").by_query
            queries = read_queries(Path(directory) / "queries.jsonl")
            texts += [query.text for query in queries if query.query_id in judged]
    return random.Random(1).sample(texts, number)


def answers(
    index: IndexReader, queries: Sequence[str], bi_encoder: BiEncoder, cross_encoder: CrossEncoder
) -> list[Highest]:
    """What is found for each query that the cross-encoder can read."""
    found = []
    for query in queries:
        hits = search(index, query, bi_encoder, cross_encoder, EVERY).hits
        relevances = [hit.relevance.probability for hit in hits if hit.relevance]
        similarities = [hit.candidate.similarity or 0.0 for hit in hits if hit.candidate]
        if relevances:
            found.append(Highest(max(relevances), max(similarities)))
    return found


if __name__ == "__main__":
    main()
