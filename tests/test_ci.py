"""The action, the workflow and the hook: their scripts are run as a runner runs them."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from bienc_cli.cli.app import command_line
from bienc_cli.evaluation.qrels import read_qrels
from bienc_cli.evaluation.queries import read_queries

ROOT = Path(__file__).resolve().parents[1]
ACTION: Any = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
WORKFLOW: Any = yaml.safe_load(
    (ROOT / ".github/workflows/search-quality.yml").read_text(encoding="utf-8")
)
STEPS: list[Any] = ACTION["runs"]["steps"]
(GIVEN,) = (step for step in WORKFLOW["jobs"]["docs"]["steps"] if step["uses"] == "./")
SUMMARY = "summary.md"


@pytest.fixture
def runner(tmp_path: Path) -> dict[str, str]:
    """What a runner has in its environment; `bienc` is a command."""
    program = tmp_path / "bin" / "bienc"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m bienc_cli "$@"\n')
    program.chmod(0o755)
    return {
        **os.environ,
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / SUMMARY),
    }


def step(name: str, runner: dict[str, str], inputs: dict[str, str]) -> int:
    """Run a script of the action with its expressions put in, and give its exit code."""
    (found,) = (one for one in STEPS if one.get("name") == name)
    outputs = Path(runner["GITHUB_OUTPUT"])
    values = {f"inputs.{key}": value for key, value in inputs.items()}
    values["runner.temp"] = runner["RUNNER_TEMP"]
    for line in outputs.read_text().splitlines() if outputs.exists() else ():
        key, _, value = line.partition("=")
        values[f"steps.measure.outputs.{key}"] = value
    environment = {
        key: re.sub(r"\$\{\{ (\S+) \}\}", lambda match: values[match[1]], value)
        for key, value in found.get("env", {}).items()
    }
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", found["run"]],
        cwd=ROOT,
        env=runner | environment,
    )
    return done.returncode


def inputs(**given: str) -> dict[str, str]:
    held = {name: one.get("default", "") for name, one in ACTION["inputs"].items()}
    return held | GIVEN["with"] | given


@pytest.mark.models
def test_this_projects_own_documentation_passes(runner: dict[str, str], tmp_path: Path) -> None:
    asked = inputs(strategies="light-blend", **{"fail-under": "nDCG@10=0.8 light-blend:R@100=1"})
    assert step("Index", runner, asked) == 0
    assert step("Measure", runner, asked) == 0
    assert step("Verdict", runner, asked) == 0
    summary = (tmp_path / SUMMARY).read_text()
    assert "light-blend" in summary
    assert (tmp_path / "bienc.html").stat().st_size > 10_000
    strict = asked | {"fail-under": "nDCG@10=0.8 nDCG@10=1.0"}
    assert step("Measure", runner, strict) == 0
    assert "below 1" in (tmp_path / SUMMARY).read_text()
    assert step("Verdict", runner, strict) == 1


@pytest.mark.parametrize(
    ("path", "paths"),
    [
        ("docs README.md", ["docs", "README.md"]),
        ("my notes\ndocs\n", ["my notes", "docs"]),
        ("it's $HOME *.md\n", ["it's $HOME *.md"]),
        ("--help", ["--help"]),
    ],
)
def test_paths_are_indexed_as_they_are_written(
    runner: dict[str, str], tmp_path: Path, path: str, paths: list[str]
) -> None:
    program = tmp_path / "bin" / "bienc"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$RUNNER_TEMP/given"\n')
    assert step("Index", runner, inputs(path=path)) == 0
    given = (tmp_path / "given").read_text().splitlines()
    assert given[given.index("--") + 1 :] == paths


def test_nothing_that_is_given_becomes_part_of_a_script() -> None:
    assert all("${{" not in one.get("run", "") for one in STEPS)
    assert set(GIVEN["with"]) <= set(ACTION["inputs"])
    needed = {name for name, one in ACTION["inputs"].items() if one.get("required")}
    assert needed <= set(GIVEN["with"])
    assert set(re.findall(r"inputs\.([a-z-]+)", str(ACTION["runs"]))) == set(ACTION["inputs"])


def test_every_question_has_an_answer_that_is_there() -> None:
    queries = {query.query_id for query in read_queries(ROOT / GIVEN["with"]["queries"])}
    judged = read_qrels(ROOT / GIVEN["with"]["qrels"]).by_query
    assert set(judged) == queries
    for items in judged.values():
        for item in items:
            assert (ROOT / GIVEN["with"]["path"] / str(item)).is_file()


def test_the_hook_is_a_command_that_can_be_typed(tmp_path: Path) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    program, name, *arguments = shlex.split(hook["entry"])
    group: Any = command_line()
    assert (program, hook["pass_filenames"], hook["always_run"]) == ("bienc", False, True)
    group.commands[name].make_context(name, arguments)
