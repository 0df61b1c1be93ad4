"""What reading and chunking cost as a file's headings grow, by format.

    python benchmarks/outlines.py [--headings 20000,40000,80000,160000] [--formats md,html,rst,py]

One made file a row, about 130 characters a heading, read in a worker as `bienc index` does and
cut for granite-30m. Seconds of wall time; twice the headings should cost twice the time.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bienc_cli.chunking.chunker import chunk
from bienc_cli.formats.isolation import read_files
from bienc_cli.formats.worker_messages import Limits
from bienc_cli.models import load_bi_encoder
from bienc_cli.types import ChunkingParameters, Document, PassageTokenizer

BODY = (
    "what the section says of its subject in about a hundred characters, "
    "so that it is none of few words."
)
MADE: dict[str, Callable[[int], str]] = {
    "md": lambda number: f"{'#' * (1 + number % 4)} Heading {number}\n\n{BODY}\n\n",
    "html": lambda number: (
        f"<h{1 + number % 4}>Heading {number}</h{1 + number % 4}><p>{BODY}</p>\n"
    ),
    "rst": lambda number: f"Heading {number}\n{'=-~^'[number % 4] * 16}\n\n{BODY}\n\n",
    "py": lambda number: f'def heading_{number}():\n    """{BODY}"""\n\n\n',
}


@dataclass(frozen=True, slots=True)
class Made:
    """A file as discovery would have found it."""

    path: Path
    doc_id: str
    size: int


def measure(path: Path, tokenizer: PassageTokenizer) -> tuple[float, float, int]:
    """Seconds of reading and of chunking, and passages."""
    file = Made(path, path.name, path.stat().st_size)
    started = time.perf_counter()
    ((_, items),) = (
        (file, list(items)) for file, items in read_files([file], workers=1, limits=Limits())
    )
    read = time.perf_counter()
    passages = 0
    for item in items:
        assert isinstance(item, Document), item
        passages += sum(1 for _ in chunk(item, tokenizer, ChunkingParameters(256, 32)))
    return read - started, time.perf_counter() - read, passages


def main() -> None:
    """Print one row for each format and number of headings."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--headings", default="20000,40000,80000,160000")
    parser.add_argument("--formats", default=",".join(MADE))
    parser.add_argument("--cache", type=Path, default=Path("~/.cache/bienc").expanduser())
    given = parser.parse_args()
    tokenizer = load_bi_encoder("granite-30m", cache_dir=given.cache, offline=True).tokenizer
    print("format  headings      MB   read s  chunk s  passages")
    with tempfile.TemporaryDirectory() as folder:
        for name in given.formats.split(","):
            for number in map(int, given.headings.split(",")):
                path = Path(folder, f"made.{name}")
                path.write_text("".join(map(MADE[name], range(number))), encoding="utf-8")
                read, cut, passages = measure(path, tokenizer)
                size = path.stat().st_size / 1e6
                print(f"{name:6} {number:9,} {size:7.1f} {read:8.2f} {cut:8.2f} {passages:9,}")


if __name__ == "__main__":
    main()
