"""Many queries by several strategies, with fake models on a small library."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from bienc_cli.evaluation import experiment
from bienc_cli.evaluation.experiment import evaluate
from bienc_cli.evaluation.qrels import Item, Qrels, Unit, best_first, judged_in
from bienc_cli.evaluation.queries import Query
from bienc_cli.evaluation.results import EvaluationOptions
from bienc_cli.search import Hit, SearchOptions, search
from bienc_cli.store import Filter, IndexReader, open_reader
from bienc_cli.strategy import Strategy
from bienc_cli.types import BlendWeights, PairScores, TunedBlend
from experiments import JUDGED, QUERIES, UNJUDGED, evaluated, named
from fakes import FakeBiEncoder, FakeCrossEncoder
from folders import Folder

# ---------------------------------------------------------------- rankings


@pytest.mark.parametrize("candidates", [10, 35, 120])
@pytest.mark.parametrize("strategy", list(Strategy))
def test_the_head_of_a_ranking_is_what_query_finds(
    shelves: IndexReader, strategy: Strategy, candidates: int
) -> None:
    """The invariant that makes what is measured what is used."""
    bi_encoder, cross_encoder = FakeBiEncoder(), FakeCrossEncoder()
    for where in (Filter(), Filter(paths=("shelf1/",))):
        result = evaluated(shelves, strategy, candidates=(candidates,), where=where)
        (measured,) = result.systems
        judged = judged_in(UNJUDGED, shelves.documents())
        for query in QUERIES:
            for k in (10, candidates):
                asked = SearchOptions(strategy, k=k, candidates=candidates, where=where)
                hits = search(shelves, query.text, bi_encoder, cross_encoder, asked).hits
                found = best_first([judged.items_of(hit.passage) for hit in hits])
                ranking = measured.rankings[query.query_id]
                assert ranking[: len(found)] == found
                assert len(set(ranking)) == len(ranking)
            asked = SearchOptions(strategy, k=10, candidates=candidates, where=where)
            hits = search(shelves, query.text, bi_encoder, cross_encoder, asked).hits
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
    with open_reader(folder.home / ".bienc", key_dir=folder.home / "keys") as shelves:
        result = evaluated(shelves, Strategy.LIGHT_BLEND, queries=[query])
        (hit, *_) = search(
            shelves, query.text, FakeBiEncoder(), None, SearchOptions(Strategy.LIGHT_BLEND)
        ).hits
    assert hit.passage.path == "docs/code.txt"
    assert result.baseline.rankings["q"][0] == "code.txt"


@pytest.mark.parametrize("options", [{}, {"k": 3}])
def test_a_document_that_is_the_query_does_not_count(tmp_path: Path, options: dict) -> None:
    """As in ArguAna, whose queries are documents with the same ids."""
    folder = Folder(tmp_path)
    texts = {"7": "amber river otter", "8": "amber river kelp", "9": "amber meadow"}
    folder.write(
        {"all.jsonl": "\n".join(json.dumps({"_id": n, "text": t}) for n, t in texts.items())}
    )
    folder.index()
    asked = [Query("7", "amber \nriver otter"), Query("9", "amber river")]
    judged = Qrels(Unit.DOCUMENT, {"7": {Item("8"): 1}})
    with open_reader(folder.home / ".bienc", key_dir=folder.home / "keys") as shelves:
        result = evaluated(shelves, *Strategy, queries=asked, qrels=judged, **options)
    for one in result.systems:
        assert one.rankings["7"][0] == "8"
        assert "7" not in one.rankings["7"]
        # Another text by the same id is a document like others.
        assert "9" in one.rankings["9"]
        assert one.values["nDCG@10"] == {"7": 1.0}


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


def test_weights_that_are_given_order_both(shelves: IndexReader) -> None:
    blend = TunedBlend(BlendWeights(5.0, 0.0), BlendWeights(0.0, 1.0), queries=3)
    result = evaluated(shelves, Strategy.BLEND, Strategy.LIGHT_BLEND, blend=blend)
    judged = judged_in(UNJUDGED, shelves.documents())
    for measured in result.systems:
        assert measured.system is not None
        asked = SearchOptions(measured.system.strategy, candidates=20, blend=blend)
        for query in QUERIES:
            hits = search(shelves, query.text, FakeBiEncoder(), FakeCrossEncoder(), asked).hits
            found = best_first([judged.items_of(hit.passage) for hit in hits])
            assert list(measured.rankings[query.query_id])[: len(found)] == found


def test_a_ranking_goes_on_until_every_document_is_in_it(shelves: IndexReader) -> None:
    """A document has up to six passages; ten passages reranked still rank all documents."""
    documents = {doc_id for doc_id, _ in shelves.documents()}
    result = evaluated(shelves, Strategy.BI_ENCODER, Strategy.BI_ENCODER_RERANKED, candidates=(10,))
    for measured in result.systems:
        for ranking in measured.rankings.values():
            assert set(ranking) == documents
            assert len(ranking) == len(documents)


def test_a_document_stands_where_its_best_passage_does(shelves: IndexReader) -> None:
    (measured,) = evaluated(shelves, Strategy.CROSS_ENCODER).systems
    cross_encoder = FakeCrossEncoder()
    passages = list(shelves.iter_passages())
    for query in QUERIES:
        texts = [stored.passage.embedded_text for stored in passages]
        logits = cross_encoder.score_pairs([(query.text, text) for text in texts]).logits[:, 0]
        best: dict[str, tuple[float, int]] = {}
        for logit, stored in zip(logits, passages, strict=True):
            key = (-float(logit), stored.passage_id)
            doc_id = stored.passage.doc_id
            best[doc_id] = min(key, best.get(doc_id, key))
        assert list(measured.rankings[query.query_id]) == sorted(best, key=lambda one: best[one])


def test_every_passage_is_read_in_portions(
    shelves: IndexReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = evaluated(shelves, Strategy.CROSS_ENCODER).baseline.rankings
    monkeypatch.setattr(experiment, "_BATCH", 7)
    assert evaluated(shelves, Strategy.CROSS_ENCODER).baseline.rankings == whole


def test_nothing_matches_a_filter(shelves: IndexReader) -> None:
    where = Filter(paths=("nowhere/",))
    result = evaluated(shelves, *Strategy, qrels=JUDGED, where=where)
    for measured in result.systems:
        assert set(map(tuple, measured.rankings.values())) == {()}
        assert measured.means["nDCG@10"].value == 0


# ------------------------------------------------------------------- depth


def test_several_depths_are_measured_one_by_one(shelves: IndexReader) -> None:
    strategies = (Strategy.BM25, Strategy.BLEND, Strategy.CROSS_ENCODER)
    result = evaluated(shelves, *strategies, candidates=(5, 30), qrels=JUDGED)
    assert [one.name for one in result.systems] == ["bm25", "blend@5", "blend@30", "cross-encoder"]
    assert [one.system.candidates for one in result.systems if one.system] == [None, 5, 30, None]
    pairs = [one.latency.pairs for one in result.systems if one.latency]
    assert pairs == [0, 5, 30, shelves.info.passages]
    alone = evaluated(shelves, Strategy.BLEND, candidates=(5,))
    assert alone.baseline.name == "blend"
    assert alone.baseline.rankings == named(result, "blend@5").rankings


# ------------------------------------------------------------- work done


def test_queries_are_encoded_at_once_and_no_pair_is_read_twice(
    shelves: IndexReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Timing answers queries as `query` does, each by itself; here it is left out.
    monkeypatch.setattr(experiment._Experiment, "_timed", lambda *_: None)
    bi_encoder, cross_encoder = FakeBiEncoder(), FakeCrossEncoder()
    evaluated(
        shelves,
        *Strategy,
        candidates=(5, 20),
        bi_encoder=bi_encoder,
        cross_encoder=cross_encoder,
    )
    assert bi_encoder.calls == 1
    assert bi_encoder.queries_encoded == [query.text for query in QUERIES]
    assert set(Counter(cross_encoder.pairs_scored).values()) == {1}


def test_what_was_read_before_an_interrupt_is_not_read_again(
    shelves: IndexReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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
        evaluated(shelves, strategy, cross_encoder=first, cache_dir=tmp_path)
    assert len(first.pairs_scored) > 0
    resumed = evaluated(shelves, strategy, cross_encoder=second, cache_dir=tmp_path)
    whole = evaluated(shelves, strategy, cross_encoder=fresh)
    assert resumed.baseline.rankings == whole.baseline.rankings
    assert sorted(first.pairs_scored + second.pairs_scored) == sorted(fresh.pairs_scored)
    evaluated(shelves, strategy, cross_encoder=third, cache_dir=tmp_path)
    assert third.pairs_scored == []


@pytest.mark.parametrize("runtime", ["another cpu fp32", "fake cpu bf16"])
def test_scores_of_another_runtime_or_precision_are_read_anew(
    runtime: str, shelves: IndexReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a comparison of the two would compare one with itself."""
    monkeypatch.setattr(experiment._Experiment, "_timed", lambda *_: None)
    one, other, again = (FakeCrossEncoder() for _ in range(3))
    other.runtime = runtime
    for cross_encoder in (one, other, again):
        evaluated(
            shelves,
            Strategy.BI_ENCODER_RERANKED,
            cross_encoder=cross_encoder,
            cache_dir=tmp_path,
        )
    assert sorted(other.pairs_scored) == sorted(one.pairs_scored) != []
    assert again.pairs_scored == []


