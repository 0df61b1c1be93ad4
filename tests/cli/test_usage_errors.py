"""Command lines that cannot be understood: what was typed, what is allowed, a line to type."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands import Run


@pytest.mark.parametrize(
    ("argv", "message", "hint"),
    [
        ("query x -k many", "-k takes a whole number, not 'many'.", "bienc query TEXT -k 10"),
        ("query x -k 1.5", "-k takes a whole number, not '1.5'.", "bienc query TEXT -k 10"),
        ("query x -k 0", "-k takes 1 or more, not '0'.", "bienc query TEXT -k 10"),
        ("compare x -k -1", "-k takes 1 or more, not '-1'.", "bienc compare -k 10"),
        (
            "query x --candidates 0",
            "--candidates takes 1 or more, not '0'.",
            "bienc query TEXT --candidates 50",
        ),
        ("compare x -k ''", "-k takes a whole number, not ''''.", "bienc compare -k 10"),
        (
            "query x --candidates many",
            "--candidates takes a whole number, not 'many'.",
            "bienc query TEXT --candidates 50",
        ),
        ("judge x --depth a", "--depth takes a whole number, not 'a'.", "bienc judge --depth 5"),
        ("index --wait soon", "--wait takes a number, not 'soon'.", "bienc index --wait 30"),
        ("index --wait -1", "--wait takes 0 or more, not '-1'.", "bienc index --wait 30"),
        ("query x -C -3", "--context takes 0 or more, not '-3'.", "bienc query TEXT --context 1"),
        (
            "score a b --threads 0",
            "--threads takes 1 or more, not '0'.",
            "bienc score TEXT --threads 1",
        ),
        (
            "info --format xml",
            "--format takes table, json, jsonl or plain, not 'xml'.",
            "bienc info --format table",
        ),
        ("query x --wrong", "bienc query has no option --wrong.", "bienc query --help"),
        (
            "query x --candidats 5",
            "bienc query has no option --candidats.",
            "bienc query TEXT --candidates, or bienc query --help",
        ),
        (
            "query x --limit 5",
            "bienc query has no option --limit.",
            "bienc query TEXT -k 10, or bienc query --help",
        ),
        (
            "query x --json",
            "bienc query has no option --json.",
            "bienc query TEXT --format json, or bienc query --help",
        ),
        (
            "info --json",
            "bienc info has no option --json.",
            "bienc info --format json, or bienc info --help",
        ),
        (
            "check --fix",
            "bienc check has no option --fix.",
            "bienc check --repair, or bienc check --help",
        ),
        ("info -n 5", "bienc info has no option -n.", "bienc info --help"),
        ("info --repair", "bienc info has no option --repair.", "bienc info --help"),
        ("query", "bienc query wants TEXT.", 'bienc query "how do I undo a commit"'),
        ("remove", "bienc remove wants PATH.", "bienc remove docs/old.md"),
        ("similar", "bienc similar wants PATH[:LINE].", "bienc similar handbook/leave.md"),
        ("info x", "bienc info takes no 'x'.", "bienc info"),
        (
            "similar a.md b.md c.md",
            "bienc similar takes no 'b.md c.md'.",
            "bienc similar PATH[:LINE]",
        ),
        ("query x -k", "-k wants a value.", "bienc query --help says which"),
        (
            "query x --min-relevance high",
            "--min-relevance takes a number, not 'high'.",
            "bienc query TEXT --min-relevance 0.5",
        ),
        ("query x --full=3", "--full takes no value.", "bienc query --full"),
        ("quary x -k 3", "There is no command 'quary'.", "bienc query x -k 3"),
        ("watch docs", "There is no command 'watch'.", "bienc index --watch"),
        ("search x -k 3", "There is no command 'search'.", "bienc query x -k 3"),
        ("serch x", "There is no command 'serch'.", "bienc query x"),
        ("search", "There is no command 'search'.", "bienc query TEXT"),
        ("rm a.md", "There is no command 'rm'.", "bienc remove a.md"),
        ("quary", "There is no command 'quary'.", "bienc query"),
        (
            "how do I undo it",
            "There is no command 'how'.",
            "bienc query 'how do I undo it'",
        ),
        ("-v", "bienc has no option -v.", "bienc --version"),
        (
            "query timeout -proxy",
            "bienc query has no option -proxy.",
            "bienc query 'timeout -proxy'",
        ),
        (
            "query -coffee",
            "bienc query has no option -coffee.",
            "bienc query -- -coffee",
        ),
        (
            "query x -refresh",
            "bienc query has no option -refresh.",
            "bienc query TEXT --refresh, or bienc query --help",
        ),
        ("query -d", "bienc query has no option -d.", "bienc query --help"),
        ("xyzzy", "There is no command 'xyzzy'.", "bienc --help lists them"),
    ],
)
def test_one_voice(run: Run, argv: str, message: str, hint: str) -> None:
    code, out, err = run(*argv.split())
    assert (code, out) == (2, "")
    assert err == f"error: {message}\nhint: {hint}\n"
    code, out, err = run(*argv.split()[:1], "-fjson", *argv.split()[1:])
    if "--format" not in argv:
        assert (code, err) == (2, "")
        assert json.loads(out)["error"]["message"] == message


@pytest.mark.parametrize(
    ("argv", "hint"),
    [
        ("index handbok", "did you mean handbook?"),
        ("index handbook/leav.md", "did you mean handbook/leave.md?"),
        ("compare --queries querys.tsv", "did you mean queries.tsv?"),
        ("index elsewhere/at/all", "check the path"),
    ],
)
def test_a_path_that_is_nearly_there(run: Run, tmp_path: Path, argv: str, hint: str) -> None:
    (tmp_path / "handbook").mkdir()
    (tmp_path / "handbook/leave.md").touch()
    (tmp_path / "queries.tsv").touch()
    code, out, err = run(*argv.split())
    assert (code, out) == (2, "")
    assert err == f"error: There is no '{argv.split()[-1]}' here.\nhint: {hint}\n"


def test_no_option_leaks_the_words_of_a_validator(run: Run) -> None:
    """Every option of every command, with a value that none takes."""
    from bienc_cli.cli.app import command_line

    tried = 0
    for name, command in command_line().commands.items():
        for parameter in command.params:
            if parameter.param_type_name != "option" or parameter.is_flag:
                continue
            _, _, err = run(name, *(["x"] * 2 if name != "info" else []), parameter.opts[0], "\x00")
            for word in ("Input should", "Value error", "valid integer", "Traceback", "happen"):
                assert word not in err, (name, parameter.opts, err)
            tried += 1
    assert tried > 40
