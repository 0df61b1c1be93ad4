"""Files that were found and not indexed, each with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from bienc_cli.render.columns import Grid
from bienc_cli.render.hits import writable
from bienc_cli.render.printable import cell, one_line
from bienc_cli.types import Skipped


def as_table(skipped: Sequence[Skipped]) -> Grid:
    """One file a row."""
    table = Grid()
    table.column("skipped", style="yellow", wraps=True)
    table.column("why", wraps=True)
    for one in skipped:
        table.row(Text(one_line(one.path)), Text(one_line(one.reason)))
    return table


def as_json(skipped: Sequence[Skipped]) -> list[dict[str, str]]:
    """One file an object."""
    return [
        {"path": writable(one.path), "code": one.code, "reason": writable(one.reason)}
        for one in skipped
    ]


def as_lines(skipped: Sequence[Skipped]) -> Iterator[str]:
    """One file a line, tab-separated behind the word."""
    for one in skipped:
        yield "\t".join(["skipped", cell(one.path), one.code, cell(one.reason)])
