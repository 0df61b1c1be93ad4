"""Documents labelled by nothing but the labels' names: how often each encoder is right.

    python benchmarks/zero_shot.py "nutrition and health=NFCORPUS/corpus.jsonl" \\
        "financial regulation=OBLIQA/corpus.jsonl" ... [--documents 40]

Each label names a collection; documents drawn from all of them are to be given back.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from pathlib import Path

from bienc_cli.indexing.indexer import index_paths
from bienc_cli.models import load_bi_encoder, load_cross_encoder
from bienc_cli.search.zero_shot import label_documents
from bienc_cli.store import open_reader

SEED = 20


def main() -> None:
    """Index, label, count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("labelled", nargs="+", metavar="LABEL=COLLECTION")
    parser.add_argument("--documents", type=int, default=40, help="of each collection")
    parser.add_argument("--cache", type=Path, default=Path("~/.cache/bienc").expanduser())
    asked = parser.parse_args()
    dice = random.Random(SEED)
    labels = [one.partition("=")[0] for one in asked.labelled]
    bi = load_bi_encoder("granite-30m", cache_dir=asked.cache, offline=True)
    cross = load_cross_encoder("ms-marco-minilm-l12", cache_dir=asked.cache, offline=True)
    with tempfile.TemporaryDirectory() as home:
        docs = Path(home, "docs")
        docs.mkdir()
        for number, one in enumerate(asked.labelled):
            lines = Path(one.partition("=")[2]).read_text(encoding="utf-8").splitlines()
            for place, line in enumerate(dice.sample(lines, asked.documents)):
                record = json.loads(line)
                text = f"{record.get('title', '')}\n\n{record['text']}".strip()
                (docs / f"{number}-{place}.txt").write_text(text, encoding="utf-8")
        where = Path(home, ".bienc")
        index_paths([docs], directory=where, load_encoder=lambda _: bi, key_dir=Path(home))
        with open_reader(where, key_dir=Path(home)) as index:
            labelling = label_documents(index, labels, bi, cross)
    right = {"bi-encoder": 0, "cross-encoder": 0}
    for document in labelling.documents:
        wanted = int(document.passage.passage.doc_id.partition("-")[0])
        for name, scores in (
            ("bi-encoder", document.similarities),
            ("cross-encoder", document.probabilities),
        ):
            right[name] += max(range(len(labels)), key=scores.__getitem__) == wanted
    seconds = {stage.name: stage.seconds for stage in labelling.stages}
    print(f"{len(labelling.documents)} documents, {len(labels)} labels")
    for name, count in right.items():
        print(f"{name}: {count / len(labelling.documents):.3f} right, {seconds[name]:.2f} s")


if __name__ == "__main__":
    main()
