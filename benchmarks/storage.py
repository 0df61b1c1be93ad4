"""What the store costs, side by side with another checkout of this project.

    python benchmarks/storage.py --paragraphs 80000 --against ../other-checkout

The same folder is indexed by both, one step after the other in turns, with made-up vectors of 384
numbers in place of a model, so that what is measured is reading, cutting and storing. Each step is
a process of its own. With --at-once the two first indexes are made at the same time, which halves
hours at a million passages; compare their CPU seconds then, not their wall. Bytes read and
written are what the process asked of the system (`rchar`, `wchar` of /proc/self/io), whatever its
cache had. Figures go into `results.json` and onto the page, as of `bench.py`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
DIM = 384
WORDS = 120
"""Words of a paragraph: some 700 characters."""

PER_FILE = 20
LONG_FILES = 6
LONG_BYTES = 4_000_000


# ------------------------------------------------------------ in a process


class Encoder:
    """Unit vectors by hash of the text, at once."""

    def __init__(self) -> None:
        from bienc_cli.types import EncoderIdentity

        self.identity = EncoderIdentity("made-up", "made-up", DIM, 512, "mean")
        self.runtime = "none"
        self.notes = ()
        self.tokenizer = self
        self.special_tokens = 2

    def offsets(self, text: str) -> list[tuple[int, int]]:
        """Words as tokens."""
        spans, at = [], 0
        for word in text.split():
            at = text.index(word, at)
            spans.append((at, at + len(word)))
            at += len(word)
        return spans

    def counts(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text."""
        return [len(text.split()) for text in texts]

    def encode_passages(self, texts: Sequence[str]) -> Any:
        """Shape (n, DIM)."""
        import numpy as np

        rows = np.stack([_direction(text) for text in texts])
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _direction(text: str) -> Any:
    import hashlib

    import numpy as np

    seed = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())
    return np.random.default_rng(seed).standard_normal(DIM, dtype=np.float32)


def step_index(work: Path) -> dict[str, Any]:
    """Make the index agree with the folder."""
    try:
        from bienc_cli.indexing.indexer import index_paths
    except ModuleNotFoundError:  # Its module in the checkouts of format 2.
        from bienc_cli.indexing.pipeline import index_paths

    peak = _PeakOnDisk(work / "index")
    with peak:
        report = index_paths(
            [work / "docs"],
            directory=work / "index",
            load_encoder=lambda _: Encoder(),
            key_dir=work / "keys",
        )
    final = _bytes_in(work / "index")
    return {"passages": report.passages, "peak disk": peak.most / final, "disk": final}


def step_vectors(work: Path) -> dict[str, Any]:
    """The nearest of one query: opening included."""
    from bienc_cli.store import open_reader

    with open_reader(work / "index", key_dir=work / "keys") as index:
        index.search(Encoder().encode_passages(["one"])[0], 20)
    return {}


def step_long(work: Path) -> dict[str, Any]:
    """The passages of hits in as many files of 4 MB, once opened and found."""
    from bienc_cli.store import Filter, open_reader

    with open_reader(work / "index", key_dir=work / "keys") as index:
        ids = []
        for number in range(LONG_FILES):
            where = Filter(paths=(f"long-{number:02}.txt",))
            (found,) = index.search_many(Encoder().encode_passages([f"q{number}"]), 1, where)
            ids.append(found[0][0])
    with open_reader(work / "index", key_dir=work / "keys") as index:
        started = time.perf_counter()
        index.passages(ids)
        return {"reading": time.perf_counter() - started}


STEPS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "index": step_index,
    "vectors": step_vectors,
    "long": step_long,
}


class _PeakOnDisk:
    """The most bytes that a directory holds while something goes on."""

    def __init__(self, directory: Path) -> None:
        self.most = 0
        self._directory = directory
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def _look(self) -> None:
        while not self._ended.wait(0.05):
            self.most = max(self.most, _bytes_in(self._directory))

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self.most = max(self.most, _bytes_in(self._directory))


def _bytes_in(directory: Path) -> int:
    total = 0
    for path in directory.glob("*"):
        try:
            total += path.stat().st_size
        except OSError:
            continue
    return total


