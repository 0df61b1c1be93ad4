"""Number formats of spreadsheets: dates, durations, percentages, units and codes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from bienc_cli.formats.package import whole_number

_DATES = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
_DURATIONS = frozenset({46})
_PERCENTAGES = frozenset({9, 10})
"""Numbers of built-in formats; custom ones begin at 164."""

_OF_AMOUNTS = frozenset({2, 4, 7, 8, 39, 40, 43, 44})
"""Built-in formats with two decimals."""

_FEWEST_ROUNDED = 2
"""A format with fewer decimals does not round here: that would hide too much."""

_FRACTION = re.compile(r"-?\d+\.(?P<decimals>\d+)")
_DURATION = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
"""Hours, minutes or seconds in a format that go on beyond a day."""

_NO_CODES = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
"""Literal parts of a format; the rest are codes."""

_AROUND = re.compile(r'"([^"]*)"|\\(.)|\[\$([^\]-]*)[^\]]*\]|_.|\*.|\[[^\]]*\]|([^\\"_*\[])')
_DIGITS = re.compile(r'(?:"[^"]*"|\\.|_.|\*.|\[[^\]]*\]|[^\\"_*\[0#?])*([0#?][0#?.,]*)')
_NO_LITERALS = re.compile(r"[-+()]|[eE][-+]0+|[/?#0]")


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """How a number is shown.

    Attributes:
        kind: "date", "duration" or "percentage"; "" for a plain number.
        before: text before it: a currency symbol, letters of a code.
        digits: minimum number of digits.
        after: text after it: a unit.
        decimals: minimum and maximum number of decimals; None if not limited.
    """

    kind: str = ""
    before: str = ""
    digits: int = 1
    after: str = ""
    decimals: tuple[int, int] | None = None

    @classmethod
    def of(cls, number: str, code: str) -> NumberFormat:
        """The format with this number, and this code if it is a custom one."""
        built_in = whole_number(number) or 0
        if built_in in _DURATIONS or _DURATION.search(code):
            return cls("duration")
        codes = _NO_CODES.sub("", code).lower()
        if built_in in _DATES or (codes and codes != "general" and re.search("[dmyhs]", codes)):
            return cls("date")
        if built_in in _PERCENTAGES or "%" in codes:
            return cls("percentage")
        # After a semicolon come the forms of negative numbers and of zero.
        positive = re.match(r'(?:"[^"]*"|\\.|[^;"\\])*', code)
        core = _DIGITS.match(positive[0]) if positive else None
        if core is None or positive is None:
            return cls(decimals=(2, 2) if built_in in _OF_AMOUNTS else None)
        padded = len(core[1]) if set(core[1]) == {"0"} else 1
        before, after = positive[0][: core.start(1)], positive[0][core.end(1) :]
        if _NO_LITERALS.search(_NO_CODES.sub("", before + after)):
            # A form with several parts, as for telephone numbers and fractions.
            return cls()
        return cls("", _literals(before), padded, _literals(after), _decimals(core[1]))

    def shown(self, value: str, epoch: datetime) -> str:
        """A number as this format shows it, as far as people search for that.

        Args:
            value: the number as stored.
            epoch: day 0 of dates.
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
        # A whole number stays without zeros: people search for `12`, not for `12.00`.
        fraction = _FRACTION.fullmatch(plain)
        if self.decimals is None or fraction is None:
            return plain
        least, most = self.decimals
        count = len(fraction["decimals"])
        if count < least:
            return f"{Decimal(plain):.{least}f}"
        return f"{Decimal(plain):.{most}f}" if count > most >= _FEWEST_ROUNDED else plain


def _decimals(digits: str) -> tuple[int, int] | None:
    """Minimum and maximum number of decimals; None if the format scales to thousands."""
    decimals = digits.partition(".")[2]
    return None if digits.endswith(",") else (decimals.count("0"), len(decimals))


def _literals(code: str) -> str:
    literals = ("".join(filter(None, match.groups())) for match in _AROUND.finditer(code))
    text = "".join(literals)
    return text if any(map(str.isalnum, text)) or text.strip() else ""


def moment(epoch: datetime, days: float) -> str:
    """A date, a time of day, or both, as in ISO 8601."""
    if epoch.year < 1900 and 1 <= days < 60:
        # Excel counts a 29 February 1900, which did not exist.
        days += 1
    shown = epoch + timedelta(seconds=round(days * 86_400))
    time = shown.strftime("%H:%M:%S" if shown.second else "%H:%M")
    if 0 <= days < 1:
        return time
    day = shown.date().isoformat()
    return day if days == int(days) else f"{day} {time}"


def duration(days: float) -> str:
    """A number of days as hours, minutes and seconds: `36:05:00`."""
    seconds = round(abs(days) * 86_400)
    sign = "-" if days < 0 else ""
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
