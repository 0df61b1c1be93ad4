"""Headers of blocks (a table's columns, a record's name) for passages that begin inside one."""

from __future__ import annotations

import bisect
from collections.abc import Sequence

from bienc_cli.types import Block


class BlockHeaders:
    """Looks up the header of the block at a position.

    Args:
        blocks: those of one document, in order.
    """

    def __init__(self, blocks: Sequence[Block]) -> None:
        self._headed = [block for block in blocks if block.header]

    def header_at(self, position: int) -> str:
        """The header of the block that `position` is inside; "" if there is none.

        At the start of a block it is "" too: a passage from there on has the header in its text.
        """
        index = bisect.bisect_left(self._headed, position, key=lambda block: block.start) - 1
        inside = index >= 0 and position < self._headed[index].end
        return self._headed[index].header if inside else ""

    def widest(self, start: int, end: int) -> str:
        """The longest header of the blocks in [start, end); "" for none."""
        first = bisect.bisect_right(self._headed, start, key=lambda block: block.end)
        last = bisect.bisect_left(self._headed, end, key=lambda block: block.start)
        return max((block.header for block in self._headed[first:last]), key=len, default="")
