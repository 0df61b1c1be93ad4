"""Numbers of list items as displayed: 2, b, iii."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

FORMS: Mapping[str, str] = MappingProxyType(
    {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
)
"""Forms of `numeral` by their letter in HTML and OpenDocument."""

_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc")),
    *((50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)
_LARGEST_ROMAN = 3999


def numeral(count: int, form: str) -> str:
    """A count as displayed.

    Args:
        count: of the item, from 1; digits if it has no letter or Roman numeral.
        form: `lowerLetter`, `upperLetter`, `lowerRoman` or `upperRoman`; else digits.
    """
    if form in ("lowerLetter", "upperLetter") and count > 0:
        # After z comes aa, then bb.
        text = chr(ord("a") + (count - 1) % 26) * min((count - 1) // 26 + 1, 9)
    elif form in ("lowerRoman", "upperRoman") and 0 < count <= _LARGEST_ROMAN:
        text = ""
        for amount, letters in _ROMAN:
            text += letters * (count // amount)
            count %= amount
    else:
        return str(count)
    return text.upper() if form.startswith("upper") else text


@dataclass(frozen=True, slots=True)
class ListLevel:
    """How one level of a list is numbered.

    Attributes:
        form: see `numeral`; "" for no numbers.
        before: text before the number.
        after: text after it.
        start: number of the first item.
        shown: how many levels are displayed, this one included.
    """

    form: str
    before: str = ""
    after: str = "."
    start: int = 1
    shown: int = 1

    def numbered(self, count: int) -> str:
        """The number of an item."""
        return numeral(count, self.form) if self.form else ""

    def marker(self, numbers: tuple[str, ...]) -> str:
        """The marker of an item, given the numbers of all levels from the outermost to its own."""
        shown = ".".join(filter(None, numbers[-self.shown :]))
        return f"{self.before}{shown}{self.after}" if shown else ""
