"""What `Index` answers where quality is measured or learned, and where texts are scored."""

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
from bienc_cli.render.evaluation import EvaluationView, warnings
from bienc_cli.render.matrix import MatrixView, probabilities
from bienc_cli.render.tuning import TuningView

if TYPE_CHECKING:
    from bienc_cli.render.view import View


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


@dataclass(frozen=True, slots=True)
class LearnedWeights:
    """What was learned for a blend; weights are those beside 1 for relevance.

    Attributes:
        before_similarity: in use until then.
        before_bm25: likewise.
        gain: mean nDCG@10 on queries that the weights were not learned from, against those before.
        kept: whether it is in use now.
    """

    strategy: str
    similarity: float
    bm25: float
    before_similarity: float
    before_bm25: float
    gain: float
    kept: bool


class EvaluateAnswer(Answer[MeasuredStrategy, Evaluation]):
    """What `Index.evaluate` answers: each measure of each strategy.

    Attributes:
        gates: what came of each least value that was given.
    """

    def __init__(self, result: Evaluation, gates: Sequence[GateResult] = ()) -> None:
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
        self.gates = tuple(gates)

    @property
    def passed(self) -> bool:
        """Whether no value is below what it was held to."""
        return all(gate.passed for gate in self.gates)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What should be known before the numbers are trusted."""
        return tuple(warnings(self.result))

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
        """By the schema `bienc.evaluation/1`."""
        return EvaluationView(self.result, self.gates)


class TuneAnswer(Answer[LearnedWeights, Tuning]):
    """What `Index.tune` answers.

    Attributes:
        recorded: whether anything was kept.
    """

    def __init__(self, result: Tuning, *, recorded: bool, warnings: Sequence[str]) -> None:
        rows = [
            LearnedWeights(
                strategy=strategy,
                similarity=one.weights.similarity,
                bm25=one.weights.bm25,
                before_similarity=one.before.similarity,
                before_bm25=one.before.bm25,
                gain=one.gain.mean,
                kept=recorded and one.helps,
            )
            for strategy, one in (("blend", result.blend), ("light-blend", result.light_blend))
        ]
        super().__init__(rows, result)
        self.recorded = recorded
        self._warnings = tuple(warnings)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What should be known of the judgments."""
        missing = len(self.result.missing)
        said = f"{missing:,} judged documents are not in the index"
        return (*self._warnings, said) if missing else self._warnings

    def view(self) -> View:
        """By the schema `bienc.tune/1`."""
        return TuningView(self.result, recorded=self.recorded)


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

    def write_report(self, path: str | Path) -> None:
        """Write a page with the matrix as heat maps.

        Raises:
            StorageError: it cannot be written.
        """
        from bienc_cli.render.report import matrix_as_html

        write_page(Path(path), matrix_as_html(self.result, created=datetime.now(UTC)))

    def view(self) -> View:
        """By the schema `bienc.matrix/1`."""
        return MatrixView(self.result)
