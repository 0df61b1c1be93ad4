"""The look that all tables share: columns held apart by space alone."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text


def plain_table(*, gap: int = 2, header: bool = True, expand: bool = False) -> Table:
    """A table without lines; `gap` is the space between columns, `expand` takes the whole width."""
    return Table(
        box=None,
        pad_edge=False,
        padding=(0, gap, 0, 0),
        show_edge=False,
        show_header=header,
        expand=expand,
    )


def titled(title: str, table: Table) -> RenderableType:
    """`table` below its title, which may be wider: a title of its own would be folded to it."""
    return Group(Text(title, style="bold"), table)
