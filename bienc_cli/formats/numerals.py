"""The numbers of list items as they are shown: 2, b, iii."""

from __future__ import annotations

from dataclasses import dataclass

_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc")),
    *((50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)
_LARGEST_ROMAN = 3999


def numeral(count: int, form: str) -> str:
    """A count as it is shown.

    Args:
        count: of the item, from 1; what has no letter or Roman number is shown in digits.
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
    """How the items of a level of a list are numbered.

    Attributes:
        form: see `numeral`; "" for none.
        before: what stands in front of the number.
        after: what stands behind it.
        start: number of the first item.
        shown: numbers of levels that are shown, of this one and of those above.
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
        """What stands in front of an item: its number behind those of the levels above."""
        shown = ".".join(filter(None, numbers[-self.shown :]))
        return f"{self.before}{shown}{self.after}" if shown else ""
