"""`bienc compare --queries FILE`: quality, agreement and cost over many queries."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bienc_cli.cli import options as opt
from bienc_cli.cli.output import Output, OutputFormat, make_folder, write_page
from bienc_cli.errors import UsageError

if TYPE_CHECKING:
    from bienc_cli.cli.loading import ModelChoice
    from bienc_cli.cli.setup_choice import SetupChoice
    from bienc_cli.evaluation.gates import Baseline, GateResult, Threshold
    from bienc_cli.evaluation.qrels import Qrels
    from bienc_cli.evaluation.queries import Query
    from bienc_cli.evaluation.results import Evaluation
    from bienc_cli.search import Strategy
    from bienc_cli.store import Filter


@dataclass(frozen=True, slots=True)
class MeasuringOptions:
    """What the user said about files of queries, judgments, thresholds and reports."""

    queries: Path | None
    qrels: Path | None
    beir: Path | None
    split: str
    measures: tuple[str, ...]
    fail_under: tuple[str, ...]
    baseline: Path | None
    max_drop: float
    run_out: Path | None
    rerun: tuple[Path, ...]
    report: Path | None

    def __post_init__(self) -> None:
        if self.beir is not None and (self.queries is not None or self.qrels is not None):
            raise UsageError(
                "--beir names the queries and the judgments already.",
                "leave out --queries and --qrels, or --beir",
            )

    @property
    def has_queries(self) -> bool:
        """Whether there is a file of queries."""
        return self.queries is not None or self.beir is not None

    def refuse_what_needs_queries(self) -> None:
        """Refuse options that mean nothing without a file of queries.

        Raises:
            UsageError: naming the first.
        """
        for flag, value in (
            ("--qrels", self.qrels),
            ("--fail-under", self.fail_under),
            ("--baseline", self.baseline),
            ("--run-out", self.run_out),
            ("--rerun", self.rerun),
            ("--report", self.report),
        ):
            if value:
                raise UsageError(f"{flag} is for many queries.", "give --queries FILE too")

    def read(self) -> tuple[tuple[Query, ...], Qrels | None]:
        """The queries, of a BEIR collection only those that are judged, and the judgments.

        Raises:
            PathNotFound, UsageError: a file is not there, or not of its form.
        """
        from bienc_cli.evaluation.qrels import read_qrels
        from bienc_cli.evaluation.queries import read_queries

        if self.beir is None:
            assert self.queries is not None  # noqa: S101 - has_queries was asked
            qrels = read_qrels(self.qrels) if self.qrels is not None else None
            queries = read_queries(self.queries)
            if qrels is not None and not any(one.query_id in qrels.by_query for one in queries):
                raise UsageError(
                    f"'{self.qrels}' judges none of the queries in '{self.queries}'.",
                    "both have to name the queries alike; a plain line's id is its number",
                )
            return queries, qrels
        nested = self.beir / "qrels" / f"{self.split}.tsv"
        qrels = read_qrels(nested if nested.parent.is_dir() else self.beir / "qrels.tsv")
        queries = read_queries(self.beir / "queries.jsonl")
        judged = tuple(query for query in queries if query.query_id in qrels.by_query)
        if not judged:
            raise UsageError(f"'{self.beir}' judges none of its own queries.")
        return judged, qrels


def evaluate_files(
    judging: MeasuringOptions,
    choice: ModelChoice,
    setups: SetupChoice,
    output: Output,
    index: str | None,
    strategies: tuple[Strategy, ...] | None,
    depths: tuple[int, ...],
    where: Filter,
    exhaustive: bool,
) -> int:
    """Measure, write what was asked for, print; the exit code."""
    from bienc_cli.cli import environment, freshness
    from bienc_cli.cli.progress import measuring as progress
    from bienc_cli.evaluation.experiment import evaluate, to_search
    from bienc_cli.evaluation.gates import check_thresholds, parse_threshold, read_baseline
    from bienc_cli.evaluation.qrels import Qrels, Unit, judged_in
    from bienc_cli.evaluation.results import DEFAULT_STRATEGIES, EvaluationOptions
    from bienc_cli.evaluation.runs import read_run
    from bienc_cli.evaluation.setups import evaluate_setups
    from bienc_cli.search.pipeline import DEFAULT_CANDIDATES

    thresholds = [parse_threshold(text) for text in judging.fail_under]
    baseline = read_baseline(judging.baseline) if judging.baseline is not None else None
    measures = dict.fromkeys([*judging.measures, *(one.measure for one in thresholds)])
    options = EvaluationOptions(
        strategies=strategies or DEFAULT_STRATEGIES,
        candidates=depths or (DEFAULT_CANDIDATES,),
        measures=tuple(measures),
        where=where,
        exhaustive=exhaustive,
    )
    queries, qrels = judging.read()
    for folder in (judging.run_out, judging.report.parent if judging.report else None):
        make_folder(folder)
    runs = [read_run(path) for path in judging.rerun]
    for path, run in zip(judging.rerun, runs, strict=True):
        if not any(query.query_id in run.rankings for query in queries):
            raise UsageError(
                f"'{path}' ranks nothing for any of the queries.",
                "both have to name the queries alike; a plain line's id is its number",
            )
    if setups.several:
        _refuse_beside_several(judging)
    named = [name for one in options.systems() for name in (one.name, one.strategy.value)]
    named += [run.name for run in runs]
    check_thresholds(thresholds, tuple(dict.fromkeys(named)), judged=qrels is not None)
    qrels = qrels or Qrels(Unit.DOCUMENT, {})
    with (
        ExitStack() as stack,
        environment.open_index(index) as reader,
        freshness.noted(reader, output),
    ):
        if setups.several:
            chosen = setups.open(stack, reader, choice, options, output)
            steps = sum(len(one.options.systems()) for one in chosen) * len(queries)
            with progress(output, steps, len(queries)) as on_step:
                result = evaluate_setups(
                    chosen,
                    queries,
                    qrels,
                    cache_dir=environment.cache_directory() / "scores",
                    on_step=on_step,
                )
            return _finished(judging, result, [], None, output)
        judged = judged_in(qrels, reader.documents())
        searching = [system.strategy for system in to_search(options, runs)]
        compares = any(one.needs_bi_encoder for one in searching)
        reranks = any(one.needs_cross_encoder for one in searching)
        bi_encoder = choice.load_bi_encoder(reader.info) if compares else None
        cross_encoder = choice.load_cross_encoder() if reranks else None
        with progress(output, len(searching) * len(queries), len(queries)) as on_step:
            result = evaluate(
                reader,
                queries,
                judged,
                bi_encoder,
                cross_encoder,
                options,
                runs=runs,
                cache_dir=environment.cache_directory() / "scores",
                on_step=on_step,
            )
    return _finished(judging, result, thresholds, baseline, output)


def _refuse_beside_several(judging: MeasuringOptions) -> None:
    """Refuse what names systems as they are called where there is one model of each kind.

    Raises:
        UsageError: naming it.
    """
    opt.refuse_without_effect(
        {
            "--fail-under": judging.fail_under or None,
            "--baseline": judging.baseline,
            "--rerun": judging.rerun or None,
        },
        "it holds one model and one length of passages to something",
        "leave it out, or compare the chosen one by itself",
    )


def _finished(
    judging: MeasuringOptions,
    result: Evaluation,
    thresholds: list[Threshold],
    baseline: Baseline | None,
    output: Output,
) -> int:
    """Write and print what came of it; the exit code."""
    from bienc_cli.errors import EXIT_NO_RESULT, EXIT_OK
    from bienc_cli.render.evaluation import EvaluationView, warnings
    from bienc_cli.render.gates import gate_line

    gates = _gates(result, thresholds, baseline, judging.max_drop)
    if judging.run_out is not None:
        _write_runs(judging.run_out, result)
    if judging.report is not None:
        from bienc_cli.render.report import as_html

        write_page(judging.report, as_html(result, created=datetime.now(UTC), gates=gates))
    for warning in warnings(result):
        output.warn(warning)
    output.show(EvaluationView(result, gates))
    if output.format != OutputFormat.table:
        for gate in gates:
            (output.note if gate.passed else output.tell)(gate_line(gate))
    if judging.report is not None:
        output.note(f"report: {judging.report}")
    return EXIT_OK if all(gate.passed for gate in gates) else EXIT_NO_RESULT


def _gates(
    result: Evaluation,
    thresholds: list[Threshold],
    baseline: Baseline | None,
    max_drop: float,
) -> list[GateResult]:
    from bienc_cli.evaluation.gates import held, kept

    against = kept(result, baseline, max_drop) if baseline is not None else []
    return held(result, thresholds) + against


def _write_runs(directory: Path, result: Evaluation) -> None:
    from bienc_cli.evaluation.runs import Run, write_run

    for system in result.systems:
        name = system.name.replace("/", "_")
        write_run(directory / f"{name}.run", Run(system.name, system.rankings))
