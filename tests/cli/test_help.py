"""Help: examples that parse, plain types, groups, variables; nothing of the parser's own voice."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from bienc_cli.cli.app import command_line
from bienc_cli.cli.examples import EXAMPLES
from bienc_cli.cli.help import lines, page_of
from bienc_cli.environment import variables
from commands import Run

GROUP: Any = command_line()
COMMANDS = sorted(GROUP.commands)


def page(name: str) -> Any:
    context = GROUP.make_context("bienc", [], resilient_parsing=True)
    if name == "bienc":
        return page_of(GROUP, context)
    command = GROUP.commands[name]
    inner = command.make_context(name, [], parent=context, resilient_parsing=True)
    return page_of(command, inner)


@pytest.mark.parametrize("name", ["bienc", *COMMANDS])
@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_help_fits_and_breaks_no_word(name: str, width: int) -> None:
    shown = [line.plain for line in lines(page(name), width)]
    names = {entry.name for group in page(name).groups for entry in group.entries}
    typed = {example.line for example in page(name).examples}
    for line in shown:
        whole = line.strip() in names | typed or line.startswith("Usage:")
        assert whole or len(line) <= width or " " not in line.strip()
    words = " ".join(" ".join(shown).split())
    for group in page(name).groups:
        for entry in group.entries:
            assert " ".join(entry.text.split()) in words, entry


@pytest.mark.parametrize("name", COMMANDS)
def test_no_type_of_a_language_and_no_flag_with_a_value(run: Run, name: str) -> None:
    code, out, _ = run(name, "--help")
    assert code == 0
    assert not re.search(r"<\w+|list\[|\[x>|\bint\b|\bbool\b|\bfloat\b|╭|env var", out), out
    assert re.search(r"^  -h, --help  +Show", out, re.MULTILINE)
    assert run("help", name) == (0, out, "")


@pytest.mark.parametrize("name", ["bienc", *COMMANDS])
def test_every_example_can_be_typed(name: str, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    assert EXAMPLES[name]
    for example in EXAMPLES[name]:
        words = shlex.split(example.line.split(" < ")[0].split(" | ")[-1])
        assert words[0] == "bienc"
        if words[1] == "help":
            words = ["bienc", words[2], "--help"]
        assert name in ("bienc", words[1])
        command = GROUP.commands[words[1]]
        if "--help" not in words:
            command.make_context(words[1], words[2:])


def test_help_of_all_and_of_none(run: Run) -> None:
    assert run("help") == run("--help") == run("-h")
    assert run("help", "quary")[2] == run("quary", "--help")[2]


def test_every_variable_that_is_read_is_named(run: Run) -> None:
    read = set()
    for path in Path(variables.__file__).parents[1].rglob("*.py"):
        read |= set(re.findall(r'"(BIENC_[A-Z_]+|HF_HUB_OFFLINE|VISUAL)"', path.read_text("utf-8")))
    assert read == set(variables.VARIABLES)
    out = run("--help")[1]
    assert all(name in out for name in read)
    assert "BIENC_MODEL" in run("index", "--help")[1]
    assert "BIENC_CROSS_ENCODER" in run("query", "--help")[1]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")  # noqa: PTH110
@pytest.mark.parametrize("argv", [("--help",), ("query", "--help"), ("help",), ("--version",)])
def test_help_to_a_full_disk(argv: tuple[str, ...], tmp_path: Path) -> None:
    import subprocess
    import sys

    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            [sys.executable, "-m", "bienc_cli", *argv], stdout=full, stderr=-1, text=True
        )
    assert done.returncode == 2
    assert "cannot be written to standard output" in done.stderr
    assert "system refused" not in done.stderr


def test_the_program_alone_shows_its_commands_on_one_screen(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    code, out, err = run()
    assert (code, err) == (2, "")
    shown = out.splitlines()
    # A line for the prompt below.
    assert len(shown) < 24
    assert max(map(len, shown)) <= 80
    for name in COMMANDS:
        assert sum(line.startswith(f"  {name} ") for line in shown) == 1
    assert "bienc --help" in out
    assert len(run("--help")[1].splitlines()) > len(shown)
