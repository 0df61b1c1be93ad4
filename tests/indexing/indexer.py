"""Run in a process of its own, to be killed: one indexing run with a fake model.

    python indexer.py HOME

HOME holds `docs` and `.bienc`. Says "ready" when everything is imported.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bienc_cli.indexing import encoding
from bienc_cli.store import maintenance
from folders import Folder


def folder_at(home: Path) -> Folder:
    """With thresholds at which a few dozen files make several batches and change the graph."""
    maintenance.TAIL_LEAST = 15
    encoding._WINDOW_TEXTS, encoding._SHARE = 40, 8
    return Folder(home)


def main() -> None:
    folder = folder_at(Path(sys.argv[1]))
    print("ready", flush=True)
    folder.index()


if __name__ == "__main__":
    main()
