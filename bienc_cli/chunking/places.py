"""Maps offsets in a document's text to places in its file."""

from __future__ import annotations

import bisect
import itertools
import re
from collections.abc import Sequence

from bienc_cli.types import Anchor, Document, Place

_BARRIERS = ("page", "slide")


class Places:
    """The places of one document's spans.

    Args:
        document: its text and numbering.
    """

    def __init__(self, document: Document) -> None:
        self._text = document.text
        self._numbering = document.numbering
        self._anchors: Sequence[Anchor] = document.numbering.anchors if document.numbering else ()
        self._starts = [anchor.start for anchor in self._anchors]
        follows_lines = document.numbering is not None and document.numbering.follows_lines
        breaks = re.finditer("\n", document.text) if follows_lines else ()
        self._breaks = [match.start() for match in breaks]

    @property
    def barriers(self) -> list[int]:
        """Offsets that no passage crosses: the starts of pages, slides and other sheets."""
        if self._numbering is None or self._numbering.unit in _BARRIERS:
            return self._starts
        return [
            anchor.start
            for before, anchor in itertools.pairwise(self._anchors)
            if anchor.name != before.name
        ]

    def of(self, start: int, end: int, trail: Sequence[str]) -> Place:
        """The place of `text[start:end]`.

        Args:
            start: offset of its first character.
            end: offset of its end, exclusive; `end > start`.
            trail: headings in force there, outermost first.
        """
        numbering = self._numbering
        if numbering is None:
            return Place("heading", name=trail[-1]) if trail else Place("file")
        first, last = self._index(start), self._index(end - 1)
        spanned = self._anchors[first : last + 1]
        # A sheet's comments come after its last row, each with its own row number.
        firsts = [self._number(max(start, anchor.start)) for anchor in spanned]
        ends = [*self._starts[first + 1 : last + 1], end]
        return Place(
            numbering.unit,
            min(firsts),
            max(*firsts, *(self._number(self._last_seen(stop)) for stop in ends)),
            spanned[0].name,
            any(anchor.recognised for anchor in spanned),
        )

    def _last_seen(self, stop: int) -> int:
        """The position of the last character before `stop` that is not white space."""
        while stop > 1 and self._text[stop - 1].isspace():
            stop -= 1
        return stop - 1

    def _index(self, position: int) -> int:
        return max(bisect.bisect_right(self._starts, position) - 1, 0)

    def _number(self, position: int) -> int:
        anchor = self._anchors[self._index(position)]
        breaks = bisect.bisect_left(self._breaks, position)
        return anchor.number + breaks - bisect.bisect_left(self._breaks, anchor.start)
