"""How fast it is: `make bench`, beside the script that one writes by hand.

    python benchmarks/bench.py --beir ../shared/data/scifact [--parts cold,index]
    python benchmarks/bench.py --write

Four contenders, in one run, one after the other in each round:

    a  a plain script: SentenceTransformer, hnswlib, CrossEncoder (`plain.py`)
    b  bienc with --runtime torch
    c  bienc as it is
    d  the converted OpenVINO models alone, on prepared batches: the ceiling

All have the same models and passages. Each part replaces its figures in `results.json` and
leaves the others; `--write` makes `docs/benchmarks.md` of them.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bienc_cli.models import load_bi_encoder
from bienc_cli.models.cache import converted_directory
from bienc_cli.models.registry import known_model
from bienc_cli.store import open_reader
from processes import BIENC, HERE, machine, run, script, side_by_side, versions
from tables import document

RESULTS = HERE / "results.json"
PAGE = HERE.parent / "docs" / "benchmarks.md"
SAMPLE = HERE.parent / "sample_docs"
MODEL, CROSS_ENCODER = "granite-30m", "ms-marco-minilm-l12"
SEED = 1


class Bench:
    """What the parts share.

    Args:
        beir: a collection, for throughput and quality.
        work: indexes and passages go here, and are used again.
        cache: converted models.
        runs: rounds of each part.
        documents: how many of the collection are indexed in each round.
    """

    def __init__(self, beir: Path, work: Path, cache: Path, runs: int, documents: int) -> None:
        self.beir, self.work, self.cache, self.runs = beir, work, cache, runs
        self.environment = {
            "BIENC_CACHE": str(cache),
            "HF_HUB_OFFLINE": "1",
            "TOKENIZERS_PARALLELISM": "true",
        }
        work.mkdir(parents=True, exist_ok=True)
        self.directory = work / "sample-index"
        self.bienc("index", SAMPLE, index=self.directory)
        self.sample = self.export(self.directory, work / "sample-passages.jsonl")
        self.questions = [row["text"] for row in rows_of(HERE / "sample_qrels" / "queries.jsonl")]
        self.corpus = work / "corpus.jsonl"
        lines = (beir / "corpus.jsonl").read_text(encoding="utf-8").splitlines()
        random.Random(SEED).shuffle(lines)
        self.corpus.write_text("\n".join(lines[:documents]) + "\n", encoding="utf-8")
        self.documents = min(documents, len(lines))
        self.warm_directory = work / "warm-index"
        self.bienc("index", self.corpus, index=self.warm_directory)
        self.passages = self.export(self.warm_directory, work / "passages.jsonl")
        self.queries = work / "queries.jsonl"
        rows = rows_of(beir / "queries.jsonl")
        random.Random(SEED).shuffle(rows)
        write_rows(self.queries, rows[:20])
        self.pairs = self._candidates(work / "pairs.jsonl")

    def bienc(self, *argv: str | Path, index: Path) -> Any:
        """Run bienc and give back what it cost."""
        return run((*BIENC, *argv, "--index", index, "--format", "json"), self.environment)

    def export(self, directory: Path, path: Path) -> Path:
        """The passages of an index for the others, as bienc embeds them."""
        with open_reader(directory, key_dir=self.cache / "keys") as reader:
            write_rows(
                path,
                [
                    {"id": stored.passage_id, "text": stored.passage.embedded_text}
                    for stored in reader.iter_passages()
                ],
            )
        return path

    def _candidates(self, path: Path) -> Path:
        texts = {row["id"]: row["text"] for row in rows_of(self.passages)}
        queries = [row["text"] for row in rows_of(self.queries)]
        encoder = load_bi_encoder(MODEL, cache_dir=self.cache, offline=True)
        with open_reader(self.warm_directory, key_dir=self.cache / "keys") as reader:
            found = reader.search_many(encoder.encode_queries(queries), 20)
        write_rows(
            path,
            [
                {"query": query, "passages": [texts[number] for number, _ in hits]}
                for query, hits in zip(queries, found, strict=True)
            ],
        )
        return path

    def model(self, alias: str) -> Path:
        """A model as sentence-transformers loads it."""
        known = known_model(alias)
        directory = converted_directory(known, self.cache) if known else None
        if directory is None:
            raise RuntimeError(f"{alias} is not in {self.cache}: query with it once")
        return directory

    def plain(self, *argv: str | Path) -> Any:
        """Run the plain script."""
        models = ("--model", self.model(MODEL), "--cross-encoder", self.model(CROSS_ENCODER))
        return run(script("plain.py", *argv, *models), self.environment)

    def worker(self, *argv: str | Path) -> Any:
        """Run one of `workers.py`."""
        return run(script("workers.py", *argv, "--cache", self.cache), self.environment)


def cold(bench: Bench) -> dict[str, Any]:
    """A whole process that answers one query and reranks 20 candidates."""
    plain_index = bench.work / "plain-sample"
    bench.plain("index", bench.sample, plain_index)
    tops: dict[str, list[list[int]]] = {"a": [], "c": []}
    same_order = ("--strategy", "bi-encoder+cross-encoder")

    def a(number: int) -> dict[str, float]:
        done = bench.plain("query", plain_index, bench.questions[number])
        tops["a"].append(done.output[0]["top"])
        return cost(done)

    def bienc(*options: str, keep: bool = False) -> Callable[[int], dict[str, float]]:
        def measured(number: int) -> dict[str, float]:
            question = bench.questions[number]
            done = bench.bienc("query", question, "-k", "5", *options, index=bench.directory)
            if keep:
                tops["c"].append([hit["passage_id"] for hit in done.output["hits"]])
            return cost(done)

        return measured

    figures = side_by_side(
        {
            "a": a,
            "b": bienc("--runtime", "torch", *same_order),
            "c": bienc(*same_order, keep=True),
            "c, default strategy": bienc(),
            "c, --no-rerank": bienc("--no-rerank"),
        },
        min(len(bench.questions), 3 * bench.runs),
    )
    same = sum(one == other for one, other in zip(tops["a"], tops["c"], strict=True))
    return {"figures": figures, "same_top_5": same, "queries": len(tops["a"])}


def index(bench: Bench) -> dict[str, Any]:
    """Encoding, alone and as part of the whole command."""

    def rate(output: dict[str, Any]) -> dict[str, float]:
        return {"passages_per_second": output["passages"] / output["encode_seconds"]}

    def whole(*options: str) -> Callable[[int], dict[str, float]]:
        def measured(_: int) -> dict[str, float]:
            directory = bench.work / "built"
            shutil.rmtree(directory, ignore_errors=True)
            done = bench.bienc("index", bench.corpus, *options, index=directory)
            passages = done.output["passages"]["encoded"]
            return {
                "passages_per_second": passages / done.output["seconds"]["encode"],
                "end_to_end": passages / done.wall,
                "peak_mib": done.peak_mib,
            }

        return measured

    def a(_: int) -> dict[str, float]:
        done = bench.plain("index", bench.passages, bench.work / "plain-built")
        passages = done.output["passages"]
        return {
            **rate(done.output),
            "end_to_end": passages / done.wall,
            "peak_mib": done.peak_mib,
        }

    figures = side_by_side(
        {
            "a": a,
            "b": whole("--runtime", "torch"),
            "c": whole(),
            "d": lambda _: rate(bench.worker("bare-encode", bench.passages).output),
        },
        bench.runs,
    )
    return {
        "figures": figures,
        "documents": bench.documents,
        "passages": len(rows_of(bench.passages)),
    }


def rerank(bench: Bench) -> dict[str, Any]:
    """Pairs a second, 20 passages for each query."""

    def rate(done: Any) -> dict[str, float]:
        return {"pairs_per_second": done.output["pairs"] / done.output["seconds"]}

    figures = side_by_side(
        {
            "a": lambda _: rate(bench.plain("rerank", bench.pairs)),
            "b": lambda _: rate(bench.worker("rerank", bench.pairs, "--runtime", "torch")),
            "c": lambda _: rate(bench.worker("rerank", bench.pairs, "--runtime", "openvino")),
            "d": lambda _: rate(bench.worker("bare-rerank", bench.pairs)),
        },
        bench.runs,
    )
    return {"figures": figures, "pairs": sum(len(row["passages"]) for row in rows_of(bench.pairs))}


def warm(bench: Bench) -> dict[str, Any]:
    """One query after another in one process, models loaded."""
    plain_index = bench.work / "plain-warm"
    bench.plain("index", bench.passages, plain_index)
    texts = [row["text"] for row in rows_of(bench.queries)]

    def a(_: int) -> dict[str, float]:
        answers = bench.plain("query", plain_index, *texts).output
        return percentiles([one["seconds"] for one in answers[1:]])

    def bienc(runtime: str, strategy: str) -> Callable[[int], dict[str, float]]:
        argv = ("warm", bench.warm_directory, bench.queries)
        options = ("--runtime", runtime, "--strategy", strategy)
        return lambda _: percentiles(bench.worker(*argv, *options).output["seconds"])

    figures = side_by_side(
        {
            "a": a,
            "b": bienc("torch", "bi-encoder+cross-encoder"),
            "c": bienc("openvino", "bi-encoder+cross-encoder"),
            "c, default strategy": bienc("openvino", "blend"),
            "c, --no-rerank": bienc("openvino", "light-blend"),
        },
        bench.runs,
    )
    return {"figures": figures, "queries": len(texts)}


def start(bench: Bench) -> dict[str, Any]:
    """Commands that need no model."""

    def command(*argv: str | Path) -> Callable[[int], dict[str, float]]:
        return lambda _: cost(run((*BIENC, *argv), bench.environment))

    figures = side_by_side(
        {
            "python -c pass": lambda _: cost(run((sys.executable, "-c", "pass"))),
            "bienc --help": command("--help"),
            "bienc info": command("info", "--index", bench.directory),
        },
        3 * bench.runs,
    )
    return {"figures": figures}


def quality(bench: Bench) -> dict[str, Any]:
    """nDCG@10 of each bi-encoder on either runtime, whole collection, and cosines."""
    sample = bench.work / "cosine-passages.jsonl"
    write_rows(sample, rows_of(bench.passages)[:600])
    models: dict[str, Any] = {}
    for name in ("granite-30m", "minilm"):
        scores: dict[str, float] = {}
        for runtime in ("torch", "openvino"):
            directory = bench.work / f"quality-{name}-{runtime}"
            options = ("--model", name, "--runtime", runtime)
            bench.bienc("index", bench.beir / "corpus.jsonl", *options, index=directory)
            done = bench.bienc(
                *("compare", "--beir", bench.beir, "--strategies", "bi-encoder"),
                *("--measures", "nDCG@10", "--runtime", runtime),
                index=directory,
            )
            (system,) = done.output["systems"]
            scores[runtime] = system["means"]["nDCG@10"]["value"]
            print(f"  {name} {runtime} {scores[runtime]:.4f}", flush=True)
        cosines = bench.worker("vectors", sample, "--model", name).output
        models[name] = {"ndcg": scores, "cosine_to_fp32": cosines}
    return {"collection": bench.beir.name, "models": models}


def gpu(bench: Bench) -> dict[str, Any]:
    """The torch runtime on a GPU, in half precision, where there is one."""
    return dict(bench.worker("gpu", bench.passages, bench.pairs).output)


PARTS: dict[str, Callable[[Bench], dict[str, Any]]] = {
    part.__name__: part for part in (cold, index, rerank, warm, start, quality, gpu)
}


def cost(done: Any) -> dict[str, float]:
    """What a process cost, by name."""
    return {"seconds": done.wall, "cpu_seconds": done.cpu, "peak_mib": done.peak_mib}


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """p50 and p95, nearest rank."""
    ordered = sorted(seconds)
    return {
        "p50": ordered[len(ordered) // 2],
        "p95": ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))],
    }


def rows_of(path: Path) -> list[dict[str, Any]]:
    """JSON lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write_rows(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """JSON lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def keep(name: str, part: dict[str, Any]) -> None:
    """Put one part's figures in the place of those of last time."""
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    results["schema"] = "bienc.benchmarks/1"
    results[name] = {"date": time.strftime("%Y-%m-%d"), **part}
    results["machine"], results["versions"] = machine(), versions()
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    PAGE.write_text(document(results))


def main() -> None:
    """Run parts and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--beir", type=Path, help="a collection in BEIR's layout")
    parser.add_argument("--work", type=Path, default=Path("build/bench"))
    parser.add_argument("--cache", type=Path, default=Path("~/.cache/bienc").expanduser())
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--documents", type=int, default=1200)
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--write", action="store_true", help="only make the page anew")
    given = parser.parse_args()
    if given.write:
        PAGE.write_text(document(json.loads(RESULTS.read_text())))
        return
    if given.beir is None:
        parser.error("--beir is needed")
    bench = Bench(given.beir, given.work, given.cache, given.runs, given.documents)
    for name in given.parts.split(","):
        print(f"{name}: {PARTS[name].__doc__}", flush=True)
        keep(name, PARTS[name](bench))


if __name__ == "__main__":
    main()
