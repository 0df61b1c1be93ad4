"""What is read, and in what time."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.errors import UsageError
from bienc_cli.search import SearchOptions, search
from bienc_cli.search.reranking import sigmoid
from bienc_cli.store import IndexReader
from bienc_cli.strategy import Strategy
from fakes import FakeBiEncoder, FakeCrossEncoder
from folders import Folder


@given(st.floats(-1000, 1000))
def test_sigmoid_is_the_logistic_function(logit: float) -> None:
    assert 0 <= sigmoid(logit) <= 1
    assert sigmoid(logit) + sigmoid(-logit) == pytest.approx(1)
    if abs(logit) < 30:
        assert math.log(sigmoid(logit) / (1 - sigmoid(logit))) == pytest.approx(logit, abs=1e-2)


def test_a_budget_reads_the_best_candidates_and_keeps_the_rest_in_order(
    folder: Folder, bi_encoder: FakeBiEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock that a pair moves by 10 ms: 4 pairs, then 60 ms are left of 100, then none."""
    from bienc_cli.search import reranking

    class Timed(FakeCrossEncoder):
        def score_pairs(self, pairs):  # type: ignore[no-untyped-def]
            clock[0] += 0.01 * len(pairs)
            return super().score_pairs(pairs)

    clock = [0.0]
    monkeypatch.setattr(reranking.time, "perf_counter", lambda: clock[0])
    folder.write({f"{n}.txt": f"Number {n} of a kind.\n" for n in range(30)})
    folder.index()
    cross_encoder = Timed()
    by_vectors = SearchOptions(strategy=Strategy.BI_ENCODER, k=30)
    with folder.open() as reader:
        plain = search(reader, "Number 7", bi_encoder, options=by_vectors)
        options = SearchOptions(
            strategy=Strategy.BI_ENCODER_RERANKED, k=30, rerank_seconds=0.1 + 1e-9
        )
        result = search(reader, "Number 7", bi_encoder, cross_encoder, options)
    assert (result.candidates, result.reranked) == (30, 10)
    assert len(cross_encoder.pairs_scored) == 10
    order = [hit.passage.passage_id for hit in result.hits]
    before = [hit.passage.passage_id for hit in plain.hits]
    assert set(order[:10]) == set(before[:10])
    assert order[10:] == before[10:]
    assert [hit.rank for hit in result.hits] == list(range(1, 31))
    assert all((hit.relevance is None) == (hit.rank > 10) for hit in result.hits)


def test_a_budget_that_is_too_small_still_reads_a_few(
    reader: IndexReader, bi_encoder: FakeBiEncoder, cross_encoder: FakeCrossEncoder
) -> None:
    result = search(reader, "pear", bi_encoder, cross_encoder, SearchOptions(rerank_seconds=1e-9))
    assert result.reranked == 4
    with pytest.raises(UsageError, match="above zero"):
        SearchOptions(rerank_seconds=0)
