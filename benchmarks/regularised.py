"""What candidates that are alike say of each other: `light-blend` with scores regularised, or not.

    python benchmarks/regularised.py --work build/blend --queries 120 --documents 1300 \\
        ../shared/data/cosqa:dev ../shared/data/scifact:train ../shared/data/nfcorpus:dev \\
        ../shared/data/nq_qed:train ../shared/data/obliqa:dev ../shared/data/vaswani:dev

nDCG@10 of the samples and the candidates of `learn_blend.py`, with the default weights; differences
with their 95 % intervals over the queries of each collection, and over those of all.
"""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from bienc_cli.evaluation.score_cache import CachedScores
from bienc_cli.evaluation.tuning import Signals
from bienc_cli.models import load_bi_encoder, load_cross_encoder
from bienc_cli.search.fusion import DEFAULT_LIGHT_BLEND, blended
from bienc_cli.strategy import Strategy
from learn_blend import difference, gather, made_collections, parser_of


def main() -> None:
    """Measure, and print a table."""
    arguments = parser_of(__doc__, queries=120, documents=1300).parse_args()
    cross_encoder = load_cross_encoder(
        "ms-marco-minilm-l12", cache_dir=arguments.cache, offline=True
    )
    bi_encoder = load_bi_encoder("granite-30m", cache_dir=arguments.cache, offline=True)
    collections = {}
    with CachedScores(cross_encoder, arguments.work / "scores") as scores:
        named = [*arguments.collections, *made_collections(arguments.work, arguments.queries)]
        for one in named:
            directory, _, split = one.rpartition(":")
            name = Path(directory).name
            collections[name] = gather(
                Path(directory), split, bi_encoder, scores, arguments, [Strategy.LIGHT_BLEND]
            )
            print(f"# {name}", file=sys.stderr, flush=True)
    print("\t".join(["nDCG@10", *collections, "mean"]))
    alone = [one.values(by_itself, light=True) for one in collections.values()]
    alike = [one.values(with_neighbours, light=True) for one in collections.values()]
    for row, values in (("each by itself", alone), ("with neighbours", alike)):
        means = [fmean(one.values()) for one in values]
        print("\t".join([row, *(f"{one:.4f}" for one in means), f"{fmean(means):.4f}"]))
    of_all = [
        {
            f"{name} {query_id}": value
            for name, of in zip(collections, some, strict=True)
            for query_id, value in of.items()
        }
        for some in (alone, alike)
    ]
    print("\t".join(["difference", *map(difference, alone, alike), difference(*of_all)]))


def by_itself(signals: Signals) -> NDArray[np.float64]:
    """`light-blend` without what candidates say of each other."""
    return blended(DEFAULT_LIGHT_BLEND, signals.similarities, signals.bm25)


def with_neighbours(signals: Signals) -> NDArray[np.float64]:
    """`light-blend`."""
    return blended(DEFAULT_LIGHT_BLEND, signals.similarities, signals.bm25, signals.cosines)


if __name__ == "__main__":
    main()
