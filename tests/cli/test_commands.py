"""Every command through `main(argv)`, with fake models: what is printed, and the exit code."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fakes import FakeBiEncoder

Run = Callable[..., tuple[int, str, str]]


def feed(monkeypatch: pytest.MonkeyPatch, text: str | bytes) -> None:
    raw = text.encode() if isinstance(text, str) else text
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))


def parsed(result: tuple[int, str, str]) -> dict[str, Any]:
    document = json.loads(result[1])
    assert isinstance(document, dict)
    return document


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
    document = parsed(run(*argv, "--format", "json"))
    assert document["schema"] == "bienc.error/1"
    assert message in document["error"]["message"]
    assert set(document["error"]) == {"code", "message", "hint"}


def test_debug_shows_the_traceback(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIENC_DEBUG", "1")
    assert "Traceback" in run("info")[2]


# ------------------------------------------------------------------ query


def test_query_shows_a_table_without_escapes(indexed: Run) -> None:
    code, out, err = indexed("query", "cherry", "stones")
    assert (code, err) == (0, "")
    assert "docs/deep/cherry.txt:1" in out
    assert "rerank" in out
    assert "\x1b" not in out
    assert all(line == line.rstrip() for line in out.splitlines())


def test_query_as_json_says_everything(indexed: Run) -> None:
    code, out, err = indexed("query", "apples in autumn", "-k", "2", "-f", "json")
    assert (code, err) == (0, "")
    answer = json.loads(out)
    assert answer["schema"] == "bienc.query/2"
    assert answer["strategy"] == "blend"
    assert [hit["rank"] for hit in answer["hits"]] == [1, 2]
    top = answer["hits"][0]
    text = Path("docs/apple.md").read_text()
    assert top["path"] == "docs/apple.md"
    assert top["document_id"] == "apple.md"
    assert top["text"] == text[top["start"] : top["end"]]
    assert top["heading"][0] == "Apples"
    first, last = (1 + text.count("\n", 0, end) for end in (top["start"], top["end"] - 1))
    assert top["place"] == {
        "kind": "line",
        "first": first,
        "last": last,
        "name": None,
        "recognised": False,
    }
    assert top["citation"] == f"docs/apple.md:{first}"
    assert 0 < top["relevance"] < 1
    assert answer["seconds"]["total"] == pytest.approx(
        sum(value for name, value in answer["seconds"].items() if name != "total"), abs=1e-4
    )
    assert answer["index"]["documents"] == 4
    assert answer["models"]["cross_encoder"]["name"] == "fake-cross"


def test_query_without_reranking(indexed: Run) -> None:
    answer = parsed(indexed("query", "pear", "--no-rerank", "-f", "json"))
    assert answer["strategy"] == "light-blend"
    assert answer["models"]["cross_encoder"] is None
    assert {hit["relevance"] for hit in answer["hits"]} == {None}


def test_nothing_found_is_exit_1_and_still_json(indexed: Run) -> None:
    argv = ("query", "pear", "--path", "nowhere/")
    code, out, _ = indexed(*argv)
    assert code == 1
    assert "nothing found" in out
    code, out, _ = indexed(*argv, "-f", "json")
    assert code == 1
    assert json.loads(out)["hits"] == []
    assert indexed(*argv, "-f", "plain")[:2] == (1, "")


def test_query_filters_by_path_and_type(indexed: Run) -> None:
    answer = parsed(indexed("query", "apple", "--type", "csv", "-f", "json"))
    assert {hit["format"] for hit in answer["hits"]} == {"csv"}
    answer = parsed(indexed("query", "apple", "--path", "docs/deep/", "-f", "json"))
    assert {hit["path"] for hit in answer["hits"]} == {"docs/deep/cherry.txt"}


def test_an_unknown_type_is_refused(indexed: Run) -> None:
    code, _, err = indexed("query", "apple", "--type", "papyrus")
    assert code == 2
    assert "papyrus" in err
    assert "markdown" in err


def test_full_and_context_show_more(indexed: Run) -> None:
    assert "A pear keeps for weeks" in indexed("query", "bruise", "--full")[1]
    argv = ("query", "bruise", "--context", "2", "-f", "json")
    hits = parsed(indexed(*argv))["hits"]
    (pear,) = [hit for hit in hits if hit["path"] == "docs/pear.txt"]
    assert pear["context"].startswith("A pear keeps")


def test_plain_lines_have_six_fields(indexed: Run) -> None:
    _, out, _ = indexed("query", "apple", "-f", "plain")
    for number, line in enumerate(out.splitlines(), 1):
        rank, relevance, similarity, place, _heading, _text = line.split("\t")
        assert int(rank) == number
        assert 0 <= float(relevance) <= 1
        assert -1 <= float(similarity.lstrip("'")) <= 1
        assert place.startswith("docs/")


def test_queries_from_stdin_are_answered_one_by_one(
    indexed: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed(monkeypatch, 'cherry stones\n\n{"_id": "q7", "text": "pear cellar"}\n')
    code, out, _ = indexed("query", "-", "-f", "jsonl")
    first, second = map(json.loads, out.splitlines())
    assert code == 0
    assert (first["query"], first["query_id"], first["line"]) == ("cherry stones", None, 1)
    assert (second["query"], second["query_id"], second["line"]) == ("pear cellar", "q7", 3)
    assert second["hits"][0]["path"] == "docs/pear.txt"


def test_a_bad_line_stops_no_other(indexed: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    feed(monkeypatch, b'{broken\n{"_id": 1}\nb\xe4r\npear\n')
    code, out, _ = indexed("query", "-", "-f", "jsonl")
    first, second, latin, third = map(json.loads, out.splitlines())
    assert "not UTF-8" in latin["error"]["message"]
    assert code == 2
    assert (first["schema"], first["line"]) == ("bienc.error/1", 1)
    assert "no text" in second["error"]["message"]
    assert third["hits"]


def test_queries_from_stdin_as_one_document(indexed: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    feed(monkeypatch, "pear\napple\n")
    answers = parsed(indexed("query", "-", "-f", "json"))
    assert answers["schema"] == "bienc.queries/2"
    assert [one["query"] for one in answers["results"]] == ["pear", "apple"]


def test_a_long_query_is_warned_about_on_stderr(indexed: Run) -> None:
    code, out, err = indexed("query", "pear " * 100, "-f", "json")
    assert code == 0
    assert "only the first 64 are read" in err
    assert json.loads(out)["query_truncated"] is True


def test_another_model_than_the_index_s_is_refused(indexed: Run) -> None:
    code, _, err = indexed("query", "pear", "--model", "other")
    assert code == 3
    assert "made with fake" in err
    assert "hint: leave out --model" in err


def test_a_damaged_catalog_is_exit_4(indexed: Run, tmp_path: Path) -> None:
    catalog = tmp_path / ".bienc" / "catalog.sqlite"
    catalog.write_bytes(b"nothing that SQLite knows" * 100)
    code, _, err = indexed("query", "pear")
    assert code == 4
    assert "damaged" in err


@pytest.mark.usefixtures("graphs_of_few")
def test_a_missing_graph_is_worked_around_with_one_warning(indexed: Run, tmp_path: Path) -> None:
    (graph,) = (tmp_path / ".bienc").glob("graph-*.hnsw")
    before = parsed(indexed("query", "pear", "-f", "json"))["hits"]
    graph.unlink()
    code, out, err = indexed("query", "pear", "-f", "json")
    assert code == 0
    assert err.count("warning:") == 1
    assert json.loads(out)["hits"] == before
    assert indexed("index")[0] == 0
    assert indexed("query", "pear")[2] == ""


def test_escape_sequences_in_files_are_shown(run: Run, docs: Path) -> None:
    (docs / "evil.txt").write_text("A pear \x1b[31m[bold]red[/bold]\x07 and =1+1.\n")
    run("index", "docs")
    for format_ in ("table", "plain"):
        _, out, _ = run("query", "pear red", "-f", format_)
        assert "\x1b" not in out
        assert "\x07" not in out
        assert "[bold]red[/bold]" in out


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


def test_check_of_a_whole_index(indexed: Run) -> None:
    code, out, err = indexed("check")
    assert (code, err) == (0, "")
    assert out.startswith("whole: 4 documents, ")
    document = parsed(indexed("check", "-f", "json"))
    assert document["schema"] == "bienc.check/1"
    assert document["whole"] is True
    assert document["problems"] == []


def test_check_finds_and_repair_mends(indexed: Run, tmp_path: Path) -> None:
    before = parsed(indexed("query", "pear", "-f", "json"))["hits"]
    with sqlite3.connect(tmp_path / ".bienc" / "catalog.sqlite") as catalog:
        catalog.execute("UPDATE texts SET text = zeroblob(9) WHERE id >> 20 = 1")
    code, out, err = indexed("check")
    assert code == 4
    assert "texts" in out
    assert "hint: bienc check --repair" in err
    code, out, err = indexed("check", "--repair")
    assert code == 0
    assert "made anew: words, graph; to be read again: apple.md" in out
    assert "bienc index" in err
    assert parsed(indexed("index", "-f", "json"))["documents"]["new"] == 1
    after = parsed(indexed("query", "pear", "-f", "json"))["hits"]
    assert [hit["text"] for hit in after] == [hit["text"] for hit in before]


@pytest.mark.usefixtures("graphs_of_few")
def test_check_builds_a_lost_graph_again(indexed: Run, tmp_path: Path) -> None:
    (graph,) = (tmp_path / ".bienc").glob("graph-*.hnsw")
    graph.unlink()
    code, out, _ = indexed("check", "-f", "plain")
    assert code == 4
    assert out.startswith("graph\trebuild\t")
    assert indexed("check", "--repair")[0] == 0
    assert indexed("check")[0] == 0


def test_check_of_what_cannot_be_mended(indexed: Run, tmp_path: Path) -> None:
    (tmp_path / ".bienc" / "catalog.sqlite").write_bytes(b"no catalog" * 1000)
    code, out, _ = indexed("check", "-f", "json")
    assert code == 4
    assert json.loads(out)["problems"][0]["remedy"] == "start over"
    assert indexed("check", "--repair")[0] == 4


# -------------------------------------------------------------- boundary


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


def test_half_a_character_in_a_line_stops_no_other(
    indexed: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed(monkeypatch, '{"text": "\\ud800 pear"}\n{"_id": "\\udfff", "text": "pear"}\npear\n')
    code, out, _ = indexed("query", "-", "-f", "jsonl")
    answers = [json.loads(line) for line in out.splitlines()]
    assert code == 2
    assert [one["schema"] for one in answers] == ["bienc.error/1", "bienc.error/1", "bienc.query/2"]


@pytest.mark.parametrize("argv", [("-fjson",), ("-qfjson",), ("--format=json",), ("-f", "json")])
def test_an_error_is_json_however_json_was_asked_for(run: Run, argv: tuple[str, ...]) -> None:
    code, out, _ = run("query", "", *argv)
    assert code == 2
    assert json.loads(out)["schema"] == "bienc.error/1"


@pytest.mark.parametrize("budget", ["nan", "inf", "0", "-1"])
def test_a_budget_is_a_time(indexed: Run, budget: str) -> None:
    code, _, err = indexed("query", "pear", "--rerank-budget", budget)
    assert code == 2
    assert "should not happen" not in err


def test_files_can_be_handed_on(indexed: Run, docs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, _ = indexed("query", "apples in autumn", "--format", "files")
    assert code == 0
    assert len(out.splitlines()) == len(set(out.splitlines()))
    assert all(Path(line).is_file() for line in out.splitlines())
    # From elsewhere they are still names of files.
    monkeypatch.chdir(docs)
    _, below, _ = indexed("query", "apples in autumn", "--format", "files")
    assert all(Path(line).is_file() for line in below.splitlines())
    assert below != out


def test_grep_lines_lead_to_the_sentence(indexed: Run) -> None:
    code, out, _ = indexed("query", "pears bruise easily", "--format", "grep", "-k", "1")
    assert code == 0
    path, line, text = out.rstrip("\n").split(":", 2)
    assert text in Path(path).read_text().splitlines()[int(line) - 1]


def test_csv_and_markdown_of_answers(indexed: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, _ = indexed("query", "cherry stones", "--format", "csv", "-k", "2")
    first, second = csv.DictReader(io.StringIO(out))
    assert code == 0
    assert (first["rank"], second["rank"]) == ("1", "2")
    assert first["text"] == "Cherry stones are small and hard."
    feed(monkeypatch, "pear\ncherry\n")
    code, out, _ = indexed("query", "-", "--format", "csv", "-k", "1")
    assert [row["query"] for row in csv.DictReader(io.StringIO(out))] == ["pear", "cherry"]
    code, out, _ = indexed("query", "cherry stones", "--format", "markdown", "-k", "1")
    assert "1. `docs/deep/cherry.txt:1`" in out
    assert "   > Cherry stones are small and hard." in out


def test_a_hit_is_opened_at_its_line(
    indexed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = tmp_path / "vim"
    editor.write_text('#!/bin/sh\necho "$@" > opened\n')
    editor.chmod(0o755)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)
    code, _, err = indexed("query", "pears bruise easily", "--open", "1")
    assert (code, "names an editor" in err) == (2, True)
    monkeypatch.setenv("EDITOR", f"{editor} -R")
    assert indexed("query", "pears bruise easily", "--open", "1")[0] == 0
    assert Path("opened").read_text() == f"-R +3 {tmp_path}/docs/pear.txt\n"
    code, _, err = indexed("query", "pear", "-k", "2", "--open", "3")
    assert (code, "-k 2 shows fewer" in err) == (2, True)
    monkeypatch.setenv("EDITOR", "no-such-editor")
    code, _, err = indexed("query", "pear", "--open", "1")
    assert (code, "does not start" in err) == (2, True)


@pytest.mark.parametrize(
    ("script", "said"), [("exit 3", "ended with exit code 3"), ("kill -KILL $$", "by signal 9")]
)
def test_an_editor_that_fails_is_reported(
    indexed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, said: str
) -> None:
    editor = tmp_path / "my editor"
    editor.write_text(f"#!/bin/sh\n{script}\n")
    editor.chmod(0o755)
    monkeypatch.setenv("VISUAL", f"'{editor}' --wait")
    code, out, err = indexed("query", "pears bruise easily", "--open", "1", "-f", "plain")
    assert (code, out.count("\n") > 0) == (2, True)
    assert said in err
    assert f"hint: try it by itself: '{editor}' --wait " in err
    assert "/docs/pear.txt" in err
    # The answer is the only document: it was whole before the editor was asked.
    code, out, err = indexed("query", "pears bruise easily", "--open", "1", "-f", "json")
    assert (code, json.loads(out)["hits"][0]["rank"]) == (2, 1)
    assert f"error: The editor '{editor}' " in err
    assert "hint: try it by itself" in err


@pytest.mark.parametrize(
    ("editor", "words"),
    [
        ("code --wait", ["code", "--wait", "--goto", "/a b.md:7"]),
        ("/usr/bin/nvim", ["/usr/bin/nvim", "+7", "/a b.md"]),
        ("hx", ["hx", "/a b.md:7"]),
        ("an-unknown-one", ["an-unknown-one", "/a b.md"]),
    ],
)
def test_each_editor_has_its_grammar(editor: str, words: list[str]) -> None:
    from bienc_cli.cli.editor import command

    assert command(editor, Path("/a b.md"), 7) == words
    assert command(editor, Path("/a b.md"), None) == [*editor.split(), "/a b.md"]


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

    monkeypatch.setattr("bienc_cli.cli.loading.ModelChoice._load_bi_encoder", fail)
    code, _, err = indexed("query", "espresso")
    assert code == 2
    assert "There is not enough memory for this." in err
    assert "ulimit -v" in err


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
