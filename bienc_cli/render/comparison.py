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
from bienc_cli.render import hits as hit_
from bienc_cli.render.columns import Grid, system_name, titled
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
        for one in comparison.queries:
            parts += [rankings_table(one), Text()]
        parts += [_costs_table(comparison), Text(_agreement(comparison), style="dim")]
        return Group(*parts)

    def as_lines(self) -> Iterator[str]:
        """Tab-separated: query number, strategy, then a hit's fields; costs after `#`."""
        comparison = self.comparison
        for number, one in enumerate(comparison.queries, 1):
            for ranking in one.rankings:
                for hit in ranking.hits:
                    fields = [str(number), ranking.strategy.value, *hit_.hit_as_line(hit)]
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
            "queries": [query_as_json(one) for one in comparison.queries],
            "costs": [_latency_as_json(latency) for latency in comparison.costs],
            "agreement": {
                "mean_overlap": hit_.rounded(comparison.mean_overlap),
                "mean_rbo": hit_.rounded(comparison.mean_rbo),
            },
            "index": hit_.index_as_json(comparison.index),
            "models": {
                "bi_encoder": hit_.model_as_json(
                    comparison.bi_encoder.identity, comparison.bi_encoder.runtime
                ),
                "cross_encoder": hit_.model_as_json(
                    comparison.cross_encoder.identity, comparison.cross_encoder.runtime
                ),
            },
            "warnings": list(comparison.warnings),
        }


def rankings_table(one: QueryComparison) -> RenderableType:
    """The first strategy's ranking on the left, the last one's on the right, arrows between."""
    if not one.left and not one.right:
        return titled(one_line(one.query), Text("nothing found", style="yellow"))
    table = Grid(gap=1)
    table.column("#", style="bold", right=True)
    table.column(_score_name(one.first.strategy), style="cyan", right=True)
    table.column(one.first.strategy.value, wraps=True)
    table.column()
    table.column(_score_name(one.last.strategy), style="green", right=True)
    table.column(one.last.strategy.value, wraps=True)
    for left, right in zip_longest(one.left, one.right):
        table.row(
            str((left or right).rank),
            _score(left, one.first.strategy),
            _place(left),
            _arrow(left),
            _score(right, one.last.strategy),
            _place(right),
        )
    agreement = (
        f"overlap@{max(len(one.first.hits), len(one.last.hits))} {one.overlap:.2f} · "
        f"RBO {one.rbo:.2f}"
    )
    if one.exhaustive_overlap is not None:
        agreement += f" · with the cross-encoder over all passages {one.exhaustive_overlap:.2f}"
    return Group(titled(one_line(one.query), table), Text(agreement, style="dim"))


def _score_name(strategy: Strategy) -> str:
    if strategy.needs_cross_encoder:
        return "relev."
    return "simil." if strategy.needs_bi_encoder else "bm25"


def _score(entry: RankedEntry | None, strategy: Strategy) -> str:
    if entry is None or entry.hit is None:
        return ""
    hit = entry.hit
    if strategy.needs_cross_encoder:
        return hit_.relevance(hit)
    return hit_.similarity(hit) if strategy.needs_bi_encoder else hit_.bm25(hit)


def _place(entry: RankedEntry | None) -> RenderableType:
    if entry is None or entry.hit is None:
        return Text("")
    passage = entry.hit.passage
    return Group(*hit_.place_and_heading(passage, hit_.short_location(passage)))


def _arrow(left: RankedEntry | None) -> Text:
    """Where the left passage is on the right: `→ 1`, `↘ 5`, or off the list."""
    if left is None:
        return Text("")
    new = left.elsewhere
    if new is None:
        return Text("✕", style="red")
    if new == left.rank:
        return Text(f"→ {new}", style="dim")
    return Text(f"↗ {new}", style="green") if new < left.rank else Text(f"↘ {new}", style="red")


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

    def took(seconds: float, estimated: bool = False) -> Text:
        return Text(
            (mark if estimated else "") + duration(seconds) if seconds else "–",
            style=style if estimated else "",
        )

    per_pair = latency.seconds_per_pair
    return [
        system_name(latency.strategy.value, style),
        took(latency.median(_ENCODE)),
        took(latency.median(_SEARCH)),
        took(latency.median(_RERANK), estimated),
        took(latency.p50, estimated),
        *([took(latency.p95, estimated)] if several else []),
        Text(f"{latency.median(_PAIRS):,.0f}", style=style),
        Text(duration(per_pair) if per_pair else "–", style=style),
    ]


def _agreement(comparison: Comparison) -> str:
    lines = []
    if any(one.left for one in comparison.queries):
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
    lines.append(f"{names} · {hit_.runtimes(models)} · models loaded and warm")
    return "\n".join(lines)


def query_as_json(one: QueryComparison) -> dict[str, Any]:
    """One query's rankings, agreement and costs."""
    exhaustive = one.exhaustive
    return {
        "query": hit_.writable(one.query),
        "overlap": hit_.rounded(one.overlap),
        "rbo": hit_.rounded(one.rbo),
        "exhaustive_overlap": hit_.rounded(one.exhaustive_overlap),
        "rankings": [
            {
                "strategy": ranking.strategy.value,
                "hits": [hit_.hit_as_json(hit) for hit in ranking.hits],
            }
            for ranking in one.rankings
        ],
        "exhaustive": (
            [hit_.hit_as_json(hit) for hit in exhaustive] if exhaustive is not None else None
        ),
        "costs": [_cost_as_json(cost) for cost in one.costs],
    }


def _cost_as_json(cost: Cost) -> dict[str, Any]:
    return {
        "strategy": cost.strategy.value,
        "seconds": {
            "encode_query": hit_.rounded(cost.encode_query),
            "search": hit_.rounded(cost.search),
            "rerank": hit_.rounded(cost.rerank),
            "total": hit_.rounded(cost.total),
        },
        "passages_scored": cost.passages_scored,
        "seconds_per_pair": hit_.rounded(cost.seconds_per_pair),
        "estimated": cost.estimated,
    }


def _latency_as_json(latency: Latency) -> dict[str, Any]:
    return {
        "strategy": latency.strategy.value,
        "median_seconds": {
            "encode_query": hit_.rounded(latency.median(_ENCODE)),
            "search": hit_.rounded(latency.median(_SEARCH)),
            "rerank": hit_.rounded(latency.median(_RERANK)),
            "total": hit_.rounded(latency.p50),
        },
        "p95_seconds": {"total": hit_.rounded(latency.p95)},
        "passages_scored": latency.median(_PAIRS),
        "seconds_per_pair": hit_.rounded(latency.seconds_per_pair),
        "estimated": latency.estimated,
    }
