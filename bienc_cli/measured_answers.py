"""What `Index` answers where quality is measured, and where texts are scored: rows and a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bienc_cli.evaluation.matrix import ScoreMatrix
from bienc_cli.evaluation.results import Evaluation
from bienc_cli.index_answers import Answer
from bienc_cli.render.evaluation import EvaluationView
from bienc_cli.render.matrix import MatrixView, probabilities

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True, slots=True)
class MeasuredStrategy:
    """A measure of a strategy's rankings, over the judged queries.

    Attributes:
        value: the mean.
        difference: from the first strategy's, over the same queries; None for the first.
        p: that the difference is chance, corrected for how many are compared; None for the first,
            and where there are too few queries to tell.
    """

    strategy: str
    measure: str
    value: float
    difference: float | None
    p: float | None


@dataclass(frozen=True, slots=True)
class ScoredPair:
    """A query with a passage, as each encoder has it.

    Attributes:
        similarity: the bi-encoder's cosine.
        relevance: the cross-encoder's, 0 to 1.
        logit: of it.
    """

    query: str
    passage: str
    similarity: float
    relevance: float
    logit: float


class EvaluateAnswer(Answer[MeasuredStrategy, Evaluation]):
    """What `Index.evaluate` answers: each measure of each strategy."""

    def __init__(self, result: Evaluation) -> None:
        rows = []
        for system in result.systems:
            for measure, mean in system.means.items():
                against = system.differences.get(measure)
                rows.append(
                    MeasuredStrategy(
                        strategy=system.name,
                        measure=measure,
                        value=mean.value,
                        difference=None if against is None else against.mean,
                        p=None if against is None else against.p_corrected,
                    )
                )
        super().__init__(rows, result)

    def to_json(self) -> dict[str, Any]:
        """The document `bienc.evaluation/1`."""
        return EvaluationView(self.result).as_json()

    def _table(self) -> RenderableType:
        return EvaluationView(self.result).as_table()


class ScoreAnswer(Answer[ScoredPair, ScoreMatrix]):
    """What `Index.score` answers: every query with every passage."""

    def __init__(self, result: ScoreMatrix) -> None:
        relevances = probabilities(result)
        rows = [
            ScoredPair(
                query=query,
                passage=passage,
                similarity=float(result.similarities[row, column]),
                relevance=float(relevances[row, column]),
                logit=float(result.logits[row, column]),
            )
            for row, query in enumerate(result.queries)
            for column, passage in enumerate(result.passages)
        ]
        super().__init__(rows, result)

    def to_json(self) -> dict[str, Any]:
        """The document `bienc.matrix/1`."""
        return MatrixView(self.result).as_json()

    def _table(self) -> RenderableType:
        return MatrixView(self.result).as_table()
