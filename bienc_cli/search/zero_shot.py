"""Labels documents without training data: a label's name is all that is known of it.

The bi-encoder encodes the name as a query and compares it with the stored vectors; a cross-encoder
reads name and passage together, testing for entailment if it can ("This text is about contract."),
else for relevance.

Source: Yin, Hay and Roth, "Benchmarking zero-shot text classification: Datasets, evaluation and
entailment approach", EMNLP 2019.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from bienc_cli.errors import UsageError
from bienc_cli.search.classification import label_named
from bienc_cli.search.request import check_model, is_encodable
from bienc_cli.search.reranking import sigmoid
from bienc_cli.search.result import ModelUse
from bienc_cli.stages import StageTime, Stopwatch
from bienc_cli.store import Filter, IndexInfo, IndexReader, StoredPassage
from bienc_cli.types import BiEncoder, CrossEncoder, Vectors

HYPOTHESIS = "This text is about {label}."
ENTAILMENT = "entailment"

_READ_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class LabelledDocument:
    """A document with each encoder's score for every label, in the order of the labels.

    Attributes:
        passage: its first one, for the citation.
        passages: how many it has.
        similarities: mean cosine of its passages with the label's name.
        probabilities: the cross-encoder's, for the passage nearest to the label: of entailment
            relative to the other labels', or the sigmoid of relevance; empty without a
            cross-encoder.
    """

    passage: StoredPassage
    passages: int
    similarities: tuple[float, ...]
    probabilities: tuple[float, ...] = ()

    def likeliest(self, labels: Sequence[str]) -> list[tuple[str, float]]:
        """The best label of each encoder, the bi-encoder first, with its score."""
        scored = filter(None, (self.similarities, self.probabilities))
        # The first label wins a tie.
        best = [
            (max(range(len(scores)), key=lambda position: scores[position]), scores)
            for scores in scored
        ]
        return [(labels[position], scores[position]) for position, scores in best]


@dataclass(frozen=True, slots=True)
class Labelling:
    """All documents with their scores.

    Attributes:
        documents: in index order.
        stages: wall time; `bi-encoder` and `cross-encoder` are each encoder's total.
        entails: the cross-encoder tested entailment, not relevance.
    """

    labels: tuple[str, ...]
    documents: tuple[LabelledDocument, ...]
    stages: tuple[StageTime, ...]
    index: IndexInfo
    bi_encoder: ModelUse
    cross_encoder: ModelUse | None
    entails: bool
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class _Tally:
    """What is known of a document while its passages are being read."""

    first: StoredPassage
    sums: list[float]
    nearest: list[tuple[float, StoredPassage]]
    passages: int = 0


def label_documents(
    index: IndexReader,
    labels: Sequence[str],
    bi_encoder: BiEncoder,
    cross_encoder: CrossEncoder | None = None,
    where: Filter | None = None,
    watch: Stopwatch | None = None,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Labelling:
    """Score every document that passes the filter for every label.

    Args:
        index: opened for reading.
        labels: at least two names.
        bi_encoder: the model that the index was made with.
        cross_encoder: a relevance model, or one with a label `entailment`.
        where: only documents that pass this filter.
        watch: already holds earlier stages.
        on_progress: called with how many documents the cross-encoder has read, of how many.

    Raises:
        UsageError: fewer than two labels, or a repeated one; a cross-encoder with several labels,
            none of them entailment.
        IndexMismatch: the index was made with another model.
    """
    names = check_labels(labels)
    check_model(index.info.encoder, bi_encoder.identity)
    column = _entailment_column(cross_encoder)
    watch = watch or Stopwatch()
    with watch.stage("bi-encoder"):
        tallies = _compared(index, bi_encoder.encode_queries(names), where)
    documents = [
        LabelledDocument(
            tally.first, tally.passages, tuple(total / tally.passages for total in tally.sums)
        )
        for tally in tallies
    ]
    if cross_encoder is not None:
        with watch.stage("cross-encoder"):
            documents = _read(tallies, documents, names, cross_encoder, column, on_progress)
    return Labelling(
        labels=names,
        documents=tuple(documents),
        stages=watch.times,
        index=index.info,
        bi_encoder=ModelUse.of(bi_encoder),
        cross_encoder=ModelUse.of(cross_encoder) if cross_encoder else None,
        entails=column is not None,
        warnings=tuple(index.warnings),
    )


def check_labels(labels: Sequence[str]) -> tuple[str, ...]:
    """The label names, stripped of surrounding blanks.

    Raises:
        UsageError: fewer than two, or one is empty, not text, or repeated.
    """
    names = tuple(label.strip() for label in labels)
    if len(names) < 2 or not all(names) or len(set(names)) < len(names):
        raise UsageError(
            f"'{','.join(labels)}' is no choice of labels.",
            "give two or more, each once: --labels invoice,contract,letter",
        )
    if not is_encodable("".join(names)):
        raise UsageError("The labels are not UTF-8.", "check the encoding of your terminal")
    return names


def _entailment_column(cross_encoder: CrossEncoder | None) -> int | None:
    if cross_encoder is None or len(cross_encoder.identity.labels) == 1:
        return None
    identity = cross_encoder.identity
    return identity.labels.index(label_named(identity, ENTAILMENT))


def _compared(index: IndexReader, labels: Vectors, where: Filter | None) -> list[_Tally]:
    cosines: dict[int, list[float]] = {}
    for ids, vectors in index.iter_vectors(where):
        rows = (vectors.astype(np.float64) @ labels.T.astype(np.float64)).tolist()
        cosines.update(zip(ids.tolist(), rows, strict=True))
    tallies: dict[int, _Tally] = {}
    for stored in index.iter_passages(where):
        row = cosines[stored.passage_id]
        tally = tallies.get(stored.document_id)
        if tally is None:
            tally = _Tally(stored, [0.0] * len(row), [(-math.inf, stored)] * len(row))
            tallies[stored.document_id] = tally
        tally.passages += 1
        for label, cosine in enumerate(row):
            tally.sums[label] += cosine
            if cosine > tally.nearest[label][0]:
                tally.nearest[label] = (cosine, stored)
    return list(tallies.values())


def _read(
    tallies: Sequence[_Tally],
    documents: Sequence[LabelledDocument],
    labels: Sequence[str],
    cross_encoder: CrossEncoder,
    column: int | None,
    on_progress: Callable[[int, int], None],
) -> list[LabelledDocument]:
    labelled: list[LabelledDocument] = []
    for start in range(0, len(tallies), _READ_AT_ONCE):
        portion = tallies[start : start + _READ_AT_ONCE]
        pairs = [
            _pair(label, stored, entails=column is not None)
            for tally in portion
            for label, (_, stored) in zip(labels, tally.nearest, strict=True)
        ]
        logits = cross_encoder.score_pairs(pairs).logits[:, column or 0].astype(np.float64)
        for document, row in zip(
            documents[start : start + len(portion)], logits.reshape(len(portion), -1), strict=True
        ):
            shares = np.exp(row - row.max())
            probabilities = (
                shares / shares.sum() if column is not None else map(sigmoid, row.tolist())
            )
            labelled.append(
                LabelledDocument(
                    document.passage,
                    document.passages,
                    document.similarities,
                    tuple(float(probability) for probability in probabilities),
                )
            )
        on_progress(len(labelled), len(tallies))
    return labelled


def _pair(label: str, stored: StoredPassage, *, entails: bool) -> tuple[str, str]:
    text = stored.passage.embedded_text
    return (text, HYPOTHESIS.format(label=label)) if entails else (label, text)
