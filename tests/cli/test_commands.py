"""The other commands through `main(argv)`, with fake models: what is printed, and the exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands import Run, feed, parsed
from fakes import FakeBiEncoder

# ------------------------------------------------------------------ index


def test_index_reports_and_is_found_from_below(
    run: Run, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = run("index", "docs")
    assert (code, err) == (0, "")
    assert "4 passages" in out or "5 passages" in out
    monkeypatch.chdir(docs / "deep")
    report = parsed(run("index", "--format", "json"))
    assert report["documents"] == {"total": 4, "new": 0, "changed": 0, "unchanged": 4, "removed": 0}
    assert report["committed"] is False


def test_index_lists_what_it_skipped_and_is_strict_when_told(run: Run, docs: Path) -> None:
    (docs / "broken.pdf").write_bytes(b"%PDF-1.7 nothing more")
    code, out, _ = run("index", "docs")
    assert code == 0
    assert "1 file skipped: 1 broken (--skipped lists them)" in out
    code, out, _ = run("index", "--skipped", "--strict")
    assert code == 7
    assert "docs/broken.pdf" in out


def test_index_reads_a_list_of_files(run: Run, docs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    feed(monkeypatch, "docs/pear.txt\n\ndocs/deep/cherry.txt\n")
    assert parsed(run("index", "-", "-f", "json"))["documents"]["new"] == 2


# ------------------------------------------- compare, score, info, models


def test_compare_puts_both_side_by_side(indexed: Run) -> None:
    code, out, err = indexed("compare", "apples in autumn", "-k", "3")
    assert (code, err) == (0, "")
    for expected in ("bi-encoder", "cross-encoder", "overlap@3", "RBO", "pairs", "per pair"):
        assert expected in out


def test_a_file_of_queries_among_queries_is_noted(indexed: Run, tmp_path: Path) -> None:
    (tmp_path / "my queries.tsv").write_text("1\tapples\n")
    code, _, err = indexed("compare", "my queries.tsv", "apples", "-k", "2")
    assert code == 0
    assert err == (
        "note: my queries.tsv is a file, and its name is compared as a query "
        "(bienc compare --queries 'my queries.tsv' reads it)\n"
    )
    assert indexed("compare", "my queries.tsv", "-q")[2] == ""
    assert indexed("compare", "apples " * 50, "-k", "2")[0] == 0


def test_compare_as_json(indexed: Run) -> None:
    result = parsed(indexed("compare", "apples", "pear cellar", "--no-exhaustive", "-f", "json"))
    assert result["schema"] == "bienc.compare/3"
    assert [one["query"] for one in result["queries"]] == ["apples", "pear cellar"]
    assert [cost["strategy"] for cost in result["costs"]] == [
        "bi-encoder",
        "bi-encoder+cross-encoder",
        "cross-encoder",
    ]
    assert result["costs"][2]["estimated"] is True
    assert 0 <= result["agreement"]["mean_rbo"] <= 1


def test_compare_reads_queries_from_stdin(indexed: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    feed(monkeypatch, "apples\npear\n")
    assert len(parsed(indexed("compare", "-", "-f", "json"))["queries"]) == 2


def test_compare_lines(indexed: Run) -> None:
    _, out, _ = indexed("compare", "apples", "-k", "2", "-f", "plain")
    approaches = [line.split("\t")[1] for line in out.splitlines()]
    assert approaches[:4] == ["bi-encoder"] * 2 + ["bi-encoder+cross-encoder"] * 2


def test_score_of_two_texts(run: Run) -> None:
    code, out, _ = run("score", "red pear", "a red pear", "-f", "json")
    assert code == 0
    document = json.loads(out)
    assert document["schema"] == "bienc.score/1"
    (pair,) = document["pairs"]
    assert pair["similarity"] > 0.5
    assert pair["relevance"] > 0.5
    assert "similarity (cosine)" in run("score", "red pear", "a red pear")[1]


def test_score_of_pairs_from_stdin(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    feed(monkeypatch, '["pear", "a pear"]\n{"a": "x", "b": "y"}\n{"query": "p", "passage": "q"}\n')
    code, out, _ = run("score", "-", "-f", "jsonl")
    assert code == 0
    assert [json.loads(line)["b"] for line in out.splitlines()] == ["a pear", "y", "q"]
    feed(monkeypatch, '["one"]\n')
    code, _, err = run("score", "-")
    assert code == 2
    assert "Line 1" in err


def test_info_says_what_the_index_holds(indexed: Run) -> None:
    held = parsed(indexed("info", "-f", "json"))
    assert held["schema"] == "bienc.info/1"
    assert held["documents"] == 4
    assert held["formats"] == {"text": 2, "csv": 1, "markdown": 1}
    assert held["model"]["name"] == "fake"
    assert held["bytes"]["catalog"] > 0
    assert "documents" in indexed("info")[1]


def test_info_lists_what_was_skipped(run: Run, docs: Path) -> None:
    (docs / "broken.docx").write_bytes(b"no archive")
    assert run("index", "docs")[0] == 0
    held = parsed(run("info", "--skipped", "-f", "json"))
    [one] = held["skipped_files"]
    assert one["path"].endswith("broken.docx")
    assert f"skipped\t{one['path']}\t{one['code']}\t" in run("info", "--skipped", "-f", "plain")[1]
    shown = run("info", "--skipped")[1]
    assert one["reason"].split()[0] in shown
    assert "broken.docx" in shown
    assert "broken.docx" not in run("info")[1]
    assert "skipped_files" not in parsed(run("info", "-f", "json"))


def test_another_model_is_refused_where_nothing_has_changed(indexed: Run) -> None:
    for argv in (("index", "."), ("index", "docs"), ("index",), ("query", "x", "--refresh")):
        code, out, err = indexed(*argv, "--model", "other")
        assert (code, out) == (3, ""), argv
        assert "This index was made with fake" in err
        assert "not with other" in err
    assert indexed("index", "--model", "fake")[0] == 0


def test_info_says_what_is_passed_over(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(12):
        (folder / f"{number:02}.txt").write_text(f"text {number}")
    assert run("index", "many", "--exclude", "*.bak")[0] == 0
    assert run("remove", *(f"many/{number:02}.txt" for number in range(10)))[0] == 0
    lines = [line.split() for line in run("info")[1].splitlines()]
    assert ["exclude", "*.bak"] in lines
    [removed] = [line for line in lines if line[0] == "removed"]
    assert removed[1:] == [*(f"{n:02}.txt," for n in range(7)), "07.txt", "and", "2", "more"]


def test_models_prepares_the_defaults_or_those_named(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bienc_cli import models

    loaded: list[str] = []

    def load(name: str, **_: object) -> FakeBiEncoder:
        loaded.append(name)
        return FakeBiEncoder(name=name)

    monkeypatch.setattr(models, "load_bi_encoder", load)
    monkeypatch.setattr(models, "load_cross_encoder", load)
    assert run("models", "--prepare")[0] == 0
    assert loaded == ["granite-30m", "ms-marco-minilm-l12"]
    assert run("models", "--prepare", "bge-small")[0] == 0
    assert loaded[2:] == ["bge-small"]
    for words in (("models", "bge-small"), ("models", "--prepare", "nonesuch")):
        code, out, err = run(*words)
        assert (code, out) == (2, "")
        assert "hint:" in err
    assert len(loaded) == 3


def test_models_lists_the_aliases(run: Run) -> None:
    listed = parsed(run("models", "-f", "json"))
    assert listed["schema"] == "bienc.models/1"
    assert [one["alias"] for one in listed["models"] if one["default"]] == [
        "granite-30m",
        "ms-marco-minilm-l12",
    ]
    assert "granite-30m *" in run("models")[1]


def test_version_and_help(run: Run) -> None:
    code, out, _ = run("--version")
    assert code == 0
    assert out.startswith("bienc ")
    code, out, _ = run("--help")
    assert code == 0
    for command in ("index", "query", "compare", "score", "info", "models", "check"):
        assert command in out
        code, shown, _ = run(command, "--help")
        assert code == 0
        assert "Usage: bienc" in shown


def test_what_git_is_told_to_hide_by_a_file_that_is_included_is_hidden(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, repository = tmp_path / "home", tmp_path / "repository"
    for directory in (home, repository / ".git"):
        directory.mkdir(parents=True)
    (home / ".gitconfig").write_text("[include]\n path = ~/.gitlocal\n")
    (home / ".gitlocal").write_text("[core]\n excludesFile = ~/.hidden\n")
    (home / ".hidden").write_text("secret*.md\n")
    for name in ("secrets", "open"):
        (repository / f"{name}.md").write_text(f"what is {name}\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("GIT_CONFIG_GLOBAL", raising=False)
    monkeypatch.chdir(repository)
    code, out, _ = run("index", ".", "-f", "plain")
    assert code == 0
    assert "documents\t1" in out
