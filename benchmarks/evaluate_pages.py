"""On how many questions a judged page is among the first k hits.

    python benchmarks/evaluate_pages.py COLLECTION --index DIR [--no-rerank]

Options that are not its own go to `bienc query`.

COLLECTION has queries.jsonl and a qrels.tsv with a page column; pages count from 1.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
from pathlib import Path


def main() -> None:
    """Run the questions and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("collection", type=Path)
    parser.add_argument("--index", required=True)
    parser.add_argument("-k", type=int, default=10)
    arguments, query_options = parser.parse_known_args()
    judged: dict[str, set[tuple[str, int]]] = {}
    with (arguments.collection / "qrels.tsv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            place = (row["corpus-id"], int(row["page"]))
            judged.setdefault(row["query-id"], set()).add(place)
    command = [sys.executable, "-m", "bienc_cli", "query", "-", "--format", "jsonl"]
    answered = subprocess.run(
        [*command, "--index", arguments.index, "-k", str(arguments.k), *query_options],
        input=(arguments.collection / "queries.jsonl").read_text(encoding="utf-8"),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    ranks = []
    for line in answered.stdout.splitlines():
        answer = json.loads(line)
        places = [(hit["document_id"], hit["page"]) for hit in answer["hits"]]
        right = judged[answer["query_id"]]
        ranks.append(next((rank for rank, place in enumerate(places, 1) if place in right), None))
    found = [rank for rank in ranks if rank is not None]
    print(f"a judged page in the top {arguments.k}\t{len(found)} of {len(ranks)}")
    print(f"at rank 1\t{sum(rank == 1 for rank in found)}")


if __name__ == "__main__":
    main()
