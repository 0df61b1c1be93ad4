"""Thresholds on what was measured."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bienc_cli.errors import PathNotFound, UsageError
from bienc_cli.evaluation.experiment import evaluate
from bienc_cli.evaluation.gates import (
    GateResult,
    Threshold,
    against_baseline,
    against_thresholds,
    parse_threshold,
    read_baseline,
)
from bienc_cli.evaluation.qrels import Item, Qrels, Unit, judged_in
from bienc_cli.evaluation.queries import Query
from bienc_cli.evaluation.results import Evaluation, EvaluationOptions
from bienc_cli.evaluation.runs import Run
from bienc_cli.render.evaluation import EvaluationView
from bienc_cli.store import IndexReader
from bienc_cli.strategy import Strategy

QUERIES = [Query("a", "apple"), Query("b", "pear")]
JUDGED = Qrels(Unit.DOCUMENT, {"a": {Item("apple.md"): 1}, "b": {Item("pear.txt"): 1}})


def failed(gate: Callable[..., list[GateResult]], *given: object) -> list[GateResult]:
    return [one for one in gate(*given) if not one.passed]


@pytest.fixture
def evaluation(reader: IndexReader) -> Evaluation:
    """`good` finds both at once; `blend` has them at ranks 1 and 2: RR 0.75."""
    return evaluate(
        reader,
        QUERIES,
        judged_in(JUDGED, reader.documents()),
        None,
        None,
        EvaluationOptions(strategies=(), measures=("RR@10", "P@1")),
        runs=[
            Run("good", {"a": ["apple.md"], "b": ["pear.txt"]}),
            Run("blend", {"a": ["apple.md"], "b": ["apple.md", "pear.txt"]}),
        ],
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nDCG@10=0.6", Threshold(None, "nDCG@10", 0.6)),
        ("blend:nDCG@10=0.6", Threshold("blend", "nDCG@10", 0.6)),
        (
            "bi-encoder+cross-encoder@50:R@100=1",
            Threshold("bi-encoder+cross-encoder@50", "R@100", 1),
        ),
        ("P(rel=2)@5=.25", Threshold(None, "P(rel=2)@5", 0.25)),
    ],
)
def test_thresholds_are_read(text: str, expected: Threshold) -> None:
    assert parse_threshold(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not a threshold"),
        ("nDCG@10", "is not a threshold"),
        ("nDCG@10=", "is not a threshold"),
        ("nDCG@10=high", "is not a threshold"),
        ("nDCG@10=nan", "is not a threshold"),
        ("=0.6", "is not a threshold"),
        ("blend:=0.6", "is not a threshold"),
        ("nDGC@10=0.6", "no measure 'nDGC@10'"),
    ],
)
def test_what_is_no_threshold_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_threshold(text)


def test_a_value_below_its_threshold_fails(evaluation: Evaluation) -> None:
    (failure,) = failed(against_thresholds, evaluation, [Threshold(None, "RR@10", 0.8)])
    assert (failure.system, failure.measure, failure.value) == ("blend", "RR@10", 0.75)
    assert failure.message == "blend: RR@10 is 0.7500, below 0.8"


def test_a_value_at_its_threshold_passes(evaluation: Evaluation) -> None:
    assert failed(against_thresholds, evaluation, [Threshold(None, "RR@10", 0.75)]) == []
    assert failed(against_thresholds, evaluation, [Threshold("good", "RR@10", 1.0)]) == []


def test_without_the_default_strategy_all_are_held(evaluation: Evaluation) -> None:
    renamed = replace(
        evaluation,
        systems=tuple(
            replace(one, name={"blend": "other"}.get(one.name, one.name))
            for one in evaluation.systems
        ),
    )
    assert [
        one.system for one in failed(against_thresholds, renamed, [Threshold(None, "RR@10", 1.1)])
    ] == [
        "good",
        "other",
    ]


def test_what_was_not_measured_holds_nothing(evaluation: Evaluation) -> None:
    with pytest.raises(UsageError, match=r"AP was not measured"):
        failed(against_thresholds, evaluation, [Threshold(None, "AP", 0.5)])
    with pytest.raises(UsageError, match="bm25 was not compared") as caught:
        failed(against_thresholds, evaluation, [Threshold("bm25", "RR@10", 0.5)])
    assert caught.value.hint == "give one of: good, blend"


# ---------------------------------------------------------------- baseline


def test_what_is_printed_is_read_as_a_baseline(evaluation: Evaluation, tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    path.write_text(json.dumps(EvaluationView(evaluation).as_json()))
    baseline = read_baseline(path)
    assert baseline == {one.name: one.values for one in evaluation.systems}
    assert failed(against_baseline, evaluation, baseline, 0.0) == []


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        "no json",
        '{"systems": 3}',
        '{"systems": [{"name": "x"}]}',
        "[" * 100_000,
        '{"systems": [{"name": "x", "values": {"AP": {"q": "high"}}}]}',
    ],
    ids=range(8),
)
def test_another_file_is_no_baseline(tmp_path: Path, content: str) -> None:
    path = tmp_path / "baseline.json"
    path.write_text(content)
    with pytest.raises(UsageError, match=r"is not the JSON of an earlier comparison"):
        read_baseline(path)
    with pytest.raises(PathNotFound):
        read_baseline(tmp_path / "none.json")


def test_a_drop_is_over_the_queries_that_both_have(evaluation: Evaluation) -> None:
    """Of b alone: 1.0 before, 0.5 now."""
    baseline = {"blend": {"RR@10": {"b": 1.0, "elsewhere": 0.0}, "AP": {"b": 1.0}}}
    (failure,) = failed(against_baseline, evaluation, baseline, 0.02)
    assert failure.message == "blend: RR@10 fell from 1.0000 to 0.5000, by more than 0.02"
    assert (failure.value, failure.least) == (0.5, pytest.approx(0.98))
    assert failed(against_baseline, evaluation, baseline, 0.5) == []


def test_a_rise_is_no_drop(evaluation: Evaluation) -> None:
    assert (
        failed(against_baseline, evaluation, {"blend": {"RR@10": {"a": 0.1, "b": 0.1}}}, 0.0) == []
    )


@pytest.mark.parametrize(
    "baseline", [{}, {"bm25": {"RR@10": {"a": 1.0}}}, {"blend": {"RR@10": {"elsewhere": 1.0}}}]
)
def test_nothing_in_common_is_refused(
    evaluation: Evaluation, baseline: dict[str, dict[str, dict[str, float]]]
) -> None:
    with pytest.raises(UsageError, match="in common"):
        failed(against_baseline, evaluation, baseline, 0.02)


def test_strategies_have_names_that_a_threshold_can_hold() -> None:
    for strategy in Strategy:
        assert parse_threshold(f"{strategy.value}:RR=0.5").system == strategy.value
