"""Run in a process of its own, since damage may kill: queries over damaged copies of an index.

    python damager.py HOME FIRST LAST

HOME holds `.bienc` and `other/.bienc`, both sealed with the key in HOME/keys. For each number
from FIRST to LAST a copy is damaged, differently but always alike for the same number, and
queried in three ways. Prints a line for each: number, damage, what came of it.
"""

from __future__ import annotations

import random
import shutil
import sys
from pathlib import Path

from bienc_cli.errors import IndexDamaged
from bienc_cli.store import nearest, open_reader
from stores import encode

QUERIES = encode(["file 1 number 2 of some words", "file 3 number 0 of some words", "far off"])
PAGE = 8192


def answers(directory: Path, keys: Path) -> list[object]:
    """Everything a query shows, by graph and by comparing all."""
    found: list[object] = []
    for limit in (0, 1_000_000):
        nearest.SCAN_LIMIT = limit
        with open_reader(directory, key_dir=keys) as index:
            for hits in index.search_many(QUERIES, 5):
                stored = index.passages([passage_id for passage_id, _ in hits])
                found.append([(similarity, one) for (_, similarity), one in zip(hits, stored)])
            found.append((index.info.generation, index.info.passages, index.info.encoder))
    with open_reader(directory, key_dir=keys) as index:
        found.append(sorted(index.iter_passages(), key=lambda one: one.passage_id))
    return found


def damage(directory: Path, other: Path, number: int) -> str:
    """Do something to the catalog, the vectors or the graph; what was done."""
    chance = random.Random(number)
    graph = next(directory.glob("graph-*.hnsw"))
    vectors = next(directory.glob("vectors-*.f32"))
    path = chance.choice([directory / "catalog.sqlite"] * 3 + [vectors] * 2 + [graph])
    held = bytearray(path.read_bytes())
    kind = chance.choice(["flip", "flip", "flip", "cut", "zero", "noise", "pages", "swap"])
    at = chance.randrange(len(held))
    page = at // PAGE * PAGE
    match kind:
        case "flip":
            for _ in range(chance.randint(1, 3)):
                held[chance.randrange(len(held))] ^= 1 << chance.randrange(8)
        case "cut":
            del held[at:]
        case "zero":
            held[page : page + PAGE] = bytes(len(held[page : page + PAGE]))
        case "noise":
            held[at : at + 64] = chance.randbytes(len(held[at : at + 64]))
        case "pages":
            second = chance.randrange(len(held)) // PAGE * PAGE
            if len(held) >= max(page, second) + PAGE:
                held[page : page + PAGE], held[second : second + PAGE] = (
                    held[second : second + PAGE],
                    held[page : page + PAGE],
                )
        case "swap":
            theirs = next(other.glob(f"*{path.suffix}"))
            held = bytearray(theirs.read_bytes())
    path.write_bytes(held)
    return f"{kind} {path.suffix}"


def main() -> None:
    home, first, last = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    right = answers(home / ".bienc", home / "keys")
    others = answers(home / "other" / ".bienc", home / "keys")
    for number in range(first, last):
        copy = home / f"copy-{first}" / ".bienc"
        shutil.copytree(home / ".bienc", copy)
        done = damage(copy, home / "other" / ".bienc", number)
        print(number, done, end=" ", flush=True)
        try:
            got = answers(copy, home / "keys")
        except IndexDamaged:
            print("refused")
        else:
            # Another whole index in its place answers as that index.
            fine = got == right or (done == "swap .sqlite" and len(got) == len(others))
            print("right" if fine else "WRONG")
        shutil.rmtree(copy.parent)


if __name__ == "__main__":
    main()
