"""Assembles the page: what it shows, and how much of it."""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import bienc_cli
from bienc_cli.evaluation.gates import GateResult
from bienc_cli.evaluation.outcome import (
    QueryDifference,
    best_system,
    challenger,
    differences_by_query,
    is_significant,
    pareto_front,
    trade_off,
)
from bienc_cli.evaluation.qrels import item_of
from bienc_cli.evaluation.queries import Query
from bienc_cli.evaluation.results import SHOWN, Evaluation, SystemResult
from bienc_cli.evaluation.side_by_side import RankedEntry, ranked_items, side_by_side
from bienc_cli.evaluation.verdict import verdict
from bienc_cli.render import hits
from bienc_cli.render.evaluation import warnings
from bienc_cli.render.gates import gate_line
from bienc_cli.render.printable import count, one_line
from bienc_cli.render.report import charts, writing
from bienc_cli.render.verdict import sentences
from bienc_cli.store import IndexPlace

if TYPE_CHECKING:
    from jinja2 import Environment

_TEXT = 1_300_000
"""Approximate characters of passages on the page, so that it opens instantly."""

_NAMED = 3
"""Queries with the largest gains and losses listed for each system except the challenger, which has
more."""

_WIDE, _NARROW = (820, 430), (343, 380)
"""Pixels of the trade-off on a desk and on a phone."""

_ENTRIES = 12_000
"""Approximate number of ranking entries on the page, for the same reason."""

_FEWEST = 3
_LONGEST = 240
_SHORTEST = 60
"""Below this many characters a passage says nothing; the page then shows only its citation."""


@dataclass(frozen=True, slots=True)
class Gains:
    """One system compared with the baseline, query by query.

    Attributes:
        leads: it is the challenger, shown first and largest.
        gained: the queries with the largest gains, best first.
        lost: those with the largest losses, worst first.
    """

    system: SystemResult
    leads: bool
    bars: charts.Bars
    gained: tuple[QueryDifference, ...]
    lost: tuple[QueryDifference, ...]


@dataclass(frozen=True, slots=True)
class QueryView:
    """One query on the page.

    Attributes:
        number: 1-based; `#q<number>` links to it.
        difference: None without judgments, or without another system.
        left: the baseline's ranking.
        right: the challenger's; empty if there is none.
        others: the first items of every system's ranking.
    """

    number: int
    query: Query
    judged: bool
    difference: QueryDifference | None
    left: tuple[RankedEntry, ...]
    right: tuple[RankedEntry, ...]
    others: tuple[tuple[SystemResult, tuple[RankedEntry, ...]], ...]


def as_html(
    evaluation: Evaluation,
    *,
    created: datetime,
    gates: Sequence[GateResult] = (),
) -> str:
    """The whole evaluation as one page.

    It contains its style, script and charts, and its policy forbids it to load anything. Everything
    is readable without the script, which only searches and sorts queries. Every number is that of
    the JSON, and is also present unrounded in its `<data value>`.

    Args:
        evaluation: with or without judgments; its systems may come from run files.
        created: the date of the page.
        gates: the results of thresholds, to be shown.
    """
    templates = environment()
    style = writing.resource("page.css")
    script = writing.resource("page.js")
    depth = _depth(evaluation)
    length = _snippet_length(evaluation, depth)
    other = challenger(evaluation)
    measured = bool(evaluation.measures)
    page = templates.get_template("page.html.j2").render(
        evaluation=evaluation,
        systems=evaluation.systems,
        baseline=evaluation.baseline,
        other=other,
        best=best_system(evaluation) if measured else None,
        compared=evaluation.systems[1:],
        agreements=_agreements(evaluation),
        measure=evaluation.measures[0] if measured else None,
        front=pareto_front(trade_off(evaluation)),
        charts=charts,
        wide=charts.trade_off_chart(evaluation, *_WIDE),
        narrow=charts.trade_off_chart(evaluation, *_NARROW),
        differences_of=lambda name: {
            result.name: result.differences[name] for result in evaluation.systems[1:]
        },
        gains=_gains(evaluation, other),
        queries=_queries(evaluation, other, depth),
        numbers={query.query_id: number for number, query in enumerate(evaluation.queries, 1)},
        texts={query.query_id: query.text for query in evaluation.queries},
        warnings=warnings(evaluation),
        collection=_collection(evaluation.index.directory),
        models=[use for use in (evaluation.bi_encoder, evaluation.cross_encoder) if use],
        timed=[result.latency for result in evaluation.systems if result.latency],
        shown=SHOWN,
        depth=depth,
        snippet_length=length,
        longest=_LONGEST,
        is_significant=is_significant,
        advice=sentences(conclusion) if (conclusion := verdict(evaluation)) else (),
        ties=conclusion.best if conclusion else (),
        gates=gates,
        gate_line=gate_line,
        created=created,
        version=bienc_cli.__version__,
        style=style,
        script=script,
        style_hash=policy_hash(style),
        script_hash=policy_hash(script),
    )
    # The filters show undecodable bytes in names as escapes; no others should remain.
    return page.encode("utf-8", "backslashreplace").decode("utf-8")


