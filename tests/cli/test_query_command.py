"""`bienc query`: what is printed in which form, and what is warned of or refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands import Run, feed, parsed


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


def test_half_a_character_in_a_line_stops_no_other(
    indexed: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed(monkeypatch, '{"text": "\\ud800 pear"}\n{"_id": "\\udfff", "text": "pear"}\npear\n')
    code, out, _ = indexed("query", "-", "-f", "jsonl")
    answers = [json.loads(line) for line in out.splitlines()]
    assert code == 2
    assert [one["schema"] for one in answers] == ["bienc.error/1", "bienc.error/1", "bienc.query/2"]


@pytest.mark.parametrize("budget", ["nan", "inf", "0", "-1"])
def test_a_budget_is_a_time(indexed: Run, budget: str) -> None:
    code, _, err = indexed("query", "pear", "--rerank-budget", budget)
    assert code == 2
    assert "should not happen" not in err
