"""The answers of `Index` to queries: rows to loop over, and the complete result behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bienc_cli.library.answer import Answer
from bienc_cli.render import hits

if TYPE_CHECKING:
    from bienc_cli.evaluation.comparison import Comparison
    from bienc_cli.render.view import View
    from bienc_cli.search import Hit, SearchResult
    from bienc_cli.search.joined import Joined
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
