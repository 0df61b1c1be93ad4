"""The answer of `compare`: two rankings side by side, then costs and agreement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from operator import attrgetter
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from bienc_cli.evaluation.comparison import Comparison, QueryComparison
from bienc_cli.evaluation.results import Cost, Latency
from bienc_cli.evaluation.side_by_side import RankedEntry
from bienc_cli.render import hits
from bienc_cli.render.columns import Grid, system_name, titled
from bienc_cli.render.json_fields import index_as_json, models_as_json, rounded, writable
from bienc_cli.render.printable import cell, count, duration, one_line
from bienc_cli.render.view import View
from bienc_cli.strategy import Strategy

SCHEMA = "bienc.compare/3"

_ENCODE, _SEARCH, _RERANK, _PAIRS = map(
    attrgetter, ("encode_query", "search", "rerank", "passages_scored")
)


@dataclass(frozen=True, slots=True)
class ComparisonView(View):
    """Rankings side by side, their costs and agreement."""

    comparison: Comparison

    def as_table(self) -> RenderableType:
        """Everything on one screen: rankings by query, then costs, then agreement."""
        comparison = self.comparison
        parts: list[RenderableType] = []
        for query_comparison in comparison.queries:
            parts += [rankings_table(query_comparison), Text()]
        parts += [_costs_table(comparison), Text(_agreement(comparison), style="dim")]
        return Group(*parts)

    def as_lines(self) -> Iterator[str]:
        """Tab-separated: query number, strategy, then a hit's fields; costs after `#`."""
        comparison = self.comparison
        for number, query_comparison in enumerate(comparison.queries, 1):
            for ranking in query_comparison.rankings:
                for hit in ranking.hits:
                    fields = [str(number), ranking.strategy.value, *hits.hit_as_line(hit)]
                    yield "\t".join(cell(field) for field in fields)
        for latency in comparison.costs:
            label = "estimated" if latency.estimated else "measured"
            yield "\t".join(
                ["#", latency.strategy.value, label, f"{latency.p50:.6f}"],
            )

    def as_json(self) -> dict[str, Any]:
        """The whole comparison, `schema` first."""
        comparison = self.comparison
        return {
            "schema": SCHEMA,
            "k": comparison.k,
            "strategies": [strategy.value for strategy in comparison.strategies],
            "passages": comparison.passages,
            "queries": [query_as_json(query_comparison) for query_comparison in comparison.queries],
            "costs": [_latency_as_json(latency) for latency in comparison.costs],
            "agreement": {
                "mean_overlap": rounded(comparison.mean_overlap),
                "mean_rbo": rounded(comparison.mean_rbo),
            },
            "index": index_as_json(comparison.index),
            "models": models_as_json(comparison.bi_encoder, comparison.cross_encoder),
            "warnings": list(comparison.warnings),
        }


def rankings_table(query_comparison: QueryComparison) -> RenderableType:
    """The first strategy's ranking on the left, the last one's on the right, arrows between."""
    if not query_comparison.left and not query_comparison.right:
        return titled(one_line(query_comparison.query), Text("nothing found", style="yellow"))
    table = Grid(gap=1)
    table.column("#", style="bold", right=True)
    table.column(_score_name(query_comparison.first.strategy), style="cyan", right=True)
    table.column(query_comparison.first.strategy.value, wraps=True)
    table.column()
    table.column(_score_name(query_comparison.last.strategy), style="green", right=True)
    table.column(query_comparison.last.strategy.value, wraps=True)
    for left, right in zip_longest(query_comparison.left, query_comparison.right):
        table.row(
            str((left or right).rank),
            _score(left, query_comparison.first.strategy),
            _place(left),
            _arrow(left),
            _score(right, query_comparison.last.strategy),
            _place(right),
        )
    depth = max(len(query_comparison.first.hits), len(query_comparison.last.hits))
    agreement = f"overlap@{depth} {query_comparison.overlap:.2f} · RBO {query_comparison.rbo:.2f}"
    if query_comparison.exhaustive_overlap is not None:
        agreement += (
            f" · with the cross-encoder over all passages {query_comparison.exhaustive_overlap:.2f}"
        )
    return Group(titled(one_line(query_comparison.query), table), Text(agreement, style="dim"))


def _score_name(strategy: Strategy) -> str:
    if strategy.needs_cross_encoder:
        return "relev."
    return "simil." if strategy.needs_bi_encoder else "bm25"


def _score(entry: RankedEntry | None, strategy: Strategy) -> str:
    if entry is None or entry.hit is None:
        return ""
    hit = entry.hit
    if strategy.needs_cross_encoder:
        return hits.relevance(hit)
    return hits.similarity(hit) if strategy.needs_bi_encoder else hits.bm25(hit)


def _place(entry: RankedEntry | None) -> RenderableType:
    if entry is None or entry.hit is None:
        return Text("")
    passage = entry.hit.passage
    return Group(*hits.place_and_heading(passage, hits.short_location(passage)))


