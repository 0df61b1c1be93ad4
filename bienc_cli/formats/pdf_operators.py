"""Corrects the operators of a page before pypdf interprets them.

pypdf calls `visit` before each operator of a page, and continues with the modified operands.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Container, Iterator
from typing import Any

from bienc_cli.formats.accents import OVERPRINTED
from bienc_cli.formats.pdf_fonts import sheltered
from bienc_cli.formats.pdf_pen import Pen
from bienc_cli.formats.pdf_spacing import SPACING, Spacing, product

_SHOWING = frozenset({b"Tj", b"TJ", b"'", b'"'})
_SHOWING_BELOW = frozenset({b"'", b'"'})
_MOVING_ON = frozenset({b"Td", b"TD"})
_PLACING = _MOVING_ON | {b"Tm"}
_MOVING = _MOVING_ON | {b"Tm", b"T*", b"BT", b"cm"}
_DEEPEST = 64
"""Levels of nested marked content."""

_FORWARDS = 0.3
"""Least distance to the right at which text continues a line, in ems."""

_BACKWARDS = 250
"""Least distance to the left that overprints the previous character, in thousandths of an em."""

_ACCENT_WIDTH = 333
"""In thousandths of an em, in most fonts."""

_ON_TOP = 0.35
_ABOVE = 0.7
"""Largest distance between the starts of an accent and its letter, along and across the line, in
ems."""

_TOLERANCE = 0.12
"""In ems; the narrowest letters that may be doubled are twice as wide."""


class Operators:
    """Modifies the operands of one page.

    - Text drawn again at the same place, to look bold or to cast a shadow, is removed.
    - `ActualText` replaces the drawn text that it stands for.
    - `OVERPRINTED` is inserted between an accent and the letter that it is drawn on.
    - Spacing of characters and words is taken into account; see `pdf_spacing`.

    Args:
        properties: of the page's resources, which marked content may refer to.
        wide_fonts: names of fonts with two bytes per character.
        pen: follows what is shown.
    """

    def __init__(self, properties: Any, wide_fonts: Container[str], pen: Pen) -> None:
        self._properties = properties
        self._pen = pen
        self._wide_fonts = wide_fonts
        self._is_wide = False
        # Texts with the unit in which their places are counted, and these.
        self._drawn: set[tuple[str, float, int, int]] = set()
        self._size = 1.0
        self._moved = False
        self._rise = 0.0
        self._spacing = Spacing()
        # Whether the last text is a single character, and the next one is drawn on top of it.
        self._alone = self._on_top = False
        # For each open marked content, whether it has an ActualText; and the current one.
        self._marked: list[bool] = []
        self._actual: str | None = None
        self.shown_rise = 0.0
        """Rise of the last text above its line, in points."""

    def visit(self, operator: bytes, operands: list[Any], cm: list[float], tm: list[float]) -> None:
        """Modify the operands of an operator."""
        if operator == b"Tf" and len(operands) > 1 and isinstance(operands[1], (int, float)):
            self._size = abs(float(operands[1])) or 1.0
            self._is_wide = operands[0] in self._wide_fonts
            self._pen.set_font(operands[0], float(operands[1]))
        elif operator == b"Ts" and operands and isinstance(operands[0], (int, float)):
            self._rise = float(operands[0])
        elif operator in SPACING:
            self._spacing.set(operator, operands)
        elif operator in (b"BDC", b"BMC"):
            self._begin(operands)
        elif operator == b"EMC":
            if self._marked and self._marked.pop():
                self._actual = None
        elif operator in _MOVING:
            self._moved = True
            if operator == b"BT":
                self._pen.begin()
            elif operator in _PLACING:
                self._pen.move(operator)
            self._on_top = self._alone and operator in _MOVING_ON and self._is_near(operands)
            if operator == b"T*":
                self._spacing.go_on()
            elif operator == b"BT":
                self._spacing.begin()
            elif operator == b"Tm" and len(operands) == 6:
                self._spacing.place(operands, cm, self._size)
            elif operator in _MOVING_ON and (move := _move(operands)) is not None:
                operands[0] = self._spacing.move(*move, self._size)
        elif operator in _SHOWING and operands:
            self._pen.show(operands[-1], product(tm, cm))
            # Text that follows without a move is after the previous text, not on it.
            if self._moved and self._is_repeated(operands[-1], product(tm, cm)):
                operands[-1] = type(operands[-1])()
            self._moved = False
            if operator in _SHOWING_BELOW:
                self._spacing.set(operator, operands)
                self._spacing.go_on()
            operands[-1] = self._spacing.shown(
                operands[-1], product(tm, cm), self._size, self._pen, self._is_wide
            )
            if not self._is_wide:
                self._mark_overprinting(operator, operands)
            self.shown_rise = self._rise
            if self._actual is not None:
                self._show_actual(operator, operands)

    def _is_near(self, operands: list[Any]) -> bool:
        if (move := _move(operands)) is None:
            return False
        right, up = move
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
                        # The rest of the width of the letter below an accent is not a gap.
                        shown[index] = type(piece)(min(piece + inside, 0))
                    on_top = piece - 1000 * self._spacing.apart(self._size) >= _BACKWARDS
                    inside = float(piece) - _ACCENT_WIDTH if on_top else 0.0
        elif isinstance(shown, bytes) and self._on_top:
            operands[-1] = _OnTop(shown)
        self._on_top = False

    def _begin(self, operands: list[Any]) -> None:
        if len(self._marked) >= _DEEPEST:
            return
        actual = None if self._actual is not None else self._actual_text(operands)
        self._marked.append(actual is not None)
        if actual is not None:
            self._actual = actual

    def _actual_text(self, operands: list[Any]) -> str | None:
        try:
            properties = operands[1]
            if self._properties is not None and isinstance(properties, str):
                properties = self._properties[properties]
            text = properties.get_object()["/ActualText"].get_object()
        except (AttributeError, IndexError, KeyError, TypeError):
            return None
        if isinstance(text, bytes):
            from pypdf.generic import create_string_object

            text = create_string_object(text)
        return str(text) if isinstance(text, str) and text else None

    def _show_actual(self, operator: bytes, operands: list[Any]) -> None:
        """Show the text instead of the first text that it stands for."""
        # pypdf decodes bytes with the font, but takes strings as they are.
        drawn = _bytes_of(operands[-1])
        actual = _ActualText(sheltered(self._actual or ""))
        actual.drawn = drawn.decode("utf-16-be" if self._is_wide else "latin-1", "replace")
        if operator == b"TJ":
            # A gap before it stays.
            gap = list(itertools.takewhile(lambda piece: not _bytes_of([piece]), operands[-1]))
            operands[-1] = type(operands[-1])([*gap, actual])
        else:
            operands[-1] = actual
        self._actual = ""

    def _is_repeated(self, operand: Any, matrix: list[float]) -> bool:
        step = _TOLERANCE * self._size * (math.hypot(matrix[0], matrix[1]) or 1.0)
        if not (math.isfinite(matrix[4] / step) and math.isfinite(matrix[5] / step)):
            return False
        text = repr(operand)
        unit = round(step, 3)
        column, row = round(matrix[4] / step), round(matrix[5] / step)
        near = ((text, unit, column + i, row + j) for i in (0, -1, 1) for j in (0, -1, 1))
        if any(place in self._drawn for place in near):
            return True
        self._drawn.add((text, unit, column, row))
        return False


class _ActualText(str):
    """A replacement for drawn characters; pypdf iterates over it to compute their width."""

    __slots__ = ("drawn",)
    drawn: str

    def __iter__(self) -> Iterator[str]:
        return iter(self.drawn)


class _OnTop(bytes):
    """Text drawn on top of the previous character.

    pypdf iterates over it first to decode it and then to compute its width; the mark has none.
    """

    is_decoded = False

    def __iter__(self) -> Iterator[int]:
        if not self.is_decoded:
            self.is_decoded = True
            yield ord(OVERPRINTED)
        yield from super().__iter__()


def _move(operands: list[Any]) -> tuple[float, float] | None:
    if len(operands) < 2 or not all(isinstance(number, (int, float)) for number in operands[:2]):
        return None
    return float(operands[0]), float(operands[1])


def _bytes_of(operand: Any) -> bytes:
    pieces = operand if isinstance(operand, list) else [operand]
    return b"".join(piece for piece in pieces if isinstance(piece, bytes))
