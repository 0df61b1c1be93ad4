"""Labels for pairs and for documents, by fakes whose answers are known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from bienc_cli.errors import IndexMismatch, UsageError
from bienc_cli.search.classification import (
    check_classifier,
    classify,
    label_named,
    label_scores,
)
from bienc_cli.search.zero_shot import check_labels, label_documents
from bienc_cli.store import Filter, IndexReader
from bienc_cli.types import CrossEncoderIdentity
from fakes import FakeBiEncoder, FakeClassifier, FakeCrossEncoder
from folders import Folder

IDENTITY = CrossEncoderIdentity("nli", "00", 32, ("no", "yes", "perhaps"))


def test_probabilities_follow_the_model_s_own_activation() -> None:
    logits = np.array([1.0, -2.0, 0.5], np.float32)
    softmax = [one.probability for one in label_scores(logits, IDENTITY)]
    powers = [2.718281828**one for one in (1.0, -2.0, 0.5)]
    assert softmax == pytest.approx([one / sum(powers) for one in powers])
    sigmoid = label_scores(logits, replace(IDENTITY, activation="sigmoid"))
    assert [one.probability for one in sigmoid] == pytest.approx([0.731059, 0.119203, 0.622459])
    assert [one.label for one in sigmoid] == ["no", "yes", "perhaps"]
    far = label_scores(np.array([900.0, -900.0, 0.0], np.float32), IDENTITY)
    assert [one.probability for one in far] == [1.0, 0.0, 0.0]


def test_pairs_are_read_both_ways_where_it_is_wanted() -> None:
    classifier = FakeClassifier()
    pairs = [("apples and pears", "apples"), ("one", "not one")]
    forward = classify(pairs, classifier)
    assert [one.best.label for one in forward] == ["entailment", "contradiction"]
    assert all(one.backward == () for one in forward)
    both = classify(pairs, classifier, both_ways=True)
    assert [one.forward for one in both] == [one.forward for one in forward]
    assert max(both[0].backward, key=lambda one: one.logit).label == "neutral"
    assert classify([], classifier, both_ways=True) == []


def test_a_model_of_relevance_is_no_classifier() -> None:
    with pytest.raises(UsageError, match="fake-cross has one label") as raised:
        classify([("a", "b")], FakeCrossEncoder())
    assert raised.value.hint
    check_classifier(IDENTITY)
    assert label_named(IDENTITY, "YES") == "yes"
    with pytest.raises(UsageError, match="no label 'maybe'") as raised:
        label_named(IDENTITY, "maybe")
    assert raised.value.hint == "give one of: no, yes, perhaps"


@pytest.fixture
def kinds(folder: Folder) -> Iterator[IndexReader]:
    folder.write(
        {
            "1.txt": "invoice number four for an invoice",
            "2.txt": "a contract of a contract partner",
            "deep/3.md": "# letter\n\nletter to you\n\n# more\n\nanother letter\n",
        }
    )
    folder.index()
    with folder.open() as reader:
        yield reader


def test_documents_get_the_label_that_their_passages_are_nearest_to(kinds: IndexReader) -> None:
    encoder = FakeBiEncoder()
    labels = ["invoice", "contract", "letter"]
    result = label_documents(kinds, labels, encoder)
    vectors = encoder.encode_queries(labels).astype(np.float64)
    for document in result.documents:
        own = [
            one.passage_id
            for one in kinds.iter_passages()
            if one.document_id == document.passage.document_id
        ]
        exact = (kinds.vectors_of(own).astype(np.float64) @ vectors.T).mean(axis=0)
        assert document.similarities == pytest.approx(exact.tolist())
        assert document.passages == len(own)
        assert document.probabilities == ()
    best = [int(np.argmax(document.similarities)) for document in result.documents]
    assert best == [0, 1, 2]
    assert result.cross_encoder is None


def test_a_cross_encoder_reads_by_relevance_or_by_entailment(kinds: IndexReader) -> None:
    labels = ("invoice", "contract", "letter")
    reranker = FakeCrossEncoder()
    result = label_documents(kinds, labels, FakeBiEncoder(), reranker)
    assert not result.entails
    assert [int(np.argmax(one.probabilities)) for one in result.documents] == [0, 1, 2]
    assert {query for query, _ in reranker.pairs_scored} == set(labels)
    classifier = FakeClassifier()
    result = label_documents(kinds, labels, FakeBiEncoder(), classifier)
    assert result.entails
    assert classifier.pairs_scored[0][1] == "This text is about invoice."
    for document in result.documents:
        assert sum(document.probabilities) == pytest.approx(1)


def test_filters_hold_and_wrong_models_are_refused(kinds: IndexReader) -> None:
    where = Filter(paths=("deep/",))
    result = label_documents(kinds, ["a", "b"], FakeBiEncoder(), where=where)
    assert [one.passage.passage.doc_id for one in result.documents] == ["deep/3.md"]
    with pytest.raises(IndexMismatch):
        label_documents(kinds, ["a", "b"], FakeBiEncoder(name="other"))

    class Sentiment(FakeClassifier):
        @property
        def identity(self) -> CrossEncoderIdentity:
            return replace(IDENTITY, labels=("good", "bad"))

    with pytest.raises(UsageError, match="has no label 'entailment'"):
        label_documents(kinds, ["a", "b"], FakeBiEncoder(), Sentiment())


@pytest.mark.parametrize("labels", [[], ["one"], ["a", ""], ["a", " a"], ["a", "b\ud800"]])
def test_labels_are_a_choice(labels: list[str]) -> None:
    with pytest.raises(UsageError):
        check_labels(labels)
