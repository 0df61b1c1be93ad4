"""The answers of `Index` to questions: rows to loop over, and the complete result behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bienc_cli.library.answer import Answer
from bienc_cli.render import hits

if TYPE_CHECKING:
    from bienc_cli.evaluation.comparison import Comparison
    from bienc_cli.render.view import View
    from bienc_cli.search import Hit, SearchResult
    from bienc_cli.search.clusters import PairsResult
    from bienc_cli.search.joined import Joined
    from bienc_cli.search.pairs import Pair
    from bienc_cli.search.similar import SimilarResult
    from bienc_cli.search.zero_shot import Labelling
    from bienc_cli.store import IndexReader, StoredPassage


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """A passage that answers a query.

    Attributes:
        citation: its place, for people: `notes/a.md:13`, `r.pdf p.3`.
        path: of its file, relative to the working directory if that is above it.
        page: in a PDF; None for other formats.
        line: its first line, in a file with lines; None for other formats.
        heading: the title and headings it is under.
        text: an exact slice of the document's text.
        relevance: the cross-encoder's, 0 to 1; None if it was not reranked.
        similarity: the bi-encoder's cosine; None if vectors were not compared.
        bm25: None if words were not looked up.
    """

    rank: int
    citation: str
    path: str
    document_id: str
    page: int | None
    line: int | None
    heading: str
    text: str
    relevance: float | None
    similarity: float | None
    bm25: float | None


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
class RankedPassage:
    """A passage in one strategy's ranking for one query."""

    query: str
    strategy: str
    rank: int
    citation: str
    path: str
    relevance: float | None
    similarity: float | None
    bm25: float | None
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


class SearchAnswer(Answer[FoundPassage, "SearchResult"]):
    """The answer of `Index.search`."""

    def __init__(self, result: SearchResult, searched: IndexReader | Joined) -> None:
        super().__init__([_found_passage(hit) for hit in result.hits], result, result.warnings)
        self._searched = searched

    def changed(self) -> tuple[str, ...]:
        """Warnings about files that have changed since these passages were indexed."""
        from bienc_cli.indexing.freshness import changed_since

        return tuple(changed_since(hit.passage for hit in self.result.hits))

    def with_lines_around(self, lines: int) -> dict[int, str]:
        """Each passage's text with this many lines around it, by passage id, as indexed.

        Raises:
            IndexDamaged: the index is damaged.
        """
        from bienc_cli.search.excerpts import with_lines_around

        passages = [hit.passage for hit in self.result.hits]
        return dict(with_lines_around(self._searched, passages, lines))

    def view(self) -> View:
        """In the schema `bienc.query/2`."""
        from bienc_cli.render.search import SearchView

        return SearchView(self.result)


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


class CompareAnswer(Answer[RankedPassage, "Comparison"]):
    """The answer of `Index.compare`: the rankings of all strategies, one after the other."""

    def __init__(self, result: Comparison) -> None:
        rows = [
            RankedPassage(
                query=query_comparison.query,
                strategy=ranking.strategy.value,
                rank=rank,
                citation=hits.location(hit.passage),
                path=hit.passage.path,
                text=hit.passage.passage.text,
                **_scores(hit),
            )
            for query_comparison in result.queries
            for ranking in query_comparison.rankings
            for rank, hit in enumerate(ranking.hits, 1)
        ]
        super().__init__(rows, result, result.warnings)

    def view(self) -> View:
        """In the schema `bienc.compare/3`."""
        from bienc_cli.render.comparison import ComparisonView

        return ComparisonView(self.result)


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


def _found_passage(hit: Hit) -> FoundPassage:
    stored: StoredPassage = hit.passage
    place = stored.passage.place
    return FoundPassage(
        rank=hit.rank,
        citation=hits.location(stored),
        path=stored.path,
        document_id=stored.passage.doc_id,
        page=place.first if place.kind == "page" else None,
        line=place.first if place.kind == "line" else None,
        heading=hits.heading(stored),
        text=stored.passage.text,
        **_scores(hit),
    )


def _scores(hit: Hit) -> dict[str, float | None]:
    return {
        "relevance": hit.relevance.probability if hit.relevance else None,
        "similarity": hit.candidate.similarity if hit.candidate else None,
        "bm25": hit.candidate.bm25 if hit.candidate else None,
    }
