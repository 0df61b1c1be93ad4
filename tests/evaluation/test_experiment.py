"""Many queries by several strategies, with fake models on a small library."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from bienc_cli.errors import IndexMismatch, UsageError
from bienc_cli.evaluation import experiment
from bienc_cli.evaluation.experiment import evaluate
from bienc_cli.evaluation.qrels import Item, Qrels, Unit, best_first, item_of, judged_in
from bienc_cli.evaluation.queries import Query
from bienc_cli.evaluation.results import Evaluation, EvaluationOptions, SystemResult
from bienc_cli.evaluation.runs import Run
from bienc_cli.search import Hit, SearchOptions, search
from bienc_cli.search.reranking import EXHAUSTIVE_LIMIT
from bienc_cli.store import Filter, IndexReader, open_reader
from bienc_cli.strategy import Strategy
from bienc_cli.types import BlendWeights, PairScores, TunedBlend
from fakes import FakeBiEncoder, FakeCrossEncoder
from folders import Folder
from libraries import library

QUERIES = tuple(
    Query(f"q{number}", text)
    for number, text in enumerate(
        ["amber river", "juniper and kelp in the meadow", "otter", "no such word", "heron fjord"]
    )
)
UNJUDGED = Qrels(Unit.DOCUMENT, {})
JUDGED = Qrels(
    Unit.DOCUMENT,
    {
        "q0": {Item("shelf1/01.txt"): 2, Item("shelf2/05.txt"): 1, Item("shelf0/03.txt"): 0},
        "q1": {Item("shelf0/06.txt"): 1},
        "q3": {Item("shelf0/09.txt"): 0},
        "q9": {Item("shelf0/12.txt"): 1},
    },
)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Folder(tmp_path_factory.mktemp("library"))
    folder.write(library())
    folder.index()
    return folder.home


@pytest.fixture
def reader(directory: Path) -> Iterator[IndexReader]:
    with open_reader(directory / ".bienc", key_dir=directory / "keys") as opened:
        assert opened.info.passages > 60
        yield opened


def evaluated(
    reader: IndexReader,
    *strategies: Strategy,
    queries: Sequence[Query] = QUERIES,
    qrels: Qrels = UNJUDGED,
    bi_encoder: FakeBiEncoder | None = None,
    cross_encoder: FakeCrossEncoder | None = None,
    runs: Sequence[Run] = (),
    cache_dir: Path | None = None,
    **options: object,
) -> Evaluation:
    return evaluate(
        reader,
        queries,
        judged_in(qrels, reader.documents()),
        bi_encoder or FakeBiEncoder(),
        cross_encoder or FakeCrossEncoder(),
        EvaluationOptions(strategies=strategies, **options),  # type: ignore[arg-type]
        runs=runs,
        cache_dir=cache_dir,
    )


def named(evaluation: Evaluation, name: str) -> SystemResult:
    (found,) = [result for result in evaluation.systems if result.name == name]
    return found


# ---------------------------------------------------------------- rankings


@pytest.mark.parametrize("candidates", [10, 35, 120])
@pytest.mark.parametrize("strategy", list(Strategy))
def test_the_head_of_a_ranking_is_what_query_finds(
    reader: IndexReader, strategy: Strategy, candidates: int
) -> None:
    """The invariant that makes what is measured what is used."""
    bi_encoder, cross_encoder = FakeBiEncoder(), FakeCrossEncoder()
    for where in (Filter(), Filter(paths=("shelf1/",))):
        result = evaluated(reader, strategy, candidates=(candidates,), where=where)
        (measured,) = result.systems
        judged = judged_in(UNJUDGED, reader.documents())
        for query in QUERIES:
            for k in (10, candidates):
                asked = SearchOptions(strategy, k=k, candidates=candidates, where=where)
                hits = search(reader, query.text, bi_encoder, cross_encoder, asked).hits
                found = best_first([judged.items_of(hit.passage) for hit in hits])
                ranking = measured.rankings[query.query_id]
                assert ranking[: len(found)] == found
                assert len(set(ranking)) == len(ranking)
            asked = SearchOptions(strategy, k=10, candidates=candidates, where=where)
            hits = search(reader, query.text, bi_encoder, cross_encoder, asked).hits
            shown = measured.hits[query.query_id]
            assert [places(hit) for hit in shown] == [places(hit) for hit in hits]
            for one, other in zip(shown, hits, strict=True):
                assert scores(one) == pytest.approx(scores(other), abs=1e-6)


def test_a_name_in_another_writing_is_measured_as_it_is_found(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    rivers = {f"{number:02}.txt": f"amber river {number} amber river" for number in range(30)}
    folder.write(rivers | {"code.txt": "otter river get_user_by_id"})
    folder.index()
    query = Query("q", "amber river getUserById")
    with open_reader(folder.home / ".bienc", key_dir=folder.home / "keys") as reader:
        result = evaluated(reader, Strategy.LIGHT_BLEND, queries=[query])
        (hit, *_) = search(
            reader, query.text, FakeBiEncoder(), None, SearchOptions(Strategy.LIGHT_BLEND)
        ).hits
    assert hit.passage.path == "docs/code.txt"
    assert result.baseline.rankings["q"][0] == "code.txt"


def places(hit: Hit) -> object:
    """A source's own rank is left out: one search looks less deep than an evaluation."""
    proposed = hit.candidate.rank if hit.candidate else None
    return hit.rank, hit.passage, proposed, hit.relevance_rank


