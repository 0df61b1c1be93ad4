"""The script that one writes by hand: sentence-transformers, hnswlib, CrossEncoder.

    python plain.py index PASSAGES.jsonl DIRECTORY --model MODEL
    python plain.py query DIRECTORY QUERY... --model MODEL --cross-encoder MODEL

`bench.py` measures bienc against it. It does what the libraries' own examples do, with their
defaults, and imports nothing of bienc. A line of PASSAGES has `id` and `text`. What it did and
how long that took is printed as JSON.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import hnswlib
from sentence_transformers import CrossEncoder, SentenceTransformer


def index(passages: Path, directory: Path, model_name: str) -> dict[str, float]:
    """Encode passages and keep them in a graph."""
    rows = [json.loads(line) for line in passages.open(encoding="utf-8")]
    model = SentenceTransformer(model_name)
    started = time.perf_counter()
    vectors = model.encode([row["text"] for row in rows], normalize_embeddings=True)
    seconds = time.perf_counter() - started
    graph = hnswlib.Index(space="cosine", dim=vectors.shape[1])
    graph.init_index(max_elements=len(rows), M=16, ef_construction=200)
    graph.add_items(vectors, range(len(rows)))
    directory.mkdir(parents=True, exist_ok=True)
    graph.save_index(str(directory / "graph.bin"))
    (directory / "passages.json").write_text(json.dumps(rows), encoding="utf-8")
    return {"passages": len(rows), "encode_seconds": seconds}


def query(
    directory: Path, queries: list[str], model_name: str, cross_encoder_name: str
) -> list[dict[str, object]]:
    """The five best of twenty reranked candidates, for each query."""
    model = SentenceTransformer(model_name)
    cross_encoder = CrossEncoder(cross_encoder_name)
    rows = json.loads((directory / "passages.json").read_text(encoding="utf-8"))
    graph = hnswlib.Index(space="cosine", dim=model.get_sentence_embedding_dimension())
    graph.load_index(str(directory / "graph.bin"))
    graph.set_ef(200)
    answers: list[dict[str, object]] = []
    for text in queries:
        started = time.perf_counter()
        vector = model.encode(text, normalize_embeddings=True)
        labels, _ = graph.knn_query(vector, k=min(20, len(rows)))
        candidates = [rows[label] for label in labels[0]]
        scores = cross_encoder.predict([(text, row["text"]) for row in candidates])
        best = sorted(zip(scores, candidates, strict=True), key=lambda pair: -pair[0])[:5]
        answers.append(
            {
                "seconds": time.perf_counter() - started,
                "top": [row["id"] for _, row in best],
            }
        )
    return answers


def rerank(pairs: Path, cross_encoder_name: str) -> dict[str, float]:
    """Score pairs, one query with its passages at a time."""
    rows = [json.loads(line) for line in pairs.open(encoding="utf-8")]
    cross_encoder = CrossEncoder(cross_encoder_name)
    cross_encoder.predict([(rows[0]["query"], rows[0]["passages"][0])])
    started = time.perf_counter()
    for row in rows:
        cross_encoder.predict([(row["query"], passage) for passage in row["passages"]])
    return {
        "pairs": sum(len(row["passages"]) for row in rows),
        "seconds": time.perf_counter() - started,
    }


def main() -> None:
    """Do one of the three."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, what in (("index", "passages"), ("query", "directory"), ("rerank", "pairs")):
        command = commands.add_parser(name)
        command.add_argument(what, type=Path)
        if name == "index":
            command.add_argument("directory", type=Path)
        if name == "query":
            command.add_argument("queries", nargs="+")
        command.add_argument("--model")
        command.add_argument("--cross-encoder")
    given = parser.parse_args()
    if given.command == "index":
        print(json.dumps(index(given.passages, given.directory, given.model)))
    elif given.command == "query":
        print(json.dumps(query(given.directory, given.queries, given.model, given.cross_encoder)))
    else:
        print(json.dumps(rerank(given.pairs, given.cross_encoder)))


if __name__ == "__main__":
    main()
