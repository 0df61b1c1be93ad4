"""Passages of source code by grammar against passages by lines, on this project's own code.

    python benchmarks/code_passages.py [--model granite-30m]

Sixty questions (`code_questions.jsonl`), each answered by one function or class. A passage
answers if it overlaps that definition; nDCG@10 with one right answer is 1 / log2(rank + 1).
Rankings are by similarity, by words (BM25) and by both (reciprocal rank fusion).
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import json
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np

from bienc_cli.chunking.chunker import chunk
from bienc_cli.formats.reading import read_documents
from bienc_cli.models import load_bi_encoder
from bienc_cli.models.tokenization import token_budget_batches
from bienc_cli.store.tokenizer import Tokenizer
from bienc_cli.types import BiEncoder, ChunkingParameters, Document, Passage

HERE = Path(__file__).parent
PACKAGE = HERE.parent / "bienc_cli"
BATCH_TOKENS = 4096


@dataclass(frozen=True, slots=True)
class Question:
    """A question and the lines of the definition that answers it."""

    text: str
    path: str
    first: int
    last: int


def questions() -> list[Question]:
    """Those of the file whose definition is still there."""
    found = []
    for row in map(json.loads, (HERE / "code_questions.jsonl").open(encoding="utf-8")):
        for path in PACKAGE.rglob(f"{row['module']}.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if getattr(node, "name", None) == row["symbol"]:
                    name = path.relative_to(PACKAGE).as_posix()
                    found.append(Question(row["text"], name, node.lineno, node.end_lineno or 0))
                    break
    return found


def passages(encoder: BiEncoder, *, by_lines: bool) -> list[Passage]:
    """The project's code, cut with the grammars or without."""
    found: list[Passage] = []
    without = patch("bienc_cli.formats.code.is_available", lambda _: False)
    with without if by_lines else contextlib.nullcontext():
        for path in sorted(PACKAGE.rglob("*.py")):
            for document in read_documents(path, path.relative_to(PACKAGE).as_posix()):
                assert isinstance(document, Document)
                found += chunk(document, encoder.tokenizer, ChunkingParameters(256, 32))
    return found


def bm25(texts: Sequence[str], queries: Sequence[str]) -> np.ndarray:
    """Scores, shape (queries, texts), with the store's words and its usual parameters."""
    with Tokenizer() as tokenizer:
        counts = [Counter[str]() for _ in texts]
        for word, holding, often in tokenizer.counted(list(texts)):
            for text, number in zip(holding.tolist(), often.tolist(), strict=True):
                counts[text][word] = number
        lengths = np.array([sum(count.values()) for count in counts])
        scores = np.zeros((len(queries), len(texts)))
        for row, query in enumerate(queries):
            for forms in tokenizer.words_of(query):
                tf = np.array([sum(count[form] for form in forms) for count in counts])
                df = np.count_nonzero(tf)
                idf = math.log(1 + (len(texts) - df + 0.5) / (df + 0.5))
                scores[row] += (
                    idf * tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * lengths / lengths.mean()))
                )
    return scores


def similarities(encoder: BiEncoder, texts: Sequence[str], queries: Sequence[str]) -> np.ndarray:
    """Cosines, shape (queries, texts)."""
    lengths = encoder.tokenizer.counts(texts)
    vectors = np.zeros((len(texts), encoder.identity.dim), dtype=np.float32)
    for batch in token_budget_batches(lengths, BATCH_TOKENS):
        vectors[list(batch)] = encoder.encode_passages([texts[index] for index in batch])
    return encoder.encode_queries(list(queries)) @ vectors.T


def fused(*scores: np.ndarray) -> np.ndarray:
    """Reciprocal rank fusion."""
    return sum(1 / (60 + (-one).argsort(axis=1).argsort(axis=1)) for one in scores)


def ndcg(scores: np.ndarray, answers: Callable[[int, int], bool]) -> np.ndarray:
    """nDCG@10 of each query, where `answers(query, passage)`."""
    values = np.zeros(len(scores))
    for row, order in enumerate((-scores).argsort(axis=1, kind="stable")[:, :10]):
        for rank, passage in enumerate(order.tolist()):
            if answers(row, passage):
                values[row] = 1 / math.log2(rank + 2)
                break
    return values


def main() -> None:
    """Print one row for each way to cut."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="granite-30m")
    parser.add_argument("--cache", type=Path, default=Path("~/.cache/bienc").expanduser())
    given = parser.parse_args()
    encoder = load_bi_encoder(given.model, cache_dir=given.cache, offline=True)
    asked = questions()
    print(f"{len(asked)} questions, nDCG@10")
    print("passages       number  similarity    bm25   fused")
    for by_lines in (True, False):
        cut = passages(encoder, by_lines=by_lines)
        texts, queries = [one.embedded_text for one in cut], [one.text for one in asked]

        def answers(row: int, passage: int, cut: Sequence[Passage] = cut) -> bool:
            question, found = asked[row], cut[passage]
            place = found.place
            assert place.first is not None
            assert place.last is not None
            return (
                found.doc_id == question.path
                and place.first <= question.last
                and place.last >= question.first
            )

        similar, worded = similarities(encoder, texts, queries), bm25(texts, queries)
        values = [
            ndcg(scores, answers).mean() for scores in (similar, worded, fused(similar, worded))
        ]
        name = "by lines" if by_lines else "by grammar"
        print(f"{name:12} {len(cut):8,} {values[0]:11.3f} {values[1]:7.3f} {values[2]:7.3f}")


if __name__ == "__main__":
    main()
