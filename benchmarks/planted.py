"""Duplicates planted into a real collection at five degrees of change, and which are found.

    python benchmarks/planted.py COLLECTION.jsonl [--passages 200] [--take 4000]

Passages of the collection are copied into files of their own, each at every degree, and `pairs`
looks for them. Found is a planted passage that is in a pair with its original or with another
variant of it. Wrong is a pair of a planted passage with anything else. Pairs in which nothing is
planted are left out: nobody knows what they are.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bienc_cli.indexing.indexer import index_paths
from bienc_cli.models import load_bi_encoder
from bienc_cli.search.pairs import Pair, PairsOptions, find_pairs
from bienc_cli.store import open_reader

SEED = 20
SIMILARITIES = (0.8, 0.85, 0.9, 0.95)
SHARES = (0.0, 0.5, 0.7)

Change = Callable[[str, random.Random, list[str]], str]


def unchanged(text: str, _dice: random.Random, _words: list[str]) -> str:
    """The same text, in a file of another name."""
    return text


def respelt(text: str, _dice: random.Random, _words: list[str]) -> str:
    """Lower case, without commas, lines broken elsewhere."""
    words = text.lower().replace(",", "").split()
    return "\n".join(" ".join(words[start : start + 9]) for start in range(0, len(words), 9))


def replaced(share: float) -> Change:
    """So many of the words replaced by others of the collection."""

    def change(text: str, dice: random.Random, words: list[str]) -> str:
        return " ".join(
            dice.choice(words) if dice.random() < share else word for word in text.split()
        )

    return change


def rewritten(text: str, dice: random.Random, words: list[str]) -> str:
    """Sentences in another order, and of the words half replaced or left out."""
    sentences = re.split(r"(?<=[.?!]) ", text)
    dice.shuffle(sentences)
    kept = [word for word in " ".join(sentences).split() if dice.random() < 0.8]
    return replaced(0.4)(" ".join(kept), dice, words)


DEGREES: dict[str, Change] = {
    "same": unchanged,
    "respelt": respelt,
    "1 of 10 words": replaced(0.1),
    "3 of 10 words": replaced(0.3),
    "rewritten": rewritten,
}


@dataclass(frozen=True, slots=True)
class Plant:
    """Which original a passage came of, and how: -1 for the original itself."""

    original: int
    degree: int


def main() -> None:
    """Plant, search, count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("collection", type=Path)
    parser.add_argument("--passages", type=int, default=200)
    parser.add_argument("--take", type=int, default=4000, help="documents of the collection")
    parser.add_argument("--cache", type=Path, default=Path("~/.cache/bienc").expanduser())
    asked = parser.parse_args()
    records = [json.loads(line) for line in asked.collection.open(encoding="utf-8")][: asked.take]
    dice = random.Random(SEED)
    words = [word for record in records[:500] for word in record["text"].split()]
    # Short enough to stay one passage however they are changed, long enough to say something.
    fit = [record for record in records if 60 <= len(record["text"].split()) <= 120]
    originals = dice.sample(fit, min(asked.passages, len(fit)))
    with tempfile.TemporaryDirectory() as home:
        docs = Path(home, "docs")
        docs.mkdir()
        with (docs / "collection.jsonl").open("w", encoding="utf-8") as stream:
            # Without titles, which the copies do not have.
            stream.writelines(
                json.dumps({"_id": one["_id"], "text": one["text"]}) + "\n" for one in records
            )
        plants = {str(one["_id"]): Plant(number, -1) for number, one in enumerate(originals)}
        for number, original in enumerate(originals):
            for degree, change in enumerate(DEGREES.values()):
                name = f"{number:03}-{degree}.txt"
                (docs / name).write_text(change(original["text"], dice, words), encoding="utf-8")
                plants[name] = Plant(number, degree)
        _measure(Path(home), docs, plants, len(originals), asked.cache)


def _measure(home: Path, docs: Path, plants: dict[str, Plant], originals: int, cache: Path) -> None:
    encoder = load_bi_encoder("granite-30m", cache_dir=cache, offline=True)
    index_paths([docs], directory=home / ".bienc", load_encoder=lambda _: encoder, key_dir=home)
    with open_reader(home / ".bienc", key_dir=home) as index:
        print(
            f"{index.info.passages:,} passages, {originals} originals at five degrees", flush=True
        )
        found = list(find_pairs(index, PairsOptions(min_similarity=min(SIMILARITIES))))
    head = " ".join(f"{name:>14}" for name in DEGREES)
    print(f"{'similarity':>10} {'words':>6} {head} {'precision':>10} {'others':>7}")
    for least in SIMILARITIES:
        for share in SHARES:
            chosen = [
                pair
                for pair in found
                if pair.shared >= share and (pair.similarity >= least or pair.kind.value == "same")
            ]
            print(_row(least, share, chosen, plants, originals), flush=True)


def _row(
    least: float, share: float, pairs: list[Pair], plants: dict[str, Plant], originals: int
) -> str:
    recalled: list[set[int]] = [set() for _ in DEGREES]
    right = wrong = others = 0
    for pair in pairs:
        ends = [plants.get(one.passage.doc_id) for one in (pair.first, pair.second)]
        planted = [one for one in ends if one is not None and one.degree >= 0]
        if not planted:
            others += 1
        elif all(ends) and len({one.original for one in ends if one}) == 1:
            right += 1
            for one in planted:
                recalled[one.degree].add(one.original)
        else:
            wrong += 1
    shares = " ".join(f"{len(one) / originals:>14.3f}" for one in recalled)
    precision = right / (right + wrong) if right + wrong else 1.0
    return f"{least:>10} {share:>6} {shares} {precision:>10.3f} {others:>7}"


if __name__ == "__main__":
    main()
