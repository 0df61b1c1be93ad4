"""Texts on screens that are narrower than they are: where a line may end, and where it may not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rich.cells import cell_len, chop_cells
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text

AT_JOINTS = re.compile(
    # Behind a blank or a joint, but not between two digits, nor behind a sign or a flag's dashes,
    # nor within the marks of a change, [-gone-]{+new+}, but between two; and before the name of
    # a place.
    r"(?<=[\s/_+-])(?=[^\s/_+\])}-])(?!(?<=\d[-_+])\d)(?!(?<=[\s\[({][-+])|(?<=\s--))"
    r"|(?<=[-+][\]}])(?=[\[{][-+])|(?<=.)(?=#)"
)
AT_BLANKS = re.compile(r"(?<=\s)(?=\S)(?!(?<=\d\s)(?:ms|s|min|h|B|kB|MB|GB|%)(?!\w))")
"""Prose: not between a number and its unit, and inside a name only where that alone is longer than
a line."""
AT_SIGNS = re.compile(r"(?<=\+)|(?=@)")
"""A strategy's name: behind `+`, or before `@`."""
LONGEST_WORD = 32
"""Cells of a word that a column makes room for; a longer one is cut where its line ends."""


class Words:
    """A text whose lines end between its words, so that none is cut in the middle.

    Args:
        text: on one line, free of control characters.
        style: of rich.
        ends: where lines may end; by default at any joint of a path: behind `/`, `-`, `_` or
            `+`, or at `#`.
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
        """From its longest word to the whole."""
        text = self._text.plain
        ends = AT_SIGNS if self._ends is AT_SIGNS else AT_JOINTS
        words = (cell_len(word.rstrip()) for word in ends.split(text))
        longest = min(max(words, default=0), LONGEST_WORD)
        return Measurement(longest, max(cell_len(text), longest)).with_maximum(options.max_width)


class Flow:
    """Parts one behind the other, as many on a line as it holds; none is broken that fits on one.

    Args:
        parts: of one line each.
        between: what stands between two of them, and at the end of a line without its blanks.
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
            *whole, last = spans(part.plain, options.max_width, AT_BLANKS)
            for one in whole:
                yield Text(style=self._style).append_text(part[slice(*one)])
            line.append_text(part[slice(*last)])
        yield line


def broken(text: str, width: int, ends: re.Pattern[str] = AT_JOINTS) -> list[str]:
    """`text` in lines of at most `width` cells; see `Words` for where they end.

    A word that is longer than a line is cut where the line ends.
    """
    return [text[start:end] for start, end in spans(text, width, ends)]


def spans(text: str, width: int, ends: re.Pattern[str] = AT_JOINTS) -> list[tuple[int, int]]:
    """Where the lines of `broken` begin and end in `text`, blanks at their ends left out."""
    lines = [(0, 0)]
    for start, end in _pieces(text, width, ends):
        first, last = lines[-1]
        if cell_len(text[first:end].rstrip()) <= width:
            lines[-1] = (first, end)
        elif first == last:
            lines[-1] = (start, end)
        else:
            lines.append((start, end))
    return [(start, start + len(text[start:end].rstrip())) for start, end in lines]


def _pieces(text: str, width: int, ends: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """What no line may break; each fits on one."""
    start = 0
    for piece in ends.split(text):
        parts = [piece]
        if cell_len(piece.rstrip()) > width:
            parts = [
                part
                for one in AT_JOINTS.split(piece)
                for part in ([one] if cell_len(one.rstrip()) <= width else chop_cells(one, width))
            ]
        for part in parts:
            yield start, start + len(part)
            start += len(part)
