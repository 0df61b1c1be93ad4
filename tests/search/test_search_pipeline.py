from dataclasses import replace

import numpy as np
import pytest

from bienc_cli.errors import IndexMismatch, UsageError
from bienc_cli.search import Hit, SearchOptions, search
from bienc_cli.search.excerpts import with_lines_around
from bienc_cli.search.reranking import sigmoid
from bienc_cli.store import Filter, IndexReader
from bienc_cli.strategy import Strategy
from bienc_cli.types import CrossEncoderIdentity, PairScores
from fakes import FakeBiEncoder, FakeCrossEncoder
from folders import Folder

BY_VECTORS = SearchOptions(strategy=Strategy.BI_ENCODER)


def similarity_of(hit: Hit) -> float:
    assert hit.candidate is not None
    assert hit.candidate.similarity is not None
    return hit.candidate.similarity


def test_the_bi_encoder_alone_orders_by_similarity(
    reader: IndexReader, bi_encoder: FakeBiEncoder
) -> None:
    result = search(reader, "cherry stones", bi_encoder, options=replace(BY_VECTORS, k=3))
    assert result.hits[0].passage.passage.doc_id == "deep/cherry.txt"
    scores = [similarity_of(hit) for hit in result.hits]
    assert scores == sorted(scores, reverse=True)
    assert [hit.rank for hit in result.hits] == [1, 2, 3]
    assert all(hit.relevance is None for hit in result.hits)
    assert (result.reranked, result.candidates) == (0, 3)
    assert [stage.name for stage in result.stages] == ["encode query", "search"]


def test_reranking_orders_by_relevance_and_remembers_the_rank_before(
    reader: IndexReader, bi_encoder: FakeBiEncoder, cross_encoder: FakeCrossEncoder
) -> None:
    query = "apples autumn"
    plain = search(reader, query, bi_encoder, options=replace(BY_VECTORS, k=5))
    options = SearchOptions(strategy=Strategy.BI_ENCODER_RERANKED, k=5, candidates=5)
    result = search(reader, query, bi_encoder, cross_encoder, options)
    logits = [hit.relevance.logit for hit in result.hits if hit.relevance]
    assert logits == sorted(logits, reverse=True)
    before = {hit.passage.passage_id: hit for hit in plain.hits}
    for hit in result.hits:
        first = before[hit.passage.passage_id]
        assert hit.candidate == first.candidate
        assert hit.rank == hit.relevance_rank
        assert hit.rose == first.rank - hit.rank
        assert hit.relevance is not None
        assert hit.relevance.probability == pytest.approx(sigmoid(hit.relevance.logit))


def test_equal_scores_are_ordered_by_passage_id(folder: Folder, bi_encoder: FakeBiEncoder) -> None:
    class Indifferent(FakeCrossEncoder):
        def score_pairs(self, pairs):  # type: ignore[no-untyped-def]
            return PairScores(np.zeros((len(pairs), 1), np.float32), np.zeros(len(pairs), np.bool_))

    folder.write({f"{n}.txt": f"Number {n}.\n" for n in range(9)})
    folder.index()
    options = SearchOptions(strategy=Strategy.BI_ENCODER_RERANKED, k=9)
    with folder.open() as reader:
        result = search(reader, "Number", bi_encoder, Indifferent(), options)
    ids = [hit.passage.passage_id for hit in result.hits]
    assert ids == sorted(ids)


def test_candidates_are_deeper_than_k(
    reader: IndexReader, bi_encoder: FakeBiEncoder, cross_encoder: FakeCrossEncoder
) -> None:
    result = search(reader, "pear", bi_encoder, cross_encoder, SearchOptions(k=1, candidates=3))
    assert (len(result.hits), result.candidates, result.reranked) == (1, 3, 3)
    assert len(cross_encoder.pairs_scored) == 3


def test_k_beyond_the_number_of_passages_gives_them_all(
    reader: IndexReader, bi_encoder: FakeBiEncoder
) -> None:
    result = search(reader, "fruit", bi_encoder, options=SearchOptions(k=1000))
    assert len(result.hits) == reader.info.passages


