"""Lays out tables and texts on narrow screens, breaking lines only in suitable places."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len, chop_cells
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bienc_cli.render.printable import one_line

AT_JOINTS = re.compile(
    # After a blank or a joint, but not between two digits, nor after a sign or a flag's dashes,
    # nor within the marks of a change, [-gone-]{+new+}, only between two; and before the name of
    # a place.
    r"(?<=[\s/_+-])(?=[^\s/_+\])}-])(?!(?<=\d[-_+])\d)(?!(?<=[\s\[({][-+])|(?<=\s--))"
    r"|(?<=[-+][\]}])(?=[\[{][-+])|(?<=.)(?=#)"
)
AT_BLANKS = re.compile(r"(?<=\s)(?=\S)(?!(?<=\d\s)(?:ms|s|min|h|B|kB|MB|GB|%)(?!\w))")
"""For prose: not between a number and its unit, and inside a name only if that alone is longer than
a line."""
AT_SIGNS = re.compile(r"(?<=\+)|(?=@)")
"""For a strategy's name: after `+`, or before `@`."""
LONGEST_WORD = 32
"""Cells of the longest word that a column makes room for; a longer one is cut at the line's end."""


class Words:
    """A text that wraps between words, so that no word is cut.

    Args:
        text: a single line, free of control characters.
        style: of rich.
        ends: where lines may end; by default at any joint of a path: after `/`, `-`, `_` or `+`, or
            at `#`.
    """

    def __init__(
        self, text: str | Text, style: str = "", ends: re.Pattern[str] = AT_JOINTS
    ) -> None:
        self._text = text if isinstance(text, Text) else Text(text, style)
        self._ends = ends

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Its lines."""
        for start, end in spans(self._text.plain, options.max_width, self._ends):
            yield self._text[start:end]

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """From its longest word to its full width."""
        text = self._text.plain
        ends = AT_SIGNS if self._ends is AT_SIGNS else AT_JOINTS
        words = (cell_len(word.rstrip()) for word in ends.split(text))
        longest = min(max(words, default=0), LONGEST_WORD)
        return Measurement(longest, max(cell_len(text), longest)).with_maximum(options.max_width)


class Flow:
    """Parts laid out one after the other; no part is broken that fits on a line.

    Args:
        parts: one line each.
        between: the separator between two parts; at the end of a line without its blanks.
        style: of rich.
    """

    def __init__(self, parts: Sequence[str | Text], between: str = " · ", style: str = "") -> None:
        self._parts = [Text(part) if isinstance(part, str) else part for part in parts]
        self._between = between
        self._style = style

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Its lines."""
        line = Text(style=self._style)
        for part in self._parts:
            if line and line.cell_len + cell_len(self._between) + part.cell_len > options.max_width:
                yield line
                line = Text(style=self._style)
            elif line:
                line.append(self._between)
            *leading_spans, last_span = spans(part.plain, options.max_width, AT_BLANKS)
            for span in leading_spans:
                yield Text(style=self._style).append_text(part[slice(*span)])
            line.append_text(part[slice(*last_span)])
        yield line


def broken(text: str, width: int, ends: re.Pattern[str] = AT_JOINTS) -> list[str]:
    """Break `text` into lines of at most `width` cells; see `Words` for where they end.

    A word longer than a line is cut at the line's end.
    """
    return [text[start:end] for start, end in spans(text, width, ends)]


def spans(text: str, width: int, ends: re.Pattern[str] = AT_JOINTS) -> list[tuple[int, int]]:
    """Where the lines of `broken` start and end in `text`, without blanks at their ends."""
    lines = [(0, 0)]
    for start, end in _pieces(text, width, ends):
        line_start, line_end = lines[-1]
        if cell_len(text[line_start:end].rstrip()) <= width:
            lines[-1] = (line_start, end)
        elif line_start == line_end:
            lines[-1] = (start, end)
        else:
            lines.append((start, end))
    return [(start, start + len(text[start:end].rstrip())) for start, end in lines]


