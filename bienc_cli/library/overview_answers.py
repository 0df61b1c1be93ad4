"""The answers of `Index` to questions without a query: similar documents, pairs, labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bienc_cli.library.answer import Answer
from bienc_cli.render import hits

if TYPE_CHECKING:
    from bienc_cli.render.view import View
    from bienc_cli.search.clusters import PairsResult
    from bienc_cli.search.pairs import Pair
    from bienc_cli.search.similar import SimilarResult
    from bienc_cli.search.zero_shot import Labelling


@dataclass(frozen=True, slots=True)
class SimilarItem:
    """A document, or a passage, similar to another.

    Attributes:
        similarity: for a document, the mean over the subject's passages, as in `SimilarHit`.
        citation: of the most similar passage, whose text is `text`.
        relevance: None if it was not reranked.
    """

    rank: int
    similarity: float
    relevance: float | None
    path: str
    document_id: str
    citation: str
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class SimilarPair:
    """Two passages that match.

    Attributes:
        shared: the fraction of words they share.
        kind: `same`, `near-duplicate` or `similar`.
        first: citation of one passage.
        second: citation of the other.
        label: the most likely label of (first, second); None without a classifier.
        label_back: that of (second, first), likewise.
    """

    similarity: float
    shared: float
    kind: str
    first: str
    second: str
    first_path: str
    second_path: str
    first_text: str
    second_text: str
    label: str | None
    label_back: str | None


@dataclass(frozen=True, slots=True)
class LabelledItem:
    """A document with its most likely label.

    Attributes:
        label: the bi-encoder's choice.
        similarity: mean cosine of the label's name and the document's passages.
        cross_encoder_label: None without a cross-encoder.
        probability: of that label, likewise.
    """

    path: str
    document_id: str
    label: str
    similarity: float
    cross_encoder_label: str | None
    probability: float | None


class SimilarAnswer(Answer[SimilarItem, "SimilarResult"]):
    """The answer of `Index.similar`."""

    def __init__(self, result: SimilarResult) -> None:
        rows = [
            SimilarItem(
                rank=hit.rank,
                similarity=hit.similarity,
                relevance=hit.relevance.probability if hit.relevance else None,
                path=hit.passage.path,
                document_id=hit.passage.passage.doc_id,
                citation=hits.location(hit.passage),
                heading=hits.heading(hit.passage),
                text=hit.passage.passage.text,
            )
            for hit in result.hits
        ]
        super().__init__(rows, result, result.warnings)

    def view(self) -> View:
        """In the schema `bienc.similar/1`."""
        from bienc_cli.render.similar import SimilarView

        return SimilarView(self.result, full=False)


class PairsAnswer(Answer[SimilarPair, "PairsResult"]):
    """The answer of `Index.pairs`, most similar first; `result` also has the clusters."""

    def __init__(self, result: PairsResult) -> None:
        super().__init__([_similar_pair(pair) for pair in result.pairs], result, result.warnings)

    def view(self) -> View:
        """In the schema `bienc.pairs/1`."""
        from bienc_cli.render.pairs import PairsView

        return PairsView(self.result)


class LabelsAnswer(Answer[LabelledItem, "Labelling"]):
    """The answer of `Index.classify`, in index order."""

    def __init__(self, result: Labelling) -> None:
        rows = []
        for document in result.documents:
            (label, similarity), *rest = document.likeliest(result.labels)
            cross_encoder_label, probability = rest[0] if rest else (None, None)
            rows.append(
                LabelledItem(
                    path=document.passage.path,
                    document_id=document.passage.passage.doc_id,
                    label=label,
                    similarity=similarity,
                    cross_encoder_label=cross_encoder_label,
                    probability=probability,
                )
            )
        super().__init__(rows, result, result.warnings)

    def view(self) -> View:
        """In the schema `bienc.labels/1`."""
        from bienc_cli.render.classification import LabelledDocumentsView

        return LabelledDocumentsView(self.result)


def _similar_pair(pair: Pair) -> SimilarPair:
    classification = pair.classification
    directions = (classification.forward, classification.backward) if classification else ((), ())
    labels = [
        max(scores, key=lambda score: score.logit).label if scores else None
        for scores in directions
    ]
    return SimilarPair(
        similarity=pair.similarity,
        shared=pair.shared,
        kind=pair.kind.value,
        first=hits.location(pair.first),
        second=hits.location(pair.second),
        first_path=pair.first.path,
        second_path=pair.second.path,
        first_text=pair.first.passage.text,
        second_text=pair.second.passage.text,
        label=labels[0],
        label_back=labels[1],
    )
