"""Changes a graph at random where hnswlib looks, and searches and extends what is proven.

Usage: crafter.py HOME TIMES; prints how many were loaded and how many refused.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np

from bienc_cli.store.graph import VerifiedFile
from bienc_cli.store.graph_file import GraphUnusable
from stores import opened_graph
from test_graph_proof import HEAD, LISTS, NODE, NODES


def craft(held: bytearray, chance: Random) -> None:
    """Put a number that means something in a place that is read as a number."""
    place = chance.choice(
        [
            chance.randrange(0, HEAD, 4),
            HEAD + chance.randrange(NODES) * NODE + chance.randrange(0, NODE, 4),
            HEAD + chance.randrange(NODES) * NODE + chance.randrange(4, 132, 4),
            chance.randrange(LISTS, len(held), 4),
        ]
    )
    number = chance.choice([0, 1, 2, 16, 17, 68, chance.randrange(NODES), chance.getrandbits(32)])
    held[place : place + 4] = number.to_bytes(4, "little")


def main(home: Path, times: int) -> None:
    chance = Random(11)
    file, used = opened_graph(home)
    path = home / ".bienc" / file.name
    honest = path.read_bytes()
    queries = used.file.read(np.arange(NODES))
    loaded = 0
    for _ in range(times):
        held = bytearray(honest)
        for _ in range(chance.randint(1, 3)):
            craft(held, chance)
        path.write_bytes(held)
        with VerifiedFile(home / ".bienc", file, None) as found:
            try:
                graph = found.load(used, spare=3)
            except GraphUnusable:
                continue
        loaded += 1
        graph.nearest(queries, 10)
        (block,) = used.blocks(np.array([0, 1, 2]))
        graph.add([replace(block, ids=block.ids + NODES)])
        graph.nearest(queries, 10)
    print(loaded, times - loaded)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
