import pytest

from bienc_cli.errors import UsageError
from bienc_cli.evaluation.comparison import CompareOptions, compare
from bienc_cli.search import SearchOptions, search
from bienc_cli.store import IndexReader
from bienc_cli.strategy import Strategy
from fakes import FakeBiEncoder, FakeCrossEncoder


@pytest.mark.parametrize(
    "strategies",
    [
        [Strategy.BI_ENCODER, Strategy.BI_ENCODER_RERANKED],
        [one for one in Strategy if one is not Strategy.CROSS_ENCODER],
    ],
)
def test_the_rankings_are_those_of_query(
    reader: IndexReader,
    bi_encoder: FakeBiEncoder,
    cross_encoder: FakeCrossEncoder,
    strategies: list[Strategy],
) -> None:
    query = "apples autumn"
    options = CompareOptions(strategies=tuple(strategies), k=3)
    (one,) = compare(reader, [query], bi_encoder, cross_encoder, options).queries
    expected = [
        search(reader, query, bi_encoder, cross_encoder, SearchOptions(strategy=strategy, k=3)).hits
        for strategy in strategies
    ]
    assert [ranking.strategy for ranking in one.rankings] == strategies
    assert [ranking.hits for ranking in one.rankings] == expected
    assert (one.first, one.last) == (one.rankings[0], one.rankings[-1])
    first, last = ({hit.passage.passage_id for hit in hits} for hits in (expected[0], expected[-1]))
    assert one.overlap == pytest.approx(len(first & last) / max(len(first), len(last)))


def test_a_small_index_is_read_whole(
    reader: IndexReader, bi_encoder: FakeBiEncoder, cross_encoder: FakeCrossEncoder
) -> None:
    result = compare(reader, ["pear"], bi_encoder, cross_encoder, CompareOptions(k=2))
    (one,) = result.queries
    assert one.exhaustive is not None
    assert one.exhaustive_overlap == 1.0
    costs = {cost.strategy: cost for cost in one.costs}
    assert not costs[Strategy.CROSS_ENCODER].estimated
    assert costs[Strategy.CROSS_ENCODER].passages_scored == reader.info.passages
    assert costs[Strategy.BI_ENCODER].passages_scored == 0
    assert costs[Strategy.BI_ENCODER].seconds_per_pair is None


def test_the_exhaustive_ranking_is_the_best_of_all(
    reader: IndexReader,
    bi_encoder: FakeBiEncoder,
    cross_encoder: FakeCrossEncoder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from bienc_cli.search import reranking

    monkeypatch.setattr(reranking, "_BATCH", 2)
    options = CompareOptions(k=3, exhaustive=True)
    (one,) = compare(reader, ["pear cellar"], bi_encoder, cross_encoder, options).queries
    passages = list(reader.iter_passages())
    logits = cross_encoder.score_pairs(
        [("pear cellar", stored.passage.embedded_text) for stored in passages]
    ).logits[:, 0]
    best = sorted(zip(-logits, (stored.passage_id for stored in passages), strict=True))[:3]
    assert one.exhaustive is not None
    assert [hit.passage.passage_id for hit in one.exhaustive] == [found for _, found in best]


def test_a_larger_one_is_estimated_from_the_time_of_a_pair(
    reader: IndexReader, bi_encoder: FakeBiEncoder, cross_encoder: FakeCrossEncoder
) -> None:
    options = CompareOptions(k=2, exhaustive=False)
    result = compare(reader, ["pear"], bi_encoder, cross_encoder, options)
    (one,) = result.queries
    _, reranked, exhaustive = one.costs
    assert one.exhaustive is None
    assert exhaustive.estimated
    assert exhaustive.rerank == pytest.approx(
        reranked.rerank / reranked.passages_scored * reader.info.passages
    )
    assert [summary.estimated for summary in result.costs] == [False, False, True]


@pytest.mark.parametrize(
    ("strategies", "query"),
    [
        ((Strategy.BM25, Strategy.BI_ENCODER), "pear"),
        ((Strategy.HYBRID, Strategy.LIGHT_BLEND), "pear"),
        # One reranks, and has nothing to rerank.
        ((Strategy.BM25, Strategy.BM25_RERANKED), "xylophone"),
    ],
)
def test_it_is_never_estimated_at_no_time(
    reader: IndexReader,
    bi_encoder: FakeBiEncoder,
    cross_encoder: FakeCrossEncoder,
    strategies: tuple[Strategy, ...],
    query: str,
) -> None:
    options = CompareOptions(strategies=strategies, exhaustive=False)
    seen: list[tuple[str, int]] = []
    result = compare(
        reader, [query], bi_encoder, cross_encoder, options, lambda *step: seen.append(step)
    )
    *_, exhaustive = result.costs
    assert exhaustive.estimated
    assert exhaustive.p50 > 0
    assert exhaustive.seconds_per_pair
    assert {asked for asked, _ in cross_encoder.pairs_scored} == {query}
    assert seen[-2:] == [("cross-encoder", 0), ("cross-encoder", 1)]


def test_several_queries_give_medians(
    reader: IndexReader, bi_encoder: FakeBiEncoder, cross_encoder: FakeCrossEncoder
) -> None:
    queries = ["pear", "apple tree", "cherry"]
    seen: list[tuple[str, int]] = []
    result = compare(
        reader, queries, bi_encoder, cross_encoder, on_step=lambda *step: seen.append(step)
    )
    strategies = ["bi-encoder", "bi-encoder+cross-encoder", "cross-encoder"]
    assert seen == [(name, step) for name in strategies for step in (0, 1, 1, 1)]
    assert [one.query for one in result.queries] == queries
    for position, summary in enumerate(result.costs):
        totals = sorted(one.costs[position].total for one in result.queries)
        assert summary.p50 == totals[1]
        assert totals[1] <= summary.p95 <= totals[2]
    assert result.mean_overlap == pytest.approx(sum(one.overlap for one in result.queries) / 3)


def test_one_strategy_is_no_comparison() -> None:
    for strategies in [(Strategy.BM25,), (Strategy.BM25, Strategy.CROSS_ENCODER)]:
        with pytest.raises(UsageError, match="takes two strategies"):
            CompareOptions(strategies=strategies)


def test_no_query_is_refused(
    reader: IndexReader, bi_encoder: FakeBiEncoder, cross_encoder: FakeCrossEncoder
) -> None:
    with pytest.raises(UsageError, match="no query"):
        compare(reader, [], bi_encoder, cross_encoder)
    with pytest.raises(UsageError, match="empty"):
        compare(reader, ["pear", " "], bi_encoder, cross_encoder)
