"""The commands with an index in Milvus say what they say with a directory."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import bienc_cli
from commands import Run
from folders import FRUIT

TESTS = Path(__file__).parent.parent
FILE = "milvus+file:fruit.db"
DIRECTORY = "local"
STORES = (DIRECTORY, FILE)

OF_ITS_OWN = {"directory", "passage_id", "seconds", "stages", "bytes", "created", "updated"}
"""What differs because it is another place and another time."""

BM25 = {"bm25", "bm25_rank"}
"""Milvus has its own, of the same words."""


@pytest.fixture
def both(run: Run, tmp_path: Path) -> Run:
    """Runs a command on each store, which hold the same; gives what both said as JSON."""
    pytest.importorskip("milvus_lite")
    for name, content in FRUIT.items():
        path = tmp_path / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    for store in STORES:
        code, _, err = run("index", "docs", "--index", store, "-q", "--model", "fake")
        assert (code, err) == (0, "")
    return run


def same(run: Run, *argv: str, expected: int = 0, ignore: set[str] = frozenset()) -> Any:  # type: ignore[assignment]
    """What both stores answer, which must be the same."""
    answers = []
    for store in STORES:
        code, out, _ = run(*argv, "--index", store, "--format", "json")
        assert code == expected, out
        answers.append(without(json.loads(out), OF_ITS_OWN | ignore))
    assert answers[0] == answers[1]
    return answers[0]


def without(value: Any, names: set[str]) -> Any:
    if isinstance(value, dict):
        return {key: without(one, names) for key, one in value.items() if key not in names}
    if isinstance(value, list):
        return [without(one, names) for one in value]
    return value


@pytest.mark.parametrize(
    "options",
    [
        ["--strategy", "bi-encoder"],
        ["--strategy", "bi-encoder+cross-encoder"],
        ["--strategy", "cross-encoder"],
        ["--strategy", "bi-encoder", "--path", "*.txt"],
        ["--strategy", "bi-encoder", "--path", "docs/deep/"],
        ["--strategy", "bi-encoder", "--type", "markdown", "--type", "csv"],
        ["--strategy", "bi-encoder", "-k", "2", "--context", "1"],
    ],
)
def test_queries_answer_alike(both: Run, options: list[str]) -> None:
    answer = same(both, "query", "which apples ripen in autumn?", *options)
    assert answer["hits"]


@pytest.mark.parametrize("strategy", ["bm25", "hybrid", "blend", "hybrid+cross-encoder"])
def test_words_find_the_same_passages(both: Run, strategy: str) -> None:
    found = []
    for store in STORES:
        code, out, _ = both(
            *("query", "apples in the cellar", "--strategy", strategy, "-k", "20"),
            *("--index", store, "-f", "json"),
        )
        assert code == 0
        hits = json.loads(out)["hits"]
        assert any(hit["bm25"] for hit in hits)
        found.append({(hit["path"], hit["start"], hit["text"]) for hit in hits})
    assert found[0] == found[1]


def test_info_and_check_say_the_same(both: Run) -> None:
    info = same(both, "info", ignore={"format_version", "graph_recall"})
    assert info["documents"] >= 4
    checked = same(both, "check", ignore={"format_version", "graph_recall"})
    assert checked["whole"] is True
    code, out, _ = both("info", "--index", FILE, "-f", "json")
    assert json.loads(out)["directory"].startswith("milvus+file:/")
    code, out, _ = both("check", "--index", FILE)
    assert (code, "whole:" in out) == (0, True)


def test_changes_and_removals_say_the_same(both: Run, tmp_path: Path) -> None:
    assert same(both, "index")["committed"] is False
    (tmp_path / "docs/pear.txt").write_text("Pears are poached in wine.\n")
    (tmp_path / "docs/deep/cherry.txt").unlink()
    changed = same(both, "index")
    assert (changed["documents"]["changed"], changed["documents"]["removed"]) == (1, 1)
    assert same(both, "query", "poached pears", "--strategy", "bi-encoder")["hits"]
    removed = same(both, "remove", "docs/apple.md", ignore={"bytes_freed"})
    assert removed["removed"]
    assert same(both, "remove", "nothing.here", expected=1, ignore={"bytes_freed"})
    left = same(both, "info", ignore={"format_version", "graph_recall"})
    assert "markdown" not in left["formats"]
    assert same(both, "check", ignore={"format_version", "graph_recall"})["whole"] is True


def test_a_stale_index_is_noted_and_refreshed(both: Run, tmp_path: Path) -> None:
    (tmp_path / "docs/new.txt").write_text("A quince is astringent.\n")
    question = ("query", "quince", "--strategy", "bi-encoder", "--index", FILE)
    _, out, err = both(*question)
    assert "older than its files: 1 new" in err
    _, out, err = both(*question, "--refresh")
    assert "refreshed" in err
    assert "A quince is astringent." in out


def test_comparisons_measure_the_same(both: Run, tmp_path: Path) -> None:
    queries, qrels = tmp_path / "q.jsonl", tmp_path / "qrels.tsv"
    queries.write_text(
        '{"_id": "1", "text": "when do apples ripen"}\n{"_id": "2", "text": "stones of cherries"}\n'
    )
    qrels.write_text("query-id\tcorpus-id\tscore\n1\tapple.md\t1\n2\tdeep/cherry.txt\t1\n")
    files = ("--queries", str(queries), "--qrels", str(qrels))
    measured = []
    for store in STORES:
        code, out, err = both(
            *("compare", *files, "--strategies", "bi-encoder,bi-encoder+cross-encoder,bm25"),
            *("--index", store, "--format", "json"),
        )
        assert code == 0, err
        measured.append(
            {one["name"]: one["means"] for one in json.loads(out)["systems"]}
            if "systems" in json.loads(out)
            else json.loads(out)
        )
    assert measured[0].keys() == measured[1].keys()
    code, _, err = both("compare", "ripe apples", "--index", FILE)
    assert code == 0, err
    report = tmp_path / "report.html"
    code, _, err = both("compare", *files, "--index", FILE, "--report", str(report))
    assert code == 0, err
    assert "bienc" in report.read_text()


def test_weights_are_reset(both: Run) -> None:
    code, _, err = both("tune", "--reset", "--dry-run", "--index", FILE)
    assert (code, "leave out one of them" in err) == (2, True)
    code, out, _ = both("tune", "--reset", "--index", FILE)
    assert (code, "default weights hold" in out) == (0, True)


def test_the_environment_names_it_too(both: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIENC_INDEX", FILE)
    code, out, _ = both("info", "--format", "plain")
    assert code == 0
    assert "fruit.db" in out


def test_an_index_that_is_not_there(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("query", "x", "--index", FILE, "--format", "json")
    assert code == 3
    error = json.loads(out)["error"]
    assert error["code"] == "index_not_found"
    assert f"--index milvus+file:{tmp_path}/fruit.db" in error["hint"]
    assert not (tmp_path / "fruit.db").exists()


def test_a_malformed_address(run: Run) -> None:
    code, out, _ = run("info", "--index", "milvus+http://localhost", "--format", "json")
    assert (code, json.loads(out)["error"]["code"]) == (2, "usage")


def test_a_server_that_is_not_there(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pymilvus")
    from bienc_cli.milvus import connection

    monkeypatch.setattr(connection, "CONNECT_SECONDS", 1.0)
    monkeypatch.setenv("BIENC_MILVUS_TOKEN", "root:hunter2")
    (tmp_path / "a.txt").write_text("x")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"milvus+http://127.0.0.1:{taken.getsockname()[1]}/fruit"
        for argv in (["index", "a.txt"], ["query", "x"], ["info"], ["check"], ["remove", "a.txt"]):
            code, out, err = run(*argv, "--index", address, "--format", "json")
            error = json.loads(out)["error"]
            assert (code, error["code"]) == (2, "storage"), argv
            assert "does not answer" in error["message"]
            assert error["hint"]
            assert "hunter2" not in out + err


PROGRAM = """
import sys
from bienc_cli.cli import main
code = main(sys.argv[1:])
print(sorted({name.split(".")[0] for name in sys.modules}), file=sys.stderr)
sys.exit(code)
"""


def test_nothing_else_loads_the_packages(both: Run, tmp_path: Path) -> None:
    loaded = {}
    for store in STORES:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, "info", "--index", store],
            capture_output=True,
            text=True,
            cwd=tmp_path,
        )
        assert done.returncode == 0, done.stderr
        loaded[store] = set(eval(done.stderr.splitlines()[-1]))
    assert {"pymilvus", "grpc", "milvus_lite"} <= loaded[FILE]
    assert not {"pymilvus", "grpc", "milvus_lite"} & loaded[DIRECTORY]


def test_milvus_lite_is_spoken_to_on_this_machine_only(tmp_path: Path) -> None:
    pytest.importorskip("milvus_lite")
    if not shutil.which("strace"):
        pytest.skip("there is no strace here")
    (tmp_path / "a.txt").write_text("Apples ripen in autumn.")
    trace = tmp_path / "trace"
    done = subprocess.run(
        [
            *("strace", "-f", "-qq", "-e", "trace=connect,sendto", "-o", str(trace)),
            *(sys.executable, str(TESTS / "cli" / "interrupted.py"), "none"),
            *("index", "a.txt", "--index", FILE, "-q"),
        ],
        cwd=tmp_path,
        env={
            **os.environ,
            "BIENC_CACHE": str(tmp_path / "cache"),
            "PYTHONPATH": ":".join([str(Path(bienc_cli.__file__).parent.parent), str(TESTS)]),
        },
        capture_output=True,
    )
    if b"ptrace" in done.stderr:
        pytest.skip("strace is not allowed here")
    assert done.returncode == 0, done.stderr
    attempts = re.findall(r".*sa_family=AF_INET.*", trace.read_text())
    assert attempts
    assert [one for one in attempts if "127.0.0.1" not in one] == []
