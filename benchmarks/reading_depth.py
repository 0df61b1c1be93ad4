"""How many candidates the cross-encoder should read: by each query's trust in it, and when to stop.

    python benchmarks/reading_depth.py --work build/blend --queries 60 --documents 1300 \\
        ../shared/data/cosqa:dev ../shared/data/scifact:train ../shared/data/nfcorpus:dev \\
        ../shared/data/nq_qed:train ../shared/data/obliqa:dev ../shared/data/vaswani:dev

The first table has nDCG@10 of `blend` where it reads 10, 20 or 50 candidates of every query, and
where the first ten that were read decide whether it stops there or goes on to 50: by how high the
highest logit is, how far logits agree with the order in which candidates were proposed, or at
random. Each such rule reads 20 in the mean. *Best* knows the judgments.

The second has what an early stop would save of 20: reading ends where no candidate that is not read
can enter the first k, had it the highest logit of all that was ever read here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from bienc_cli.evaluation import tuning
from bienc_cli.evaluation.measures import measure
from bienc_cli.evaluation.score_cache import CachedScores
from bienc_cli.evaluation.tuning import MEASURE, Signals
from bienc_cli.models import load_bi_encoder, load_cross_encoder
from bienc_cli.search.fusion import DEFAULT_BLEND, HEADS
from learn_blend import Gathered, gather, made_collections, parser_of

LEAST, USUAL, MOST = 10, 20, 50
PORTION = 4

Rule = Callable[[Signals], float]
"""How much a query asks to be read on, by the first `LEAST` of its candidates."""


def main() -> None:
    """Measure, and print tables."""
    arguments = parser_of(__doc__, queries=60, documents=1300).parse_args()
    cross_encoder = load_cross_encoder(
        "ms-marco-minilm-l12", cache_dir=arguments.cache, offline=True
    )
    bi_encoder = load_bi_encoder("granite-30m", cache_dir=arguments.cache, offline=True)
    collections = {}
    with (
        patch.object(tuning, "DEFAULT_CANDIDATES", MOST),
        CachedScores(cross_encoder, arguments.work / "scores") as scores,
    ):
        named = [*arguments.collections, *made_collections(arguments.work, arguments.queries)]
        for one in named:
            directory, _, split = one.rpartition(":")
            name = Path(directory).name
            collections[name] = gather(Path(directory), split, bi_encoder, scores, arguments)
            print(f"# {name}", file=sys.stderr, flush=True)
    report_depths(collections)
    report_stops(collections)


def report_depths(collections: Mapping[str, Gathered]) -> None:
    """nDCG@10 by depth, and by rules that read `USUAL` in the mean."""
    values = {
        depth: {name: values_at(one, depth) for name, one in collections.items()}
        for depth in (LEAST, USUAL, MOST)
    }
    chance = np.random.default_rng(0)
    rules: dict[str, Rule] = {
        "lower highest logit reads on": lambda one: -float(logits_of(one).max()),
        "higher highest logit reads on": lambda one: float(logits_of(one).max()),
        "agreement reads on": agreement,
        "disagreement reads on": lambda one: -agreement(one),
        "chance reads on": lambda _: float(chance.random()),
    }
    print("\t".join(["read", *collections, "mean"]))

    def line(title: str, means: list[float]) -> None:
        cells = [f"{value:.4f}" for value in (*means, float(np.mean(means)))]
        print("\t".join([title, *cells]))

    for depth, by_name in values.items():
        line(f"{depth} of each", [float(one.mean()) for one in by_name.values()])
    share = (USUAL - LEAST) / (MOST - LEAST)
    for title, rule in rules.items():
        wishes = {
            name: np.array([rule(head_of(one, LEAST)) for one in of.read.values()])
            for name, of in collections.items()
        }
        # What would be read at the same threshold everywhere.
        threshold = np.quantile(np.concatenate([*wishes.values()]), 1 - share)
        line(
            title,
            [
                float(
                    np.where(
                        wishes[name] > threshold, values[MOST][name], values[LEAST][name]
                    ).mean()
                )
                for name in collections
            ],
        )
    best = [np.maximum(values[LEAST][name], values[MOST][name]).mean() for name in collections]
    line(f"best of {LEAST} and {MOST}", [float(one) for one in best])


def report_stops(collections: Mapping[str, Gathered]) -> None:
    """What an early stop saves of `USUAL`, by how many hits are wanted."""
    queries = [head_of(one, USUAL) for of in collections.values() for one in of.read.values()]
    lowest = min(logits_of(one).min() for one in queries)
    highest = max(logits_of(one).max() for one in queries)
    print("\nfirst k\tshare that is not read")
    for k in (1, 3, 5, 10):
        left = sum(len(one.passage_ids) - stops_at(one, k, lowest, highest) for one in queries)
        print(f"{k}\t{left / sum(len(one.passage_ids) for one in queries):.3f}")


def stops_at(one: Signals, k: int, lowest: float, highest: float) -> int:
    """After how many candidates no other can enter the first `k`."""
    read, logits = PORTION, logits_of(one)
    while read < len(logits):
        guess = np.where(np.arange(len(logits)) < read, logits, lowest)
        if not any(
            enters(one, guess, place, read, k, highest) for place in range(read, len(guess))
        ):
            break
        read += PORTION
    return min(read, len(logits))


def enters(
    one: Signals, guess: NDArray[np.float64], place: int, read: int, k: int, highest: float
) -> bool:
    """Whether a candidate with the highest logit would be among the first `k` of those read."""
    supposed = guess.copy()
    supposed[place] = highest
    order = replace(one, relevances=supposed).order(DEFAULT_BLEND).tolist()
    return sum(other < read for other in order[: order.index(place)]) < k


def values_at(collection: Gathered, depth: int) -> NDArray[np.float64]:
    """nDCG@10 of each query where so many candidates are read."""
    rankings = {}
    for query_id, signals in collection.read.items():
        one = head_of(signals, depth)
        rankings[query_id] = one.ranking(DEFAULT_BLEND)
    found = measure([MEASURE], collection.grades, rankings)[MEASURE]
    return np.array([found[query_id] for query_id in collection.read])


def head_of(one: Signals, depth: int) -> Signals:
    """The candidates of which so many are read, as `fusion.head_of` has them."""
    heads = [
        place
        for scores in (one.similarities, one.bm25)
        for place in np.lexsort((one.passage_ids, -scores))[: depth // HEADS].tolist()
    ]
    chosen = sorted(list(dict.fromkeys([*heads, *range(len(one.passage_ids))]))[:depth])
    return replace(
        one,
        passage_ids=one.passage_ids[chosen],
        items=tuple(one.items[place] for place in chosen),
        similarities=one.similarities[chosen],
        bm25=one.bm25[chosen],
        relevances=logits_of(one)[chosen],
        numbers=one.numbers[chosen],
    )


def agreement(one: Signals) -> float:
    """Spearman's correlation of the logits with the order that was proposed."""
    logits = logits_of(one)
    if len(logits) < 2:
        return 0.0
    ranks = np.argsort(np.argsort(-logits))
    return float(np.corrcoef(ranks, np.arange(len(logits)))[0, 1])


def logits_of(one: Signals) -> NDArray[np.float64]:
    if one.relevances is None:
        raise ValueError("these candidates were not read")
    return one.relevances


if __name__ == "__main__":
    main()