@pytest.mark.parametrize(
    "where",
    [
        Filter(paths=("deep/",)),
        Filter(paths=("*.txt",)),
        Filter(paths=("docs/deep/**",)),
        Filter(formats=("csv",)),
        Filter(paths=("*.md", "*.csv"), formats=("markdown",)),
    ],
)
def test_a_filter_acts_before_the_ranking_is_cut(
    reader: IndexReader, bi_encoder: FakeBiEncoder, where: Filter
) -> None:
    everything = search(reader, "cherry", bi_encoder, options=replace(BY_VECTORS, k=100))
    kept = {stored.passage_id for stored in reader.iter_passages(where)}
    assert 0 < len(kept) < len(everything.hits)
    expected = [hit.passage.passage_id for hit in everything.hits if hit.passage.passage_id in kept]
    found = search(reader, "cherry", bi_encoder, options=replace(BY_VECTORS, k=1, where=where))
    assert [hit.passage.passage_id for hit in found.hits] == expected[:1]
    assert reader.count(where) == len(kept)


def test_a_filter_that_matches_nothing_finds_nothing(
    reader: IndexReader, bi_encoder: FakeBiEncoder, cross_encoder: FakeCrossEncoder
) -> None:
    options = SearchOptions(where=Filter(paths=("nowhere/",)), best_sentence=True)
    assert search(reader, "pear", bi_encoder, cross_encoder, options).hits == ()


def test_min_relevance_drops_what_is_below(
    reader: IndexReader, bi_encoder: FakeBiEncoder, cross_encoder: FakeCrossEncoder
) -> None:
    options = SearchOptions(k=100, min_relevance=0.5)
    result = search(reader, "cherry stones", bi_encoder, cross_encoder, options)
    assert [hit.passage.passage.doc_id for hit in result.hits] == ["deep/cherry.txt"]
    assert result.reranked > 1


def test_what_makes_no_sense_is_refused(
    reader: IndexReader, bi_encoder: FakeBiEncoder, cross_encoder: FakeCrossEncoder
) -> None:
    with pytest.raises(UsageError, match="empty"):
        search(reader, "  \n", bi_encoder)
    with pytest.raises(UsageError, match="no hits"):
        SearchOptions(k=0)
    with pytest.raises(UsageError, match="3 candidates cannot give 10"):
        SearchOptions(candidates=3)
    with pytest.raises(UsageError, match="between 0 and 1"):
        SearchOptions(min_relevance=1.5)
    with pytest.raises(UsageError, match="no reranking"):
        search(reader, "pear", bi_encoder, options=SearchOptions(min_relevance=0.5))
    with pytest.raises(IndexMismatch, match="made with fake"):
        search(reader, "pear", FakeBiEncoder(name="other"))


def test_a_classifier_of_several_labels_does_not_rank(
    reader: IndexReader, bi_encoder: FakeBiEncoder
) -> None:
    class Nli(FakeCrossEncoder):
        @property
        def identity(self) -> CrossEncoderIdentity:
            return CrossEncoderIdentity("nli", "f", 64, ("contradiction", "entailment"))

    with pytest.raises(UsageError, match="2 labels"):
        search(reader, "pear", bi_encoder, Nli())


def test_a_query_longer_than_the_model_reads_is_reported(
    reader: IndexReader, bi_encoder: FakeBiEncoder, cross_encoder: FakeCrossEncoder
) -> None:
    result = search(reader, "pear " * 200, bi_encoder, cross_encoder)
    assert result.query_truncated
    assert result.query_tokens == 202
    assert result.truncated == result.reranked


def test_lines_around_a_passage(folder: Folder) -> None:
    folder.write({"lines.txt": "".join(f"Line {n} has a few words.\n\n" for n in range(40))})
    folder.index()
    with folder.open() as reader:
        whole = reader.document_text(1)
        passages = list(reader.iter_passages())
        for lines in (0, 1, 3):
            for passage_id, text in with_lines_around(reader, passages, lines).items():
                passage = next(p.passage for p in passages if p.passage_id == passage_id)
                first = max(passage.place.first - 1 - lines, 0)
                expected = whole.split("\n")[first : passage.place.last + lines]
                assert text == "\n".join(expected).strip("\n")
