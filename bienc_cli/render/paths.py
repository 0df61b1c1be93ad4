"""Paths, and places in files, on screens that are narrower than they are."""

from __future__ import annotations

import re

from rich.cells import cell_len, chop_cells
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text

_BREAKS = re.compile(r"(?<=[\s/_-])(?=[^\s/_-])|(?<=.)(?=#)")


class PathText:
    """A path that breaks between its words, so that no name is cut in the middle of one.

    Args:
        text: on one line, free of control characters.
        style: of rich.
    """

    def __init__(self, text: str, style: str) -> None:
        self._text = text
        self._style = style

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Its lines."""
        yield Text("\n".join(broken(self._text, options.max_width)), self._style, overflow="fold")

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """From its longest word to the whole."""
        longest = max(map(cell_len, _BREAKS.split(self._text)), default=0)
        return Measurement(longest, cell_len(self._text)).with_maximum(options.max_width)


def broken(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` cells, ended behind a blank, `/`, `-` or `_`, or at `#`.

    A word that is longer than a line is cut where the line ends.
    """
    lines = [""]
    for piece in _BREAKS.split(text):
        if cell_len(lines[-1] + piece.rstrip()) <= width:
            lines[-1] += piece
            continue
        first, *rest = chop_cells(piece, width)
        lines = [*lines, first, *rest] if lines[-1] else [first, *rest]
    return [line.rstrip() for line in lines]
