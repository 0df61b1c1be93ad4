"""What it costs to compare a root with its index when much is gone and much cannot be read.

    python benchmarks/gone.py [--files 100000]

No file is made: the comparison sees what discovery would hand it. Prints the seconds of CPU.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from bienc_cli.indexing.absence import whereabouts_of
from bienc_cli.indexing.changes import compare_with_index
from bienc_cli.indexing.roots import Finding
from bienc_cli.store import FileState, Root
from bienc_cli.types import Skipped


def main() -> None:
    """Compare once for each number of files, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=100_000)
    most = parser.parse_args().files
    for number in (most // 10, most // 3, most):
        skipped = tuple(Skipped(f"locked/{n}/x.txt", "permission", "no") for n in range(number))
        known = {
            f"gone/{n % 100}/{n}.txt": FileState(n, f"gone/{n % 100}/{n}.txt", 1, 1, b"", "")
            for n in range(number)
        }
        root = Root(Path("/root"))
        finding = Finding(root, (), skipped, whereabouts_of(root))
        began = time.process_time()
        changes = compare_with_index(finding, known)
        seconds = time.process_time() - began
        print(f"{len(changes.gone):,} gone beside {number:,} that cannot be read: {seconds:.2f} s")


if __name__ == "__main__":
    main()
