"""Renders results as Markdown, for pull requests and notes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bienc_cli.evaluation.gates import GateResult
from bienc_cli.evaluation.results import Evaluation
from bienc_cli.evaluation.verdict import verdict
from bienc_cli.render import hits
from bienc_cli.render.gates import gate_line
from bienc_cli.render.printable import count, duration, one_line
from bienc_cli.render.verdict import sentences
from bienc_cli.search.result import SearchResult

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~])")


def of_answer(result: SearchResult) -> Iterator[str]:
    """The hits of a query as a numbered list, each quoting its sentence."""
    yield f"**{escaped(result.query)}**"
    yield ""
    if not result.hits:
        yield "nothing found"
    elif doubt := hits.doubt(result):
        yield f"{doubt}:"
        yield ""
    for hit in result.hits:
        trail = escaped(hits.heading_beside_place(hit.passage))
        yield f"{hit.rank}. {code(hits.location(hit.passage))}{f' – {trail}' if trail else ''}"
        yield f"   > {escaped(hits.sentence(hit))}"
    yield ""


def of_evaluation(evaluation: Evaluation, gates: Sequence[GateResult]) -> Iterator[str]:
    """Quality and cost by strategy as a table, between the verdict and the gates."""
    conclusion = verdict(evaluation)
    for sentence in sentences(conclusion) if conclusion else ():
        yield escaped(sentence)
    if conclusion:
        yield ""
    yield _row(["strategy", *evaluation.measures, "p50", "p95"])
    yield _row([":--", *["--:"] * (len(evaluation.measures) + 2)])
    for system in evaluation.systems:
        means = [f"{system.means[name].value:.4f}" for name in evaluation.measures]
        times = (
            [duration(system.latency.p50), duration(system.latency.p95)]
            if (system.latency)
            else ["–", "–"]
        )
        yield _row([escaped(system.name), *means, *times])
    yield ""
    judged = count(len(evaluation.judged), "judged query", "judged queries")
    yield f"{count(len(evaluation.queries), 'query', 'queries')}, {judged}"
    if gates:
        yield ""
    for gate in gates:
        yield f"- {'✅' if gate.passed else '❌'} {escaped(gate_line(gate))}"


def escaped(text: str) -> str:
    """`text` on one line, with all markup escaped."""
    return _SPECIAL.sub(r"\\\1", one_line(text))


def code(text: str) -> str:
    """`text` as a code span, whatever backticks it contains."""
    content = one_line(text)
    fence = "`" * (max((len(run) for run in re.findall("`+", content)), default=0) + 1)
    blank = " " if content.startswith("`") or content.endswith("`") else ""
    return f"{fence}{blank}{content}{blank}{fence}"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
