from dataclasses import replace

import pytest

from bienc_cli.evaluation.experiment import evaluate
from bienc_cli.evaluation.outcome import (
    best_system,
    challenger,
    differences_by_query,
    trade_off,
)
from bienc_cli.evaluation.qrels import Item, Qrels, Unit, judged_in
from bienc_cli.evaluation.queries import Query
from bienc_cli.evaluation.results import Evaluation, EvaluationOptions
from bienc_cli.evaluation.runs import Run
from bienc_cli.evaluation.side_by_side import grade_of, side_by_side
from bienc_cli.search.result import Hit
from bienc_cli.store import IndexReader, StoredPassage
from bienc_cli.strategy import Strategy
from bienc_cli.types import Passage, Place
from fakes import FakeBiEncoder, FakeCrossEncoder

LINES = Place("line", 10, 19)


def hit(place: Place = LINES) -> Hit:
    passage = Passage("a.md", 0, 0, 4, "text", place)
    return Hit(1, StoredPassage(7, 1, passage, "docs/a.md", None, "markdown"))


def test_a_document_is_known_by_its_id_or_its_path() -> None:
    assert grade_of(hit(), {"a.md": 2}) == 2
    assert grade_of(hit(), {"docs/a.md": 0}) == 0
    assert grade_of(hit(), {"b.md": 1}) is None
    # What the judgments call so is not what the index calls so.
    assert grade_of(hit(), {"a.md": 2}, missing=("a.md",)) is None


def test_pages_and_lines_are_those_that_the_passage_touches() -> None:
    pages = {"a.md#page=3": 1, "a.md#page=4": 2}
    assert grade_of(hit(Place("page", 4, 4)), pages) == 2
    assert grade_of(hit(Place("page", 5, 5)), pages) is None
    assert grade_of(hit(Place("line", 4, 4)), pages) is None
    lines = {"a.md:1-9": 3, "a.md:1-10": 1, "docs/a.md:19-40": 2, "b.md:10-19": 3}
    assert grade_of(hit(), lines) == 2
    assert grade_of(hit(), {"a.md:20-30": 1}) is None


@pytest.fixture
def evaluation(
    reader: IndexReader, bi_encoder: FakeBiEncoder, cross_encoder: FakeCrossEncoder
) -> Evaluation:
    judged = {"q1": {Item("pear.txt"): 1, Item("apple.md"): 2}}
    return evaluate(
        reader,
        [Query("q1", "pears in a cellar"), Query("q2", "cherry")],
        judged_in(Qrels(Unit.DOCUMENT, judged), reader.documents()),
        bi_encoder,
        cross_encoder,
        EvaluationOptions(strategies=(Strategy.BM25, Strategy.BI_ENCODER)),
        runs=[Run("file", {"q1": ["apple.md", "pear.txt"]})],
    )


def test_entries_know_their_place_in_the_other_ranking(evaluation: Evaluation) -> None:
    baseline, other, _ = evaluation.systems
    left, right = side_by_side(evaluation, "q1", baseline, other)
    ranks = [[one.passage.passage_id for one in some.hits["q1"]] for some in (baseline, other)]
    for entries, own, opposite in ((left, *ranks), (right, *reversed(ranks))):
        assert [one.rank for one in entries] == list(range(1, len(own) + 1))
        for entry, passage_id in zip(entries, own, strict=True):
            known = opposite.index(passage_id) + 1 if passage_id in opposite else None
            assert entry.elsewhere == known
            assert entry.rose == (None if known is None else known - entry.rank)
    assert {one.grade for one in left} >= {1}
    alone, nothing = side_by_side(evaluation, "q1", baseline, None)
    assert [one.item for one in alone] == [one.item for one in left]
    assert all(one.elsewhere is None for one in alone)
    assert nothing == ()


def test_a_ranking_of_items_faces_items(evaluation: Evaluation) -> None:
    baseline, _, run = evaluation.systems
    left, right = side_by_side(evaluation, "q1", baseline, run)
    assert [one.item for one in left] == list(baseline.rankings["q1"])
    assert [(one.item, one.grade, one.hit) for one in right] == [
        ("apple.md", 2, None),
        ("pear.txt", 1, None),
    ]
    assert right[1].rose == -1
    assert side_by_side(evaluation, "q2", baseline, run)[1] == ()


def test_the_best_and_its_challenger(evaluation: Evaluation) -> None:
    """The file ranks the two judged documents ideally, so it is the best."""
    run = evaluation.systems[2]
    assert best_system(evaluation) is run
    assert challenger(evaluation) is run
    assert challenger(replace(evaluation, systems=evaluation.systems[:1])) is None
    unjudged = replace(evaluation, measures=())
    assert challenger(unjudged) is run
    assert trade_off(unjudged) == {}
    with pytest.raises(ValueError, match="without judgments"):
        best_system(unjudged)
    assert list(trade_off(evaluation)) == ["bm25", "bi-encoder"]


def test_differences_by_query_agree_with_their_mean(evaluation: Evaluation) -> None:
    baseline, *others = evaluation.systems
    for other in others:
        found = differences_by_query(baseline, other, "nDCG@10")
        mean = sum(one.difference for one in found) / len(found)
        assert mean == pytest.approx(other.differences["nDCG@10"].mean)


def test_equal_values_differ_by_nothing(evaluation: Evaluation) -> None:
    baseline = evaluation.baseline
    values = {"q1": 0.1 + 0.2, "q2": 0.5, "q3": 0.2}
    other = {"q1": 0.3, "q2": 0.25, "q3": 0.9}
    found = differences_by_query(
        replace(baseline, values={"AP": values}), replace(baseline, values={"AP": other}), "AP"
    )
    assert [one.query_id for one in found] == ["q3", "q1", "q2"]
    assert found[1].difference == 0.0
