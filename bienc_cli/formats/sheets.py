"""Sheets and tables: one line per row; rows of sheets keep their numbers."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from bienc_cli.formats.builder import DocumentBuilder

Row = tuple[int, Sequence[str]]
"""Number of a row, from 1, and its cells from the first column on, "" for empty ones."""

_HEADER_WITHIN = 10
"""The header must be among this many rows: a title may precede it."""

_WIDEST_GAP = 8
_LONGEST_REPEATED = 100
_NUMBER = re.compile(r"[-+(]?[$€£]?\s*\d[\d.,:/\s-]*[)%]?\Z")


def sheet_builder() -> DocumentBuilder:
    """A builder for `add_sheet`."""
    return DocumentBuilder("row", follows_lines=True)


def begin_sheet(builder: DocumentBuilder, name: str, row: int) -> None:
    """Start a sheet, its name as the heading, at its first row with content."""
    builder.end_headings()
    builder.stand_at(row, name)
    builder.heading(1, name)


def add_sheet(builder: DocumentBuilder, name: str, rows: Iterable[Row]) -> bool:
    """Add a sheet with its name as heading and its header as the heading of the other rows.

    Args:
        builder: see `sheet_builder`.
        name: of the sheet.
        rows: ascending; empty ones may be missing.

    Returns:
        False if all rows are empty and nothing was added.
    """
    filled = ((number, line) for number, cells in rows if (line := _trimmed(cells)))
    ahead = deque(islice(filled, _HEADER_WITHIN))
    if not ahead:
        return False
    header = _header(list(ahead))
    begin_sheet(builder, name, ahead[0][0])
    headings = builder.headings
    following = None
    while ahead:
        number, cells = ahead.popleft()
        ahead.extend(islice(filled, 1))
        if number != following:
            builder.stand_at(number, name)
        if number > (following or number) and number > (header or 0):
            group = [(number, cells), *_without_gap(number, ahead)]
            if (table := _header(group, of_numbers=True)) is not None:
                builder.end_headings(headings)
                header = table
        following = number + 1
        if number == header:
            builder.headed_block(2, _names(cells), _line(cells))
        else:
            builder.row(_line(cells))
    return True


def table_text(rows: Iterable[Sequence[str]]) -> str:
    """The non-empty rows of a table inside a text, one per line."""
    return "\n".join(" | ".join(cells) for cells in rows if any(cells))


def columns(rows: Iterable[Sequence[str]]) -> str:
    """The column names of a table inside a text; "" if it has none."""
    filled = [(number, cells) for number, row in enumerate(rows) if (cells := _trimmed(row))]
    header = _header(filled[:_HEADER_WITHIN])
    return next((_names(cells) for number, cells in filled if number == header), "")


def repeatable(text: str) -> str:
    """The text that a cell merged over several rows repeats in each; "" if it is long."""
    return text if len(text) <= _LONGEST_REPEATED else ""


def _names(cells: Sequence[str]) -> str:
    return ", ".join(cell for cell in cells if cell)


def _without_gap(number: int, rows: Iterable[Row]) -> Iterator[Row]:
    """The rows that follow row `number` without a gap."""
    for expected, row in enumerate(rows, number + 1):
        if row[0] != expected:
            return
        yield row


def _trimmed(cells: Sequence[str]) -> list[str]:
    """The cells, each on one line, without empty ones at the end."""
    line = [" ".join(cell.split()) for cell in cells]
    while line and not line[-1]:
        line.pop()
    return line


def _line(cells: Sequence[str]) -> str:
    filled = [cell for cell in cells if cell]
    # The exact distance of a cell far to the right of all others means nothing.
    sparse = len(cells) > 2 * len(filled) + _WIDEST_GAP
    return " | ".join(filled if sparse else cells)


def _header(rows: Sequence[Row], *, of_numbers: bool = False) -> int | None:
    """Number of the row that names the columns; None if there is none.

    Args:
        rows: the first rows of a table.
        of_numbers: a number must follow below; needed to tell a second table from more rows.
    """
    width = max((sum(1 for cell in cells if cell) for _, cells in rows), default=0)
    for index, (number, cells) in enumerate(rows):
        names = [cell for cell in cells if cell]
        if (
            width > 1
            and len(names) >= max(2, width - 1)
            and len({*names}) == len(names)
            and not any(_NUMBER.match(name) for name in names)
        ):
            below = rows[index + 1 :]
            is_header = any(_NUMBER.match(cell) for _, row in below for cell in row)
            return number if below and (is_header or not of_numbers) else None
        if len(names) >= width:
            return None
    return None
