"""Child processes with what they cost, and figures with their spread."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
BIENC = (str(Path(sys.executable).with_name("bienc")),)

# A child's peak counts what its parent held when it was started, so a small one starts it.
_LAUNCHER = """
import json, os, sys, time
started = time.perf_counter()
child = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, used = os.wait4(child, 0)
wall = time.perf_counter() - started
with open(sys.argv[1], "w") as told:
    json.dump([os.waitstatus_to_exitcode(status), wall, used.ru_utime + used.ru_stime,
               used.ru_maxrss / 1024], told)
"""


@dataclass(frozen=True, slots=True)
class Finished:
    """A process that has ended.

    Attributes:
        wall: seconds from start to end.
        cpu: seconds of processor time, user and system, of the process and those it waited for.
        peak_mib: the most memory it held at one time.
        output: the JSON it printed.
    """

    wall: float
    cpu: float
    peak_mib: float
    output: Any


def installed_environment() -> dict[str, str]:
    """This process's, but that modules are compiled once, as an installer does, not by each run."""
    kept = dict(os.environ)
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return kept


def run(argv: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> Finished:
    """Run a process to its end.

    Raises:
        RuntimeError: it failed; with what it said.
    """
    with tempfile.NamedTemporaryFile() as told:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _LAUNCHER, told.name, *map(str, argv)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            env={**installed_environment(), **(environment or {})},
        )
        exit_code, wall, cpu, peak_mib = json.load(told)
    if exit_code:
        raise RuntimeError(f"{' '.join(map(str, argv))}\n{done.stderr.decode()}")
    text = done.stdout.decode()
    output = json.loads(text) if text.lstrip().startswith(("{", "[")) else text
    return Finished(wall, cpu, peak_mib, output)


def script(name: str, *arguments: str | Path) -> tuple[str | Path, ...]:
    """The command that runs a script of this directory."""
    return (sys.executable, HERE / name, *arguments)


def figure(values: Sequence[float]) -> dict[str, Any]:
    """A median with its spread, as it stands in the results."""
    return {
        "median": statistics.median(values),
        "least": min(values),
        "most": max(values),
        "runs": len(values),
    }


def side_by_side(
    contenders: Mapping[str, Callable[[int], dict[str, float]]], runs: int
) -> dict[str, dict[str, Any]]:
    """Every contender once, then all again: what disturbs the machine disturbs them alike.

    Args:
        contenders: by name; each is told the number of the round and gives its figures by name.
        runs: how many rounds.

    Returns:
        By contender and figure: median, least, most, runs.
    """
    seen: dict[str, dict[str, list[float]]] = {name: {} for name in contenders}
    for number in range(runs):
        for name, measure in contenders.items():
            for key, value in measure(number).items():
                seen[name].setdefault(key, []).append(value)
            said = ", ".join(f"{key} {values[-1]:.4g}" for key, values in seen[name].items())
            print(f"  round {number + 1}: {name}: {said}", file=sys.stderr, flush=True)
    return {
        name: {key: figure(values) for key, values in figures.items()}
        for name, figures in seen.items()
    }


def machine() -> dict[str, Any]:
    """What it ran on, with nothing that names the machine's place or owner."""
    import platform

    from bienc_cli.models.openvino_runtime import native_precision

    said = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    facts = dict(
        (part.strip() for part in line.split(":", 1)) for line in said.splitlines() if ":" in line
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    flags = facts.get("flags", "").split()
    return {
        "processor": facts.get("model name", platform.processor() or "unknown"),
        "cores": len(os.sched_getaffinity(0)),
        "extensions": [
            one for one in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if one in flags
        ],
        "precision": native_precision(),
        "memory_gib": round(memory, 1),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
    }


def versions() -> dict[str, str]:
    """The libraries that the figures depend on."""
    from importlib.metadata import version

    names = ("bienc-cli", "torch", "sentence-transformers", "transformers", "openvino", "hnswlib")
    return {name: version(name) for name in names}
