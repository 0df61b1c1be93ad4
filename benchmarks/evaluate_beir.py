"""nDCG@10 of a BEIR collection, from what `bienc query --format jsonl -` prints.

    python benchmarks/evaluate_beir.py COLLECTION --split test --index DIR [--no-rerank]

Options that are not its own go to `bienc query`.

Documents are ranked by their best passage. Reads the tool's output as any script would;
nothing of the package is imported. The measure is trec_eval's, by ir-measures.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
from pathlib import Path

import ir_measures


def main() -> None:
    """Run the queries of one split and print the measures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("collection", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--index", required=True)
    parser.add_argument("--limit", type=int, help="only the first N judged queries")
    parser.add_argument("-k", type=int, default=100)
    arguments, query_options = parser.parse_known_args()
    qrels = read_qrels(arguments.collection / "qrels" / f"{arguments.split}.tsv")
    queries = [
        (record["_id"], record["text"])
        for line in (arguments.collection / "queries.jsonl").open(encoding="utf-8")
        if (record := json.loads(line))["_id"] in qrels
    ][: arguments.limit]
    kept = {query_id for query_id, _ in queries}
    run = search(queries, arguments.index, arguments.k, query_options)
    measures = [ir_measures.nDCG @ 10, ir_measures.RR @ 10, ir_measures.R @ 100]
    judged = {query_id: judgments for query_id, judgments in qrels.items() if query_id in kept}
    for measure, value in ir_measures.calc_aggregate(measures, judged, run).items():
        print(f"{measure}\t{value:.4f}")
    print(f"queries\t{len(queries)}")


def read_qrels(path: Path) -> dict[str, dict[str, int]]:
    """Judgments by query and document."""
    qrels: dict[str, dict[str, int]] = {}
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            qrels.setdefault(row["query-id"], {})[row["corpus-id"]] = int(row["score"])
    return qrels


def search(
    queries: list[tuple[str, str]], index: str, k: int, options: list[str]
) -> dict[str, dict[str, float]]:
    """Score of each document by query: that of its best passage."""
    lines = "".join(
        json.dumps({"_id": query_id, "text": text}) + "\n" for query_id, text in queries
    )
    command = [sys.executable, "-m", "bienc_cli", "query", "-", "--format", "jsonl"]
    answered = subprocess.run(
        [*command, "--index", index, "-k", str(k), *options],
        input=lines,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    run: dict[str, dict[str, float]] = {}
    for line in answered.stdout.splitlines():
        answer = json.loads(line)
        documents = run.setdefault(answer["query_id"], {})
        for hit in answer["hits"]:
            logit = hit["relevance_logit"]
            score = hit["similarity"] if logit is None else logit
            document = hit["document_id"]
            documents[document] = max(documents.get(document, score), score)
    return run


if __name__ == "__main__":
    main()
