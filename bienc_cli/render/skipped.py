"""Files that were found and not indexed, each with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.table import Table
from rich.text import Text

from bienc_cli.render.hits import writable
from bienc_cli.render.tables import plain_table
from bienc_cli.render.text import cell, one_line
from bienc_cli.types import Skipped


def as_table(skipped: Sequence[Skipped]) -> Table:
    """One file a row."""
    table = plain_table()
    table.add_column("skipped", overflow="fold", style="yellow")
    table.add_column("why", overflow="fold")
    for one in skipped:
        table.add_row(Text(one_line(one.path)), Text(one_line(one.reason)))
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