def _arrow(left: RankedEntry | None) -> Text:
    """Where the left passage is on the right: `→ 1`, `↘ 5`, or off the list."""
    if left is None:
        return Text("")
    right_rank = left.elsewhere
    if right_rank is None:
        return Text("✕", style="red")
    if right_rank == left.rank:
        return Text(f"→ {right_rank}", style="dim")
    return (
        Text(f"↗ {right_rank}", style="green")
        if right_rank < left.rank
        else Text(f"↘ {right_rank}", style="red")
    )


def _costs_table(comparison: Comparison) -> RenderableType:
    several = len(comparison.queries) > 1
    title = "time per query" + (f", median of {len(comparison.queries)}" if several else "")
    table = Grid(gap=1)
    table.column("strategy", wraps=True)
    for name in ("encode", "search", "rerank", "total", *(["p95"] if several else [])):
        table.column(name, right=True)
    table.column("pairs", right=True)
    table.column("per pair", right=True)
    for latency in comparison.costs:
        table.row(*_cost_row(latency, several))
    return titled(title, table)


def _cost_row(latency: Latency, several: bool) -> list[RenderableType]:
    estimated = latency.estimated
    mark = "≈" if estimated else ""
    style = "italic dim" if estimated else ""

    def time_text(seconds: float, marked: bool = False) -> Text:
        return Text(
            (mark if marked else "") + duration(seconds) if seconds else "–",
            style=style if marked else "",
        )

    per_pair = latency.seconds_per_pair
    return [
        system_name(latency.strategy.value, style),
        time_text(latency.median(_ENCODE)),
        time_text(latency.median(_SEARCH)),
        time_text(latency.median(_RERANK), estimated),
        time_text(latency.p50, estimated),
        *([time_text(latency.p95, estimated)] if several else []),
        Text(f"{latency.median(_PAIRS):,.0f}", style=style),
        Text(duration(per_pair) if per_pair else "–", style=style),
    ]


def _agreement(comparison: Comparison) -> str:
    lines = []
    if any(query_comparison.left for query_comparison in comparison.queries):
        lines.append("→ ↗ ↘ where it stands on the right, ✕ not shown there")
    if len(comparison.queries) > 1:
        lines.append(
            f"agreement over {len(comparison.queries)} queries: mean overlap@{comparison.k} "
            f"{comparison.mean_overlap:.2f}, mean RBO {comparison.mean_rbo:.2f}"
        )
    if any(cost.estimated for cost in comparison.costs):
        lines.append(
            f"≈ estimate: the time of one pair × all {count(comparison.passages, 'passage')}; "
            "--exhaustive measures it"
        )
    models = (comparison.bi_encoder, comparison.cross_encoder)
    names = " + ".join(use.identity.name for use in models)
    lines.append(f"{names} · {hits.runtimes(models)} · models loaded and warm")
    return "\n".join(lines)


def query_as_json(query_comparison: QueryComparison) -> dict[str, Any]:
    """One query's rankings, agreement and costs."""
    exhaustive = query_comparison.exhaustive
    return {
        "query": writable(query_comparison.query),
        "overlap": rounded(query_comparison.overlap),
        "rbo": rounded(query_comparison.rbo),
        "exhaustive_overlap": rounded(query_comparison.exhaustive_overlap),
        "rankings": [
            {
                "strategy": ranking.strategy.value,
                "hits": [hits.hit_as_json(hit) for hit in ranking.hits],
            }
            for ranking in query_comparison.rankings
        ],
        "exhaustive": (
            [hits.hit_as_json(hit) for hit in exhaustive] if exhaustive is not None else None
        ),
        "costs": [_cost_as_json(cost) for cost in query_comparison.costs],
    }


def _cost_as_json(cost: Cost) -> dict[str, Any]:
    return {
        "strategy": cost.strategy.value,
        "seconds": {
            "encode_query": rounded(cost.encode_query),
            "search": rounded(cost.search),
            "rerank": rounded(cost.rerank),
            "total": rounded(cost.total),
        },
        "passages_scored": cost.passages_scored,
        "seconds_per_pair": rounded(cost.seconds_per_pair),
        "estimated": cost.estimated,
    }


def _latency_as_json(latency: Latency) -> dict[str, Any]:
    return {
        "strategy": latency.strategy.value,
        "median_seconds": {
            "encode_query": rounded(latency.median(_ENCODE)),
            "search": rounded(latency.median(_SEARCH)),
            "rerank": rounded(latency.median(_RERANK)),
            "total": rounded(latency.p50),
        },
        "p95_seconds": {"total": rounded(latency.p95)},
        "passages_scored": latency.median(_PAIRS),
        "seconds_per_pair": rounded(latency.seconds_per_pair),
        "estimated": latency.estimated,
    }
