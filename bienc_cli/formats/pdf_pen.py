"""Where the texts of a page end exactly, which pypdf forgets from one text object to the next.

A browser starts a text object at the beginning of the line and moves to the text from there; pypdf
takes that move for a gap. So it divides words in which the font changes.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from typing import Any

_TOUCHING = 0.1
"""Greatest distance between two parts of a word, in ems; words are further apart."""

_MOST_WIDTHS = 100_000


class Pen:
    """Follows the texts that are shown.

    Args:
        fonts: the font dictionaries by name.
        wide_fonts: names of those with two bytes per character.
    """

    def __init__(self, fonts: Mapping[str, Any], wide_fonts: set[str]) -> None:
        self._fonts = fonts
        self._wide_fonts = wide_fonts
        self._widths: dict[str, dict[int, float]] = {}
        self._font = ""
        self._size = 1.0
        # What was shown last, with its font, its size and its matrix.
        self._last: tuple[list[Any], str, float, list[float]] | None = None
        # Whether the text object has shown nothing yet, has a matrix, moved on from there, and so
        # began right behind the last text.
        self._begins = self._placed = self._moved_on = self._inside = False

    def set_font(self, name: str, size: float) -> None:
        """Use a font from here on."""
        self._font, self._size = name, size

    def begin(self) -> None:
        """A text object begins."""
        self._begins = True
        self._placed = self._moved_on = self._inside = False

    def move(self, operator: bytes) -> None:
        """Move to another place, by a matrix or from the last one."""
        if operator == b"Tm":
            self._placed, self._moved_on = True, False
        elif self._placed:
            self._moved_on = True

    def show(self, operand: Any, matrix: list[float]) -> None:
        """Show a string, or the array of a TJ.

        Args:
            operand: with bytes as they are in the file.
            matrix: of its beginning on the page.
        """
        pieces = list(operand) if isinstance(operand, list) else [operand]
        if self._begins:
            self._inside = self._moved_on and self._touches(matrix)
            self._begins = False
        self._last = (pieces, self._font, self._size, matrix)

    def starts_inside_word(self) -> bool:
        """Whether pypdf took the move to a text right behind the last one for a gap.

        Asked once for each text object.
        """
        inside, self._inside = self._inside, False
        return inside

    def width(self) -> float | None:
        """Width of the last text in ems, without spacing; None if it is unknown."""
        width = self._width_of(*self._last[:2]) if self._last else None
        return None if width is None else width / 1000

    def space(self) -> float | None:
        """Width of the space of the font in use, in ems; None if it is unknown."""
        width = self._widths_of(self._font).get(ord(" "))
        return width / 1000 if width else None

    def _touches(self, matrix: list[float]) -> bool:
        if self._last is None:
            return False
        pieces, font, size, (a, b, _, _, x, y) = self._last
        width = self._width_of(pieces, font)
        if width is None:
            return False
        scale = math.hypot(a, b)
        em = max(abs(size) * scale, 1e-6)
        end_x, end_y = x + a * size * width / 1000, y + b * size * width / 1000
        return math.hypot(matrix[4] - end_x, matrix[5] - end_y) <= _TOUCHING * em

    def _width_of(self, pieces: list[Any], font: str) -> float | None:
        widths, wide = self._widths_of(font), font in self._wide_fonts
        total = 0.0
        for piece in pieces:
            if isinstance(piece, bytes):
                step = 2 if wide else 1
                for start in range(0, len(piece), step):
                    code = int.from_bytes(bytes(piece[start : start + step]), "big")
                    width = widths.get(code, widths.get(-1))
                    if width is None:
                        return None
                    total += width
            elif isinstance(piece, (int, float)):
                total -= float(piece)
        return total

    def _widths_of(self, font: str) -> dict[int, float]:
        if font not in self._widths:
            self._widths[font] = self._read_widths(font)
        return self._widths[font]

    def _read_widths(self, name: str) -> dict[int, float]:
        """Widths by code in thousandths of an em; that of all others as -1, where there is one."""
        widths: dict[int, float] = {}
        # A damaged font has no widths.
        with contextlib.suppress(Exception):
            font = self._fonts[name]
            if name not in self._wide_fonts:
                first = int(font["/FirstChar"])
                return {first + n: float(width) for n, width in enumerate(font["/Widths"])}
            descendant = font["/DescendantFonts"][0].get_object()
            widths[-1] = float(descendant.get("/DW", 1000))
            entries = iter(descendant.get("/W", []))
            for first, second in zip(entries, entries, strict=False):
                listed = second.get_object()
                if isinstance(listed, list):
                    widths |= {int(first) + n: float(width) for n, width in enumerate(listed)}
                else:
                    codes = range(int(first), min(int(listed), 0xFFFF) + 1)
                    widths |= dict.fromkeys(codes, float(next(entries)))
                if len(widths) > _MOST_WIDTHS:
                    break
        return widths