def _pieces(text: str, width: int, ends: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """The unbreakable parts of a text; each fits on a line."""
    start = 0
    for piece in ends.split(text):
        parts = [piece]
        if cell_len(piece.rstrip()) > width:
            parts = [
                part
                for word in AT_JOINTS.split(piece)
                for part in (
                    [word] if cell_len(word.rstrip()) <= width else chop_cells(word, width)
                )
            ]
        for part in parts:
            yield start, start + len(part)
            start += len(part)


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    style: str
    right: bool
    wraps: bool
    cells: list[RenderableType] = field(default_factory=list)


class Grid:
    """A table without rules, in which no word or number is broken.

    Columns are as wide as their contents; those that wrap share the remaining width, down to their
    longest words. If the screen is too narrow even for these, each row becomes a few lines: its
    first cell, and below it the others with their columns' names.

    Args:
        gap: cells between columns.
        header: whether to show the columns' names.
    """

    def __init__(self, *, gap: int = 2, header: bool = True) -> None:
        self._gap = gap
        self._header = header
        self._columns: list[_Column] = []

    def column(
        self, name: str = "", *, style: str = "", right: bool = False, wraps: bool = False
    ) -> None:
        """Add a column; `wraps` lets its cells span several lines."""
        self._columns.append(_Column(name, style, right, wraps))

    def row(self, *cells: RenderableType) -> None:
        """Add a row of cells; a text that wraps is prose."""
        for column, cell in zip(self._columns, cells, strict=True):
            content: RenderableType = Text(cell, column.style) if isinstance(cell, str) else cell
            if column.wraps and isinstance(content, Text):
                content = Words(content, ends=AT_BLANKS)
            column.cells.append(content)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """As a table, or as records one below the other."""
        widths = self._widths(console, options)
        yield self._stacked() if widths is None else self._table(widths)

    def _widths(self, console: Console, options: ConsoleOptions) -> list[int] | None:
        """The width of each column; None if they cannot all show their words whole."""
        measurements = [self._measurement(column, console, options) for column in self._columns]
        room = options.max_width - self._gap * (len(measurements) - 1)
        if sum(measurement.minimum for measurement in measurements) > room:
            return None
        # The width that all columns wanting more can have.
        level = max(measurement.maximum for measurement in measurements)
        while True:
            widths = [
                min(measurement.maximum, max(measurement.minimum, level))
                for measurement in measurements
            ]
            if sum(widths) <= room:
                return widths
            level -= 1

    def _measurement(
        self, column: _Column, console: Console, options: ConsoleOptions
    ) -> Measurement:
        cells = column.cells + ([self._name(column)] if self._header else [])
        measurements = [Measurement.get(console, options, cell) for cell in cells]
        maximum = max((measurement.maximum for measurement in measurements), default=0)
        if not column.wraps:
            return Measurement(maximum, maximum)
        minimum = max((measurement.minimum for measurement in measurements), default=0)
        return Measurement(min(minimum, LONGEST_WORD), maximum)

    def _name(self, column: _Column) -> RenderableType:
        return Words(column.name, "bold", AT_SIGNS) if column.wraps else Text(column.name, "bold")

    def _table(self, widths: list[int]) -> Table:
        table = Table(
            box=None,
            pad_edge=False,
            padding=(0, self._gap, 0, 0),
            show_edge=False,
            show_header=self._header,
        )
        for column, width in zip(self._columns, widths, strict=True):
            table.add_column(
                self._name(column),
                style=column.style,
                justify="right" if column.right else "left",
                width=width,
                no_wrap=not column.wraps,
            )
        for cells in zip(*(column.cells for column in self._columns), strict=True):
            table.add_row(*cells)
        return table

    def _stacked(self) -> RenderableType:
        rows: list[RenderableType] = []
        first, *others = self._columns
        for row_index, first_cell in enumerate(first.cells):
            rows.append(first_cell)
            inline: list[Text] = []
            indented: list[RenderableType] = []
            for column in others:
                cell = column.cells[row_index]
                if column.wraps:
                    indented.append(Padding(cell, (0, 0, 0, 2)))
                elif isinstance(cell, Text) and cell.plain:
                    name = f"{column.name} " if self._header and column.name else ""
                    inline.append(Text(name, "dim").append_text(cell))
            if inline:
                rows.append(Padding(Flow(inline, "  "), (0, 0, 0, 2)))
            rows += indented
        return Group(*rows)


class FirstThatFits:
    """Shows the first of several alternatives that fits into a number of lines, else the last."""

    def __init__(self, alternatives: Sequence[RenderableType], lines: int) -> None:
        self._alternatives = alternatives
        self._lines = lines

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Its lines."""
        for alternative in self._alternatives[:-1]:
            if len(console.render_lines(alternative, options, pad=False)) <= self._lines:
                yield alternative
                return
        yield self._alternatives[-1]


def system_name(name: str, style: str = "") -> RenderableType:
    """The name of a strategy or run, in a column that wraps."""
    return Words(one_line(name), style, AT_SIGNS)


def titled(title: str, table: RenderableType) -> RenderableType:
    """`table` below its title, which may be wider."""
    return Group(Words(title, "bold", ends=AT_BLANKS), table)
