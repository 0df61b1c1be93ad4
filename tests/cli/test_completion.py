"""What the shell offers, in the shells that are here."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bienc_cli.cli import completion
from bienc_cli.formats.table import FORMATS
from bienc_cli.strategy import SHORT_NAMES, Strategy

STRATEGIES = {*map(str, Strategy), *SHORT_NAMES}

OFFERED = {
    "query x --strategy ": STRATEGIES,
    "query x --strategy bi": {s for s in STRATEGIES if s.startswith("bi")},
    "query x --strategy bi-encoder+": {"bi-encoder+cross-encoder"},
    "compare x --strategies bm25,li": {"bm25,light", "bm25,light-blend"},
    "judge x --strategies ble": {"blend"},
    "query x --type ": set(FORMATS),
    "compare x --type md": set(),
    "index . --model ": {"granite-30m", "minilm", "bge-small", "e5-multilingual"},
    "score a b --cross-encoder ms": {"ms-marco-minilm-l12"},
    "query x --runtime ": {"auto", "openvino", "torch"},
    "index --pdf-engine ": {"pypdf", "pdfium"},
    "index --language d": {"da", "de"},
    "index --language au": {"auto"},
    "info --format j": {"json", "jsonl"},
    "query x --no-": {"--no-rerank", "--no-check", "--no-compact", "--no-server"},
    "que": {"query"},
}
"""What is offered for a line that ends there."""

HARDEST = (
    *("query x --strategy bi-encoder+", "compare x --strategies bm25,li", "query x --no-", "que"),
    *("compare x --type md", "index . --model ", "info --format j"),
)
"""Lines of every kind that a shell could take otherwise; what the program offers is the same."""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Where `bienc` is a command."""
    program = tmp_path / "bin" / "bienc"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m bienc_cli "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "HOME": str(tmp_path)}


def said(argv: list[str], cases: list[str], environment: dict[str, str]) -> list[list[str]]:
    """What a shell prints for each line to be completed, all in one shell; nothing on stderr."""
    script = "".join(f"{case}\nprintf '%s\\n' {END}\n" for case in cases)
    done = subprocess.run(
        [*argv, script], env=environment, cwd=environment["HOME"], capture_output=True, text=True
    )
    assert done.stderr == ""
    *parts, rest = done.stdout.split(f"{END}\n")
    assert rest == ""
    return [part.splitlines() for part in parts]


END = "--end-of-what-is-offered--"
BASH = """
[[ -v sourced ]] || eval "$(_BIENC_COMPLETE=source_bash bienc)"
sourced=1
COMP_WORDS=({words})
COMP_CWORD={last}
_bienc_completion bienc
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash(environment: dict[str, str]) -> None:
    cases = []
    for line in OFFERED:
        words = ["bienc", *line.split(" ")]
        cases.append(BASH.format(words=" ".join(map(shlex.quote, words)), last=len(words) - 1))
    printed = said(["bash", "--norc", "-c"], cases, environment)
    found = {line: set(filter(None, lines)) for line, lines in zip(OFFERED, printed, strict=True)}
    assert found == OFFERED


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish(environment: dict[str, str]) -> None:
    # Where nothing of ours is offered, fish offers files.
    offered = {line: OFFERED[line] for line in HARDEST if OFFERED[line]}
    cases = [f"complete --do-complete {shlex.quote(f'bienc {line}')}" for line in offered]
    source = "env _BIENC_COMPLETE=source_fish bienc | source"
    printed = said(["fish", "--no-config", "-C", source, "-c"], cases, environment)
    found = {
        line: {each.split("\t")[0] for each in lines}
        for line, lines in zip(offered, printed, strict=True)
    }
    assert found == offered


ZSH = """
(($+functions[_bienc_completion])) || eval "$(_BIENC_COMPLETE=source_zsh bienc)"
words=({words})
CURRENT={last}
_bienc_completion
"""
# What zsh has only while a line is edited.
ZLE = """
compdef() { : }
_arguments() { print -rl -- "$@" }
_files() { : }
"""


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh(environment: dict[str, str]) -> None:
    cases = []
    for line in HARDEST:
        words = ["bienc", *line.split(" ")]
        cases.append(ZSH.format(words=" ".join(map(shlex.quote, words)), last=len(words)))
    cases[0] = ZLE + cases[0]
    printed = said(["zsh", "-f", "-c"], cases, environment)
    found = {
        line: set(re.findall(r'"([^"]*)"(?::"[^"]*")?', "\n".join(lines)))
        for line, lines in zip(HARDEST, printed, strict=True)
    }
    assert found == {line: OFFERED[line] for line in HARDEST}


def test_a_strategy_is_not_offered_twice() -> None:
    assert completion.strategy_list("blend,ble") == []
    assert ("bm25,blend", "") in completion.strategy_list("bm25,b")
