"""What a cross-encoder in 8 bits gains in time, and loses in order, side by side.

    python benchmarks/eight_bits.py --work build/blend ../shared/data/scifact:train \\
        ../shared/data/cosqa:dev

Both graphs are made of the same weights, in 8 bits and in what the CPU computes floats in, and read
the same 20 candidates of each query by turns. Time is that of the process on all cores. Of each
collection a sample is indexed, as `learn_blend.py` has it; test splits are not read.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from bienc_cli.evaluation.score_cache import CachedScores
from bienc_cli.models import load_bi_encoder, load_cross_encoder, openvino_conversion
from bienc_cli.search.fusion import DEFAULT_BLEND
from bienc_cli.types import CrossEncoder, CrossEncoderIdentity, PairScores
from learn_blend import by, gather, parser_of


@dataclass
class Timed:
    """A cross-encoder that counts the seconds of the process it takes; satisfies `CrossEncoder`."""

    model: CrossEncoder
    seconds: float = 0.0
    read: int = 0
    logits: list[NDArray[np.float32]] = field(default_factory=list)

    @property
    def identity(self) -> CrossEncoderIdentity:
        return self.model.identity

    @property
    def runtime(self) -> str:
        return self.model.runtime

    @property
    def notes(self) -> tuple[str, ...]:
        return self.model.notes

    def score_pairs(self, pairs: Sequence[tuple[str, str]]) -> PairScores:
        began = time.process_time()
        scores = self.model.score_pairs(pairs)
        self.seconds += time.process_time() - began
        self.read += len(pairs)
        self.logits.append(scores.logits[:, 0])
        return scores


def main() -> None:
    """Measure, and print a table."""
    arguments = parser_of(__doc__, queries=60, documents=1300).parse_args()
    models = []
    for eight in (True, False):
        with patch.object(openvino_conversion, "prefers_8_bits", lambda eight=eight: eight):
            models.append(
                load_cross_encoder("ms-marco-minilm-l12", cache_dir=arguments.cache, offline=True)
            )
    encoder = load_bi_encoder("granite-30m", cache_dir=arguments.cache, offline=True)
    print("collection\truntime\tms a pair\tlogits off by\tnDCG@10, by relevance\tblend")
    for named in arguments.collections:
        directory, _, split = named.rpartition(":")
        rows = []
        for model in models:
            timed = Timed(model)
            # Nothing is kept: what was read before would take no time.
            with CachedScores(timed, None) as scores:
                found = gather(Path(directory), split, encoder, scores, arguments)
            by_relevance = found.mean(by("relevances"))
            blend = found.mean(lambda one: one.order(DEFAULT_BLEND))
            rows.append((timed, by_relevance, blend))
        reference = np.concatenate(rows[-1][0].logits)
        for timed, by_relevance, blend in rows:
            off = np.abs(np.concatenate(timed.logits) - reference).max()
            milliseconds = 1000 * timed.seconds / timed.read
            print(
                f"{Path(directory).name} {split}\t{timed.runtime}\t{milliseconds:.1f}\t{off:.3f}"
                f"\t{by_relevance:.4f}\t{blend:.4f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
