"""Hits in one or two lines each, for screens that are short."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from bienc_cli.render import hits as hit_
from bienc_cli.render.breaking import spans
from bienc_cli.render.links import link_to
from bienc_cli.render.text import one_line
from bienc_cli.search.result import Hit

_LEAST_SNIPPET = 20
"""Cells below which a line of text says nothing."""
_SEPARATOR = " > "


class CompactHits:
    """The hits of one ranking: place and score on a line, what answers on the next.

    A place is never cut: a long one takes another line. Of a heading trail the outer parts are
    left out first.
    """

    def __init__(self, query: str, hits: Sequence[Hit], links: str | None = None) -> None:
        self._links = links
        self._query = query
        self._hits = hits
        self._scores = [_score(hit) for hit in hits]
        self._moves = [hit_.movement(hit) for hit in hits]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Its lines."""
        ranks = max((len(str(hit.rank)) for hit in self._hits), default=0)
        moves = max((len(move) for move in self._moves), default=0)
        scores = max((len(score) for score in self._scores), default=0)
        for hit, move, score in zip(self._hits, self._moves, self._scores, strict=True):
            head = Text(f"{hit.rank:>{ranks}} ", "bold")
            if moves:
                head.append(" " * (moves - len(move))).append_text(move).append(" ")
            if scores:
                head.append(" " * (scores - len(score))).append_text(score).append(" ")
            where = Text(
                one_line(hit_.location(hit.passage)), f"bold blue{link_to(hit, self._links)}"
            )
            width = options.max_width - ranks - 1
            head.append_text(where)
            if head.cell_len > options.max_width:
                first, *rest = spans(head.plain, width)
                yield head[slice(*first)]
                for one in rest:
                    yield Text(" " * (ranks + 1)).append_text(head[slice(*one)])
            else:
                trail = _inner_parts(
                    hit_.trail_beside_place(hit.passage), options.max_width - head.cell_len - 2
                )
                yield head.append(f"  {trail}" if trail else "", "magenta")
            if width >= _LEAST_SNIPPET:
                # A snippet's last two cells say that the passage goes on.
                text = hit_.snippet(self._query, hit, width - 2)
                text.truncate(width)
                yield Text(" " * (ranks + 1)).append_text(text)


def _score(hit: Hit) -> Text:
    """The score that says most: relevance, else similarity, else BM25."""
    for shown, style in (
        (hit_.relevance(hit), "green"),
        (hit_.similarity(hit), "cyan"),
        (hit_.bm25(hit), "yellow"),
    ):
        if shown:
            return Text(shown, style)
    return Text()


def _inner_parts(parts: Sequence[str], room: int) -> str:
    """As many of the innermost parts of a heading trail as there is room for."""
    for start in range(len(parts)):
        shown = one_line(_SEPARATOR.join(parts[start:]))
        if cell_len(shown) <= room:
            return shown
    return ""
