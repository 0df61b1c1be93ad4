"""Shows hits in a few lines each, for short screens."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from bienc_cli.render.columns import AT_BLANKS, spans
from bienc_cli.render.hits import (
    bm25,
    link_to,
    location,
    movement,
    relevance,
    similarity,
    snippet,
    trail_beside_place,
)
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
        self._moves = [movement(hit) for hit in hits]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Its lines, below the columns' names."""
        moved_header = "moved" if any(self._moves) else ""
        rank_width = max(len(str(hit.rank)) for hit in self._hits)
        move_width = max(len(moved_header), *map(len, self._moves))
        score_width = max(len(self._score_name), *map(len, self._scores))
        headers = (
            "#".rjust(rank_width),
            moved_header.rjust(move_width),
            self._score_name.rjust(score_width),
            "passage",
        )
        header = Text(" ".join(header_text for header_text in headers if header_text), "bold")
        legend = f"  {_legend(self._score_name, moved_header)}"
        if header.cell_len + cell_len(legend) <= options.max_width:
            header.append(legend, "not bold dim")
        yield header
        for hit, move, score in zip(self._hits, self._moves, self._scores, strict=True):
            first_line = Text(f"{hit.rank:>{rank_width}} ", "bold")
            if move_width:
                first_line.append(" " * (move_width - len(move))).append_text(move).append(" ")
            if score_width:
                first_line.append(" " * (score_width - len(score))).append_text(score).append(" ")
            citation = Text(
                one_line(location(hit.passage)), f"bold blue{link_to(hit, self._links)}"
            )
            width = options.max_width - rank_width - 1
            first_line.append_text(citation)
            if first_line.cell_len > options.max_width:
                first_span, *more_spans = spans(first_line.plain, width)
                yield first_line[slice(*first_span)]
                for span in more_spans:
                    yield Text(" " * (rank_width + 1)).append_text(first_line[slice(*span)])
            else:
                trail = _inner_parts(
                    trail_beside_place(hit.passage), options.max_width - first_line.cell_len - 2
                )
                yield first_line.append(f"  {trail}" if trail else "", "magenta")
            if width >= _LEAST_SNIPPET:
                for line in self._snippet(hit, width):
                    yield Text(" " * (rank_width + 1)).append_text(line)

    def _snippet(self, hit: Hit, width: int) -> list[Text]:
        """The answer, in at most as many lines as allowed."""
        # A snippet's last two cells show that the passage continues.
        room = width * self._snippet_lines - 2
        while True:
            text = snippet(self._query, hit, room)
            line_spans = spans(text.plain, width, AT_BLANKS)
            if len(line_spans) <= self._snippet_lines:
                return [text[slice(*span)] for span in line_spans]
            # Lines break before they are full, and some characters take two cells.
            room -= max(room // 16, 1)


def _legend(score: str, moved_header: str) -> str:
    """An explanation of the columns, for new users."""
    if moved_header:
        return "moved by the cross-encoder; relev.: its 0 to 1"
    return {
        "relev.": "relev.: 0 to 1, by the cross-encoder",
        "simil.": "simil.: the cosine of query and passage",
        "bm25": "bm25: by words in common",
        "": "",
    }[score]


def _scores(hits: Sequence[Hit]) -> tuple[str, list[Text]]:
    """The most telling score and its name: relevance, else similarity, else BM25."""
    for name, score_of, style in (
        ("relev.", relevance, "green"),
        ("simil.", similarity, "cyan"),
        ("bm25", bm25, "yellow"),
    ):
        if any(map(score_of, hits)):
            return name, [Text(score_of(hit), style) for hit in hits]
    return "", [Text() for _ in hits]


def _inner_parts(parts: Sequence[str], room: int) -> str:
    """As many innermost parts of a heading trail as fit."""
    for start in range(len(parts)):
        trail = one_line(_SEPARATOR.join(parts[start:]))
        if cell_len(trail) <= room:
            return trail
    return ""
