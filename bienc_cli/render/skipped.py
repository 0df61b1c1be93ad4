"""Lists files that were found but not indexed, with the reasons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from bienc_cli.render.columns import Grid
from bienc_cli.render.json_fields import writable
from bienc_cli.render.printable import cell, one_line
from bienc_cli.types import Skipped


def as_table(skipped: Sequence[Skipped]) -> Grid:
    """One file per row."""
    table = Grid()
    table.column("skipped", style="yellow", wraps=True)
    table.column("why", wraps=True)
    for skipped_file in skipped:
        table.row(Text(one_line(skipped_file.path)), Text(one_line(skipped_file.reason)))
    return table


def as_json(skipped: Sequence[Skipped]) -> list[dict[str, str]]:
    """One object per file."""
    return [
        {
            "path": writable(skipped_file.path),
            "code": skipped_file.code,
            "reason": writable(skipped_file.reason),
        }
        for skipped_file in skipped
    ]


def as_lines(skipped: Sequence[Skipped]) -> Iterator[str]:
    """One file per line, tab-separated after the word `skipped`."""
    for skipped_file in skipped:
        yield "\t".join(
            ["skipped", cell(skipped_file.path), skipped_file.code, cell(skipped_file.reason)]
        )
