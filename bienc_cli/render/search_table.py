"""The table of `query`: in columns, or in a few lines per hit."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from rich.console import Group, RenderableType
from rich.text import Text

from bienc_cli.render import hits as hit_
from bienc_cli.render.columns import AT_BLANKS, FirstThatFits, Flow, Grid, Words
from bienc_cli.render.compact import CompactHits
from bienc_cli.render.hits import link_to
from bienc_cli.render.printable import count, duration, one_line, visible
from bienc_cli.render.search import SearchView
from bienc_cli.search.result import Budget, Hit, SearchResult
from bienc_cli.stages import StageTime


def search_table(view: SearchView) -> RenderableType:
    """Ranked passages, with the time of each stage below."""
    number = len(view.result.hits)
    if number and view.compact:
        return _in_lines(view, 1)
    if not number or view.lines is None:
        return _in_columns(view)
    # A hit takes at least its citation, its heading and a line of text.
    columns = [_in_columns(view)] if 3 * number < view.lines else []
    most = [lines for lines in (3, 2) if (1 + lines) * number < view.lines]
    return FirstThatFits([*columns, *map(partial(_in_lines, view), [*most, 1])], view.lines)


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
        *(Words(said, "dim", ends=AT_BLANKS) for said in _remarks(result)),
    )


def _in_lines(view: SearchView, snippet_lines: int) -> RenderableType:
    """The most telling score of each hit, and the total time.

    The query is in the command line above, unless it is one of several.
    """
    result = view.result
    served = ["served"] if view.served else []
    query = [] if view.asked is None else [one_line(result.query)]
    return Group(
        *(Words(one, "bold", ends=AT_BLANKS) for one in query),
        *_doubt(view),
        CompactHits(result.query, result.hits, view.links, snippet_lines),
        Flow([*served, *_summary(result, brief=True)], style="dim"),
        *(Words(said, "dim", ends=AT_BLANKS) for said in _remarks(result)),
    )


def _doubt(view: SearchView) -> list[RenderableType]:
    doubt = hit_.doubt(view.result) if view.result.hits else ""
    return [Words(doubt, "yellow", ends=AT_BLANKS)] if doubt else []


def _hits_table(view: SearchView) -> RenderableType:
    result = view.result
    reranked = result.cross_encoder is not None
    compared, worded = result.strategy.needs_bi_encoder, result.strategy.needs_bm25
    table = Grid()
    table.column("#", style="bold", right=True)
    if reranked:
        table.column("moved", right=True)
        table.column("relev.", right=True)
    if compared:
        table.column("simil.", right=True)
    if worded:
        table.column("bm25", right=True)
    table.column("passage", wraps=True)
    for hit in result.hits:
        scores = [hit_.movement(hit), Text(hit_.relevance(hit), style="green")] if reranked else []
        table.row(
            str(hit.rank),
            *scores,
            *([Text(hit_.similarity(hit), style="cyan")] if compared else []),
            *([Text(hit_.bm25(hit), style="yellow")] if worded else []),
            _passage_cell(view, hit),
        )
    return table


def _passage_cell(view: SearchView, hit: Hit) -> RenderableType:
    query, context = view.result.query, (view.contexts or {}).get(hit.passage.passage_id)
    link = link_to(hit, view.links)
    shown = hit_.place_and_heading(hit.passage, hit_.location(hit.passage), link)
    if view.result.indexes:
        shown.insert(1, Words(one_line(f"in {_index_name(view, hit)}"), "dim"))
    if context is not None or view.full:
        text = Text(visible(context if context is not None else hit.passage.passage.text))
        hit_.light(query, text)
        body: RenderableType = text
    else:
        body = Words(hit_.snippet(query, hit), ends=AT_BLANKS)
    return Group(*shown, body)


def _index_name(view: SearchView, hit: Hit) -> str:
    """The index that a hit is from, relative to the working directory."""
    directory, here = view.result.origin(hit)[0].directory, view.here.absolute()
    if isinstance(directory, Path) and directory.is_relative_to(here):
        return str(directory.relative_to(here))
    return str(directory)


def _times(result: SearchResult) -> list[str]:
    parts = [f"{stage.name} {duration(stage.seconds)}" for stage in result.stages]
    if result.cross_encoder is not None:
        parts = [
            part + _rerank_detail(result, stage)
            for part, stage in zip(parts, result.stages, strict=True)
        ]
    return [*parts, f"total {duration(result.seconds)}"]


def _summary(result: SearchResult, *, brief: bool) -> list[str]:
    narrowed = f" {one_line(result.asked.said)}" if result.asked.narrows else ""
    found = (
        f"{count(len(result.hits), 'hit')}{narrowed} of "
        f"{count(result.index.passages, 'passage')} in "
        f"{count(result.index.documents, 'document')}"
    )
    if result.indexes:
        found += f" of {count(len(result.indexes), 'index', 'indexes')}"
    if brief:
        return [found, result.strategy.value, duration(result.seconds)]
    models = [use for use in (result.bi_encoder, result.cross_encoder) if use]
    names = " + ".join(use.identity.name for use in models)
    return [found, result.strategy.value, *([names, hit_.runtimes(models)] if models else [])]


def _remarks(result: SearchResult) -> Iterator[str]:
    """Substituted words, signals that were left out, and the use of a budget."""
    for word, near in result.spellings.items():
        # Stems, with an ellipsis for their endings.
        looked_up = " and ".join(f"{one}…" for one in near)
        yield f"no passage has '{one_line(word)}': looked up {looked_up}"
    unread = [result.left_out.name] if result.left_out else []
    if result.similarity_guessed:
        unread.append(result.index.encoder.name)
    if result.words_left_out:
        yield "ordered by similarity: the documents are in another language than the query"
    elif unread:
        read = "read" if len(unread) > 1 else "reads"
        signals = " and ".join(result.signals)
        yield f"ordered by {signals}: {' and '.join(unread)} {read} English only"
    if result.budget is not None:
        yield _spent(result.budget)


def _spent(budget: Budget) -> str:
    """How a token budget was used."""
    left_out = [
        f"{number:,} {why}"
        for number, why in (
            (budget.repeats, "for saying nearly the same"),
            (budget.too_long, "for want of room"),
        )
        if number
    ]
    said = f"; left out: {', '.join(left_out)}" if left_out else ""
    return f"{budget.used:,} of {budget.tokens:,} tokens, citations included{said}"


def _rerank_detail(result: SearchResult, stage: StageTime) -> str:
    if stage.name != "rerank" or not result.reranked:
        return ""
    cut = f", {result.truncated} cut" if result.truncated else ""
    of = f" of {result.candidates}" if result.reranked < result.candidates else ""
    noun = "passage" if (result.reranked, of) == (1, "") else "passages"
    return f" ({result.reranked}{of} {noun}{cut})"
