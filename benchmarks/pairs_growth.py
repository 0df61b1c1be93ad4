"""What `bienc pairs` costs as a folder grows, and what the graph finds of all pairs.

    python benchmarks/pairs_growth.py INDEX [--sizes 10000,30000,100000] [--recall 20000]

Passages are made of those of INDEX: each lies between two, with half of the words of both, and one
in ten is a variant of the one before, with a word of ten replaced; so pairs are as many as passages
allow, and no more. Processes are measured whole, over an index of each size. Recall is of the
graph's pairs among those of comparing everything, in an index of so many passages, at the default
similarity and at 0.8.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alike import SEED, Made, write
from bienc_cli.search.pairs import PairsOptions, find_pairs
from bienc_cli.store import IndexReader, open_reader
from processes import BIENC, run

VARIANTS = 10
"""One passage in so many is a variant of the one before."""

FAR, NEAR = 0.5, 0.2
"""Lengths of the noise that is added to a vector of length 1: to one that is to be alone, however
many come from the same passage of INDEX, and to a variant's, whose cosine is then about 0.98."""

SIMILARITIES = (0.9, 0.8)


def made(index: IndexReader, size: int) -> Iterator[Made]:
    """Documents of one passage each, `size` of them."""
    stored = list(index.iter_passages())
    vectors = index.vectors_of([one.passage_id for one in stored]).astype(np.float64)
    words = [one.passage.text.split() for one in stored]
    rng, dice = np.random.default_rng(SEED), random.Random(SEED)
    every = sorted({word for some in words for word in some})
    text, vector = words[0], vectors[0]

    def moved(start: NDArray[np.float64], length: float) -> NDArray[np.float64]:
        noise = rng.normal(size=len(start))
        changed = start / np.linalg.norm(start) + length * noise / np.linalg.norm(noise)
        return np.asarray(changed / np.linalg.norm(changed))

    for number in range(size):
        one, other = (int(which) for which in rng.integers(len(stored), size=2))
        if number % VARIANTS == 1:
            text = [dice.choice(every) if dice.random() < 0.1 else word for word in text]
            vector = moved(vector, NEAR)
        else:
            half = len(words[one]) // 2
            text = words[one][:half] + words[other][len(words[other]) // 2 :]
            share = rng.uniform(0.5, 0.9)
            vector = moved(share * vectors[one] + (1 - share) * vectors[other], FAR)
        yield [f"{' '.join(text)} {number}"], vector[np.newaxis]


def found(index: IndexReader, least: float, *, all_pairs: bool) -> set[tuple[int, int]]:
    """Pairs by the ids of their passages."""
    options = PairsOptions(min_similarity=least, all_pairs=all_pairs)
    pairs = find_pairs(index, options)
    return {(pair.first.passage_id, pair.second.passage_id) for pair in pairs}


def main() -> None:
    """Make the indexes, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("index", type=Path)
    parser.add_argument("--sizes", default="10000,30000,100000")
    parser.add_argument("--recall", type=int, default=20_000, help="passages; 0: none")
    parser.add_argument("--key", type=Path, default=Path("~/.local/share/bienc").expanduser())
    asked = parser.parse_args()
    with (
        open_reader(asked.index.absolute(), key_dir=asked.key) as index,
        tempfile.TemporaryDirectory() as folder,
    ):
        for size in (int(one) for one in asked.sizes.split(",")):
            place = Path(folder, str(size))
            write(index, made(index, size), place, asked.key)
            argv = [*BIENC, "pairs", "--index", place / "index", "--format", "plain"]
            # Nothing is gone on with.
            done = run(argv, {"BIENC_CACHE": str(place / "cache")})
            print(
                f"{size:,} passages: {done.wall:.1f} s, {done.cpu:.1f} s of CPU, "
                f"{done.peak_mib:.0f} MiB, {len(done.output.splitlines()):,} pairs",
                flush=True,
            )
        if not asked.recall:
            return
        place = Path(folder, "recall")
        write(index, made(index, asked.recall), place, asked.key)
        with open_reader(place / "index", key_dir=asked.key) as grown:
            for least in SIMILARITIES:
                every = found(grown, least, all_pairs=True)
                near = found(grown, least, all_pairs=False)
                print(
                    f"{asked.recall:,} passages at {least}: {len(near & every):,} of "
                    f"{len(every):,} pairs, {len(near & every) / len(every):.4f}; "
                    f"{len(near - every)} others",
                    flush=True,
                )


if __name__ == "__main__":
    main()
