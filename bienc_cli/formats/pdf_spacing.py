"""Spacing of characters and words (`Tc`, `Tw`), of which pypdf knows only half.

It takes no spacing inside a string for a gap between words, and none that closes up a space. It
ignores word spacing where it measures the gap before a text, and counts the character spacing
behind the last character, which is part of that gap.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from bienc_cli.formats.pdf_pen import Pen
from bienc_cli.formats.word_gaps import GAP, NARROWEST, NO_SPACE

SPACING = frozenset({b"Tc", b"Tw", b"q", b"Q"})
_DEEPEST = 64
"""Levels of kept states."""

_FORWARDS = 0.3
"""Least distance to the right at which text continues a line, in ems."""


def product(first: list[float], second: list[float]) -> list[float]:
    """The product of two transformations (a, b, c, d, e, f), `first` applied first."""
    a, b, c, d, e, f = first
    g, h, i, j, k, m = second
    return [
        *(a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j),
        *(e * g + f * i + k, e * h + f * j + m),
    ]


class Spacing:
    """Follows the spacing in force; modifies texts, and the moves after them."""

    def __init__(self) -> None:
        self._character = self._word = 0.0
        self._kept: list[tuple[float, float]] = []
        # What pypdf lacks of the width of the text since the last move, and the sum by which moves
        # on this line were shortened for it.
        self._stretched = self._lacking = 0.0
        # What it has too much, behind the last character.
        self._behind = 0.0
        # Where the last character ends if spacing follows it, and whether a gap does.
        self._end: float | None = None
        self._is_apart = False
        self._lacking_before = 0.0
        self._matrix = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]

    def set(self, operator: bytes, operands: list[Any]) -> None:
        """Follow an operator of `SPACING`."""
        if operator == b"q" and len(self._kept) < _DEEPEST:
            self._kept.append((self._character, self._word))
        elif operator == b"Q" and self._kept:
            self._character, self._word = self._kept.pop()
        elif operands and isinstance(operands[0], (int, float)):
            if operator == b"Tc":
                self._character = float(operands[0])
            elif operator == b"Tw":
                self._word = float(operands[0])
            elif operator == b'"' and len(operands) > 1 and isinstance(operands[1], (int, float)):
                self._word, self._character = float(operands[0]), float(operands[1])

    def apart(self, size: float) -> float:
        """The spacing of characters in ems of a font of this size."""
        return self._character / size

    def begin(self) -> None:
        """A text object begins; its moves start from the corner of the page."""
        self._lacking_before = self._lacking + self._stretched - self._behind
        self._lacking = 0.0
        self.go_on()

    def place(self, matrix: list[Any], cm: list[float], size: float) -> None:
        """Move a matrix that continues the last line to where pypdf finds the gap that is there."""
        lacking = self._lacking + self._stretched - self._behind or self._lacking_before
        self._lacking = self._lacking_before = 0.0
        self.go_on()
        if not lacking or not all(isinstance(number, (int, float)) for number in matrix):
            return
        a, b, _, _, x, y = self._matrix
        c, d, _, _, new_x, new_y = product(matrix, cm)
        scale, new_scale = math.hypot(a, b), math.hypot(c, d)
        along, across = a * (new_x - x) + b * (new_y - y), a * (new_y - y) - b * (new_x - x)
        least = _FORWARDS * size * scale**2
        if new_scale and along > least and abs(across) < least:
            self._lacking = lacking * scale / new_scale
            matrix[4] -= self._lacking * matrix[0]
            matrix[5] -= self._lacking * matrix[1]

    def go_on(self) -> None:
        """Begin to measure the text up to the next move."""
        self._stretched = self._behind = 0.0
        self._end, self._is_apart = None, False

    def move(self, right: float, up: float, size: float) -> float:
        """What pypdf should take for `right`, in points, to find the gap that is there."""
        moved = right
        ends = self._end
        if up:
            moved, self._lacking = right + self._lacking, 0.0
        elif right > _FORWARDS * size:
            shortened = self._stretched - self._behind
            moved = right - shortened
            self._lacking += shortened
        self.go_on()
        self._is_apart = not up and ends is not None and right - ends >= NARROWEST * size
        return moved

    def shown(self, operand: Any, matrix: list[float], size: float, pen: Pen, is_wide: bool) -> Any:
        """The string or array of a text, with marks in the gaps between its letters.

        Args:
            operand: modified if it is an array.
            matrix: of its beginning on the page.
            size: of the font, in points.
            pen: has shown the text.
            is_wide: the font has two bytes per character, and none is a space.
        """
        self._matrix = matrix
        self._behind = min(self._character, 0.0)
        if is_wide:
            return operand
        pieces = operand if isinstance(operand, list) else [operand]
        apart = 2 * self._character + self._word
        if apart < 0 and (space := pen.space()) is not None and space + apart / size < NO_SPACE[1]:
            pieces[:] = [_closed_up(piece) for piece in pieces]
        characters = [code for piece in pieces if isinstance(piece, bytes) for code in piece]
        stretched = self._word * characters.count(ord(" "))
        if self._is_apart or self._character > 0:
            gaps = _mark_gaps(pieces, self._character / size, self._is_apart)
            self._stretched -= self._character * gaps
        if self._character >= NARROWEST * size and (width := pen.width()) is not None:
            spaced = self._character * (len(characters) - 1)
            self._end = width * size + spaced + stretched
        self._stretched += stretched
        return operand if isinstance(operand, list) else pieces[0]


class _Apart(bytes):
    """Text with gaps before some of its bytes.

    pypdf iterates over it first to decode it and then to compute its width; the marks have none.
    """

    gaps: frozenset[int]
    is_decoded = False

    def __iter__(self) -> Iterator[int]:
        gaps = frozenset[int]() if self.is_decoded else self.gaps
        self.is_decoded = True
        for index, code in enumerate(super().__iter__()):
            if index in gaps:
                yield ord(GAP)
            yield code


def _closed_up(piece: Any) -> Any:
    return piece.replace(b" ", b"") if isinstance(piece, bytes) else piece


def _mark_gaps(pieces: list[Any], apart: float, begins_apart: bool) -> int:
    """Mark the gaps of an array whose characters are `apart` ems from one another.

    Args:
        begins_apart: there is a gap before the first one.

    Returns:
        How many there are.
    """
    count = 0
    before = ""
    gap = math.inf if begins_apart else 0.0
    for index, piece in enumerate(pieces):
        if isinstance(piece, (int, float)):
            gap -= float(piece) / 1000
        elif isinstance(piece, bytes):
            gaps = set()
            for position, code in enumerate(piece):
                if gap >= NARROWEST and " " not in (before, chr(code)):
                    gaps.add(position)
                before, gap = chr(code), apart
            if gaps:
                pieces[index] = marked = _Apart(piece)
                marked.gaps = frozenset(gaps)
                count += len(gaps)
    return count
