import numpy as np
import pytest

from bienc_cli.errors import UsageError
from bienc_cli.evaluation.pair_scores import score_pairs
from bienc_cli.types import CrossEncoderIdentity, PairScores
from fakes import FakeBiEncoder, FakeCrossEncoder


def test_a_pair_gets_both_scores(
    bi_encoder: FakeBiEncoder, cross_encoder: FakeCrossEncoder
) -> None:
    pairs = [("capital of France", "Paris is the capital of France."), ("capital", "Pears.")]
    scoring = score_pairs(pairs, bi_encoder, cross_encoder)
    near, far = scoring.pairs
    assert near.similarity > far.similarity
    assert near.relevance is not None
    assert far.relevance is not None
    assert near.relevance.logit > far.relevance.logit
    assert near.labels == ()
    query = bi_encoder.encode_queries([near.first])[0]
    passage = bi_encoder.encode_passages([near.second])[0]
    assert near.similarity == pytest.approx(float(query @ passage))


def test_several_labels_come_with_their_share(bi_encoder: FakeBiEncoder) -> None:
    class Nli(FakeCrossEncoder):
        @property
        def identity(self) -> CrossEncoderIdentity:
            return CrossEncoderIdentity("nli", "f", 64, ("contradiction", "entailment", "neutral"))

        def score_pairs(self, pairs):  # type: ignore[no-untyped-def]
            return PairScores(np.array([[0.0, 2.0, 1.0]], np.float32), np.zeros(1, np.bool_))

    (pair,) = score_pairs([("a", "b")], bi_encoder, Nli()).pairs
    assert pair.relevance is None
    assert [label.label for label in pair.labels] == ["contradiction", "entailment", "neutral"]
    assert [label.probability for label in pair.labels] == pytest.approx(
        [0.0900306, 0.6652410, 0.2447285]
    )


def test_an_empty_text_is_refused(
    bi_encoder: FakeBiEncoder, cross_encoder: FakeCrossEncoder
) -> None:
    with pytest.raises(UsageError, match="Pair 2"):
        score_pairs([("a", "b"), ("a", " ")], bi_encoder, cross_encoder)
