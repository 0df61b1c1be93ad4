"""What goes wrong ends in a sentence, a hint and an exit code."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from commands import Run, parsed


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        (("index", "nowhere"), 2, "nowhere"),
        (("index", "--index", "other"), 3, "no index here to refresh"),
        (("query", "pear"), 3, "no index in"),
        (("query", "pear", "--index", "docs"), 3, "no index in"),
        (("query", "pear", "--index", "nowhere"), 3, "no such index directory"),
        (("info",), 3, "no index in"),
        (("query", "  "), 2, "query is empty"),
        (("query", "pear", "-k", "0"), 2, "1 or more"),
        (("query", "pear", "--candidates", "3"), 2, "3 candidates cannot give 10"),
        (("query", "pear", "--runtime", "abacus"), 2, "no runtime 'abacus'"),
        (("query", "pear", "--no-rerank", "--min-relevance", "0.5"), 3, "no index"),
        (("query", "--nonsense"), 2, "has no option --nonsense"),
        (("compare", "pear", " "), 2, "query is empty"),
        (("score", "only one"), 2, "Two texts make a pair"),
        (("index", "docs", "--passage-tokens", "5000"), 2, "reads 64 tokens"),
    ],
)
def test_errors_say_what_and_exit_with_their_code(
    run: Run, docs: Path, argv: tuple[str, ...], code: int, message: str
) -> None:
    got, out, err = run(*argv)
    assert got == code
    assert out == ""
    assert err.startswith("error: ")
    assert message in err
    assert "Traceback" not in err
    document = parsed(run(*argv, "--format", "json"), code)
    assert document["schema"] == "bienc.error/1"
    assert message in document["error"]["message"]
    assert set(document["error"]) == {"code", "message", "hint"}


def test_debug_shows_the_traceback(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIENC_DEBUG", "1")
    assert "Traceback" in run("info")[2]


def test_an_interrupt_is_exit_130(indexed: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from bienc_cli import search

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(search, "search", interrupt)
    code, _, err = indexed("query", "pear")
    assert code == 130
    assert "interrupted" in err


def test_a_fault_of_ours_is_no_traceback(indexed: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from bienc_cli import search

    monkeypatch.setattr(search, "search", lambda *_: 1 / 0)
    code, _, err = indexed("query", "pear")
    assert code == 2
    assert "ZeroDivisionError" in err
    assert "Traceback" not in err


def test_a_closed_pipe_ends_quietly(indexed: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

        def fileno(self) -> int:
            raise ValueError

    monkeypatch.setattr(sys, "stdout", Closed())
    code, _, err = indexed("query", "pear", "-f", "jsonl")
    assert (code, err) == (0, "")


@pytest.mark.parametrize("argv", [("-fjson",), ("-qfjson",), ("--format=json",), ("-f", "json")])
def test_an_error_is_json_however_json_was_asked_for(run: Run, argv: tuple[str, ...]) -> None:
    code, out, _ = run("query", "", *argv)
    assert code == 2
    assert json.loads(out)["schema"] == "bienc.error/1"


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("Exception from src/inference.cpp: Check failed: std::bad_alloc"),
        RuntimeError("Cannot allocate 1048576 bytes"),
        ImportError("libopenvino.so: failed to map segment from shared object"),
    ],
    ids=repr,
)
def test_too_little_memory_is_no_fault_of_the_program(
    indexed: Run, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("bienc_cli.library.shared_models.Models._load_bi_encoder", fail)
    code, _, err = indexed("query", "espresso")
    assert code == 2
    assert "There is not enough memory for this." in err
    assert "ulimit -v" in err
