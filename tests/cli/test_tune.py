"""`bienc tune` through `main(argv)`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bienc_cli import models
from commands import Run
from fakes import MisledCrossEncoder

FILES = ("--queries", "queries.tsv", "--qrels", "my.qrels")
NUMBER = 24


def misled(*_: object, **__: object) -> MisledCrossEncoder:
    return MisledCrossEncoder("gadgeta")


def words_of(number: int) -> str:
    """Two words of one document alone, that are no names: those are found to the letter."""
    letter = chr(ord("a") + number)
    return f"gadget{letter} widget{letter}"


@pytest.fixture
def judged(run: Run, tmp_path: Path) -> Run:
    (tmp_path / "docs").mkdir()
    for n in range(NUMBER):
        (tmp_path / "docs" / f"{n}.txt").write_text(f"{words_of(n)} with shared words")
    (tmp_path / "queries.tsv").write_text(
        "".join(f"q{n}\t{words_of(n)} shared\n" for n in range(NUMBER))
    )
    (tmp_path / "my.qrels").write_text("".join(f"q{n} 0 {n}.txt 1\n" for n in range(NUMBER)))
    assert run("index", "docs")[0] == 0
    return run


def blend_in_use(run: Run) -> list[str]:
    code, out, _ = run("query", f"{words_of(3)} shared", "--format", "json", "-k", "3")
    assert code == 0
    return [hit["document_id"] for hit in json.loads(out)["hits"]]


def test_what_helps_is_kept_and_used_and_taken_back(
    judged: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        models, "load_cross_encoder", lambda *_, **__: MisledCrossEncoder("gadgeta")
    )
    before = blend_in_use(judged)
    code, out, err = judged("tune", *FILES, "--dry-run", "--format", "json")
    assert (code, err) == (0, "")
    assert blend_in_use(judged) == before
    assert judged("tune", *FILES, "--format", "json")[0] == 0
    shown = json.loads(out)
    assert shown["queries"] == NUMBER
    after = blend_in_use(judged)
    assert "learned from 24 queries" in judged("info")[1]
    held = json.loads(judged("info", "--format", "json")[1])["blend"]
    assert held["blend"] == shown["blends"][0]["learned"]
    assert before[0] != "3.txt"
    assert after[0] == "3.txt"
    code, told, _ = judged("tune", "--reset")
    assert json.loads(judged("info", "--format", "json")[1])["blend"] is None
    assert (code, told) == (0, "the default weights hold again\n")
    assert blend_in_use(judged) == before


def test_what_does_not_help_is_exit_1(judged: Run) -> None:
    code, out, _ = judged("tune", *FILES)
    assert code == 1
    assert "nothing was kept" in out


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ((), "takes queries and judgments"),
        (FILES[:2], "takes queries and judgments"),
        (("--reset", *FILES), "--reset learns nothing"),
    ],
)
def test_what_contradicts_itself_is_refused(judged: Run, argv: tuple[str, ...], said: str) -> None:
    code, out, err = judged("tune", *argv)
    assert (code, out) == (2, "")
    assert said in err


def test_judgments_of_documents_that_are_not_there_are_counted(judged: Run, tmp_path: Path) -> None:
    with (tmp_path / "my.qrels").open("a") as file:
        file.write("q0 0 gone.txt 1\n")
    _, _, err = judged("tune", *FILES)
    assert "1 judged documents are not in the index" in err


def test_a_reset_answers_in_every_format(judged: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        models, "load_cross_encoder", lambda *_, **__: MisledCrossEncoder("gadgeta")
    )
    assert judged("tune", *FILES)[0] == 0
    held = json.loads(judged("info", "-f", "json")[1])["blend"]
    code, out, _ = judged("tune", "--reset", "-f", "json")
    document = json.loads(out)
    assert (code, document["schema"], document["removed"]) == (0, "bienc.reset/1", held)
    assert document["blend"] != held["blend"]
    again = json.loads(judged("tune", "--reset", "-f", "jsonl")[1])
    assert again == {**document, "removed": None}
    weights = document["blend"]
    line = judged("tune", "--reset", "-f", "plain")[1].splitlines()[0]
    assert line.split("\t") == ["blend", *(f"{one:g}" for one in weights.values())]


def test_what_was_learned_is_what_the_next_learning_is_compared_with(
    judged: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        models, "load_cross_encoder", lambda *_, **__: MisledCrossEncoder("gadgeta")
    )
    assert judged("tune", *FILES)[0] == 0
    held = json.loads(judged("info", "-f", "json")[1])["blend"]
    code, out, _ = judged("tune", *FILES, "-f", "json")
    blends = {one["strategy"]: one for one in json.loads(out)["blends"]}
    assert blends["blend"]["before"] == held["blend"]
    assert blends["light-blend"]["before"] == held["light_blend"]
    # The same judgments have nothing more to give, and what was learned stays.
    assert (code, blends["blend"]["kept"]) == (1, False)
    assert json.loads(judged("info", "-f", "json")[1])["blend"] == held
