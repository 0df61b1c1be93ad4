"""The documentation's console blocks print what they say."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from console_blocks import ROOT, normalized, run, steps

EXECUTED = ["README.md", "docs/commands.md"]


@pytest.mark.models
@pytest.mark.parametrize("name", EXECUTED)
def test_console_blocks_print_what_they_say(name: str) -> None:
    expected = steps((ROOT / name).read_text(encoding="utf-8"))
    assert expected
    printed = run([step.command for step in expected])
    for step, output in zip(expected, printed, strict=True):
        words, numbers = normalized(output)
        expected_words, expected_numbers = normalized(step.output)
        assert words == expected_words, step.command
        assert numbers == pytest.approx(expected_numbers, abs=0.02), step.command


def test_every_command_and_exit_code_is_documented() -> None:
    from bienc_cli.cli.app import command_line

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
    for name in command_line().commands:
        assert f"`bienc {name}" in readme
        assert f"$ bienc {name} --help" in commands
    for code in (0, 1, 2, 3, 4, 5, 6, 7, 130, 143):
        assert re.search(rf"^\| {code}\b", readme, re.MULTILINE), code


def test_every_test_that_the_documentation_names_is_there() -> None:
    named = 0
    for path in (ROOT / "docs").glob("*.md"):
        text = path.read_text(encoding="utf-8")
        file = ""
        for where, test in re.findall(r"`(?:tests/)?([\w/]+\.py)?::(test_\w+)`", text):
            file = where or file
            assert f"def {test}(" in (ROOT / "tests" / file).read_text(encoding="utf-8"), test
            named += 1
        for where in re.findall(r"`tests/([\w/]+\.py)`", text):
            assert (ROOT / "tests" / where).exists(), where
    assert named > 50


@pytest.mark.parametrize("path", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))])
def test_every_row_stands_in_a_table(path: Path) -> None:
    """A blank line between two rows ends the table, and what follows is shown as text."""
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark").enable("table").parse(path.read_text(encoding="utf-8"))
    loose = [one.content for one in tokens if one.type == "inline" and one.content.startswith("|")]
    assert loose == []


def test_nothing_is_installed_by_a_name_that_is_not_published() -> None:
    """What the program itself names is held in `test_install_commands.py`."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for path in (ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        assert not re.search(rf"install[^`\n]* '?{project['name']}", text), path


def test_every_dependency_is_accounted_for() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    accounts = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
    for requirement in [
        *project["dependencies"],
        *(name for extra in project["optional-dependencies"].values() for name in extra),
    ]:
        name = re.split(r"[\[=<>~! ]", requirement)[0]
        assert name in accounts, name


@pytest.mark.models
def test_the_blocks_of_the_library_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "sample_docs", tmp_path / "sample_docs")
    monkeypatch.chdir(tmp_path)
    manual = (ROOT / "docs/library.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", manual, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    exec("".join(blocks), names)
    assert len(names["rows"]) == 3
    assert names["rows"][0]["text"] in names["best"].text
    assert names["prompt"]