def child(step: str, work: Path) -> None:
    """Run a step and print what it cost."""
    import resource

    before = _io()
    started = time.perf_counter()
    found = STEPS[step](work)
    found["seconds"] = time.perf_counter() - started
    after = _io()
    found["read"], found["written"] = after[0] - before[0], after[1] - before[1]
    used = resource.getrusage(resource.RUSAGE_SELF)
    found["cpu"], found["MiB"] = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    print(json.dumps(found))


def _io() -> tuple[int, int]:
    held = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(held["rchar"]), int(held["wchar"])


# ---------------------------------------------------------------- the table


def make_folder(folder: Path, number_of_paragraphs: int) -> None:
    """Files of 20 paragraphs of Zipfian words, and some files of 4 MB."""
    folder.mkdir(parents=True)
    chance = random.Random(1)
    words = [f"w{number:05x}" for number in range(50_000)]
    cum_weights = list(itertools.accumulate(1 / (rank + 10) for rank in range(len(words))))

    def paragraphs(count: int) -> str:
        drawn = chance.choices(words, cum_weights=cum_weights, k=count * WORDS)
        return "\n\n".join(
            " ".join(drawn[start : start + WORDS]) for start in range(0, len(drawn), WORDS)
        )

    for number in range(number_of_paragraphs // PER_FILE):
        (folder / f"{number:06}.txt").write_text(paragraphs(PER_FILE))
    for number in range(LONG_FILES):
        said = paragraphs(20) + "\n\n"
        (folder / f"long-{number:02}.txt").write_text(
            "".join(f"{part} {said}" for part in range(LONG_BYTES // len(said)))
        )


def run(checkout: Path, step: str, work: Path) -> dict[str, Any]:
    """A step in a process of its own, with a checkout's code."""
    from processes import installed_environment

    done = subprocess.run(
        [sys.executable, __file__, "--child", step, str(work)],
        env={**installed_environment(), "PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--paragraphs", type=int, default=80_000)
    parser.add_argument("--against", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--at-once", action="store_true")
    parser.add_argument("--child", nargs=2)
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2], Path(sys.argv[3]))
        return
    arguments = parser.parse_args()
    checkouts = {"here": HERE.parent, "against": arguments.against.resolve()}
    with tempfile.TemporaryDirectory() as temporary:
        works = {name: Path(temporary) / name for name in checkouts}
        for work in works.values():
            make_folder(work / "docs", arguments.paragraphs)
        table: dict[str, dict[str, dict[str, Any]]] = {}

        def measured(label: str, step: str, rounds: int = 1, processes: int = 1) -> None:
            best: dict[str, dict[str, Any]] = {}
            for _ in range(rounds):
                with ThreadPoolExecutor(processes) as pool:
                    done = pool.map(lambda name: run(checkouts[name], step, works[name]), works)
                for name, found in zip(works, done, strict=True):
                    if name not in best or found["seconds"] < best[name]["seconds"]:
                        best[name] = found
            table[label] = best
            print(label, json.dumps(best), file=sys.stderr, flush=True)

        measured("first index", "index", processes=2 if arguments.at_once else 1)
        measured("unchanged run", "index", arguments.rounds)
        for work in works.values():
            path = work / "docs" / "000007.txt"
            path.write_text(path.read_text().replace("w", "v", 1))
        measured("one line edited", "index")
        measured("nearest of a first query", "vectors", arguments.rounds)
        measured("a hit in each of 6 files of 4 MB", "long", arguments.rounds)
    held = next(iter(table.values()))["here"]["passages"]
    keep_part(held, table, arguments.at_once)


def keep_part(passages: int, steps: dict[str, dict[str, dict[str, Any]]], at_once: bool) -> None:
    """Put the figures beside those of other sizes; the other parts keep their machine."""
    # Not before: the steps run with another checkout's code.
    from bench import PAGE, RESULTS
    from processes import machine
    from tables import document

    results = json.loads(RESULTS.read_text())
    part = results["storage"]
    if part["machine"] != machine():
        part = {"machine": machine(), "sizes": {}}
    part["date"] = time.strftime("%Y-%m-%d")
    part["sizes"][str(passages)] = {
        "load": os.getloadavg()[1],
        "at once": at_once,
        "steps": steps,
    }
    results["storage"] = part
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    PAGE.write_text(document(results), encoding="utf-8")


if __name__ == "__main__":
    main()
