"""Pools hold the head of every strategy, and tell nothing by their order."""

from __future__ import annotations

from collections import Counter

import pytest

from bienc_cli.errors import UsageError
from bienc_cli.evaluation.pooling import PooledDocument, PoolOptions, pool
from bienc_cli.evaluation.qrels import JudgedIndex, Qrels, Unit, judged_in
from bienc_cli.evaluation.queries import Query
from bienc_cli.search import SearchOptions, search
from bienc_cli.store import IndexReader
from bienc_cli.strategy import Strategy
from fakes import FakeBiEncoder, FakeCrossEncoder
from folders import Folder

FISH = ("cod", "eel", "carp", "pike", "tench", "bream", "perch", "trout")
STRATEGIES = (
    Strategy.BM25,
    Strategy.BI_ENCODER,
    Strategy.BI_ENCODER_RERANKED,
    Strategy.BM25_RERANKED,
)


@pytest.fixture
def ponds(folder: Folder) -> Folder:
    for number, fish in enumerate(FISH):
        others = " and ".join(FISH[: number + 1])
        folder.write(
            {
                f"{fish}.md": f"# {fish}\n\nIn this pond swim {others}.\n\n"
                + f"## Feeding\n\n{'Give them bread and oats. ' * 12}\n\n"
                + f"## Fishing\n\nThe {fish} bites at dawn. {'Be quiet at the pond. ' * 10}\n"
            }
        )
    folder.index()
    return folder


def names(reader: IndexReader) -> JudgedIndex:
    return judged_in(Qrels(Unit.DOCUMENT, {}), reader.documents())


def pooled(
    reader: IndexReader, text: str, options: PoolOptions, cross: FakeCrossEncoder | None = None
) -> tuple[PooledDocument, ...]:
    query = Query("1", text)
    return pool(reader, query, names(reader), FakeBiEncoder(), cross or FakeCrossEncoder(), options)


def head(reader: IndexReader, text: str, strategy: Strategy, depth: int) -> list[str]:
    options = SearchOptions(strategy=strategy, k=20)
    hits = search(reader, text, FakeBiEncoder(), FakeCrossEncoder(), options).hits
    return list(dict.fromkeys(hit.passage.passage.doc_id for hit in hits))[:depth]


@pytest.mark.parametrize("text", ["pike at dawn", "bread and oats", "eel and carp in the pond"])
@pytest.mark.parametrize("depth", [1, 3])
def test_a_pool_is_the_heads_of_its_strategies(ponds: Folder, text: str, depth: int) -> None:
    with ponds.open() as reader:
        found = pooled(reader, text, PoolOptions(STRATEGIES, depth))
        heads = [head(reader, text, strategy, depth) for strategy in STRATEGIES]
    assert all(len(one) == depth for one in heads)
    assert Counter(one.document for one in found) == Counter(
        {name for one in heads for name in one}
    )


def test_the_order_is_the_same_whatever_the_strategies_say(ponds: Folder) -> None:
    text = "trout at dawn"
    with ponds.open() as reader:
        one = pooled(reader, text, PoolOptions(STRATEGIES, 8))
        other = pooled(reader, text, PoolOptions(STRATEGIES[::-1], 8))
        alone = pooled(reader, text, PoolOptions((Strategy.BM25,), 8))
        ranked = head(reader, text, Strategy.BM25, 8)
    order = [pooled_document.document for pooled_document in one]
    assert order == [pooled_document.document for pooled_document in other]
    within = [name for name in order if name in ranked]
    assert [pooled_document.document for pooled_document in alone] == within
    assert within != ranked


def test_the_order_differs_from_query_to_query(ponds: Folder) -> None:
    options = PoolOptions((Strategy.BI_ENCODER,), 8)
    with ponds.open() as reader:
        orders = {
            tuple(one.document for one in pooled(reader, f"{fish} at dawn", options))
            for fish in FISH
        }
    assert len(orders) == len(FISH)


def test_the_passage_of_most_strategies_comes_first(ponds: Folder) -> None:
    text = "the eel bites at dawn"
    with ponds.open() as reader:
        found = {one.document: one for one in pooled(reader, text, PoolOptions(STRATEGIES, 8))}
        chosen: Counter[int] = Counter()
        for strategy in STRATEGIES:
            options = SearchOptions(strategy=strategy, k=20)
            hits = search(reader, text, FakeBiEncoder(), FakeCrossEncoder(), options).hits
            chosen[
                next(h.passage.passage_id for h in hits if h.passage.passage.doc_id == "eel.md")
            ] += 1
    passages = [stored.passage_id for stored in found["eel.md"].passages]
    assert set(passages) == set(chosen)
    votes = [chosen[one] for one in passages]
    assert votes == sorted(votes, reverse=True)


def test_no_pair_is_read_twice(ponds: Folder) -> None:
    cross = FakeCrossEncoder()
    both = (Strategy.BI_ENCODER_RERANKED, Strategy.HYBRID_RERANKED, Strategy.BM25_RERANKED)
    with ponds.open() as reader:
        pooled(reader, "carp and cod", PoolOptions(both, 3), cross)
    assert cross.pairs_scored
    assert len(cross.pairs_scored) == len(set(cross.pairs_scored))


def test_a_pool_without_models(ponds: Folder) -> None:
    options = PoolOptions((Strategy.BM25,), 2)
    with ponds.open() as reader:
        assert len(pool(reader, Query("1", "eel"), names(reader), None, None, options)) == 2
        assert pool(reader, Query("1", "xylophone"), names(reader), None, None, options) == ()


@pytest.mark.parametrize(("strategies", "depth"), [((Strategy.BM25,), 0), ((), 5)])
def test_a_pool_of_nothing_is_refused(strategies: tuple[Strategy, ...], depth: int) -> None:
    with pytest.raises(UsageError):
        PoolOptions(strategies, depth)
