"""Folders with more in them than `FRUIT`: documents of several passages, and ties.

from libraries import WORDS, library
"""

from __future__ import annotations

import random

WORDS = (
    "amber basil cedar delta ember fjord grove heron islet juniper kelp larch meadow nectar "
    "otter prairie quartz river sorrel tundra"
).split()


def library(documents: int = 30, seed: int = 0) -> dict[str, str | bytes]:
    """Text files of one to six paragraphs of random words; the last two are equal."""
    chance = random.Random(seed)
    files: dict[str, str | bytes] = {}
    for number in range(documents):
        paragraphs = [
            " ".join(chance.choices(WORDS, k=chance.randint(8, 40))).capitalize() + "."
            for _ in range(chance.randint(1, 6))
        ]
        files[f"shelf{number % 3}/{number:02}.txt"] = "\n\n".join(paragraphs) + "\n"
    files["copy.txt"] = files[f"shelf0/{0:02}.txt"]
    return files
