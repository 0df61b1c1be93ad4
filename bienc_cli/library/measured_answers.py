"""The answers of `Index` to measuring and tuning, and to scoring texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bienc_cli.evaluation.gates import GateResult
from bienc_cli.evaluation.matrix import ScoreMatrix
from bienc_cli.evaluation.results import Evaluation
from bienc_cli.evaluation.runs import Run, write_run
from bienc_cli.evaluation.tuning import Tuning
from bienc_cli.library.answer import Answer
from bienc_cli.library.report_files import write_page
from bienc_cli.render import evaluation as evaluation_views
from bienc_cli.render.matrix import MatrixView, probabilities
from bienc_cli.render.tuning import TuningView

if TYPE_CHECKING:
    from bienc_cli.render.view import View


@dataclass(frozen=True, slots=True)
class MeasuredStrategy:
    """A measure of one strategy's rankings over the judged queries.

    Attributes:
        value: the mean.
        difference: from the first strategy, over the same queries; None for the first.
        p: p-value of the difference, corrected for the number of comparisons; None for the first
            strategy, and if there are too few queries.
    """

    strategy: str
    measure: str
    value: float
    difference: float | None
    p: float | None


@dataclass(frozen=True, slots=True)
class ScoredPair:
    """A query and a passage, scored by each encoder.

    Attributes:
        similarity: the bi-encoder's cosine.
        relevance: the cross-encoder's, 0 to 1.
        logit: the logit behind it.
    """

    query: str
    passage: str
    similarity: float
    relevance: float
    logit: float


@dataclass(frozen=True, slots=True)
class LearnedWeights:
    """The weights learned for a blend, where relevance has weight 1.

    Attributes:
        before_similarity: the weight used before.
        before_bm25: likewise.
        gain: mean nDCG@10 on held-out queries, minus that of the weights used before.
        kept: whether they are used now.
    """

    strategy: str
    similarity: float
    bm25: float
    before_similarity: float
    before_bm25: float
    gain: float
    kept: bool


class EvaluateAnswer(Answer[MeasuredStrategy, Evaluation]):
    """The answer of `Index.evaluate`: each measure of each strategy.

    Attributes:
        gates: the result of each given threshold.
    """

    def __init__(self, result: Evaluation, gates: Sequence[GateResult] = ()) -> None:
        rows = []
        for system in result.systems:
            for measure, mean in system.means.items():
                difference = system.differences.get(measure)
                rows.append(
                    MeasuredStrategy(
                        strategy=system.name,
                        measure=measure,
                        value=mean.value,
                        difference=None if difference is None else difference.mean,
                        p=None if difference is None else difference.p_corrected,
                    )
                )
        super().__init__(rows, result, evaluation_views.warnings(result))
        self.gates = tuple(gates)

    @property
    def passed(self) -> bool:
        """Whether all thresholds are met."""
        return all(gate.passed for gate in self.gates)

    def write_report(self, path: str | Path) -> None:
        """Write a page with plots and every query.

        Raises:
            StorageError: it cannot be written.
        """
        from bienc_cli.render.report import as_html

        page = as_html(self.result, created=datetime.now(UTC), gates=self.gates)
        write_page(Path(path), page)

    def write_runs(self, directory: str | Path) -> None:
        """Write each strategy's rankings as a TREC run file.

        Raises:
            StorageError: they cannot be written.
        """
        for system in self.result.systems:
            name = system.name.replace("/", "_")
            write_run(Path(directory) / f"{name}.run", Run(system.name, system.rankings))

    def view(self) -> View:
        """In the schema `bienc.evaluation/1`."""
        return evaluation_views.EvaluationView(self.result, self.gates)


class TuneAnswer(Answer[LearnedWeights, Tuning]):
    """The answer of `Index.tune`.

    Attributes:
        recorded: whether any weights were stored.
    """

    def __init__(self, result: Tuning, *, recorded: bool, warnings: Sequence[str]) -> None:
        rows = [
            LearnedWeights(
                strategy=strategy,
                similarity=tuned.weights.similarity,
                bm25=tuned.weights.bm25,
                before_similarity=tuned.before.similarity,
                before_bm25=tuned.before.bm25,
                gain=tuned.gain.mean,
                kept=recorded and tuned.helps,
            )
            for strategy, tuned in (("blend", result.blend), ("light-blend", result.light_blend))
        ]
        missing = len(result.missing)
        message = f"{missing:,} judged documents are not in the index"
        super().__init__(rows, result, [*warnings, message] if missing else warnings)
        self.recorded = recorded

    def view(self) -> View:
        """In the schema `bienc.tune/1`."""
        return TuningView(self.result, recorded=self.recorded)


class ScoreAnswer(Answer[ScoredPair, ScoreMatrix]):
    """The answer of `Index.score`: every query with every passage."""

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

    def write_report(self, path: str | Path) -> None:
        """Write a page with the matrix as heat maps.

        Raises:
            StorageError: it cannot be written.
        """
        from bienc_cli.render.report import matrix_as_html

        write_page(Path(path), matrix_as_html(self.result, created=datetime.now(UTC)))

    def view(self) -> View:
        """In the schema `bienc.matrix/1`."""
        return MatrixView(self.result)
