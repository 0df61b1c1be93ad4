"""Hits for other programs: names of files, lines as grep prints them, and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from bienc_cli.render import hits as hit_
from bienc_cli.render.printable import cell, visible
from bienc_cli.search.result import Hit, SearchResult

COLUMNS = (
    "query",
    "rank",
    "relevance",
    "similarity",
    "bm25",
    "path",
    "line",
    "citation",
    "heading",
    "text",
)


def files(result: SearchResult, here: Path) -> Iterator[str]:
    """The hits' files, each once, the best first, as they are named from `here`."""
    yield from dict.fromkeys(as_argument(path_of(hit, here)) for hit in result.hits)


def as_argument(path: str) -> str:
    """A path on a line of its own, which no program takes for an option or for two paths."""
    shown = visible(path).replace("\n", "\u240a")
    return f"./{shown}" if shown.startswith("-") else shown


def grep_lines(result: SearchResult, here: Path) -> Iterator[str]:
    """`path:line:text`, as editors and other tools read it from grep.

    The line is that of the sentence. Where a file has no lines (a PDF, say), it is left out.
    """
    for hit in result.hits:
        line = hit_.line_of(hit)
        place = "" if line is None else f"{line}:"
        yield f"{as_argument(path_of(hit, here))}:{place}{visible(hit_.sentence(hit))}"


def csv_lines(result: SearchResult, here: Path, *, header: bool) -> Iterator[str]:
    """A row for each hit, below the names of the columns."""
    if header:
        yield ",".join(COLUMNS)
    for hit in result.hits:
        line = hit_.line_of(hit)
        fields = (
            result.query,
            str(hit.rank),
            hit_.relevance(hit),
            hit_.similarity(hit),
            hit_.bm25(hit),
            path_of(hit, here),
            "" if line is None else str(line),
            hit_.location(hit.passage),
            hit_.heading(hit.passage),
            hit_.sentence(hit),
        )
        written = io.StringIO()
        csv.writer(written, lineterminator="").writerow([cell(field) for field in fields])
        yield written.getvalue()


def path_of(hit: Hit, here: Path) -> str:
    """A hit's file as it can be opened from `here`; as it is shown, where it is elsewhere."""
    stamp = hit.passage.file
    if stamp is None:
        return hit.passage.path
    path = stamp.path
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
