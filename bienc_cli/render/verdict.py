"""Words a verdict for people who did not read the table."""

from __future__ import annotations

from collections.abc import Sequence

from bienc_cli.evaluation.results import SystemResult
from bienc_cli.evaluation.verdict import ENOUGH_QUERIES, Verdict
from bienc_cli.render.printable import count, duration, one_line


def sentences(verdict: Verdict) -> list[str]:
    """What to use and what it costs, what is as good, what is worse, and how sure that is."""
    return _recommended(verdict) if verdict.sure else _so_far(verdict)


def _so_far(verdict: Verdict) -> list[str]:
    best = verdict.best
    tie = "tie at" if len(best) > 1 else "has"
    return [
        f"Best so far: {_listed(best)} {tie} {verdict.measure} {_mean(verdict, best[0])}.",
        f"{count(verdict.queries, 'judged query is', 'judged queries are')} too few to recommend "
        f"anything: judge {ENOUGH_QUERIES} or more.",
    ]


def _recommended(verdict: Verdict) -> list[str]:
    use = verdict.use
    cost = f" at {duration(use.latency.p50)} a query" if use.latency else ""
    lines = [f"Use {one_line(use.name)}: {verdict.measure} {_mean(verdict, use)}{cost}."]
    if verdict.equals:
        others = ", ".join(_with_cost(verdict, system) for system in verdict.equals)
        lines.append(
            f"No difference to {others} can be measured over {verdict.queries:,} judged queries."
        )
    if verdict.worse:
        lines.append(
            f"Measurably worse (p < 0.05 over {verdict.queries:,} judged queries): "
            f"{_listed(verdict.worse)}."
        )
    return lines


def _with_cost(verdict: Verdict, system: SystemResult) -> str:
    cost = f", {duration(system.latency.p50)}" if system.latency else ""
    return f"{one_line(system.name)} ({_mean(verdict, system)}{cost})"


def _mean(verdict: Verdict, system: SystemResult) -> str:
    return f"{system.means[verdict.measure].value:.4f}"


def _listed(systems: Sequence[SystemResult]) -> str:
    *leading, last = [one_line(system.name) for system in systems]
    return f"{', '.join(leading)} and {last}" if leading else last
