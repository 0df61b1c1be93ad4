"""Hits for other programs: file names, lines as in grep's output, and CSV."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from bienc_cli.render import hits
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
    """The hits' files without repeats, best first, relative to `here`."""
    yield from dict.fromkeys(as_argument(path_of(hit, here)) for hit in result.hits)


def as_argument(path: str) -> str:
    """A path on its own line, which no program mistakes for an option or for two paths."""
    argument = visible(path).replace("\n", "\u240a")
    return f"./{argument}" if argument.startswith("-") else argument


def grep_lines(result: SearchResult, here: Path) -> Iterator[str]:
    """`path:line:text`, as editors and other tools parse grep's output.

    The line is that of the sentence. It is left out if a file has no lines (a PDF, say).
    """
    for hit in result.hits:
        line = hits.line_of(hit)
        place = "" if line is None else f"{line}:"
        yield f"{as_argument(path_of(hit, here))}:{place}{visible(hits.sentence(hit))}"


def csv_lines(result: SearchResult, here: Path, *, header: bool) -> Iterator[str]:
    """One row per hit, below the columns' names."""
    import csv

    if header:
        yield ",".join(COLUMNS)
    for hit in result.hits:
        line = hits.line_of(hit)
        fields = (
            result.query,
            str(hit.rank),
            hits.relevance(hit),
            hits.similarity(hit),
            hits.bm25(hit),
            path_of(hit, here),
            "" if line is None else str(line),
            hits.location(hit.passage),
            hits.heading(hit.passage),
            hits.sentence(hit),
        )
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="").writerow([cell(field) for field in fields])
        yield buffer.getvalue()


def path_of(hit: Hit, here: Path) -> str:
    """A hit's file, openable from `here`; as displayed if it is elsewhere."""
    stamp = hit.passage.file
    if stamp is None:
        return hit.passage.path
    path = stamp.path
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
