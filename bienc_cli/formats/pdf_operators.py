"""What pypdf is shown of a page: each letter once, and the words that stand in its place.

pypdf calls `visit` before each operator of a page, and goes on with the operands as it leaves
them.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Container, Iterator
from typing import Any

from bienc_cli.formats.accents import OVERPRINTED

_SHOWING = frozenset({b"Tj", b"TJ", b"'", b'"'})
_MOVING_ON = frozenset({b"Td", b"TD"})
_MOVING = _MOVING_ON | {b"Tm", b"T*", b"BT", b"cm"}
_DEEPEST = 64
"""Marked contents within one another that are told apart."""

_FORWARDS = 0.3
"""Ems by which what stands behind a text on its line is further right at least."""

_BACKWARDS = 250
"""Thousandths of an em by which what is drawn on top of a character is further left at least."""

_ACCENT_WIDTH = 333
"""Thousandths of an em, in most fonts."""

_ON_TOP = 0.35
_ABOVE = 0.7
"""Ems between the beginnings of an accent and its letter at most, along the line and across."""

_TOLERANCE = 0.12
"""Ems; the narrowest letters that may stand twice in a row are twice as wide."""


def product(first: list[float], second: list[float]) -> list[float]:
    """Two transformations (a, b, c, d, e, f), one after the other."""
    a, b, c, d, e, f = first
    g, h, i, j, k, m = second
    return [
        *(a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j),
        *(e * g + f * i + k, e * h + f * j + m),
    ]


class Operators:
    """Changes the operands of one page.

    - What is drawn a second time at the same place, to look bold or to cast a shadow, is taken out.
    - Where a text is said to stand for what is drawn (`ActualText`), that is shown.
    - Between an accent and the letter that it is drawn on, `OVERPRINTED` is put.
    - What follows words set apart (`Tw`), as lines of even length are, moves as far as they would
      reach otherwise: pypdf takes them for that short, and what follows within a word for another.

    Args:
        properties: of the page's resources, which marked content may name.
        wide_fonts: names of those with two bytes a character.
    """

    def __init__(self, properties: Any = None, wide_fonts: Container[str] = ()) -> None:
        self._properties = properties
        self._wide_fonts = wide_fonts
        self._is_wide = False
        self._drawn: set[tuple[str, int, int]] = set()
        self._size = 1.0
        self._moved = False
        self._rise = 0.0
        self._word_space = 0.0
        self._kept_word_spaces: list[float] = []
        # How much wider what is shown since the last move is, and what moves of this line lack.
        self._stretched = self._lacking = 0.0
        # Whether the last thing shown is one character, and the next one is drawn on top of it.
        self._alone = self._on_top = False
        # Of each marked content that is open, whether a text stands for it; and that text.
        self._marked: list[bool] = []
        self._actual: str | None = None
        self.shown_rise = 0.0
        """Points by which what was shown last stands above its line."""

    def visit(self, operator: bytes, operands: list[Any], cm: list[float], tm: list[float]) -> None:
        """Change the operands of an operator."""
        if operator == b"Tf" and len(operands) > 1 and isinstance(operands[1], (int, float)):
            self._size = abs(float(operands[1])) or 1.0
            self._is_wide = operands[0] in self._wide_fonts
        elif operator == b"Ts" and operands and isinstance(operands[0], (int, float)):
            self._rise = float(operands[0])
        elif operator in (b"Tw", b"q", b"Q"):
            self._set_words_apart(operator, operands)
        elif operator in (b"BDC", b"BMC"):
            self._begin(operands)
        elif operator == b"EMC":
            if self._marked and self._marked.pop():
                self._actual = None
        elif operator in _MOVING:
            self._moved = True
            self._on_top = self._alone and operator in _MOVING_ON and self._is_near(operands)
            if operator in _MOVING_ON:
                self._move_less(operands)
            elif operator != b"T*":
                self._lacking = 0.0
            self._stretched = 0.0
        elif operator in _SHOWING and operands:
            # What follows a text without a move stands behind it, not on it.
            if self._moved and self._is_repeated(operands[-1], product(tm, cm)):
                operands[-1] = type(operands[-1])()
            self._moved = False
            if not self._is_wide:
                self._mark_overprinting(operator, operands)
            self._stretched += self._word_space * self._spaces(operands[-1])
            self.shown_rise = self._rise
            if self._actual is not None:
                self._show_actual(operator, operands)

    def _is_near(self, move: list[Any]) -> bool:
        if len(move) < 2 or not all(isinstance(one, (int, float)) for one in move[:2]):
            return False
        right, up = float(move[0]), float(move[1])
        return abs(right) <= _ON_TOP * self._size and 0 < abs(up) <= _ABOVE * self._size

    def _mark_overprinting(self, operator: bytes, operands: list[Any]) -> None:
        shown = operands[-1]
        self._alone = len(_bytes_of(shown)) == 1
        if operator == b"TJ" and isinstance(shown, list):
            on_top, inside = self._on_top, 0.0
            for index, piece in enumerate(shown):
                if isinstance(piece, bytes):
                    shown[index] = _OnTop(piece) if on_top and piece else piece
                    inside = inside if on_top and len(piece) == 1 else 0.0
                    on_top = on_top and not piece
                elif isinstance(piece, (int, float)) and index:
                    if piece < 0 < inside:
                        # What is left of the letter below the accent is no gap.
                        shown[index] = type(piece)(min(piece + inside, 0))
                    on_top = piece >= _BACKWARDS
                    inside = float(piece) - _ACCENT_WIDTH if on_top else 0.0
        elif isinstance(shown, bytes) and self._on_top:
            operands[-1] = _OnTop(shown)
        self._on_top = False

    def _set_words_apart(self, operator: bytes, operands: list[Any]) -> None:
        if operator == b"Tw" and operands and isinstance(operands[0], (int, float)):
            self._word_space = float(operands[0])
        elif operator == b"q" and len(self._kept_word_spaces) < _DEEPEST:
            self._kept_word_spaces.append(self._word_space)
        elif operator == b"Q" and self._kept_word_spaces:
            self._word_space = self._kept_word_spaces.pop()

    def _move_less(self, operands: list[Any]) -> None:
        if len(operands) < 2 or not all(isinstance(one, (int, float)) for one in operands[:2]):
            return
        right, up = map(float, operands[:2])
        if up:
            operands[0] = right + self._lacking
            self._lacking = 0.0
        elif right > _FORWARDS * self._size:
            operands[0] = right - self._stretched
            self._lacking += self._stretched

    def _begin(self, operands: list[Any]) -> None:
        if len(self._marked) >= _DEEPEST:
            return
        said = None if self._actual is not None else self._said_of(operands)
        self._marked.append(said is not None)
        if said is not None:
            self._actual = said

    def _said_of(self, operands: list[Any]) -> str | None:
        try:
            properties = operands[1]
            if self._properties is not None and isinstance(properties, str):
                properties = self._properties[properties]
            said = properties.get_object()["/ActualText"].get_object()
        except (AttributeError, IndexError, KeyError, TypeError):
            return None
        if isinstance(said, bytes):
            from pypdf.generic import create_string_object

            said = create_string_object(said)
        return str(said) if isinstance(said, str) and said else None

    def _show_actual(self, operator: bytes, operands: list[Any]) -> None:
        """Show the text in the place of the first of what it stands for."""
        # pypdf takes a string as it is; what a font has to decode is bytes.
        drawn = _bytes_of(operands[-1])
        said = _Said(self._actual or "")
        said.drawn = drawn.decode("utf-16-be" if self._is_wide else "latin-1", "replace")
        if operator == b"TJ":
            # A gap in front of it stays one.
            gap = list(itertools.takewhile(lambda piece: not _bytes_of([piece]), operands[-1]))
            operands[-1] = type(operands[-1])([*gap, said])
        else:
            operands[-1] = said
        self._actual = ""

    def _spaces(self, operand: Any) -> int:
        """Spaces in what is shown; in fonts of two bytes a character none is set apart."""
        return 0 if self._is_wide else _bytes_of(operand).count(b" ")

    def _is_repeated(self, operand: Any, matrix: list[float]) -> bool:
        step = _TOLERANCE * self._size * (math.hypot(matrix[0], matrix[1]) or 1.0)
        if not (math.isfinite(matrix[4] / step) and math.isfinite(matrix[5] / step)):
            return False
        text = repr(operand)
        column, row = round(matrix[4] / step), round(matrix[5] / step)
        near = ((text, column + i, row + j) for i in (0, -1, 1) for j in (0, -1, 1))
        if any(place in self._drawn for place in near):
            return True
        self._drawn.add((text, column, row))
        return False


class _Said(str):
    """A text in the place of drawn characters; pypdf goes through it for the width of these."""

    __slots__ = ("drawn",)
    drawn: str

    def __iter__(self) -> Iterator[str]:
        return iter(self.drawn)


class _OnTop(bytes):
    """What is drawn on top of the character in front of it.

    pypdf goes through it to decode it, and then for its width, of which the mark has none.
    """

    is_decoded = False

    def __iter__(self) -> Iterator[int]:
        if not self.is_decoded:
            self.is_decoded = True
            yield ord(OVERPRINTED)
        yield from super().__iter__()


def _bytes_of(operand: Any) -> bytes:
    pieces = operand if isinstance(operand, list) else [operand]
    return b"".join(piece for piece in pieces if isinstance(piece, bytes))
