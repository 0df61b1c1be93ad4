"""What an evaluation says of judgments and of other systems' runs, and what it refuses."""

from __future__ import annotations

import pytest

from bienc_cli.errors import IndexMismatch, UsageError
from bienc_cli.evaluation.experiment import evaluate
from bienc_cli.evaluation.qrels import Item, Qrels, Unit, item_of, judged_in
from bienc_cli.evaluation.queries import Query
from bienc_cli.evaluation.results import EvaluationOptions
from bienc_cli.evaluation.runs import Run
from bienc_cli.search.reranking import EXHAUSTIVE_LIMIT
from bienc_cli.store import Filter, IndexReader
from bienc_cli.strategy import Strategy
from experiments import JUDGED, QUERIES, UNJUDGED, evaluated, named
from fakes import FakeBiEncoder, FakeCrossEncoder
from folders import Folder

# --------------------------------------------------------------- judgments


def test_quality_is_over_the_judged_queries(shelves: IndexReader) -> None:
    result = evaluated(shelves, Strategy.BI_ENCODER, Strategy.BM25, qrels=JUDGED)
    assert result.judged == ("q0", "q1", "q3")
    assert result.measures == ("nDCG@10", "RR@10", "R@100")
    for measured in result.systems:
        for name in result.measures:
            values = measured.values[name]
            assert set(values) == {"q0", "q1", "q3"}
            assert measured.means[name].value == pytest.approx(sum(values.values()) / 3)
        # Nothing is relevant to q3; every document is ranked, so all is recalled.
        assert measured.values["R@100"] == {"q0": 1, "q1": 1, "q3": 0}
        rank = list(measured.rankings["q1"]).index("shelf0/06.txt") + 1
        assert measured.values["RR@10"]["q1"] == pytest.approx(1 / rank if rank <= 10 else 0)
    assert result.baseline.differences == {}
    difference = result.systems[1].differences["nDCG@10"]
    assert difference.wins + difference.ties + difference.losses == 3


def test_without_judgments_there_is_agreement(shelves: IndexReader) -> None:
    result = evaluated(shelves, Strategy.BI_ENCODER, Strategy.BI_ENCODER_RERANKED, Strategy.BM25)
    assert (result.judged, result.measures) == ((), ())
    assert (result.baseline.overlap, result.baseline.rbo) == (None, None)
    for other in result.systems[1:]:
        assert other.overlap is not None
        assert 0 <= other.overlap <= 1
        assert (other.means, other.differences) == ({}, {})


def test_documents_that_are_missing_are_named_and_cost_recall(shelves: IndexReader) -> None:
    qrels = Qrels(
        Unit.DOCUMENT, {"q0": {Item("lost.txt"): 1, Item("shelf1/01.txt"): 1, Item("b"): 1}}
    )
    result = evaluated(shelves, Strategy.BI_ENCODER, qrels=qrels)
    assert result.missing == ("b", "lost.txt")
    assert result.baseline.means["R@100"].value == pytest.approx(1 / 3)


def test_lines_are_judged_where_passages_touch_them(folder: Folder) -> None:
    folder.write(
        {
            "a.txt": "Amber river.\n\n" + "Basil " * 50 + ".\n\nOtter in the quartz.\n",
            "b.txt": "Kelp and larch.\n",
        }
    )
    folder.index()
    item = item_of("a.txt:5-5")
    qrels = Qrels(Unit.LINES, {"q": {item: 1, item_of("b.txt:7-9"): 1}})
    with folder.open() as shelves:
        result = evaluated(
            shelves, Strategy.BI_ENCODER, queries=[Query("q", "otter quartz")], qrels=qrels
        )
    assert result.unit is Unit.LINES
    ranking = list(result.baseline.rankings["q"])
    assert ranking[0] == "a.txt:5-5"
    # What nobody judged keeps its place, under a name that no judgment can have.
    assert any(item.endswith("(passage)") for item in ranking)
    assert result.baseline.means["RR@10"].value == 1
    assert result.baseline.means["R@100"].value == 0.5


# -------------------------------------------------------------------- runs


