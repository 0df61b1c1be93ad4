"""Gaps between words that PDFium overlooks: it takes no character spacing for a gap."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bienc_cli.formats.pdfium_places import Places
from bienc_cli.formats.word_gaps import GAP, NARROWEST, NO_SPACE

_LENGTHS = range(5, 36)
"""Average number of characters that are drawn together on the pages that are examined, because
this takes a fifth of the time of reading them. Programs that make gaps by character spacing draw
short pieces, but others draw each letter by itself, or whole lines."""

_LEAST, _MOST = 0.4, 1.0
"""In points: most letters are closer than the one, and most words further apart than the other, so
that their sizes are not needed."""

_WORD = re.compile(r"\S+")


def marked_gaps(places: Places, text: str) -> Iterator[tuple[int, str]]:
    """Replacements: for letters with a gap behind them, and for spaces that are no gap.

    Args:
        places: of the characters of the page.
        text: of the page, in PDFium's order.
    """
    if not text or len(text) // max(places.pieces(), 1) not in _LENGTHS:
        return
    end = bottom = 0.0
    for word in _WORD.finditer(text):
        start = word.start()
        shift = places.of_text(start) - start
        for index in range(start, word.end()):
            left, right, line = places.box(index + shift)
            gap, end = left - end, right
            beside, bottom = line == bottom, line
            if not beside or (gap < _LEAST if index > start else gap > _MOST):
                continue
            if index > start:
                if gap >= NARROWEST * places.size(index + shift):
                    yield index - 1, text[index - 1] + GAP
            elif text[index - 1 : index] == " " and not places.is_generated(index + shift - 1):
                # Boxes of slanted letters, and of a `j`, extend into the space; origins do not.
                moved = places.origin(index + shift)[0] - places.origin(index + shift - 1)[0]
                size = places.size(index + shift)
                if NO_SPACE[0] < gap / size < NO_SPACE[1] and moved < NARROWEST * size:
                    yield index - 1, ""
