"""What `Index` answers: rows to loop over, and the whole answer behind them.

An answer is a sequence of dataclasses of plain values. `pandas.DataFrame(answer)` and
`polars.DataFrame(list(answer))` take it as it is; nothing here knows of either.
"""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from bienc_cli.evaluation.comparison import Comparison
from bienc_cli.render import hits as hit_
from bienc_cli.render.classification import LabelledDocumentsView
from bienc_cli.render.comparison import ComparisonView
from bienc_cli.render.index_report import IndexView
from bienc_cli.render.pairs import PairsView
from bienc_cli.render.search import SearchView
from bienc_cli.render.similar import SimilarView
from bienc_cli.search import Hit, SearchResult
from bienc_cli.search.clusters import PairsResult
from bienc_cli.search.pairs import Pair
from bienc_cli.search.similar import SimilarResult
from bienc_cli.search.zero_shot import Labelling
from bienc_cli.store import StoredPassage

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from rich.console import RenderableType

    from bienc_cli.indexing.report import IndexReport

Row = TypeVar("Row", bound="DataclassInstance")
Result = TypeVar("Result")

_WIDTH = 100
"""Columns of a printed answer, as of a table that does not go to a terminal."""


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """A passage that answers a query.

    Attributes:
        citation: where it stands in its file, for people: `notes/a.md:13`, `r.pdf p.3`.
        path: of its file, from the working directory where that is above it.
        page: of a PDF; None elsewhere.
        line: its first, of a file that has lines; None elsewhere.
        heading: title and headings that it stands under.
        text: an exact slice of the document's text.
        relevance: the cross-encoder's, 0 to 1; None where it has not read the passage.
        similarity: the bi-encoder's cosine; None where no vector was compared.
        bm25: None where no word was looked up.
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
    """A document, or a passage, like another.

    Attributes:
        similarity: of a document the mean over the subject's passages, as `SimilarHit` has it.
        citation: of the passage that is most similar, whose text is `text`.
        relevance: None where nothing was reranked.
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
    """A passage in the ranking that one strategy gives to one query."""

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
    """Two passages that belong together.

    Attributes:
        shared: the share of their words that both have.
        kind: `same`, `near-duplicate` or `similar`.
        first: where one stands in its file, as a citation.
        second: where the other does.
        label: the likeliest of (first, second); None where no classifier has read them.
        label_back: of (second, first), likewise.
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
    """A document with its likeliest label.

    Attributes:
        label: by the bi-encoder.
        similarity: of the label's name and the document's passages, their mean.
        cross_encoder_label: None where none has read it.
        probability: of that label, likewise.
    """

    path: str
    document_id: str
    label: str
    similarity: float
    cross_encoder_label: str | None
    probability: float | None


class _Shown(ABC):
    """Prints as the command's table does, in a shell and in a notebook."""

    @abstractmethod
    def _table(self) -> RenderableType:
        """The command's table."""

    def __rich__(self) -> RenderableType:
        return self._table()

    def __repr__(self) -> str:
        from rich.console import Console

        file = io.StringIO()
        console = Console(file=file, width=_WIDTH, color_system=None, highlight=False)
        console.print(self._table())
        return "\n".join(line.rstrip() for line in file.getvalue().splitlines())

    def _repr_html_(self) -> str:
        from rich.console import Console

        console = Console(
            file=io.StringIO(), width=_WIDTH, record=True, force_terminal=True, highlight=False
        )
        console.print(self._table())
        # A notebook has fonts and a page of its own; only the colours are ours.
        return console.export_html(inline_styles=True, code_format="<pre>{code}</pre>")


class Answer(_Shown, Sequence[Row], Generic[Row, Result]):
    """Rows, best first.

    Attributes:
        result: everything that is known of the answer: stages, models, the index, warnings.
    """

    def __init__(self, rows: Sequence[Row], result: Result) -> None:
        self._rows = tuple(rows)
        self.result = result

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, position: int) -> Row: ...

    @overload
    def __getitem__(self, position: slice) -> Sequence[Row]: ...

    def __getitem__(self, position: int | slice) -> Row | Sequence[Row]:
        return self._rows[position]

    def to_dicts(self) -> list[dict[str, Any]]:
        """A dictionary for each row."""
        return [asdict(row) for row in self._rows]

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """What the command prints with `--format json`, by the same schema."""


class SearchAnswer(Answer[FoundPassage, SearchResult]):
    """What `Index.search` answers."""

    def __init__(self, result: SearchResult) -> None:
        super().__init__([_found(hit) for hit in result.hits], result)

    def to_json(self) -> dict[str, Any]:
        """The document `bienc.query/2`."""
        return SearchView(self.result).as_json()

    def _table(self) -> RenderableType:
        return SearchView(self.result).as_table()


