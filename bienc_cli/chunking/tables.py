"""Which table's columns a passage is of, where it begins further down than their names."""

from __future__ import annotations

import bisect
from collections.abc import Sequence

from bienc_cli.types import Block


class Tables:
    """The blocks of a document that have a header.

    Args:
        blocks: of the document.
    """

    def __init__(self, blocks: Sequence[Block]) -> None:
        self._tables = [block for block in blocks if block.header]

    def header_at(self, position: int) -> str:
        """The header of the table that a passage from `position` on begins within; "" for none.

        One that begins with the table has the header in its text.
        """
        index = bisect.bisect_left(self._tables, position, key=lambda table: table.start) - 1
        inside = index >= 0 and position < self._tables[index].end
        return self._tables[index].header if inside else ""

    def widest(self, start: int, end: int) -> str:
        """The longest header of the tables in [start, end); "" for none."""
        first = bisect.bisect_right(self._tables, start, key=lambda table: table.end)
        last = bisect.bisect_left(self._tables, end, key=lambda table: table.start)
        return max((table.header for table in self._tables[first:last]), key=len, default="")