def environment() -> Environment:
    """The template environment; it escapes every text."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    templates = Environment(
        loader=PackageLoader(__package__ or "", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {
        "number": writing.number,
        "took": writing.took,
        "probability": writing.probability,
        "name": writing.name,
        "line": one_line,
        "snippet": writing.snippet,
        "place": hits.short_location,
        "item": lambda name: item_of(name).cited,
        "heading": hits.heading_beside_place,
        "axis": charts.axis_number,
        "scores": writing.scores,
    }
    templates.globals |= {
        "count": count,
        "axis_time": writing.axis_time,
        "nan": math.isnan,
    }
    return templates


def policy_hash(text: str) -> str:
    """The hash of a script or style, as in a Content-Security-Policy."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _depth(evaluation: Evaluation) -> int:
    """How many entries of each ranking to show."""
    return max(_FEWEST, min(SHOWN, _ENTRIES // (2 * len(evaluation.queries))))


def _snippet_length(evaluation: Evaluation, depth: int) -> int:
    """Characters shown of each passage; 0 for no text at all."""
    length = min(_LONGEST, _TEXT // (2 * depth * len(evaluation.queries)))
    return length if length >= _SHORTEST else 0


def _gains(evaluation: Evaluation, other: SystemResult | None) -> list[Gains]:
    if not evaluation.measures:
        return []
    measure = evaluation.measures[0]
    by_system = {
        result.name: differences_by_query(evaluation.baseline, result, measure)
        for result in evaluation.systems[1:]
    }
    largest = charts.furthest(list(by_system.values()))
    gains = []
    for result in sorted(evaluation.systems[1:], key=lambda system: system is not other):
        by_id = {difference.query_id: difference for difference in by_system[result.name]}
        paired = result.differences[measure]
        limit = _NAMED if result is not other else None
        gains.append(
            Gains(
                result,
                result is other,
                charts.bars(by_system[result.name], largest),
                tuple(by_id[query_id] for query_id in paired.gained[:limit]),
                tuple(by_id[query_id] for query_id in paired.lost[:limit]),
            )
        )
    return gains


def _agreements(evaluation: Evaluation) -> dict[str, dict[str, float | None]]:
    """Each measure of agreement with the baseline, by system."""
    compared = evaluation.systems[1:]
    return {
        f"overlap@{SHOWN}": {system.name: system.overlap for system in compared},
        "RBO": {system.name: system.rbo for system in compared},
    }


def _queries(evaluation: Evaluation, other: SystemResult | None, depth: int) -> list[QueryView]:
    difference_by_query = {}
    if other is not None and evaluation.measures:
        measure = evaluation.measures[0]
        differences = differences_by_query(evaluation.baseline, other, measure)
        difference_by_query = {difference.query_id: difference for difference in differences}
    views = []
    for number, query in enumerate(evaluation.queries, 1):
        query_id = query.query_id
        left, right = side_by_side(evaluation, query_id, evaluation.baseline, other)
        items = tuple(
            (result, ranked_items(evaluation, query_id, result)[:depth])
            for result in evaluation.systems
        )
        judged = query_id in evaluation.grades
        views.append(
            QueryView(
                number,
                query,
                judged,
                difference_by_query.get(query_id),
                left[:depth],
                right[:depth],
                items,
            )
        )
    return views


def _collection(place: IndexPlace) -> str:
    """The name of the documents: the folder that contains the index, or the collection."""
    if isinstance(place, Path):
        return place.parent.name or str(place)
    return place.collection