def scores(hit: Hit) -> dict[str, float | None]:
    return {
        "similarity": hit.candidate.similarity if hit.candidate else None,
        "bm25": hit.candidate.bm25 if hit.candidate else None,
        "logit": hit.relevance.logit if hit.relevance else None,
    }


def test_weights_that_are_given_order_both(reader: IndexReader) -> None:
    blend = TunedBlend(BlendWeights(5.0, 0.0), BlendWeights(0.0, 1.0), queries=3)
    result = evaluated(reader, Strategy.BLEND, Strategy.LIGHT_BLEND, blend=blend)
    judged = judged_in(UNJUDGED, reader.documents())
    for measured in result.systems:
        assert measured.system is not None
        asked = SearchOptions(measured.system.strategy, candidates=20, blend=blend)
        for query in QUERIES:
            hits = search(reader, query.text, FakeBiEncoder(), FakeCrossEncoder(), asked).hits
            found = best_first([judged.items_of(hit.passage) for hit in hits])
            assert list(measured.rankings[query.query_id])[: len(found)] == found


def test_a_ranking_goes_on_until_every_document_is_in_it(reader: IndexReader) -> None:
    """A document has up to six passages; ten passages reranked still rank all documents."""
    documents = {doc_id for doc_id, _ in reader.documents()}
    result = evaluated(reader, Strategy.BI_ENCODER, Strategy.BI_ENCODER_RERANKED, candidates=(10,))
    for measured in result.systems:
        for ranking in measured.rankings.values():
            assert set(ranking) == documents
            assert len(ranking) == len(documents)


def test_a_document_stands_where_its_best_passage_does(reader: IndexReader) -> None:
    (measured,) = evaluated(reader, Strategy.CROSS_ENCODER).systems
    cross_encoder = FakeCrossEncoder()
    passages = list(reader.iter_passages())
    for query in QUERIES:
        texts = [stored.passage.embedded_text for stored in passages]
        logits = cross_encoder.score(query.text, texts).logits[:, 0]
        best: dict[str, tuple[float, int]] = {}
        for logit, stored in zip(logits, passages, strict=True):
            key = (-float(logit), stored.passage_id)
            doc_id = stored.passage.doc_id
            best[doc_id] = min(key, best.get(doc_id, key))
        assert list(measured.rankings[query.query_id]) == sorted(best, key=lambda one: best[one])


