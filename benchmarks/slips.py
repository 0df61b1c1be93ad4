"""Misspelt words of queries that BM25 mends, and words that it takes for misspelt and are not.

    python benchmarks/slips.py --work build/slips SCIFACT:train NFCORPUS:dev NQ_QED:dev \\
        COSQA:dev OBLIQA:dev VASWANI:dev

*Mended*: into a word of each query that its collection has, one random slip is put (a letter
missing, another one, one too many, or two that changed places; not the first). It is mended where
a word that is looked up in its place is in a passage that has the right one. *Wrong*: words that
nobody misspelt, of the same queries, that are looked up otherwise over the sample documents, which
lack them. Last nDCG@10 of BM25 with the queries as they are. Passages have made-up vectors, and
indexes are kept under --work and used again. To see what another checkout does, put it first into
PYTHONPATH, with a --work of its own.
"""

from __future__ import annotations

import argparse
import random
import re
import string
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from bienc_cli.evaluation.measures import measure
from bienc_cli.evaluation.qrels import Qrels, best_first, judged_in, read_qrels
from bienc_cli.evaluation.queries import Query, read_queries
from bienc_cli.indexing.indexer import index_paths
from bienc_cli.store import IndexReader, open_reader
from storage import Encoder

SAMPLES = Path(__file__).resolve().parents[1] / "sample_docs"
MEASURE = "nDCG@10"
DEPTH = 50
"""Passages that are ranked, of which the first ten documents come."""

_WORD = re.compile(r"\b[a-z]{5,}\b")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("collections", nargs="+", help="DIRECTORY:SPLIT in BEIR's layout")
    parser.add_argument("--work", type=Path, default=Path("build/slips"))
    parser.add_argument("--queries", type=int, default=300, help="at most, of each collection")
    arguments = parser.parse_args()
    print("collection        slips mended    looked up otherwise   nDCG@10 of BM25")
    with _index_of(SAMPLES, arguments.work / "samples") as samples:
        for named in arguments.collections:
            directory, _, split = named.rpartition(":")
            name = Path(directory).name
            qrels = read_qrels(Path(directory, "qrels", f"{split}.tsv"))
            asked = [
                query
                for query in read_queries(Path(directory, "queries.jsonl"))
                if query.query_id in qrels.by_query
            ][: arguments.queries]
            corpus = Path(directory, "corpus.jsonl")
            with _index_of(corpus, arguments.work / name) as index:
                slips, mended = mended_slips(index, asked)
                words, wrong = taken_for_slips(samples, asked)
                value = by_bm25(index, asked, qrels)
            print(
                f"{name:16}  {mended:3} of {slips:3} {mended / max(slips, 1):.3f}"
                f"  {wrong:3} of {words:5}          {value:.4f}",
                flush=True,
            )


def _index_of(path: Path, directory: Path) -> IndexReader:
    keys = directory.parent.resolve() / "keys"
    index_paths(
        [path.resolve()],
        directory=directory.resolve(),
        load_encoder=lambda _: Encoder(),
        key_dir=keys,
    )
    return open_reader(directory.resolve(), key_dir=keys)


def slipped(word: str, dice: random.Random) -> str:
    """A word with one slip, not in its first letter."""
    at = dice.randrange(1, len(word))
    letter = dice.choice(string.ascii_lowercase)
    ways = [word[:at] + word[at + 1 :], word[:at] + letter + word[at + 1 :]]
    ways.append(word[:at] + letter + word[at:])
    ways.append(word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :])
    return dice.choice(ways)


def mended_slips(index: IndexReader, asked: Sequence[Query]) -> tuple[int, int]:
    """How many slips were put into words, and how many of them are mended."""
    dice = random.Random(5)
    slips = mended = 0
    for query in asked:
        words = [word for word in _WORD.findall(query.text.lower()) if index.holding(word)]
        if not words:
            continue
        word = dice.choice(words)
        slip = slipped(word, dice)
        if slip == word or index.holding(slip):
            continue
        slips += 1
        right = {*index.holding(word)}
        near = index.spellings(slip).get(slip, ())
        mended += any(not right.isdisjoint(index.holding(one)) for one in near)
    return slips, mended


def taken_for_slips(index: IndexReader, asked: Sequence[Query]) -> tuple[int, int]:
    """How many words of queries an index lacks, and how many of them it looks up otherwise."""
    lacking = wrong = 0
    for query in asked:
        words = {*_WORD.findall(query.text.lower())}
        lacking += sum(1 for word in words if not index.holding(word))
        wrong += len(words & index.spellings(query.text).keys())
    return lacking, wrong


def by_bm25(index: IndexReader, asked: Sequence[Query], qrels: Qrels) -> float:
    """The mean over the queries."""
    judged = judged_in(qrels, index.documents())
    rankings = {}
    for query in asked:
        found = index.passages([one for one, _ in index.bm25(query.text, DEPTH)])
        rankings[query.query_id] = best_first([judged.items_of(one) for one in found])
    grades = {query.query_id: judged.by_query[query.query_id] for query in asked}
    return fmean(measure([MEASURE], grades, rankings)[MEASURE].values())


if __name__ == "__main__":
    main()
