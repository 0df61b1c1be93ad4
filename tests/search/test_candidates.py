"""Candidates of every strategy, on an index of fakes."""

from __future__ import annotations

import pytest

from bienc_cli.search import SearchOptions, search
from bienc_cli.search.candidates import look_up, propose
from bienc_cli.search.fusion import DEFAULT_LIGHT_BLEND
from bienc_cli.store import Filter, IndexReader
from bienc_cli.strategy import Strategy
from fakes import FakeBiEncoder, FakeCrossEncoder
from folders import Folder
from stores import exactly

QUERY = "apples ripen in autumn"
PROPOSING = [one for one in Strategy if one is not Strategy.CROSS_ENCODER]


@pytest.mark.parametrize("strategy", PROPOSING)
def test_what_each_source_says_stands_at_the_candidate(
    reader: IndexReader, bi_encoder: FakeBiEncoder, strategy: Strategy
) -> None:
    (vector,) = bi_encoder.encode_queries([QUERY])
    found = look_up(reader, QUERY, vector, strategy, 3, Filter())
    candidates = propose(reader, QUERY, vector, found, strategy, 3, DEFAULT_LIGHT_BLEND)
    cosines = dict(exactly(reader, vector, 100))
    words = dict(reader.bm25(QUERY, 100))
    assert [one.rank for one in candidates] == list(range(1, len(candidates) + 1))
    for one in candidates:
        if strategy.needs_bi_encoder:
            assert one.similarity == pytest.approx(cosines[one.passage_id], abs=1e-6)
        else:
            assert one.similarity is None
        if strategy.needs_bm25:
            assert one.bm25 == pytest.approx(words.get(one.passage_id, 0.0), abs=1e-9)
        else:
            assert one.bm25 is None


@pytest.mark.parametrize("strategy", list(Strategy))
def test_no_strategy_asks_a_model_it_does_not_need(
    reader: IndexReader,
    bi_encoder: FakeBiEncoder,
    cross_encoder: FakeCrossEncoder,
    strategy: Strategy,
) -> None:
    bi = bi_encoder if strategy.needs_bi_encoder else None
    cross = cross_encoder if strategy.needs_cross_encoder else None
    result = search(reader, QUERY, bi, cross, SearchOptions(k=2, strategy=strategy))
    assert [hit.rank for hit in result.hits] == [1, 2]
    assert result.hits[0].passage.passage.doc_id == "apple.md"
    assert bool(cross_encoder.calls) is strategy.needs_cross_encoder
    assert bool(bi_encoder.queries_encoded) is strategy.needs_bi_encoder


@pytest.mark.parametrize("strategy", PROPOSING)
def test_a_filter_holds_for_every_source(
    reader: IndexReader,
    bi_encoder: FakeBiEncoder,
    cross_encoder: FakeCrossEncoder,
    strategy: Strategy,
) -> None:
    options = SearchOptions(k=10, strategy=strategy, where=Filter(formats=("text",)))
    hits = search(reader, "pear cherry apples", bi_encoder, cross_encoder, options).hits
    assert hits
    assert {hit.passage.format for hit in hits} == {"text"}


def test_words_that_are_nowhere(
    reader: IndexReader, bi_encoder: FakeBiEncoder, cross_encoder: FakeCrossEncoder
) -> None:
    """BM25 has nothing to say; what has something to say still answers."""
    asked = (reader, "xylophone", bi_encoder, cross_encoder)
    assert not search(*asked, SearchOptions(strategy=Strategy.BM25)).hits
    by_vectors = search(*asked, SearchOptions(k=3, strategy=Strategy.BI_ENCODER)).hits
    light = search(*asked, SearchOptions(k=3, strategy=Strategy.LIGHT_BLEND)).hits
    assert [hit.passage.passage_id for hit in light] == [
        hit.passage.passage_id for hit in by_vectors
    ]


def test_what_only_words_find_is_a_candidate(
    folder: Folder, bi_encoder: FakeBiEncoder, cross_encoder: FakeCrossEncoder
) -> None:
    """A name in the midst of a long text: no neighbour by its vector, first by its words."""
    filler = " ".join(f"word{n}" for n in range(40))
    folder.write({f"{n}.txt": f"serial numbers are printed below {n}" for n in range(30)})
    folder.write({"long.txt": f"{filler} QX7731 {filler[:120]}"})
    folder.index()
    with folder.open() as index:
        options = SearchOptions(k=5, strategy=Strategy.BLEND, candidates=6)
        query = "serial numbers printed below QX7731"
        hits = search(index, query, bi_encoder, cross_encoder, options).hits
        (named,) = (
            hit
            for hit in search(
                index,
                query,
                bi_encoder,
                cross_encoder,
                SearchOptions(k=6, strategy=Strategy.BLEND, candidates=6),
            ).hits
            if hit.passage.passage.doc_id == "long.txt"
        )
    assert len(hits) == 5
    assert named.candidate.bm25_rank == 1
    assert named.candidate.similarity_rank == 31