def test_every_passage_is_read_in_portions(
    reader: IndexReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = evaluated(reader, Strategy.CROSS_ENCODER).baseline.rankings
    monkeypatch.setattr(experiment, "_BATCH", 7)
    assert evaluated(reader, Strategy.CROSS_ENCODER).baseline.rankings == whole


def test_nothing_matches_a_filter(reader: IndexReader) -> None:
    where = Filter(paths=("nowhere/",))
    result = evaluated(reader, *Strategy, qrels=JUDGED, where=where)
    for measured in result.systems:
        assert set(map(tuple, measured.rankings.values())) == {()}
        assert measured.means["nDCG@10"].value == 0


# ------------------------------------------------------------------- depth


def test_several_depths_are_measured_one_by_one(reader: IndexReader) -> None:
    strategies = (Strategy.BM25, Strategy.BLEND, Strategy.CROSS_ENCODER)
    result = evaluated(reader, *strategies, candidates=(5, 30), qrels=JUDGED)
    assert [one.name for one in result.systems] == ["bm25", "blend@5", "blend@30", "cross-encoder"]
    assert [one.system.candidates for one in result.systems if one.system] == [None, 5, 30, None]
    pairs = [one.latency.pairs for one in result.systems if one.latency]
    assert pairs == [0, 5, 30, reader.info.passages]
    alone = evaluated(reader, Strategy.BLEND, candidates=(5,))
    assert alone.baseline.name == "blend"
    assert alone.baseline.rankings == named(result, "blend@5").rankings


# ------------------------------------------------------------- work done


def test_queries_are_encoded_at_once_and_no_pair_is_read_twice(
    reader: IndexReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Timing answers queries as `query` does, each by itself; here it is left out.
    monkeypatch.setattr(experiment._Experiment, "_timed", lambda *_: None)
    bi_encoder, cross_encoder = FakeBiEncoder(), FakeCrossEncoder()
    evaluated(
        reader,
        *Strategy,
        candidates=(5, 20),
        bi_encoder=bi_encoder,
        cross_encoder=cross_encoder,
    )
    assert bi_encoder.calls == 1
    assert bi_encoder.queries_encoded == [query.text for query in QUERIES]
    assert set(Counter(cross_encoder.pairs_scored).values()) == {1}


def test_what_was_read_before_an_interrupt_is_not_read_again(
    reader: IndexReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted(FakeCrossEncoder):
        def score_pairs(self, pairs: Sequence[tuple[str, str]]) -> PairScores:
            if self.calls == 3:
                raise KeyboardInterrupt
            return super().score_pairs(pairs)

    monkeypatch.setattr(experiment._Experiment, "_timed", lambda *_: None)
    first, second, third, fresh = Interrupted(), *(FakeCrossEncoder() for _ in range(3))
    strategy = Strategy.BI_ENCODER_RERANKED
    with pytest.raises(KeyboardInterrupt):
        evaluated(reader, strategy, cross_encoder=first, cache_dir=tmp_path)
    assert len(first.pairs_scored) > 0
    resumed = evaluated(reader, strategy, cross_encoder=second, cache_dir=tmp_path)
    whole = evaluated(reader, strategy, cross_encoder=fresh)
    assert resumed.baseline.rankings == whole.baseline.rankings
    assert sorted(first.pairs_scored + second.pairs_scored) == sorted(fresh.pairs_scored)
    evaluated(reader, strategy, cross_encoder=third, cache_dir=tmp_path)
    assert third.pairs_scored == []


@pytest.mark.parametrize("runtime", ["another cpu fp32", "fake cpu bf16"])
def test_scores_of_another_runtime_or_precision_are_read_anew(
    runtime: str, reader: IndexReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a comparison of the two would compare one with itself."""
    monkeypatch.setattr(experiment._Experiment, "_timed", lambda *_: None)
    one, other, again = (FakeCrossEncoder() for _ in range(3))
    other.runtime = runtime
    for cross_encoder in (one, other, again):
        evaluated(
            reader,
            Strategy.BI_ENCODER_RERANKED,
            cross_encoder=cross_encoder,
            cache_dir=tmp_path,
        )
    assert sorted(other.pairs_scored) == sorted(one.pairs_scored) != []
    assert again.pairs_scored == []


def test_the_cache_is_not_what_is_timed(reader: IndexReader, tmp_path: Path) -> None:
    for _ in range(2):
        cross_encoder = FakeCrossEncoder()
        result = evaluated(reader, Strategy.BLEND, cross_encoder=cross_encoder, cache_dir=tmp_path)
        latency = result.baseline.latency
        assert latency is not None
        assert (latency.queries, latency.pairs) == (len(QUERIES), 20)
        assert 0 < latency.p50 <= latency.p95
        assert latency.queries_per_second == pytest.approx(1 / latency.mean)
        # The first query once more, to warm up.
        assert len(cross_encoder.pairs_scored) >= 20 * (len(QUERIES) + 1)


def test_steps_count_every_query_of_every_system(reader: IndexReader) -> None:
    steps: Counter[str] = Counter()

    def on_step(name: str, queries: int) -> None:
        steps[name] += queries

    evaluate(
        reader,
        QUERIES,
        judged_in(UNJUDGED, reader.documents()),
        FakeBiEncoder(),
        FakeCrossEncoder(),
        EvaluationOptions(strategies=(Strategy.BM25, Strategy.BLEND), candidates=(5, 9)),
        on_step=on_step,
    )
    assert steps == {"bm25": 5, "blend@5": 5, "blend@9": 5}


# --------------------------------------------------------------- judgments


def test_quality_is_over_the_judged_queries(reader: IndexReader) -> None:
    result = evaluated(reader, Strategy.BI_ENCODER, Strategy.BM25, qrels=JUDGED)
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


def test_without_judgments_there_is_agreement(reader: IndexReader) -> None:
    result = evaluated(reader, Strategy.BI_ENCODER, Strategy.BI_ENCODER_RERANKED, Strategy.BM25)
    assert (result.judged, result.measures) == ((), ())
    assert (result.baseline.overlap, result.baseline.rbo) == (None, None)
    for other in result.systems[1:]:
        assert other.overlap is not None
        assert 0 <= other.overlap <= 1
        assert (other.means, other.differences) == ({}, {})


def test_documents_that_are_missing_are_named_and_cost_recall(reader: IndexReader) -> None:
    qrels = Qrels(
        Unit.DOCUMENT, {"q0": {Item("lost.txt"): 1, Item("shelf1/01.txt"): 1, Item("b"): 1}}
    )
    result = evaluated(reader, Strategy.BI_ENCODER, qrels=qrels)
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
    with folder.open() as reader:
        result = evaluated(
            reader, Strategy.BI_ENCODER, queries=[Query("q", "otter quartz")], qrels=qrels
        )
    assert result.unit is Unit.LINES
    ranking = list(result.baseline.rankings["q"])
    assert ranking[0] == "a.txt:5-5"
    # What nobody judged keeps its place, under a name that no judgment can have.
    assert any(item.endswith("(passage)") for item in ranking)
    assert result.baseline.means["RR@10"].value == 1
    assert result.baseline.means["R@100"].value == 0.5


# -------------------------------------------------------------------- runs


def test_a_run_is_measured_beside(reader: IndexReader) -> None:
    ours = evaluated(reader, Strategy.BI_ENCODER, qrels=JUDGED).baseline
    run = Run("theirs", {name: list(ranking) for name, ranking in ours.rankings.items()})
    result = evaluated(reader, Strategy.BI_ENCODER, qrels=JUDGED, runs=[run])
    theirs = named(result, "theirs")
    assert (theirs.system, theirs.latency, theirs.hits) == (None, None, {})
    assert theirs.values == ours.values
    assert (theirs.overlap, theirs.rbo) == (1.0, pytest.approx(1.0))
    assert theirs.differences["nDCG@10"].ties == 3


def test_a_run_may_name_documents_by_their_path(reader: IndexReader) -> None:
    (path,) = [path for doc_id, path in reader.documents() if doc_id == "shelf1/01.txt"]
    run = Run("theirs", {"q0": [path, "elsewhere.txt", "shelf1/01.txt"]})
    result = evaluated(reader, Strategy.BM25, qrels=JUDGED, runs=[run])
    assert list(named(result, "theirs").rankings["q0"]) == ["shelf1/01.txt", "elsewhere.txt"]


def test_a_run_with_the_name_of_a_strategy_stands_in_its_place(reader: IndexReader) -> None:
    before = evaluated(reader, Strategy.BI_ENCODER_RERANKED, Strategy.BM25, qrels=JUDGED)
    runs = [Run(one.name, one.rankings) for one in before.systems]
    bi_encoder, cross_encoder = FakeBiEncoder(), FakeCrossEncoder()
    after = evaluated(
        reader,
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


def test_what_makes_no_sense_is_refused(reader: IndexReader) -> None:
    with pytest.raises(UsageError, match="nothing to compare"):
        evaluated(reader, Strategy.BM25, queries=[])
    with pytest.raises(UsageError, match="nothing to compare"):
        evaluated(reader)
    with pytest.raises(UsageError, match="empty"):
        evaluated(reader, Strategy.BM25, queries=[Query("1", " ")])
    with pytest.raises(UsageError, match="no measure 'nDGC@10'"):
        EvaluationOptions(measures=("nDGC@10",))
    with pytest.raises(IndexMismatch):
        evaluated(reader, Strategy.BI_ENCODER, bi_encoder=FakeBiEncoder(name="other"))
    with pytest.raises(UsageError, match="Two runs are called 'x'"):
        evaluated(reader, Strategy.BM25, runs=[Run("x", {}), Run("x", {})])
    judged = judged_in(UNJUDGED, reader.documents())
    with pytest.raises(UsageError, match="needs a cross-encoder"):
        evaluate(reader, QUERIES, judged, FakeBiEncoder(), None, EvaluationOptions())
    options = EvaluationOptions(strategies=(Strategy.BI_ENCODER,))
    with pytest.raises(UsageError, match="bi-encoder needs a bi-encoder"):
        evaluate(reader, QUERIES, judged, None, None, options)


def test_reading_everything_is_refused_where_it_is_much(
    reader: IndexReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bienc_cli.search import reranking

    assert EXHAUSTIVE_LIMIT == 2_000
    monkeypatch.setattr(reranking, "EXHAUSTIVE_LIMIT", 50)
    with pytest.raises(UsageError, match="would read all"):
        evaluated(reader, Strategy.CROSS_ENCODER)
    assert evaluated(reader, Strategy.CROSS_ENCODER, exhaustive=True).systems
    few = Filter(paths=("copy.txt",))
    assert evaluated(reader, Strategy.CROSS_ENCODER, where=few).systems