def test_a_run_is_measured_beside(shelves: IndexReader) -> None:
    ours = evaluated(shelves, Strategy.BI_ENCODER, qrels=JUDGED).baseline
    run = Run("theirs", {name: list(ranking) for name, ranking in ours.rankings.items()})
    result = evaluated(shelves, Strategy.BI_ENCODER, qrels=JUDGED, runs=[run])
    theirs = named(result, "theirs")
    assert (theirs.system, theirs.latency, theirs.hits) == (None, None, {})
    assert theirs.values == ours.values
    assert (theirs.overlap, theirs.rbo) == (1.0, pytest.approx(1.0))
    assert theirs.differences["nDCG@10"].ties == 3


def test_a_run_may_name_documents_by_their_path(shelves: IndexReader) -> None:
    (path,) = [path for doc_id, path in shelves.documents() if doc_id == "shelf1/01.txt"]
    run = Run("theirs", {"q0": [path, "elsewhere.txt", "shelf1/01.txt"]})
    result = evaluated(shelves, Strategy.BM25, qrels=JUDGED, runs=[run])
    assert list(named(result, "theirs").rankings["q0"]) == ["shelf1/01.txt", "elsewhere.txt"]


def test_a_run_with_the_name_of_a_strategy_stands_in_its_place(shelves: IndexReader) -> None:
    before = evaluated(shelves, Strategy.BI_ENCODER_RERANKED, Strategy.BM25, qrels=JUDGED)
    runs = [Run(one.name, one.rankings) for one in before.systems]
    bi_encoder, cross_encoder = FakeBiEncoder(), FakeCrossEncoder()
    after = evaluated(
        shelves,
        Strategy.BI_ENCODER_RERANKED,
        Strategy.BM25,
        qrels=JUDGED,
        runs=list(reversed(runs)),
        bi_encoder=bi_encoder,
        cross_encoder=cross_encoder,
    )
    assert (bi_encoder.calls, cross_encoder.calls) == (0, 0)
    assert [one.name for one in after.systems] == [one.name for one in before.systems]
    for old, new in zip(before.systems, after.systems, strict=True):
        assert (new.values, new.means, new.differences) == (old.values, old.means, old.differences)


# ---------------------------------------------------------------- refusals


def test_what_makes_no_sense_is_refused(shelves: IndexReader) -> None:
    with pytest.raises(UsageError, match="nothing to compare"):
        evaluated(shelves, Strategy.BM25, queries=[])
    with pytest.raises(UsageError, match="nothing to compare"):
        evaluated(shelves)
    with pytest.raises(UsageError, match="empty"):
        evaluated(shelves, Strategy.BM25, queries=[Query("1", " ")])
    with pytest.raises(UsageError, match="no measure 'nDGC@10'"):
        EvaluationOptions(measures=("nDGC@10",))
    with pytest.raises(IndexMismatch):
        evaluated(shelves, Strategy.BI_ENCODER, bi_encoder=FakeBiEncoder(name="other"))
    with pytest.raises(UsageError, match="Two runs are called 'x'"):
        evaluated(shelves, Strategy.BM25, runs=[Run("x", {}), Run("x", {})])
    judged = judged_in(UNJUDGED, shelves.documents())
    with pytest.raises(UsageError, match="needs a cross-encoder"):
        evaluate(shelves, QUERIES, judged, FakeBiEncoder(), None, EvaluationOptions())
    options = EvaluationOptions(strategies=(Strategy.BI_ENCODER,))
    with pytest.raises(UsageError, match="bi-encoder needs a bi-encoder"):
        evaluate(shelves, QUERIES, judged, None, None, options)


def test_reading_everything_is_refused_where_it_is_much(
    shelves: IndexReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bienc_cli.search import reranking

    assert EXHAUSTIVE_LIMIT == 2_000
    monkeypatch.setattr(reranking, "EXHAUSTIVE_LIMIT", 50)
    with pytest.raises(UsageError, match="would read all"):
        evaluated(shelves, Strategy.CROSS_ENCODER)
    assert evaluated(shelves, Strategy.CROSS_ENCODER, exhaustive=True).systems
    few = Filter(paths=("copy.txt",))
    assert evaluated(shelves, Strategy.CROSS_ENCODER, where=few).systems
