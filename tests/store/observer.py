"""Run in a process of its own: asks an index over and over while somebody writes to it.

    python observer.py DIRECTORY KEYS

In generation g every passage says "generation g". Stops at the first answer that mixes two,
or when the last generation (20) has been seen; prints the generations it saw.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bienc_cli.store import nearest, open_reader
from stores import encode

LAST = 20


def main() -> None:
    directory, keys = Path(sys.argv[1]), Path(sys.argv[2])
    nearest.SCAN_LIMIT = 0  # by the graph, whose file each commit replaces
    queries = encode(["one", "two"])
    seen: list[int] = []
    while not seen or seen[-1] < LAST:
        with open_reader(directory, key_dir=keys) as index:
            for _ in range(3):
                for hits in index.search_many(queries, 5):
                    for stored in index.passages([passage_id for passage_id, _ in hits]):
                        words = f"generation {index.info.generation} "
                        assert stored.passage.text.startswith(words), stored
                assert all(
                    stored.passage.text.startswith(f"generation {index.info.generation} ")
                    for stored in index.iter_passages()
                )
            assert not index.warnings, index.warnings
            assert not seen or index.info.generation >= seen[-1]
            seen.append(index.info.generation)
    print(*sorted(set(seen)))


if __name__ == "__main__":
    main()
