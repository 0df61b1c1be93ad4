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

CASES = [
    ("query x --strategy ", STRATEGIES),
    ("query x --strategy bi", {s for s in STRATEGIES if s.startswith("bi")}),
    ("query x --strategy bi-encoder+", {"bi-encoder+cross-encoder"}),
    ("compare x --strategies bm25,li", {"bm25,light", "bm25,light-blend"}),
    ("judge x --strategies ble", {"blend"}),
    ("query x --type ", set(FORMATS)),
    ("compare x --type md", set()),
    ("index . --model ", {"granite-30m", "minilm", "bge-small", "e5-multilingual"}),
    ("score a b --cross-encoder ms", {"ms-marco-minilm-l12"}),
    ("query x --runtime ", {"auto", "openvino", "torch"}),
    ("index --pdf-engine ", {"pypdf", "pdfium"}),
    ("index --language d", {"da", "de"}),
    ("index --language au", {"auto"}),
    ("info --format j", {"json", "jsonl"}),
    ("query x --no-", {"--no-rerank", "--no-check", "--no-compact", "--no-server"}),
    ("que", {"query"}),
]

BASH = """
eval "$(_BIENC_COMPLETE=source_bash bienc)"
COMP_WORDS=({words})
COMP_CWORD={last}
_bienc_completion bienc
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Where `bienc` is a command."""
    program = tmp_path / "bin" / "bienc"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m bienc_cli "$@"\n')
    program.chmod(0o755)
    return {**os.environ, "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}


def offered(line: str, environment: dict[str, str], cwd: Path) -> set[str]:
    words = ["bienc", *line.split(" ")]
    script = BASH.format(words=" ".join(map(shlex.quote, words)), last=len(words) - 1)
    done = subprocess.run(
        ["bash", "--norc", "-c", script], env=environment, cwd=cwd, capture_output=True, text=True
    )
    assert done.stderr == ""
    return set(done.stdout.split())


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@pytest.mark.parametrize(("line", "expected"), CASES)
def test_bash(line: str, expected: set[str], environment: dict[str, str], tmp_path: Path) -> None:
    assert offered(line, environment, tmp_path) == expected


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
@pytest.mark.parametrize(("line", "expected"), [case for case in CASES if case[1]])
def test_fish(line: str, expected: set[str], environment: dict[str, str], tmp_path: Path) -> None:
    script = (
        "env _BIENC_COMPLETE=source_fish bienc | source; "
        f"complete --do-complete {shlex.quote(f'bienc {line}')}"
    )
    done = subprocess.run(
        ["fish", "--no-config", "-c", script],
        env={**environment, "HOME": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert {each.split("\t")[0] for each in done.stdout.splitlines()} == expected, done.stderr


ZSH = """
compdef() {{ : }}
_arguments() {{ print -rl -- "$@" }}
_files() {{ : }}
eval "$(_BIENC_COMPLETE=source_zsh bienc)"
words=({words})
CURRENT={last}
_bienc_completion
"""


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
@pytest.mark.parametrize(("line", "expected"), CASES)
def test_zsh(line: str, expected: set[str], environment: dict[str, str], tmp_path: Path) -> None:
    words = ["bienc", *line.split(" ")]
    script = ZSH.format(words=" ".join(map(shlex.quote, words)), last=len(words))
    done = subprocess.run(
        ["zsh", "-f", "-c", script], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stderr == ""
    assert set(re.findall(r'"([^"]*)"(?::"[^"]*")?', done.stdout)) == expected


def test_a_strategy_is_not_offered_twice() -> None:
    assert completion.strategy_list("blend,ble") == []
    assert ("bm25,blend", "") in completion.strategy_list("bm25,b")
