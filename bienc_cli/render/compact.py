"""Shows hits in a few lines each, for short screens."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from bienc_cli.render import hits as hit_
from bienc_cli.render.columns import AT_BLANKS, spans
from bienc_cli.render.hits import link_to
from bienc_cli.render.printable import one_line
from bienc_cli.search.result import Hit

_LEAST_SNIPPET = 20
"""Cells below which a line of text is not worth showing."""
_SEPARATOR = " > "


class CompactHits:
    """The hits of one ranking: citation and score on one line, the answer below.

    A citation is never cut: a long one takes another line. The outer parts of a heading trail are
    dropped first.

    Args:
        query: its words are highlighted.
        hits: at least one.
        links: URL template of links to citations; see `hits.link_to`.
        snippet_lines: lines of text per hit.
    """

    def __init__(
        self, query: str, hits: Sequence[Hit], links: str | None = None, snippet_lines: int = 1
    ) -> None:
        self._links = links
        self._query = query
        self._hits = hits
        self._snippet_lines = snippet_lines
        self._score_name, self._scores = _scores(hits)
        self._moves = [hit_.movement(hit) for hit in hits]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Its lines, below the columns' names."""
        moved = "moved" if any(self._moves) else ""
        ranks = max(len(str(hit.rank)) for hit in self._hits)
        moves = max(len(moved), *map(len, self._moves))
        scores = max(len(self._score_name), *map(len, self._scores))
        names = ("#".rjust(ranks), moved.rjust(moves), self._score_name.rjust(scores), "passage")
        header = Text(" ".join(name for name in names if name), "bold")
        legend = f"  {_legend(self._score_name, moved)}"
        if header.cell_len + cell_len(legend) <= options.max_width:
            header.append(legend, "not bold dim")
        yield header
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
                for line in self._snippet(hit, width):
                    yield Text(" " * (ranks + 1)).append_text(line)

    def _snippet(self, hit: Hit, width: int) -> list[Text]:
        """The answer, in at most as many lines as allowed."""
        # A snippet's last two cells show that the passage continues.
        room = width * self._snippet_lines - 2
        while True:
            text = hit_.snippet(self._query, hit, room)
            lines = spans(text.plain, width, AT_BLANKS)
            if len(lines) <= self._snippet_lines:
                return [text[slice(*line)] for line in lines]
            # Lines break before they are full, and some characters take two cells.
            room -= max(room // 16, 1)


def _legend(score: str, moved: str) -> str:
    """An explanation of the columns, for new users."""
    if moved:
        return "moved by the cross-encoder; relev.: its 0 to 1"
    return {
        "relev.": "relev.: 0 to 1, by the cross-encoder",
        "simil.": "simil.: the cosine of query and passage",
        "bm25": "bm25: by words in common",
        "": "",
    }[score]


def _scores(hits: Sequence[Hit]) -> tuple[str, list[Text]]:
    """The most telling score and its name: relevance, else similarity, else BM25."""
    for name, shown, style in (
        ("relev.", hit_.relevance, "green"),
        ("simil.", hit_.similarity, "cyan"),
        ("bm25", hit_.bm25, "yellow"),
    ):
        if any(map(shown, hits)):
            return name, [Text(shown(hit), style) for hit in hits]
    return "", [Text() for _ in hits]


def _inner_parts(parts: Sequence[str], room: int) -> str:
    """As many innermost parts of a heading trail as fit."""
    for start in range(len(parts)):
        shown = one_line(_SEPARATOR.join(parts[start:]))
        if cell_len(shown) <= room:
            return shown
    return ""
