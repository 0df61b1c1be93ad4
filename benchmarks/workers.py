"""What `bench.py` runs in processes of their own, each printing JSON.

    python workers.py bare-encode PASSAGES.jsonl --model NAME
    python workers.py bare-rerank PAIRS.jsonl
    python workers.py rerank PAIRS.jsonl --runtime NAME
    python workers.py warm INDEX QUERIES.jsonl --runtime NAME --strategy NAME
    python workers.py vectors PASSAGES.jsonl --model NAME
    python workers.py gpu PASSAGES.jsonl PAIRS.jsonl

`bare` is the ceiling: the converted OpenVINO graph, fed with batches that were tokenized, sorted
and padded before the clock started.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bienc_cli.models import load_bi_encoder, load_cross_encoder
from bienc_cli.models.openvino_runtime import PAD_MULTIPLE, TOKEN_BUDGET
from bienc_cli.models.tokenization import token_budget_batches
from bienc_cli.search import SearchOptions, search
from bienc_cli.store import open_reader
from bienc_cli.strategy import strategy_named

CROSS_ENCODER = "ms-marco-minilm-l12"


def texts_of(path: Path) -> list[str]:
    """The texts of a file of passages."""
    return [json.loads(line)["text"] for line in path.open(encoding="utf-8")]


def pairs_of(path: Path) -> list[list[tuple[str, str]]]:
    """Of each query, it and each of its passages."""
    rows = (json.loads(line) for line in path.open(encoding="utf-8"))
    return [[(row["query"], passage) for passage in row["passages"]] for row in rows]


def timed(run: Callable[[], object]) -> float:
    """Seconds of wall time."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def bare(encoder: Any, inputs: list[Any], limit: int) -> float:
    """Seconds to run prepared batches; `encoder` is an encoder on OpenVINO."""
    batches = [
        encoder.tokenizer.pad([inputs[i] for i in batch], multiple=PAD_MULTIPLE, limit=limit)
        for batch in token_budget_batches([len(one) for one in inputs], TOKEN_BUDGET)
    ]
    encoder._graph(batches[-1])
    return timed(lambda: [encoder._graph(batch) for batch in batches])


def main() -> None:
    """Do one of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command")
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--model", default="granite-30m")
    parser.add_argument("--runtime", default="openvino")
    parser.add_argument("--strategy", default="bi-encoder+cross-encoder")
    given = parser.parse_args()

    def bi(runtime: str) -> Any:
        return load_bi_encoder(given.model, cache_dir=given.cache, offline=True, runtime=runtime)

    def cross(runtime: str) -> Any:
        return load_cross_encoder(
            CROSS_ENCODER, cache_dir=given.cache, offline=True, runtime=runtime
        )

    result: dict[str, Any]
    if given.command == "bare-encode":
        encoder = bi("openvino")
        texts = texts_of(given.paths[0])
        limit = encoder.identity.max_tokens
        inputs = encoder.tokenizer.encode(texts, limit)
        seconds = bare(encoder, inputs, limit)
        result = {"passages": len(texts), "encode_seconds": seconds}
    elif given.command == "bare-rerank":
        encoder = cross("openvino")
        limit = encoder.identity.max_tokens
        seconds, number = 0.0, 0
        for pairs in pairs_of(given.paths[0]):
            inputs, _ = encoder.tokenizer.encode_pairs(pairs, limit)
            seconds += bare(encoder, inputs, limit)
            number += len(pairs)
        result = {"pairs": number, "seconds": seconds}
    elif given.command == "rerank":
        encoder = cross(given.runtime)
        rows = pairs_of(given.paths[0])
        encoder.score_pairs(rows[0][:1])
        seconds = timed(lambda: [encoder.score_pairs(pairs) for pairs in rows])
        number = sum(map(len, rows))
        result = {"pairs": number, "seconds": seconds, "runtime": encoder.runtime}
    elif given.command == "warm":
        options = SearchOptions(k=10, strategy=strategy_named(given.strategy))
        queries = texts_of(given.paths[1])
        encoders = bi(given.runtime), cross(given.runtime)
        with open_reader(given.paths[0], key_dir=given.cache / "keys") as reader:
            search(reader, queries[0], *encoders, options)
            times = [
                timed(lambda text=text: search(reader, text, *encoders, options))
                for text in queries
            ]
        result = {"seconds": times}
    elif given.command == "vectors":
        texts = texts_of(given.paths[0])
        fast, reference = (bi(runtime).encode_passages(texts) for runtime in ("openvino", "torch"))
        cosines = (fast * reference).sum(axis=1)
        result = {"mean": float(np.mean(cosines)), "least": float(np.min(cosines))}
    else:
        result = on_gpu(given, bi, cross)
    print(json.dumps(result))


def on_gpu(
    given: argparse.Namespace, bi: Callable[[str], Any], cross: Callable[[str], Any]
) -> dict[str, Any]:
    """Rates of the torch runtime on a GPU, where there is one."""
    import torch

    if not torch.cuda.is_available():
        return {"gpu": None}
    texts, rows = texts_of(given.paths[0]), pairs_of(given.paths[1])
    encoder, reranker = bi("torch"), cross("torch")
    pairs = [pair for of_query in rows for pair in of_query]
    encoder.encode_passages(texts[:64])
    reranker.score_pairs(pairs[:64])
    return {
        "gpu": torch.cuda.get_device_name(),
        "runtime": encoder.runtime,
        "passages_per_second": len(texts) / timed(lambda: encoder.encode_passages(texts)),
        "pairs_per_second": len(pairs) / timed(lambda: reranker.score_pairs(pairs)),
    }


if __name__ == "__main__":
    main()
