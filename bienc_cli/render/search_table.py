"""The table of `query`: in columns, or in a few lines per hit."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from rich.console import Group, RenderableType
from rich.text import Text

from bienc_cli.render import hits
from bienc_cli.render.columns import AT_BLANKS, FirstThatFits, Flow, Grid, Words
from bienc_cli.render.compact import CompactHits
from bienc_cli.render.hits import link_to
from bienc_cli.render.printable import count, duration, one_line, stage_times, visible
from bienc_cli.render.search import SearchView
from bienc_cli.search.result import Budget, Hit, SearchResult
from bienc_cli.stages import StageTime


def search_table(view: SearchView) -> RenderableType:
    """Ranked passages, with the time of each stage below."""
    hit_count = len(view.result.hits)
    if hit_count and view.compact:
        return _in_lines(view, 1)
    if not hit_count or view.lines is None:
        return _in_columns(view)
    # A hit takes at least its citation, its heading and a line of text.
    columns = [_in_columns(view)] if 3 * hit_count < view.lines else []
    snippet_lines = [lines for lines in (3, 2) if (1 + lines) * hit_count < view.lines]
    return FirstThatFits(
        [*columns, *map(partial(_in_lines, view), [*snippet_lines, 1])], view.lines
    )


def _in_columns(view: SearchView) -> RenderableType:
    """All scores of each hit, and the time of each stage."""
    result = view.result
    served = ["served"] if view.served else []
    return Group(
        Words(one_line(result.query), "bold", ends=AT_BLANKS),
        *_doubt(view),
        _hits_table(view) if result.hits else Text("nothing found", style="yellow"),
        Flow([*served, *_times(result)], style="dim"),
        Flow(_summary(result, brief=False), style="dim"),
        *(Words(remark, "dim", ends=AT_BLANKS) for remark in _remarks(result)),
    )


def _in_lines(view: SearchView, snippet_lines: int) -> RenderableType:
    """The most telling score of each hit, and the total time.

    The query is in the command line above, unless it is one of several.
    """
    result = view.result
    served = ["served"] if view.served else []
    title = [] if view.query_name is None else [one_line(result.query)]
    return Group(
        *(Words(line, "bold", ends=AT_BLANKS) for line in title),
        *_doubt(view),
        CompactHits(result.query, result.hits, view.links, snippet_lines),
        Flow([*served, *_summary(result, brief=True)], style="dim"),
        *(Words(remark, "dim", ends=AT_BLANKS) for remark in _remarks(result)),
    )


def _doubt(view: SearchView) -> list[RenderableType]:
    doubt = hits.doubt(view.result) if view.result.hits else ""
    return [Words(doubt, "yellow", ends=AT_BLANKS)] if doubt else []


def _hits_table(view: SearchView) -> RenderableType:
    result = view.result
    has_relevance = result.cross_encoder is not None
    has_similarity, has_bm25 = result.strategy.needs_bi_encoder, result.strategy.needs_bm25
    table = Grid()
    table.column("#", style="bold", right=True)
    if has_relevance:
        table.column("moved", right=True)
        table.column("relev.", right=True)
    if has_similarity:
        table.column("simil.", right=True)
    if has_bm25:
        table.column("bm25", right=True)
    table.column("passage", wraps=True)
    for hit in result.hits:
        scores = (
            [hits.movement(hit), Text(hits.relevance(hit), style="green")] if has_relevance else []
        )
        table.row(
            str(hit.rank),
            *scores,
            *([Text(hits.similarity(hit), style="cyan")] if has_similarity else []),
            *([Text(hits.bm25(hit), style="yellow")] if has_bm25 else []),
            _passage_cell(view, hit),
        )
    return table


def _passage_cell(view: SearchView, hit: Hit) -> RenderableType:
    query, context = view.result.query, (view.contexts or {}).get(hit.passage.passage_id)
    link = link_to(hit, view.links)
    parts = hits.place_and_heading(hit.passage, hits.location(hit.passage), link)
    if view.result.indexes:
        parts.insert(1, Words(one_line(f"in {_index_name(view, hit)}"), "dim"))
    if context is not None or view.full:
        text = Text(visible(context if context is not None else hit.passage.passage.text))
        hits.light(query, text)
        body: RenderableType = text
    else:
        body = Words(hits.snippet(query, hit), ends=AT_BLANKS)
    return Group(*parts, body)


def _index_name(view: SearchView, hit: Hit) -> str:
    """The index that a hit is from, relative to the working directory."""
    directory, here = view.result.origin(hit)[0].directory, view.here.absolute()
    if isinstance(directory, Path) and directory.is_relative_to(here):
        return str(directory.relative_to(here))
    return str(directory)


def _times(result: SearchResult) -> list[str]:
    parts = stage_times(result.stages)
    if result.cross_encoder is not None:
        for position, stage in enumerate(result.stages):
            parts[position] += _rerank_detail(result, stage)
    return parts


def _summary(result: SearchResult, *, brief: bool) -> list[str]:
    narrowing = f" {one_line(result.parsed.restrictions)}" if result.parsed.narrows else ""
    counts = (
        f"{count(len(result.hits), 'hit')}{narrowing} of "
        f"{count(result.index.passages, 'passage')} in "
        f"{count(result.index.documents, 'document')}"
    )
    if result.indexes:
        counts += f" of {count(len(result.indexes), 'index', 'indexes')}"
    if brief:
        return [counts, result.strategy.value, duration(result.seconds)]
    models = [use for use in (result.bi_encoder, result.cross_encoder) if use]
    names = " + ".join(use.identity.name for use in models)
    return [counts, result.strategy.value, *([names, hits.runtimes(models)] if models else [])]


def _remarks(result: SearchResult) -> Iterator[str]:
    """Substituted words, signals that were left out, and the use of a budget."""
    for word, substitutes in result.spellings.items():
        # Stems, with an ellipsis for their endings.
        looked_up = " and ".join(f"{stem}…" for stem in substitutes)
        yield f"no passage has '{one_line(word)}': looked up {looked_up}"
    english_only = [result.left_out.name] if result.left_out else []
    if result.similarity_guessed:
        english_only.append(result.index.encoder.name)
    if result.words_left_out:
        yield "ordered by similarity: the documents are in another language than the query"
    elif english_only:
        verb = "read" if len(english_only) > 1 else "reads"
        signals = " and ".join(result.signals)
        yield f"ordered by {signals}: {' and '.join(english_only)} {verb} English only"
    if result.budget is not None:
        yield _spent(result.budget)


def _spent(budget: Budget) -> str:
    """How a token budget was used."""
    left_out = [
        f"{number:,} {reason}"
        for number, reason in (
            (budget.repeats, "for saying nearly the same"),
            (budget.too_long, "for want of room"),
        )
        if number
    ]
    omissions = f"; left out: {', '.join(left_out)}" if left_out else ""
    return f"{budget.used:,} of {budget.tokens:,} tokens, citations included{omissions}"


def _rerank_detail(result: SearchResult, stage: StageTime) -> str:
    if stage.name != "rerank" or not result.reranked:
        return ""
    cut = f", {result.truncated} cut" if result.truncated else ""
    out_of = f" of {result.candidates}" if result.reranked < result.candidates else ""
    noun = "passage" if (result.reranked, out_of) == (1, "") else "passages"
    return f" ({result.reranked}{out_of} {noun}{cut})"