class SimilarAnswer(Answer[SimilarItem, SimilarResult]):
    """What `Index.similar` answers."""

    def __init__(self, result: SimilarResult) -> None:
        rows = [
            SimilarItem(
                rank=hit.rank,
                similarity=hit.similarity,
                relevance=hit.relevance.probability if hit.relevance else None,
                path=hit.passage.path,
                document_id=hit.passage.passage.doc_id,
                citation=hit_.location(hit.passage),
                heading=hit_.heading(hit.passage),
                text=hit.passage.passage.text,
            )
            for hit in result.hits
        ]
        super().__init__(rows, result)

    def to_json(self) -> dict[str, Any]:
        """The document `bienc.similar/1`."""
        return SimilarView(self.result, full=False).as_json()

    def _table(self) -> RenderableType:
        return SimilarView(self.result, full=False).as_table()


class CompareAnswer(Answer[RankedPassage, Comparison]):
    """What `Index.compare` answers: the rankings of all strategies, one below the other."""

    def __init__(self, result: Comparison) -> None:
        rows = [
            RankedPassage(
                query=one.query,
                strategy=ranking.strategy.value,
                rank=rank,
                citation=hit_.location(hit.passage),
                path=hit.passage.path,
                text=hit.passage.passage.text,
                **_scores(hit),
            )
            for one in result.queries
            for ranking in one.rankings
            for rank, hit in enumerate(ranking.hits, 1)
        ]
        super().__init__(rows, result)

    def to_json(self) -> dict[str, Any]:
        """The document `bienc.compare/3`."""
        return ComparisonView(self.result).as_json()

    def _table(self) -> RenderableType:
        return ComparisonView(self.result).as_table()


class PairsAnswer(Answer[SimilarPair, PairsResult]):
    """What `Index.pairs` answers, the most similar first; `result` has the clusters too."""

    def __init__(self, result: PairsResult) -> None:
        super().__init__([_similar_pair(pair) for pair in result.pairs], result)

    def to_json(self) -> dict[str, Any]:
        """The document `bienc.pairs/1`."""
        return PairsView(self.result).as_json()

    def _table(self) -> RenderableType:
        return PairsView(self.result).as_table()


class LabelsAnswer(Answer[LabelledItem, Labelling]):
    """What `Index.classify` answers, in the order of the index."""

    def __init__(self, result: Labelling) -> None:
        rows = []
        for one in result.documents:
            (label, similarity), *others = one.likeliest(result.labels)
            other, probability = others[0] if others else (None, None)
            rows.append(
                LabelledItem(
                    path=one.passage.path,
                    document_id=one.passage.passage.doc_id,
                    label=label,
                    similarity=similarity,
                    cross_encoder_label=other,
                    probability=probability,
                )
            )
        super().__init__(rows, result)

    def to_json(self) -> dict[str, Any]:
        """The document `bienc.labels/1`."""
        return LabelledDocumentsView(self.result).as_json()

    def _table(self) -> RenderableType:
        return LabelledDocumentsView(self.result).as_table()


class BuildAnswer(_Shown):
    """What came of building or refreshing an index.

    Attributes:
        result: the whole report.
    """

    def __init__(self, result: IndexReport) -> None:
        self.result = result

    def to_json(self) -> dict[str, Any]:
        """The document `bienc.index/1`."""
        return IndexView(self.result).as_json()

    def _table(self) -> RenderableType:
        return IndexView(self.result).as_table()


def _similar_pair(pair: Pair) -> SimilarPair:
    said = pair.classification
    ways = (said.forward, said.backward) if said else ((), ())
    labels = [max(way, key=lambda one: one.logit).label if way else None for way in ways]
    return SimilarPair(
        similarity=pair.similarity,
        shared=pair.shared,
        kind=pair.kind.value,
        first=hit_.location(pair.first),
        second=hit_.location(pair.second),
        first_path=pair.first.path,
        second_path=pair.second.path,
        first_text=pair.first.passage.text,
        second_text=pair.second.passage.text,
        label=labels[0],
        label_back=labels[1],
    )


def _found(hit: Hit) -> FoundPassage:
    stored: StoredPassage = hit.passage
    place = stored.passage.place
    return FoundPassage(
        rank=hit.rank,
        citation=hit_.location(stored),
        path=stored.path,
        document_id=stored.passage.doc_id,
        page=place.first if place.kind == "page" else None,
        line=place.first if place.kind == "line" else None,
        heading=hit_.heading(stored),
        text=stored.passage.text,
        **_scores(hit),
    )


def _scores(hit: Hit) -> dict[str, float | None]:
    return {
        "relevance": hit.relevance.probability if hit.relevance else None,
        "similarity": hit.candidate.similarity if hit.candidate else None,
        "bm25": hit.candidate.bm25 if hit.candidate else None,
    }
