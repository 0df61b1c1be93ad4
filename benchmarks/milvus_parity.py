"""Whether an index in Milvus answers as the directory does: top 10 and nDCG@10, query by query.

    python benchmarks/milvus_parity.py COLLECTION --local DIR --milvus ADDRESS

Both hold the same collection of BEIR. The directory is made beforehand (`bienc index
COLLECTION/corpus.jsonl --index DIR`); the one in Milvus is made here if it is not there, by the
same pipeline, with the vectors of the directory in place of an encoder, so that both have the
same. A ranking of documents is that of their best passages.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import ir_measures
import numpy as np
from numpy.typing import NDArray

from bienc_cli.environment import index_places, variables
from bienc_cli.errors import IndexNotFound
from bienc_cli.evaluation.qrels import read_qrels
from bienc_cli.indexing.indexer import index_paths
from bienc_cli.models import load_bi_encoder
from bienc_cli.store import IndexPlace, IndexReader, digest_of, open_reader
from bienc_cli.store.meta import read_meta, vector_rows
from bienc_cli.store.vectors import VectorFile
from bienc_cli.types import BiEncoder, Vectors

K = 10
DEPTH = 100

Ranking = list[tuple[int, float]]


class Remembered:
    """A bi-encoder that has every passage encoded already, in an index directory."""

    def __init__(self, encoder: BiEncoder, directory: Path) -> None:
        self._encoder = encoder
        self._catalog = sqlite3.connect(f"file:{directory / 'catalog.sqlite'}?mode=ro", uri=True)
        recorded = vector_rows(read_meta(self._catalog))
        self._file = VectorFile.open_recorded(directory, recorded)
        self.identity = encoder.identity
        self.runtime = encoder.runtime
        self.notes = encoder.notes
        self.tokenizer = encoder.tokenizer

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """The vectors as the directory has them."""
        rows = [
            self._catalog.execute(
                "SELECT id FROM vectors WHERE digest = ?", (digest_of(text),)
            ).fetchone()[0]
            for text in texts
        ]
        ids, places = np.unique(np.array(rows, dtype=np.int64), return_inverse=True)
        return self._file.read(ids)[places]

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """By the model."""
        return self._encoder.encode_queries(texts)


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("collection", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--local", required=True)
    parser.add_argument("--milvus", required=True)
    arguments = parser.parse_args()
    local, milvus = map(index_places.index_to_read, (arguments.local, arguments.milvus))
    keys, cache = variables.key_directory(), variables.cache_directory()
    with open_reader(local, key_dir=keys) as reader:
        name = reader.info.encoder.name
    encoder = load_bi_encoder(name, cache_dir=cache, offline=True)
    assert isinstance(local, Path)
    make(milvus, arguments.collection / "corpus.jsonl", Remembered(encoder, local), keys)
    judged = read_qrels(arguments.collection / "qrels" / f"{arguments.split}.tsv").by_query
    qrels = {
        query_id: {place.document: grade for place, grade in places.items()}
        for query_id, places in judged.items()
    }
    records = map(json.loads, (arguments.collection / "queries.jsonl").open(encoding="utf-8"))
    queries = {one["_id"]: one["text"] for one in records if one["_id"] in qrels}
    vectors = encoder.encode_queries(list(queries.values()))
    print(f"queries\t{len(queries)}")
    with (
        open_reader(local, key_dir=keys) as here,
        open_reader(milvus, key_dir=keys) as there,
    ):
        print(f"passages\t{here.info.passages}\t{there.info.passages}")
        compare("vectors", here, there, queries, qrels, lambda index: near(index, vectors))
        compare("words", here, there, queries, qrels, lambda index: worded(index, queries))


def make(milvus: IndexPlace, corpus: Path, encoder: BiEncoder, keys: Path) -> None:
    """The index in Milvus, if there is none."""
    try:
        open_reader(milvus, key_dir=keys).close()
    except IndexNotFound:
        started = time.perf_counter()
        report = index_paths(
            [corpus.absolute()], directory=milvus, load_encoder=lambda _: encoder, key_dir=keys
        )
        seconds = time.perf_counter() - started
        print(f"indexed\t{report.passages} passages in {seconds:.1f} s, vectors given")
        for stage in report.stages:
            print(f"  {stage.name}\t{stage.seconds:.1f} s")


def near(index: IndexReader, vectors: NDArray[np.float32]) -> list[Ranking]:
    """The nearest passages of each query, one query at a time."""
    return [index.search(vector, DEPTH) for vector in vectors]


def worded(index: IndexReader, queries: dict[str, str]) -> list[Ranking]:
    """The best passages of each query by BM25."""
    return [index.bm25(text, DEPTH) for text in queries.values()]


def compare(
    what: str,
    here: IndexReader,
    there: IndexReader,
    queries: dict[str, str],
    qrels: dict[str, dict[str, int]],
    rank: Callable[[IndexReader], list[Ranking]],
) -> None:
    """Print how far two indexes agree."""
    tops, measures = [], []
    for index in (here, there):
        started = time.perf_counter()
        rankings = rank(index)
        milliseconds = 1000 * (time.perf_counter() - started) / len(queries)
        placed = [places(index, ranking) for ranking in rankings]
        tops.append([ranking[:K] for ranking in placed])
        run: dict[str, dict[str, float]] = {}
        for query_id, ranking, found in zip(queries, rankings, placed, strict=True):
            documents = run.setdefault(query_id, {})
            for (document, _), (_, score) in zip(found, ranking, strict=True):
                documents[document] = max(documents.get(document, score), score)
        measured = ir_measures.calc_aggregate([ir_measures.nDCG @ K], qrels, run)
        measures.append(measured[ir_measures.nDCG @ K])
        print(f"{what}\t{index.info.directory}\tnDCG@10 {measures[-1]:.4f}\t{milliseconds:.1f} ms")
    pairs = list(zip(*tops, strict=True))
    same = sum(one == other for one, other in pairs)
    alike = sum(set(one) == set(other) for one, other in pairs)
    shared = np.mean([len(set(one) & set(other)) / max(1, len(one)) for one, other in pairs])
    print(f"{what}\tsame top 10, in order: {same} of {len(pairs)}; as sets: {alike}")
    print(f"{what}\toverlap@10 {shared:.4f}; nDCG@10 differs by {measures[1] - measures[0]:+.4f}")


def places(index: IndexReader, ranking: Ranking) -> list[tuple[str, int]]:
    """Passages by what is the same in both indexes: document and ordinal."""
    stored = index.passages([passage_id for passage_id, _ in ranking])
    return [(one.passage.doc_id, one.passage.ordinal) for one in stored]


if __name__ == "__main__":
    main()