def test_the_cache_is_not_what_is_timed(shelves: IndexReader, tmp_path: Path) -> None:
    for _ in range(2):
        cross_encoder = FakeCrossEncoder()
        result = evaluated(shelves, Strategy.BLEND, cross_encoder=cross_encoder, cache_dir=tmp_path)
        latency = result.baseline.latency
        assert latency is not None
        assert (latency.queries, latency.pairs) == (len(QUERIES), 20)
        assert 0 < latency.p50 <= latency.p95
        assert latency.queries_per_second == pytest.approx(1 / latency.mean)
        # The first query once more, to warm up.
        assert len(cross_encoder.pairs_scored) >= 20 * (len(QUERIES) + 1)


def test_steps_count_every_query_of_every_system(shelves: IndexReader) -> None:
    steps: Counter[str] = Counter()

    def on_step(name: str, queries: int) -> None:
        steps[name] += queries

    evaluate(
        shelves,
        QUERIES,
        judged_in(UNJUDGED, shelves.documents()),
        FakeBiEncoder(),
        FakeCrossEncoder(),
        EvaluationOptions(strategies=(Strategy.BM25, Strategy.BLEND), candidates=(5, 9)),
        on_step=on_step,
    )
    assert steps == {"bm25": 5, "blend@5": 5, "blend@9": 5}
