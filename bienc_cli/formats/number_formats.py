"""What a spreadsheet's formats make of its numbers: days, durations, shares, codes with words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from bienc_cli.formats.package import whole_number

_DATES = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
_DURATIONS = frozenset({46})
_PERCENTAGES = frozenset({9, 10})
"""Numbers of the built-in formats; those of people's own begin at 164."""

_OF_AMOUNTS = frozenset({2, 4, 7, 8, 39, 40, 43, 44})
"""With two decimals."""

_FEWEST_ROUNDED = 2
"""Decimals from which a format is of amounts, and rounds; with fewer it would hide too much."""

_FRACTION = re.compile(r"-?\d+\.(?P<decimals>\d+)")
_DURATION = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
"""In a format: hours, minutes or seconds that go on beyond a day."""

_NO_CODES = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
"""What a format shows as it is; the rest are its codes."""

_AROUND = re.compile(r'"([^"]*)"|\\(.)|\[\$([^\]-]*)[^\]]*\]|_.|\*.|\[[^\]]*\]|([^\\"_*\[])')
_DIGITS = re.compile(r'(?:"[^"]*"|\\.|_.|\*.|\[[^\]]*\]|[^\\"_*\[0#?])*([0#?][0#?.,]*)')
_NO_LITERALS = re.compile(r"[-+()]|[eE][-+]0+|[/?#0]")


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """What becomes of a number.

    Attributes:
        kind: date, duration or percentage; "" where it stays a number.
        before: what stands in front of it: the sign of a currency, letters of a code.
        digits: that are shown at least.
        after: what stands behind it: a unit.
        decimals: that are shown at least, and at most; None where that is left open.
    """

    kind: str = ""
    before: str = ""
    digits: int = 1
    after: str = ""
    decimals: tuple[int, int] | None = None

    @classmethod
    def of(cls, number: str, code: str) -> NumberFormat:
        """The format with a number of its own and the code that people gave to it."""
        built_in = whole_number(number) or 0
        if built_in in _DURATIONS or _DURATION.search(code):
            return cls("duration")
        codes = _NO_CODES.sub("", code).lower()
        if built_in in _DATES or (codes and codes != "general" and re.search("[dmyhs]", codes)):
            return cls("date")
        if built_in in _PERCENTAGES or "%" in codes:
            return cls("percentage")
        # Behind a semicolon stand forms of negative numbers, and of none.
        positive = re.match(r'(?:"[^"]*"|\\.|[^;"\\])*', code)
        core = _DIGITS.match(positive[0]) if positive else None
        if core is None or positive is None:
            return cls(decimals=(2, 2) if built_in in _OF_AMOUNTS else None)
        padded = len(core[1]) if set(core[1]) == {"0"} else 1
        before, after = positive[0][: core.start(1)], positive[0][core.end(1) :]
        if _NO_LITERALS.search(_NO_CODES.sub("", before + after)):
            # A form of several parts: of telephone numbers, of fractions.
            return cls()
        return cls("", _literals(before), padded, _literals(after), _decimals(core[1]))

    def shown(self, value: str, epoch: datetime) -> str:
        """A number as this format shows it, as far as a reader looks for that.

        Args:
            value: as it is stored.
            epoch: the day that dates are counted from.
        """
        try:
            number = float(value)
            if self.kind == "date":
                return moment(epoch, number)
            if self.kind == "duration":
                return duration(number)
        except (ValueError, OverflowError):
            return value
        if self.kind == "percentage":
            return f"{number * 100:.10g}%"
        # The last digits of 0.30000000000000004 are noise; those of a long number are not.
        plain = f"{number:.15g}" if "." in value or "e" in value.lower() else value
        plain = self._with_decimals(plain)
        sign = "-" if plain.startswith("-") else ""
        unsigned = plain.removeprefix("-")
        if unsigned.isdecimal():
            unsigned = unsigned.zfill(self.digits)
        return f"{sign}{self.before}{unsigned}{self.after}"

    def _with_decimals(self, plain: str) -> str:
        # Of a whole number, zeros say nothing: 12 is found in `12`, not in `12.00`.
        found = _FRACTION.fullmatch(plain)
        if self.decimals is None or found is None:
            return plain
        least, most = self.decimals
        there = len(found["decimals"])
        if there < least:
            return f"{Decimal(plain):.{least}f}"
        return f"{Decimal(plain):.{most}f}" if there > most >= _FEWEST_ROUNDED else plain


def _decimals(digits: str) -> tuple[int, int] | None:
    """How many are shown at least, and at most; None where a number is shown in thousands."""
    behind = digits.partition(".")[2]
    return None if digits.endswith(",") else (behind.count("0"), len(behind))


def _literals(code: str) -> str:
    found = ("".join(filter(None, one.groups())) for one in _AROUND.finditer(code))
    text = "".join(found)
    return text if any(map(str.isalnum, text)) or text.strip() else ""


def moment(epoch: datetime, days: float) -> str:
    """A day, a time of day, or both, as ISO 8601 writes them."""
    if epoch.year < 1900 and 1 <= days < 60:
        # Excel counts a 29 February 1900, which there was not.
        days += 1
    shown = epoch + timedelta(seconds=round(days * 86_400))
    time = shown.strftime("%H:%M:%S" if shown.second else "%H:%M")
    if 0 <= days < 1:
        return time
    day = shown.date().isoformat()
    return day if days == int(days) else f"{day} {time}"


def duration(days: float) -> str:
    """Hours, minutes and seconds."""
    seconds = round(abs(days) * 86_400)
    sign = "-" if days < 0 else ""
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
