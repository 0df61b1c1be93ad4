"""A query that was copied from a document: what is found after the document itself.

    python benchmarks/pasted.py --work build/pasted --queries 40 --documents 500 \\
        ../shared/data/scifact ../shared/data/nfcorpus

Documents of a collection are cut in two. The first half is the query, and a document of the
collection too, as in ArguAna; the second half is what should be found, the first aside. Of
`blend` as many rows as places can be voted on one after the other.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean
from unittest.mock import patch

from bienc_cli.evaluation.score_cache import CachedScores
from bienc_cli.models import load_bi_encoder, load_cross_encoder
from bienc_cli.search import fusion
from bienc_cli.search.fusion import DEFAULT_BLEND, DEFAULT_LIGHT_BLEND
from learn_blend import ONE_BY_ONE, Gathered, by, gather, parser_of

WORDS = range(120, 400)
"""Of a document that is cut."""


def main() -> None:
    """Measure, and print a table."""
    arguments = parser_of(__doc__, queries=40, documents=500).parse_args()
    encoder = load_bi_encoder("granite-30m", cache_dir=arguments.cache, offline=True)
    reader = load_cross_encoder("ms-marco-minilm-l12", cache_dir=arguments.cache, offline=True)
    columns: dict[str, Mapping[str, float]] = {}
    with CachedScores(reader, arguments.work / "scores") as scores:
        for named in arguments.collections:
            directory = arguments.work / f"halves-{Path(named).name}"
            cut(Path(named), directory, arguments.queries, arguments.documents)
            found = gather(directory, "dev", encoder, scores, arguments)
            columns[Path(named).name] = values(found)
    print("\t".join(["nDCG@10", *columns]))
    for row in next(iter(columns.values())):
        print("\t".join([row, *(f"{column[row]:.4f}" for column in columns.values())]))


def values(found: Gathered) -> dict[str, float]:
    """The mean nDCG@10 of each way to order the candidates."""
    rows = {
        "similarity": found.mean(by("similarities"), light=True),
        "bm25": found.mean(by("bm25"), light=True),
        "relevance": found.mean(by("relevances")),
        "light-blend": found.mean(lambda one: one.order(DEFAULT_LIGHT_BLEND), light=True),
    }
    for places in ONE_BY_ONE:
        with patch.object(fusion, "ONE_BY_ONE", places):
            mean = fmean(found.values(lambda one: one.order(DEFAULT_BLEND)).values())
            rows[f"blend, {places} one by one"] = mean
    return rows


def cut(source: Path, directory: Path, queries: int, documents: int) -> None:
    """Halves of documents in BEIR's layout; the first of some are queries."""
    lines = (source / "corpus.jsonl").read_text(encoding="utf-8").splitlines()
    whole = [one for one in map(json.loads, lines) if len(one["text"].split()) in WORDS]
    random.Random(3).shuffle(whole)
    halves: list[dict[str, str]] = []
    for one in whole:
        sentences = re.split(r"(?<=[.!?]) +", one["text"])
        middle = len(sentences) // 2
        if middle < 2:
            continue
        for name, some in (("a", sentences[:middle]), ("b", sentences[middle:])):
            halves.append({"_id": one["_id"] + name, "text": " ".join(some)})
    asked = halves[: 2 * queries : 2]
    judged = [f"{one['_id']}\t{one['_id'][:-1]}b\t1" for one in asked]
    (directory / "qrels").mkdir(parents=True, exist_ok=True)
    for name, rows in (("corpus", halves[:documents]), ("queries", asked)):
        text = "".join(f"{json.dumps(row)}\n" for row in rows)
        (directory / f"{name}.jsonl").write_text(text, encoding="utf-8")
    header = "query-id\tcorpus-id\tscore"
    (directory / "qrels" / "dev.tsv").write_text("\n".join([header, *judged, ""]))


if __name__ == "__main__":
    main()
