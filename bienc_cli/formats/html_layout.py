"""State of open lists and tables during the walk over a page: item numbers, columns of cells."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bienc_cli.formats.html_source import MARK
from bienc_cli.formats.numerals import FORMS, numeral
from bienc_cli.formats.sheets import repeatable

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_WIDEST_SPAN = 64
_HEADER_WITHIN = 10


@dataclass(slots=True)
class OpenTable:
    """An open table.

    Attributes:
        tabular: it holds data, not the layout of a page.
        below: by column, the number of further rows that a cell spans.
        across: number of further columns that the last cell spans.
        rows: the first rows, among which the header is.
        above: the last row so far.
    """

    tabular: bool
    below: dict[int, int] = field(default_factory=dict)
    across: int = 0
    rows: list[list[str]] = field(default_factory=list)
    above: list[str] = field(default_factory=list)

    def end_row(self, cells: list[str]) -> None:
        """End a row."""
        self.above = [MARK.sub("", cell) for cell in cells]
        if len(self.rows) < _HEADER_WITHIN:
            self.rows.append(self.above)

    def begin_cell(self, cells: list[str], node: LexborNode) -> None:
        """Start a cell in its column, after the columns that other cells span and repeat in."""
        if not cells:
            self.across = 0
        cells += [""] * self.across
        while self.below.get(len(cells), 0) > 0:
            self.below[len(cells)] -= 1
            known = len(cells) < len(self.above)
            cells.append(repeatable(self.above[len(cells)]) if known else "")
        spans = (node.attributes.get(name) for name in ("rowspan", "colspan"))
        rows, columns = (min(max(_whole(span) or 1, 1), _WIDEST_SPAN) for span in spans)
        for column in range(len(cells), len(cells) + columns if rows > 1 else 0):
            self.below[column] = rows - 1
        self.across = columns - 1
        cells.append("")


@dataclass(slots=True)
class OpenList:
    """An open list.

    Attributes:
        number: of the next item; None for bullets.
        step: from one number to the next.
        form: see `numerals.numeral`.
    """

    number: int | None
    step: int = 1
    form: str = ""

    @classmethod
    def of(cls, node: LexborNode) -> OpenList:
        """The list that a node opens."""
        if node.tag != "ol":
            return cls(None)
        attributes = node.attributes
        backwards = "reversed" in attributes
        first = _whole(attributes.get("start"))
        if first is None:
            first = sum(1 for child in node.iter() if child.tag == "li") if backwards else 1
        return cls(first, -1 if backwards else 1, FORMS.get(attributes.get("type") or "", ""))

    def marker(self, item: LexborNode) -> str:
        """The bullet or number of an item, with a space after it."""
        if self.number is None:
            return "- "
        stated = _whole(item.attributes.get("value"))
        shown = self.number if stated is None else stated
        self.number = shown + self.step
        return f"{numeral(shown, self.form)}. "


def _whole(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch("-?[0-9]{1,9}", text.strip()) else None


def _counts(cell: str) -> bool:
    """Whether a cell contains only the numbers 1, 2, 3 and so on."""
    numbers = MARK.sub("", cell).split()
    return len(numbers) > 1 and numbers == [str(number) for number in range(1, len(numbers) + 1)]


def row_line(cells: list[str]) -> str:
    """A row as one line; a single cell, also one beside its line numbers, keeps its lines."""
    filled = [cell for cell in cells if cell]
    if len(filled) == 2 and "\n" in filled[1] and _counts(filled[0]):
        del filled[0]
    if len(filled) == 1 and "\n" in filled[0]:
        return filled[0]
    return " | ".join(" ".join(cell.split()) for cell in cells) if filled else ""
