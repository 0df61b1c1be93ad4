"""One passage a document: the setting in which quality is published.

    python benchmarks/whole_documents.py COLLECTION [COLLECTION ...] --model minilm

A document's title and text are one passage, of which the bi-encoder reads as much as it reads,
and BM25 all. Prints nDCG@10 of either on the test split.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from bienc_cli.evaluation.experiment import evaluate
from bienc_cli.evaluation.qrels import judged_in, read_qrels
from bienc_cli.evaluation.queries import read_queries
from bienc_cli.evaluation.results import EvaluationOptions
from bienc_cli.models import load_bi_encoder
from bienc_cli.store import FileState, Root, open_reader, open_writer
from bienc_cli.strategy import Strategy
from bienc_cli.types import BiEncoder, ChunkingParameters, Document, Passage

BATCH = 256


def build(corpus: Path, directory: Path, encoder: BiEncoder, key_dir: Path) -> None:
    """An index of a collection with one passage for each document."""
    rows = [json.loads(line) for line in corpus.read_text(encoding="utf-8").splitlines()]
    with open_writer(directory, key_dir=key_dir) as writer:
        writer.begin(encoder.identity, ChunkingParameters(encoder.identity.max_tokens, 0))
        root_id = writer.put_root(Root(corpus))
        file_id = writer.replace_file(root_id, FileState(0, corpus.name, 0, 0, b"", ""))
        for start in range(0, len(rows), BATCH):
            texts = []
            for row in rows[start : start + BATCH]:
                text = f"{row.get('title', '')}\n{row['text']}".strip()
                passage = Passage(row["_id"], 0, 0, len(text), text, 1, text.count("\n") + 1)
                writer.add_document(file_id, Document(row["_id"], text, "jsonl"), [passage])
                texts.append(text)
            missing = writer.without_vector(texts)
            writer.add_vectors(missing, encoder.encode_passages(missing))
        writer.commit()


def main() -> None:
    """Index and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("collections", nargs="+", type=Path)
    parser.add_argument("--model", default="minilm")
    parser.add_argument("--cache", type=Path, default=Path("~/.cache/bienc").expanduser())
    given = parser.parse_args()
    encoder = load_bi_encoder(given.model, cache_dir=given.cache, offline=True)
    options = EvaluationOptions(
        strategies=(Strategy.BI_ENCODER, Strategy.BM25), measures=("nDCG@10",)
    )
    for collection in given.collections:
        qrels = read_qrels(collection / "qrels" / "test.tsv")
        queries = [
            query
            for query in read_queries(collection / "queries.jsonl")
            if query.query_id in qrels.by_query
        ]
        with tempfile.TemporaryDirectory() as work:
            directory, keys = Path(work) / "index", Path(work) / "keys"
            build((collection / "corpus.jsonl").resolve(), directory, encoder, keys)
            with open_reader(directory, key_dir=keys) as reader:
                judged = judged_in(qrels, reader.documents())
                result = evaluate(reader, queries, judged, encoder, None, options)
        for system in result.systems:
            mean = system.means["nDCG@10"]
            print(collection.name, given.model, system.name, f"{mean.value:.4f}", sep="\t")


if __name__ == "__main__":
    main()
