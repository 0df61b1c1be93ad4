"""The answer of `query`: table, JSON, lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bienc_cli.render import hits as hit_
from bienc_cli.render.tables import plain_table
from bienc_cli.render.text import cell, one_line, visible
from bienc_cli.render.units import count, duration
from bienc_cli.search.result import Hit, SearchResult
from bienc_cli.stages import StageTime

SCHEMA = "bienc.query/2"


def as_table(
    result: SearchResult,
    *,
    full: bool = False,
    contexts: dict[int, str] | None = None,
    served: bool = False,
) -> RenderableType:
    """Ranked passages, and under them the time of each stage.

    Args:
        result: what was found.
        full: whole passages instead of snippets.
        contexts: passage id to the text to show instead, with lines around the passage.
        served: by a process that was running already.
    """
    parts: list[RenderableType] = [Text(f"{one_line(result.query)}", style="bold")]
    if result.hits:
        parts.append(_hits_table(result, full, contexts or {}))
    else:
        parts.append(Text("nothing found", style="yellow"))
    parts.append(Text(_summary(result, served), style="dim"))
    return Group(*parts)


def _hits_table(result: SearchResult, full: bool, contexts: dict[int, str]) -> Table:
    reranked = result.cross_encoder is not None
    compared, worded = result.strategy.needs_bi_encoder, result.strategy.needs_bm25
    table = plain_table()
    table.add_column("#", justify="right", style="bold")
    if reranked:
        table.add_column("moved", justify="right")
        table.add_column("relev.", justify="right")
    if compared:
        table.add_column("simil.", justify="right")
    if worded:
        table.add_column("bm25", justify="right")
    table.add_column("passage", ratio=1, overflow="fold")
    for hit in result.hits:
        scores = [hit_.movement(hit), Text(hit_.relevance(hit), style="green")] if reranked else []
        table.add_row(
            str(hit.rank),
            *scores,
            *([Text(hit_.similarity(hit), style="cyan")] if compared else []),
            *([Text(hit_.bm25(hit), style="yellow")] if worded else []),
            _passage_cell(result.query, hit, full, contexts.get(hit.passage.passage_id)),
        )
    return table


def _passage_cell(query: str, hit: Hit, full: bool, context: str | None) -> RenderableType:
    shown = hit_.place_and_heading(hit.passage, hit_.location(hit.passage))
    if context is not None or full:
        body = Text(visible(context if context is not None else hit.passage.passage.text))
        hit_.light(query, body)
    else:
        body = hit_.snippet(query, hit)
    return Group(*shown, body)


def _summary(result: SearchResult, served: bool) -> str:
    parts = [f"{stage.name} {duration(stage.seconds)}" for stage in result.stages]
    if result.cross_encoder is not None:
        parts = [
            part + _rerank_detail(result, stage)
            for part, stage in zip(parts, result.stages, strict=True)
        ]
    models = [use for use in (result.bi_encoder, result.cross_encoder) if use]
    names = " + ".join(use.identity.name for use in models)
    return (
        f"{'served · ' if served else ''}{' · '.join(parts)} · total {duration(result.seconds)}\n"
        f"{count(len(result.hits), 'hit')} of {count(result.index.passages, 'passage')} in "
        f"{count(result.index.documents, 'document')} · "
        + " · ".join([result.strategy.value, *([names, models[0].runtime] if models else [])])
    )


def _rerank_detail(result: SearchResult, stage: StageTime) -> str:
    if stage.name != "rerank" or not result.reranked:
        return ""
    cut = f", {result.truncated} cut" if result.truncated else ""
    of = f" of {result.candidates}" if result.reranked < result.candidates else ""
    return f" ({result.reranked}{of} passages{cut})"


def as_json(
    result: SearchResult,
    contexts: dict[int, str] | None = None,
    warnings: Sequence[str] = (),
) -> dict[str, Any]:
    """The whole answer, `schema` first.

    Args:
        result: the answer.
        contexts: a passage's id to its text with lines around it.
        warnings: that come besides those of the search.
    """
    rows = []
    for hit in result.hits:
        row = hit_.hit_as_json(hit)
        if contexts is not None:
            row["context"] = contexts.get(hit.passage.passage_id)
        rows.append(row)
    bi, cross = result.bi_encoder, result.cross_encoder
    return {
        "schema": SCHEMA,
        "query": hit_.writable(result.query),
        "strategy": result.strategy.value,
        "k": result.k,
        "candidates": result.candidates,
        "reranked": result.reranked,
        "truncated": result.truncated,
        "query_tokens": result.query_tokens,
        "query_truncated": result.query_truncated,
        "hits": rows,
        "seconds": {
            **hit_.stages_as_json(result.stages),
            "total": hit_.rounded(result.seconds),
        },
        "index": hit_.index_as_json(result.index),
        "models": {
            "bi_encoder": hit_.model_as_json(bi.identity, bi.runtime) if bi else None,
            "cross_encoder": hit_.model_as_json(cross.identity, cross.runtime) if cross else None,
        },
        "warnings": [*result.warnings, *warnings],
    }


def as_lines(result: SearchResult, asked: str | None = None) -> Iterator[str]:
    """Tab-separated: rank, relevance, similarity, place, heading, best sentence.

    Args:
        result: the answer.
        asked: name of the query among several. It comes first then, and an answer without a
            hit is a line too, of rank 0.
    """
    first = () if asked is None else (asked,)
    for hit in result.hits:
        yield "\t".join(cell(field) for field in (*first, *hit_.hit_as_line(hit)))
    if asked is not None and not result.hits:
        yield from as_lines_without_answer(asked)


def as_lines_without_answer(asked: str) -> Iterator[str]:
    """The line of a query that finds nothing, or cannot be asked, among several."""
    yield "\t".join((cell(asked), "0", *[""] * 5))
