"""Recurrence rules of calendars (RFC 5545, 3.3.10) in words."""

from __future__ import annotations

import calendar
import re

_UNITS = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}
_DAYS = dict(zip("MO TU WE TH FR SA SU".split(), calendar.day_name, strict=True))
_ORDINALS = {1: "first ", 2: "second ", 3: "third ", 4: "fourth ", 5: "fifth ", -1: "last "}
_DAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)\Z")
_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)")


def in_words(rule: str) -> str:
    """A rule as a person would say it, such as `every 2 weeks on Monday until 2025-06-25`.

    Args:
        rule: the value of the property. Parts that have no words here, such as BYSETPOS, are left
            out.

    Returns:
        "" for a rule without a known frequency.
    """
    parts = dict(part.partition("=")[::2] for part in rule.upper().split(";"))
    unit = _UNITS.get(parts.get("FREQ", ""))
    if unit is None:
        return ""
    interval = parts.get("INTERVAL", "1")
    words = [f"every {unit}" if interval in ("", "1") else f"every {interval} {unit}s"]
    if days := [*filter(None, map(_day, _values(parts, "BYDAY")))]:
        words.append(f"on {', '.join(days)}")
    if dates := _values(parts, "BYMONTHDAY"):
        words.append(f"on day {', '.join(dates)}")
    if months := [*filter(None, map(_month, _values(parts, "BYMONTH")))]:
        words.append(f"in {', '.join(months)}")
    if until := _DATE.match(parts.get("UNTIL", "")):
        words.append(f"until {'-'.join(until.groups())}")
    if count := parts.get("COUNT"):
        words[-1] += f", {count} times"
    return " ".join(words)


def _values(parts: dict[str, str], name: str) -> list[str]:
    return [*filter(None, parts.get(name, "").split(","))]


def _day(value: str) -> str:
    if not (match := _DAY.match(value)):
        return ""
    number = int(match[1] or 0)
    which = _ORDINALS.get(number, f"{number}. " if number else "")
    return which + _DAYS[match[2]]


def _month(value: str) -> str:
    known = value.isdecimal() and 1 <= int(value) <= 12
    return calendar.month_name[int(value)] if known else ""
