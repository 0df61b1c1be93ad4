"""Console blocks of the documentation: run, compared, and on request written anew.

A block is fenced as ```console; a line that begins with `$ ` is a command, what follows is
what it prints. The blocks of one file run in order, in one folder with a copy of
`sample_docs/`, 80 columns wide. Times and rates are not compared, other numbers to 0.02:
processors differ in the last digits.

    python tests/console_blocks.py README.md docs/commands.md
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TIME = re.compile(
    r"(?:≈ )?\b[\d,.]+ (?:ms|s|min|h|kB|MB|GB|passages/s|tokens/s)\b(?: \d+ (?:s|min)\b)?"
    r"|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
)
_RUNTIME = re.compile(r"\b(?:openvino|torch) cpu (?:bf16|fp32)(?: \+ int8)?\b")
_NUMBER = re.compile(r"-?\d+\.\d+")


@dataclass(frozen=True)
class Step:
    """A command and what is printed under it."""

    command: str
    output: str


def steps(document: str) -> list[Step]:
    """All commands of a document's console blocks."""
    found = []
    for block in _BLOCK.findall(document):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append(Step(command, output.rstrip("\n")))
    return found


def run(commands: list[str]) -> list[str]:
    """What each command prints (stdout, then stderr), in one folder, one after the other."""
    environment = {
        **os.environ,
        "COLUMNS": "80",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    for name in ("BIENC_INDEX", "BIENC_MODEL", "BIENC_CROSS_ENCODER", "FORCE_COLOR"):
        environment.pop(name, None)
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as cache:
        # Nobody's but theirs: what is prepared is part of what they say.
        environment["BIENC_CACHE"] = cache
        if not all(command.endswith(" --help") for command in commands):
            prepare = ["bienc", "models", "--prepare"]
            subprocess.run(prepare, env=environment, capture_output=True, check=True)
        shutil.copytree(ROOT / "sample_docs", Path(folder, "sample_docs"))
        printed = []
        for command in commands:
            done = subprocess.run(  # an error is an answer too
                ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True
            )
            lines = (done.stdout + done.stderr).replace(folder, "~").splitlines()
            printed.append("\n".join(line.rstrip() for line in lines).strip("\n"))
    return printed


def normalized(output: str) -> tuple[str, list[float]]:
    """Words with times and decimals out and white space folded, and the decimals apart."""
    # Folded first: a longer time may push its unit onto the next line.
    text = _RUNTIME.sub("RUNTIME", _TIME.sub("TIME", " ".join(output.split())))
    numbers = [float(number) for number in _NUMBER.findall(text)]
    return " ".join(_NUMBER.sub("NUMBER", text).split()), numbers


def rewrite(path: Path) -> None:
    """Put what the commands print now under them."""
    document = path.read_text(encoding="utf-8")
    outputs = iter(run([step.command for step in steps(document)]))

    def renewed(found: re.Match[str]) -> str:
        commands = [step.command for step in steps(found.group())]
        parts = [f"$ {command}\n{next(outputs)}".rstrip() for command in commands]
        return "```console\n" + "\n\n".join(parts) + "\n```"

    path.write_text(_BLOCK.sub(renewed, document), encoding="utf-8")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        rewrite(ROOT / name)
