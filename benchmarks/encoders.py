"""What each use of the encoders costs at 1, 100 and 10,000 passages: the table of docs/choosing.md.

    python benchmarks/encoders.py INDEX [--sizes 1,100,10000]

Indexes of each size are made of the passages of INDEX, whose vectors are given. Each strategy
answers several queries in one process, which says how long each took; the first, which loads, is
left out, except of the cross-encoder alone over thousands of passages, which is asked once. Memory
is the most that the process held. Prints the rows in Markdown.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from pathlib import Path

from alike import write
from bienc_cli.store import IndexReader, open_reader
from pairs_growth import made
from processes import BIENC, run

STRATEGIES = ("bi-encoder", "bi-encoder+cross-encoder", "cross-encoder", "blend")
ASKED = 6
ASKED_ONCE_FROM = 1_000
"""Passages from which the cross-encoder alone takes minutes."""

WORDS = 8


def queries(index: IndexReader, path: Path) -> list[str]:
    """The first words of some passages, a file of one query a line."""
    step = max(1, index.info.passages // ASKED)
    stored = [one for place, one in enumerate(index.iter_passages()) if place % step == 0]
    asked = [" ".join(one.passage.text.split()[:WORDS]) for one in stored[:ASKED]]
    path.write_text("".join(f"{one}\n" for one in asked), encoding="utf-8")
    return asked


def answered(place: Path, strategy: str, asked: Path) -> tuple[float, float]:
    """Seconds of a warm query, and the MiB of the process."""
    command = " ".join(
        [*BIENC, "query - --format jsonl --exhaustive --no-check --strategy", strategy]
    )
    told = place / "answers.jsonl"
    shell = f"{command} --index {place / 'index'} < {asked} > {told}"
    done = run(["bash", "-c", f"{shell} || [ $? = 1 ]"])
    took = [json.loads(line)["seconds"]["total"] for line in told.read_text().splitlines()]
    return statistics.median(took[1:] or took), done.peak_mib


def shown(seconds: float) -> str:
    """As a person says it."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 100 else f"{seconds / 60:.1f} min"


def main() -> None:
    """Make the indexes, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("index", type=Path)
    parser.add_argument("--sizes", default="1,100,10000")
    parser.add_argument("--key", type=Path, default=Path("~/.local/share/bienc").expanduser())
    asked = parser.parse_args()
    print(f"| | {' | '.join(STRATEGIES)} |\n|---|{'---|' * len(STRATEGIES)}", flush=True)
    with (
        open_reader(asked.index.absolute(), key_dir=asked.key) as index,
        tempfile.TemporaryDirectory() as folder,
    ):
        several, one = Path(folder, "queries.txt"), Path(folder, "query.txt")
        one.write_text(f"{queries(index, several)[0]}\n", encoding="utf-8")
        for size in (int(number) for number in asked.sizes.split(",")):
            place = Path(folder, str(size))
            write(index, made(index, size), place, asked.key)
            found = [
                answered(
                    place,
                    strategy,
                    one if strategy == "cross-encoder" and size >= ASKED_ONCE_FROM else several,
                )
                for strategy in STRATEGIES
            ]
            passages = f"{size:,} passage{'s' if size > 1 else ''}"
            print(f"| {passages} | {' | '.join(shown(seconds) for seconds, _ in found)} |")
            memory = " | ".join(f"{mib:.0f} MiB" for _, mib in found)
            print(f"| memory, {passages} | {memory} |", flush=True)


if __name__ == "__main__":
    main()
