"""What a script measures, judges and learns, held to what the commands say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bienc_cli import Index, Models, Reporter
from bienc_cli.errors import IndexMismatch, UsageError
from commands import Run
from folders import Folder
from schema_check import checked, validator

NUMBER = 24


class Heard(Reporter):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)


@pytest.fixture
def judged(run: Run, folder: Folder) -> tuple[Index, str, str]:
    """An index with as many judged queries as tuning takes."""
    folder.write({f"{n}.txt": f"gadget{n} widget{n} with shared words" for n in range(NUMBER)})
    queries = "".join(f"q{n}\tgadget{n} widget{n} shared\n" for n in range(NUMBER))
    Path("queries.tsv").write_text(queries)
    Path("my.qrels").write_text("".join(f"q{n} 0 {n}.txt 1\n" for n in range(NUMBER)))
    return Index.build("docs"), "queries.tsv", "my.qrels"


def test_weights_are_learned_as_the_command_learns_them(
    judged: tuple[Index, str, str], run: Run
) -> None:
    index, queries, qrels = judged
    answer = index.tune(queries, qrels, dry_run=True)
    printed = run("tune", "--queries", queries, "--qrels", qrels, "--dry-run", "-f", "json")[1]
    (mine,) = checked(json.dumps(answer.to_json()))
    assert mine == json.loads(printed)
    assert [row.strategy for row in answer] == ["blend", "light-blend"]
    assert {row.kept for row in answer} == {False}
    assert "judged queries" in repr(answer)
    assert index.info.blend is None
    assert index.reset_weights() is None
    Path("few.tsv").write_text("q1\tgadget1\n")
    with pytest.raises(UsageError, match="too few") as refused:
        index.tune("few.tsv", qrels)
    assert "bienc judge" in (refused.value.hint or "")


def test_passages_are_judged_without_a_terminal(index: Index, run: Run) -> None:
    judging = index.judge(["pears in a cellar", "apples"], "mine.qrels", strategies="bm25")
    question = judging.question()
    assert question is not None
    assert str(question).startswith("pears in a cellar\n\n")
    judging.answer(question, 2)
    assert judging.summary().added == 1
    assert Path("mine.qrels").read_text().split()[3] == "2"
    judging.undo()
    assert Path("mine.qrels").read_text() == ""
    while question := judging.question():
        judging.answer(question, int(question.pooled.document == "pear.txt"))
    assert judging.source is not None
    argv = ("--queries", str(judging.source), "--qrels", "mine.qrels", "-f", "json")
    argv += ("--strategies", "bm25,light-blend", "--measures", "nDCG@10")
    printed = json.loads(run("compare", *argv)[1])
    found = index.evaluate(
        judging.source,
        "mine.qrels",
        "bm25,light-blend",
        measures="nDCG@10",
        fail_under="bm25:nDCG@10=2",
    )
    assert [row.value for row in found] == [
        one["means"]["nDCG@10"]["value"] for one in printed["systems"]
    ]
    assert (found.passed, [gate.least for gate in found.gates]) == (False, [2])
    for refused in ({"queries": []}, {"queries": ["a"], "queries_file": judging.source}):
        with pytest.raises(UsageError):
            index.judge(qrels="other.qrels", **refused)  # type: ignore[arg-type]
    assert not Path("other.qrels").exists()


def test_several_lengths_are_measured_as_the_command_measures_them(index: Index, run: Run) -> None:
    Path("q.jsonl").write_text('{"_id": "1", "text": "pears"}\n{"_id": "2", "text": "apples"}\n')
    argv = ("--queries", "q.jsonl", "--passage-tokens", "16,64", "--strategies", "bm25,bi-encoder")
    printed = json.loads(run("compare", *argv, "-f", "json")[1])
    found = index.evaluate("q.jsonl", strategies="bm25,bi-encoder", passage_tokens=[16, 64])
    (mine,) = checked(json.dumps(found.to_json()))
    names = [one["name"] for one in printed["systems"]]
    assert [one["name"] for one in mine["systems"]] == names
    assert len(names) == 4
    with pytest.raises(UsageError) as refused:
        index.evaluate("q.jsonl", passage_tokens=[16, 64], baseline="q.jsonl")
    assert "--" not in refused.value.message


def test_models_answer_without_an_index(run: Run) -> None:
    models = Models()
    pairs = [("pear", "a pear"), ("pear", "an apple")]
    scored = models.score_pairs(pairs)
    printed = json.loads(run("score", "pear", "a pear", "-f", "json")[1])["pairs"][0]
    (mine,) = checked(json.dumps(scored.to_json()))
    for one in (mine["pairs"][0], printed):
        one.pop("seconds")
    assert mine["pairs"][0] == printed
    assert [(row.number, row.query, row.passage) for row in scored] == [
        (number, *pair) for number, pair in enumerate(pairs, 1)
    ]
    assert scored.to_dicts()[0]["relevance"] == scored[0].relevance
    with pytest.raises(UsageError, match="one label"):
        models.classify(pairs)
    known = Models.known()
    validator("bienc.models/1").validate(known.to_json())
    assert {row.role for row in known} == {"bi-encoder", "cross-encoder"}
    with pytest.raises(UsageError, match="no model of the short name"):
        models.prepare("nonsense")


def test_what_the_index_holds_and_what_goes_on(index: Index, run: Run, tmp_path: Path) -> None:
    printed = json.loads(run("info", "--skipped", "-f", "json")[1])
    (mine,) = checked(json.dumps(index.status(skipped=True).to_json()))
    assert mine == printed
    assert "passages" in repr(index.status())
    heard = Heard()
    other = Index.open(tmp_path, models=index.models, reporter=heard)
    other.judge(["pear"], "mine.qrels")
    assert heard.notes == ["note: loading the models"]


def test_another_model_than_the_index_has_is_refused(index: Index, tmp_path: Path) -> None:
    other = Index.open(tmp_path, models=Models(model="another"))
    with pytest.raises(IndexMismatch):
        other.refresh()


def test_an_error_keeps_how_it_was_first_said(index: Index) -> None:
    with pytest.raises(UsageError) as refused:
        index.search("pear", min_relevance=2)
    assert "--" not in refused.value.message + (refused.value.hint or "")
    assert "--min-relevance" in "".join(map(str, refused.value.typed))
