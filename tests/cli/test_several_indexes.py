"""`query --index A --index B`: one answer out of both, that says what is from where."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands import Run

BOTH = ("--index", "a/.bienc", "--index", "b/.bienc")


@pytest.fixture
def two(run: Run, tmp_path: Path) -> Run:
    """`run`, beside the folders a and b, each with an index of its own."""
    for name, text in (("a", "A pear keeps in a cellar.\n"), ("b", "The cellar is cool.\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "notes.txt").write_text(text)
        assert run("index", name, "--index", f"{name}/.bienc")[0] == 0
    return run


def hits(printed: str) -> list[dict[str, object]]:
    return json.loads(printed)["hits"]


def test_json_says_which_index_a_hit_is_of(two: Run, tmp_path: Path) -> None:
    code, out, _ = two("query", "cellar", *BOTH, "-f", "json")
    answer = json.loads(out)
    assert code == 0
    assert answer["index"] is None
    directories = [str(tmp_path / name / ".bienc") for name in "ab"]
    assert [one["directory"] for one in answer["indexes"]] == directories
    assert {hit["path"]: hit["index"] for hit in answer["hits"]} == dict(
        zip(("a/notes.txt", "b/notes.txt"), directories, strict=True)
    )
    for hit in answer["hits"]:
        (alone,) = hits(two("query", "cellar", "--index", str(hit["index"]), "-f", "json")[1])
        assert alone["passage_id"] == hit["passage_id"]
        assert "index" not in alone


def test_a_table_says_it_too(two: Run) -> None:
    out = two("query", "cellar", *BOTH, "--no-compact")[1]
    assert "in a/.bienc" in out
    assert "in b/.bienc" in out
    assert "2 hits of 2 passages in 2 documents of 2 indexes" in " ".join(out.split())


@pytest.mark.parametrize("form", ["plain", "grep", "files", "csv", "markdown"])
def test_other_forms_name_files_that_are_there(two: Run, form: str) -> None:
    out = two("query", "cellar", *BOTH, "-f", form)[1]
    assert "a/notes.txt" in out
    assert "b/notes.txt" in out


@pytest.mark.parametrize("again", ["a/.bienc", "a/../a/.bienc", "link"])
def test_an_index_that_is_named_twice_is_one(again: str, two: Run, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("a/.bienc")
    alone = two("query", "cellar", "--index", "a/.bienc", "-f", "json")[1]
    twice = two("query", "cellar", "--index", "a/.bienc", "--index", again, "-f", "json")[1]
    assert hits(twice) == hits(alone)


def test_queries_of_standard_input_see_what_is_committed_to_either(
    two: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def lines() -> object:
        yield "quince"
        (tmp_path / "b" / "quince.txt").write_text("A quince is hard.\n")
        assert two("index", "b", "--index", "b/.bienc")[0] == 0
        yield "quince"

    from bienc_cli.cli import standard_input

    monkeypatch.setattr(standard_input, "queries", lambda _: enumerate(lines(), 1))
    _, out, _ = two("query", "-", *BOTH, "-f", "json")
    first, second = json.loads(out.splitlines()[-1] if out.startswith('{"') else out)["results"]
    assert "b/quince.txt" not in {hit["path"] for hit in first["hits"]}
    assert "b/quince.txt" in {hit["path"] for hit in second["hits"]}


def test_changed_files_are_noted_for_the_index_that_covers_them(two: Run, tmp_path: Path) -> None:
    (tmp_path / "b" / "new.txt").write_text("Something new.\n")
    err = two("query", "cellar", *BOTH)[2]
    assert f"note: {tmp_path / 'b' / '.bienc'}: the index is older than its files: 1 new" in err
    assert str(tmp_path / "a" / ".bienc") not in err


def test_indexes_of_two_models_are_refused_before_a_model_is_loaded(two: Run) -> None:
    assert two("index", "b", "--index", "b2", "--model", "other")[0] == 0
    mixed = ("--index", "a/.bienc", "--index", "b2")
    code, out, err = two("query", "cellar", *mixed)
    assert (code, out) == (3, "")
    assert "similarities of two models do not compare" in err
    assert "hint: give --strategy bm25+cross-encoder" in err
    found = hits(
        two("query", "cellar", *mixed, "--strategy", "bm25+cross-encoder", "-f", "json")[1]
    )
    assert {hit["path"] for hit in found} == {"a/notes.txt", "b/notes.txt"}


def test_one_that_is_missing_is_named(two: Run) -> None:
    code, _, err = two("query", "cellar", "--index", "a/.bienc", "--index", "c/.bienc")
    assert code == 3
    assert "c/.bienc" in err


def test_other_commands_take_one(two: Run) -> None:
    code, out, err = two("similar", "a/notes.txt", *BOTH)
    assert (code, out) == (2, "")
    assert "--index is given 2 times" in err


def test_an_index_of_the_environment_may_have_blanks_in_its_name(
    two: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert two("index", "a", "--index", "of two words")[0] == 0
    monkeypatch.setenv("BIENC_INDEX", "of two words")
    assert two("query", "cellar")[0] == 0
