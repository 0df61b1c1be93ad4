"""TREC run files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.errors import PathNotFound, StorageError, UsageError
from bienc_cli.evaluation.runs import Run, read_run, write_run

word = st.text(st.characters(codec="utf-8", exclude_categories=["Z", "C"]), min_size=1, max_size=6)
item = st.lists(word, min_size=1, max_size=3).map("  ".join)
rankings = st.dictionaries(
    word, st.lists(item, min_size=1, max_size=8, unique=True), min_size=1, max_size=4
)


@given(word, rankings)
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, name: str, ranked: dict[str, list[str]]
) -> None:
    path = tmp_path_factory.mktemp("runs") / "below" / "a.run"
    write_run(path, Run(name, ranked))
    assert read_run(path) == Run(name, ranked)


def test_scores_decide_whatever_the_ranks_say(tmp_path: Path) -> None:
    path = tmp_path / "a.run"
    path.write_text(
        "q Q0 b 1 0.5 them\nq Q0 a 2 0.5 them\nq Q0 c 3 7e1 them\nq Q0 my d.md 4 -1 them\n"
        "\r\nother Q0 a 1 1 them\r\n"
    )
    assert read_run(path) == Run("them", {"q": ["c", "b", "a", "my d.md"], "other": ["a"]})


scores = st.sampled_from(["-1", "0", "0.5", "5e-1", "2", "-inf", "inf"])


@given(st.dictionaries(word, scores, min_size=1, max_size=8))
def test_ties_are_ordered_as_trec_eval_does(
    tmp_path_factory: pytest.TempPathFactory, scored: dict[str, str]
) -> None:
    import pytrec_eval

    path = tmp_path_factory.mktemp("ties") / "a.run"
    path.write_text("".join(f"q Q0 {item} 1 {score} t\n" for item, score in scored.items()))
    ranking = read_run(path).rankings["q"]
    run = {"q": {item: float(score) for item, score in scored.items()}}
    for place, item in enumerate(ranking, 1):
        judge = pytrec_eval.RelevanceEvaluator({"q": {item: 1}}, {"recip_rank"})
        assert judge.evaluate(run)["q"]["recip_rank"] == pytest.approx(1 / place)


@pytest.mark.parametrize("score", ["nan", "NaN", "-nan"])
def test_a_score_that_is_no_number_is_refused(tmp_path: Path, score: str) -> None:
    path = tmp_path / "a.run"
    path.write_text(f"q Q0 a 1 2 them\n\nq Q0 b 2 {score} them\n")
    with pytest.raises(UsageError, match=rf"Line 3 of .* the score '{score}'"):
        read_run(path)


def test_an_item_that_is_ranked_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.run"
    path.write_text("q Q0 my a.md 1 2 t\nr Q0 my a.md 1 2 t\nq Q0 b 2 1 t\nq Q0 my a.md 3 0 t\n")
    with pytest.raises(UsageError, match=r"Line 4 of .* ranks 'my a.md' a second time .* 'q'"):
        read_run(path)


@pytest.mark.parametrize("content", ["", "\n \r\n"])
def test_a_run_without_a_line_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.run"
    path.write_text(content)
    with pytest.raises(UsageError, match="There is no ranking in"):
        read_run(path)


@pytest.mark.parametrize("line", ["q Q0 a 1 0.5", "q", "q Q0 a 1 high tag", '{"q": 1}'])
def test_another_line_is_said_with_its_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "a.run"
    path.write_text(f"q Q0 b 1 0.5 them\n{line}\n")
    with pytest.raises(UsageError, match=r"Line 2 of .* is not of a run"):
        read_run(path)
    with pytest.raises(PathNotFound):
        read_run(tmp_path / "none.run")


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        write_run(tmp_path / "file" / "a.run", Run("a", {}))


def test_a_name_that_is_not_unicode_is_written_as_escapes(tmp_path: Path) -> None:
    write_run(tmp_path / "a.run", Run("a", {"q": [os.fsdecode(b"caf\xe9.md")]}))
    assert read_run(tmp_path / "a.run").rankings == {"q": ["caf\\udce9.md"]}
