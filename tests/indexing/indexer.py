"""Run in a process of its own, to be killed: one indexing run with a fake model.

    python indexer.py HOME

HOME holds `docs` and `.bienc`. Says "ready" when everything is imported.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bienc_cli.indexing import encoding
from bienc_cli.store import graph
from folders import Folder


def main() -> None:
    # A few dozen files make several batches and change the graph.
    graph.FEWEST, graph.TAIL_LEAST = 1, 15
    encoding._WINDOW_TEXTS, encoding._SHARE = 40, 8
    print("ready", flush=True)
    Folder(Path(sys.argv[1])).index()


if __name__ == "__main__":
    main()
