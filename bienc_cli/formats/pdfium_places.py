"""Geometry of the characters of a page, from PDFium."""

from __future__ import annotations

import ctypes
import math
from typing import TYPE_CHECKING

from bienc_cli.formats.layout import is_raised

if TYPE_CHECKING:
    from pypdfium2 import PdfTextPage

_HYPHENS = {0x02: "-", 0xFFFE: "-"}
"""PDFium's codes for a hyphen at the end of a line, whose line break it leaves out."""


class Places:
    """Positions and sizes of the characters of a page, by their index in the page."""

    def __init__(self, text_page: PdfTextPage) -> None:
        from pypdfium2 import raw

        self._raw = raw
        self._page = text_page.raw
        self._x, self._y = ctypes.c_double(), ctypes.c_double()
        self._box = raw.FS_RECTF()
        self._matrix = raw.FS_MATRIX()

    def of_text(self, index: int) -> int:
        """The index of the character at this index of the text; -1 if there is none."""
        return int(self._raw.FPDFText_GetCharIndexFromTextIndex(self._page, index))

    def angle(self, index: int) -> float:
        """Its rotation in radians, counterclockwise."""
        # PDFium counts clockwise.
        return -float(self._raw.FPDFText_GetCharAngle(self._page, index))

    def size(self, index: int) -> float:
        """Height of its font in points, as drawn; above 0."""
        # Not from its box: that has the height stated by the font, which may be nonsense.
        size = self._raw.FPDFText_GetFontSize(self._page, index)
        self._raw.FPDFText_GetMatrix(self._page, index, self._matrix)
        return abs(size) * math.hypot(self._matrix.c, self._matrix.d) or 1.0

    def origin(self, index: int) -> tuple[float, float]:
        """Start of its baseline, in points of the page."""
        self._raw.FPDFText_GetCharOrigin(self._page, index, self._x, self._y)
        return self._x.value, self._y.value

    def end(self, index: int) -> tuple[float, float]:
        """Its end: the corner of its box furthest in the direction of reading."""
        self._raw.FPDFText_GetLooseCharBox(self._page, index, self._box)
        box = self._box
        angle = self.angle(index)
        return (
            box.right if math.cos(angle) >= 0 else box.left,
            box.top if math.sin(angle) >= 0 else box.bottom,
        )

    def box(self, index: int) -> tuple[float, float, float]:
        """Left and right of a horizontal character, and the bottom of its line, in points."""
        self._raw.FPDFText_GetLooseCharBox(self._page, index, self._box)
        return self._box.left, self._box.right, self._box.bottom

    def pieces(self) -> int:
        """Number of pieces in which the characters of the page are drawn."""
        return int(self._raw.FPDFText_CountRects(self._page, 0, -1))

    def is_raised(self, index: int, beside: int) -> bool:
        """Whether it is superscript next to another character."""
        (x, y), (beside_x, beside_y) = self.origin(index), self.origin(beside)
        angle = self.angle(beside)
        along, across = math.cos(angle), math.sin(angle)
        rise = (y - beside_y) * along - (x - beside_x) * across
        return is_raised(rise, self.size(index), self.size(beside))

    def is_generated(self, index: int) -> bool:
        """Whether PDFium added it: a space or line break that is not in the file."""
        return bool(self._raw.FPDFText_IsGenerated(self._page, index))

    def character(self, index: int) -> str:
        """The character itself."""
        code = self._raw.FPDFText_GetUnicode(self._page, index)
        return _HYPHENS.get(code) or chr(code if code < 0x110000 else 0xFFFD)
