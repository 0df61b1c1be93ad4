"""A query through a running server beside the same query in a cold process, and in a warm one.

    python benchmarks/serving.py [--runs 9]

Whole processes over the sample documents, in turns; the answers are compared too. Figures go into
`results.json` and onto the page, as of `bench.py`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import PAGE, RESULTS, SAMPLE
from processes import BIENC, machine, run, side_by_side
from tables import document

QUERY = "Does the insurance pay if my laptop is stolen from a parked car?"
OPTIONS = {
    "reranked": (),
    "--no-rerank": ("--no-rerank",),
}
REPEATED = 5
"""How often one process is asked the same, of which the first time is left out."""


@contextmanager
def server(index: Path) -> Iterator[int]:
    """A server that is ready; its process."""
    argv = [*BIENC, "serve", "--index", str(index)]
    process = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if "queries are answered here" in line:
                break
        else:
            raise RuntimeError("the server has ended")
        yield process.pid
    finally:
        process.terminate()
        process.communicate()


def cpu_seconds(process: int) -> float:
    """Of a process that runs, so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def comparable(output: dict[str, Any]) -> str:
    """An answer without its times."""
    return json.dumps({**output, "seconds": None, "served": None})


def totals(printed: str, *, table: bool) -> list[float]:
    """Seconds that each of several answers took, as they say themselves."""
    if not table:
        return [json.loads(line)["seconds"]["total"] for line in printed.splitlines()]
    said = re.findall(r"\btotal ([0-9.]+) (s|ms|µs)\b", printed)
    return [float(number) * {"s": 1.0, "ms": 1e-3, "µs": 1e-6}[unit] for number, unit in said]


def main() -> None:
    """Measure, and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder, ".bienc")
        run([*BIENC, "index", SAMPLE, "--index", index])
        # Apart from whatever else runs here.
        os.environ["XDG_RUNTIME_DIR"] = folder
        Path(folder).chmod(0o700)
        answers: dict[tuple[str, bool], set[str]] = {}
        serving: list[int] = []

        def process(name: str, *, served: bool, table: bool = False) -> Callable[[int], Any]:
            form = "table" if table else "json"
            argv = [*BIENC, "query", QUERY, "--index", index, "--format", form, *OPTIONS[name]]

            def measured(_: int) -> dict[str, float]:
                before = cpu_seconds(serving[0])
                done = run(argv if served else [*argv, "--no-server"])
                elsewhere = cpu_seconds(serving[0]) - before if served else 0.0
                if table:
                    if ("served ·" in done.output) is not served:
                        raise RuntimeError(done.output)
                else:
                    if ("served" in done.output) is not served:
                        raise RuntimeError("it was answered by another process")
                    answers.setdefault((name, served), set()).add(comparable(done.output))
                return {"wall": done.wall, "cpu": done.cpu + elsewhere, "peak_mib": done.peak_mib}

            return measured

        def warm(name: str, *, table: bool = False) -> Callable[[int], dict[str, float]]:
            asked = Path(folder, "queries.txt")
            asked.write_text(f"{QUERY}\n" * REPEATED)
            form = "table" if table else "jsonl"
            command = " ".join([*BIENC, "query - --format", form, *OPTIONS[name]])
            shell = f"{command} --index {index} < {asked}"

            def measured(_: int) -> dict[str, float]:
                done = subprocess.run(
                    ["bash", "-c", shell], capture_output=True, text=True, check=True
                )
                return {"wall": min(totals(done.stdout, table=table)[1:])}

            return measured

        contenders = {}
        for name in OPTIONS:
            contenders[f"cold, {name}"] = process(name, served=False)
            contenders[f"served, {name}"] = process(name, served=True)
            contenders[f"cold, {name}, as a table"] = process(name, served=False, table=True)
            contenders[f"served, {name}, as a table"] = process(name, served=True, table=True)
            contenders[f"in one process, {name}"] = warm(name)
            contenders[f"in one process, {name}, as a table"] = warm(name, table=True)
        with server(index) as running:
            serving.append(running)
            figures = side_by_side(contenders, runs)
    results = json.loads(RESULTS.read_text())
    results["serving"] = {
        "date": time.strftime("%Y-%m-%d"),
        "machine": machine(),
        "load": os.getloadavg()[1],
        "figures": figures,
        "same": all(len(answers[name, True] | answers[name, False]) == 1 for name in OPTIONS),
    }
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    PAGE.write_text(document(results))


if __name__ == "__main__":
    main()
