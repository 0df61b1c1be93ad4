"""The answer of `compare` over many queries: table, JSON, lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from bienc_cli.evaluation.gates import GateResult
from bienc_cli.evaluation.results import SHOWN, Evaluation, Latency, SystemResult
from bienc_cli.evaluation.significance import Mean, PairedDifference
from bienc_cli.evaluation.verdict import verdict
from bienc_cli.render import hits, markdown_answers
from bienc_cli.render.columns import AT_BLANKS, Grid, Words, system_name, titled
from bienc_cli.render.gates import as_junit, gate_line
from bienc_cli.render.json_fields import index_as_json, models_as_json, rounded, writable
from bienc_cli.render.printable import cell, count, duration, one_line
from bienc_cli.render.verdict import sentences
from bienc_cli.render.view import View

SCHEMA = "bienc.evaluation/1"

_LISTED = 3
"""Missing documents, and queries with gains or losses, that are listed on the screen."""


@dataclass(frozen=True, slots=True)
class EvaluationView(View):
    """Strategies measured over many queries."""

    evaluation: Evaluation
    gates: Sequence[GateResult] = ()

    def as_table(self) -> RenderableType:
        """Quality and cost by strategy, differences from the first, and notable queries."""
        evaluation = self.evaluation
        parts: list[RenderableType] = [_quality_table(evaluation)]
        others = evaluation.systems[1:]
        if others and evaluation.measures:
            parts += [Text(), _differences_table(evaluation)]
            parts += [Text(line, style="dim") for line in _extremes(evaluation)]
        elif others:
            parts += [Text(), _agreement_table(evaluation)]
        if conclusion := verdict(evaluation):
            parts.append(Text())
            parts += [Words(sentence, "bold", AT_BLANKS) for sentence in sentences(conclusion)]
        parts += [Text(), Text(_summary(evaluation), style="dim")]
        parts += [
            Words(gate_line(gate), "green" if gate.passed else "bold red", AT_BLANKS)
            for gate in self.gates
        ]
        return Group(*parts)

    def other_forms(self) -> Mapping[str, Iterator[str]]:
        """Markdown, and JUnit XML of the gates."""
        return {
            "markdown": markdown_answers.of_evaluation(self.evaluation, self.gates),
            "junit": as_junit(self.gates),
        }

    def as_lines(self) -> Iterator[str]:
        """Tab-separated: strategy, measure, mean, difference, p corrected; then its p50 and p95."""
        evaluation = self.evaluation
        for result in evaluation.systems:
            for measure in evaluation.measures:
                difference = result.differences.get(measure)
                fields = [
                    result.name,
                    measure,
                    f"{result.means[measure].value:.6f}",
                    f"{difference.mean:+.6f}" if difference else "",
                    f"{difference.p_corrected:.6f}"
                    if difference and difference.p_corrected is not None
                    else "",
                ]
                yield "\t".join(cell(field) for field in fields)
            if result.latency:
                for label, seconds in (("p50", result.latency.p50), ("p95", result.latency.p95)):
                    yield "\t".join([cell(result.name), label, f"{seconds:.6f}", "", ""])

    def as_json(self) -> dict[str, Any]:
        """The whole evaluation, `schema` first; `values` is what a later `--baseline` reads."""
        evaluation = self.evaluation
        return {
            "schema": SCHEMA,
            "queries": len(evaluation.queries),
            "judged_queries": len(evaluation.judged),
            "unit": evaluation.unit.value,
            "missing_documents": [writable(document) for document in evaluation.missing],
            "measures": list(evaluation.measures),
            "baseline": evaluation.baseline.name,
            "systems": [_system_as_json(result) for result in evaluation.systems],
            "failures": [
                {
                    "system": gate.system,
                    "measure": gate.measure,
                    "value": rounded(gate.value),
                    "least": rounded(gate.least),
                    "message": gate.message,
                }
                for gate in self.gates
                if not gate.passed
            ],
            "index": index_as_json(evaluation.index),
            "models": models_as_json(evaluation.bi_encoder, evaluation.cross_encoder),
            "setups": [
                {
                    "name": setup.name,
                    "index": index_as_json(setup.index),
                    "models": models_as_json(setup.bi_encoder, setup.cross_encoder),
                }
                for setup in evaluation.setups
            ],
            "warnings": warnings(evaluation),
        }


def _quality_table(evaluation: Evaluation) -> RenderableType:
    judged = len(evaluation.judged)
    quality = (
        f"quality over {count(judged, 'judged query', 'judged queries')}"
        if judged
        else "without judgments"
    )
    table = Grid()
    table.column("strategy", wraps=True)
    for name in (*evaluation.measures, "p50", "p95", "pairs"):
        table.column(name, right=True)
    best = {
        measure: max(result.means[measure].value for result in evaluation.systems)
        for measure in evaluation.measures
    }
    for result in evaluation.systems:
        latency = result.latency
        table.row(
            system_name(result.name),
            *(
                Text(
                    f"{result.means[measure].value:.4f}",
                    style="bold green" if result.means[measure].value == best[measure] else "",
                )
                for measure in evaluation.measures
            ),
            *(
                [duration(latency.p50), duration(latency.p95), f"{latency.pairs:,.0f}"]
                if latency
                else ["–", "–", "–"]
            ),
        )
    queries = count(len(evaluation.queries), "query", "queries")
    return titled(f"{queries}, {quality}", table)


def _differences_table(evaluation: Evaluation) -> RenderableType:
    measure = evaluation.measures[0]
    table = Grid()
    table.column("strategy", wraps=True)
    for column in ("mean", "95 % interval", "won", "tied", "lost", "p"):
        table.column(column, right=True)
    for result in evaluation.systems[1:]:
        difference = result.differences[measure]
        table.row(
            system_name(result.name),
            Text(f"{difference.mean:+.4f}", style=_sign(difference)),
            _interval(difference),
            str(difference.wins),
            str(difference.ties),
            str(difference.losses),
            _p(difference.p_corrected),
        )
    return titled(f"{measure} against {one_line(evaluation.baseline.name)}", table)


def _sign(difference: PairedDifference) -> str:
    if difference.p_corrected is None or difference.p_corrected >= 0.05:
        return ""
    return "green" if difference.mean > 0 else "red"


def _interval(difference: PairedDifference) -> str:
    if difference.low is None or difference.high is None:
        return "–"
    return f"{difference.low:+.3f} to {difference.high:+.3f}"


def _p(value: float | None) -> str:
    if value is None:
        return "–"
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _agreement_table(evaluation: Evaluation) -> RenderableType:
    table = Grid()
    table.column("strategy", wraps=True)
    table.column(f"overlap@{SHOWN}", right=True)
    table.column("RBO", right=True)
    for result in evaluation.systems[1:]:
        table.row(system_name(result.name), f"{result.overlap:.2f}", f"{result.rbo:.2f}")
    return titled(f"agreement with {one_line(evaluation.baseline.name)}", table)


def _extremes(evaluation: Evaluation) -> Iterator[str]:
    measure, last = evaluation.measures[0], evaluation.systems[-1]
    for verb, ids in (
        ("gained", last.differences[measure].gained),
        ("lost", last.differences[measure].lost),
    ):
        if ids:
            listed = ", ".join(one_line(query_id) for query_id in ids[:_LISTED])
            yield f"{one_line(last.name)} {verb} most on: {listed}"


def _summary(evaluation: Evaluation) -> str:
    lines = []
    if evaluation.measures and len(evaluation.systems) > 1:
        lines.append(
            "won, tied, lost: queries; p: paired randomisation test, corrected for several "
            "comparisons after Holm"
        )
    latency = next((result.latency for result in evaluation.systems if result.latency), None)
    if latency:
        lines.append(
            f"p50, p95: time of a query, over {latency.queries} answered one at a time, models "
            "loaded and warm; pairs: passages that the cross-encoder read"
        )
    if not evaluation.judged:
        lines.append("no judgments: agreement and time only (--qrels gives quality)")
    lines += [
        f"{one_line(setup.name)}: {count(setup.index.passages, 'passage')} of at most "
        f"{setup.index.chunking.max_tokens} tokens"
        for setup in evaluation.setups
    ]
    models = [use for use in (evaluation.bi_encoder, evaluation.cross_encoder) if use]
    parts = [
        f"{count(evaluation.index.passages, 'passage')} in "
        f"{count(evaluation.index.documents, 'document')}",
        f"ranked by {evaluation.unit}",
    ]
    if models:
        parts += [" + ".join(use.identity.name for use in models), hits.runtimes(models)]
    return "\n".join([*lines, " · ".join(parts)])


def warnings(evaluation: Evaluation) -> list[str]:
    """What the user should know before trusting the numbers, as sentences."""
    messages = list(evaluation.warnings)
    unjudged = len(evaluation.queries) - len(evaluation.judged)
    if evaluation.judged and unjudged:
        messages.append(
            f"{count(unjudged, 'query', 'queries')} without judgments; quality leaves them out"
        )
    if evaluation.missing:
        listed = ", ".join(writable(document) for document in evaluation.missing[:_LISTED])
        more = ", ..." if len(evaluation.missing) > _LISTED else ""
        messages.append(
            f"{count(len(evaluation.missing), 'judged document')} not in the index, counted as "
            f"not found: {listed}{more}"
        )
    return messages


def _system_as_json(result: SystemResult) -> dict[str, Any]:
    system = result.system
    return {
        "name": result.name,
        "strategy": system.strategy.value if system else None,
        "candidates": system.candidates if system else None,
        "means": {name: _mean_as_json(mean) for name, mean in result.means.items()},
        "latency": _latency_as_json(result.latency) if result.latency else None,
        "overlap": rounded(result.overlap),
        "rbo": rounded(result.rbo),
        "differences": {
            name: _difference_as_json(difference) for name, difference in result.differences.items()
        },
        "values": {
            name: {query_id: rounded(value) for query_id, value in by_query.items()}
            for name, by_query in result.values.items()
        },
    }


def _mean_as_json(mean: Mean) -> dict[str, float | None]:
    return {
        "value": rounded(mean.value),
        "low": rounded(mean.low),
        "high": rounded(mean.high),
    }


def _latency_as_json(latency: Latency) -> dict[str, float | int | None]:
    return {
        "p50": rounded(latency.p50),
        "p95": rounded(latency.p95),
        "mean": rounded(latency.mean),
        "queries_per_second": rounded(latency.queries_per_second),
        "queries_timed": latency.queries,
        "passages_scored": rounded(latency.pairs),
    }


def _difference_as_json(difference: PairedDifference) -> dict[str, Any]:
    return {
        "mean": rounded(difference.mean),
        "low": rounded(difference.low),
        "high": rounded(difference.high),
        "wins": difference.wins,
        "ties": difference.ties,
        "losses": difference.losses,
        "p_randomisation": rounded(difference.p_randomisation),
        "p_t_test": rounded(difference.p_t_test),
        "p_corrected": rounded(difference.p_corrected),
        "gained": list(difference.gained),
        "lost": list(difference.lost),
    }
