"""Joins accents that a PDF draws as separate characters with their letters.

Fonts with 128 characters, as in TeX, draw `ü` as a dieresis and a `u` on top of each other.
"""

from __future__ import annotations

import re
import unicodedata

OVERPRINTED = "\ufdd0"
"""Mark between two characters drawn on top of each other; a noncharacter of Unicode."""

_COMBINING = {
    "`": "\u0300",
    "´": "\u0301",
    "ˆ": "\u0302",
    "˜": "\u0303",
    "¯": "\u0304",
    "˘": "\u0306",
    "˙": "\u0307",
    "¨": "\u0308",
    "˚": "\u030a",
    "˝": "\u030b",
    "ˇ": "\u030c",
    "¸": "\u0327",
    "˛": "\u0328",
}
_DOTLESS = {"ı": "i", "ȷ": "j"}

ACCENT = re.compile(f"[{''.join(_COMBINING)}]")
_OVERPRINTING = re.compile(rf"(.)\s?{OVERPRINTED}\s?(.)", re.DOTALL)


def accented(accent: str, letter: str) -> str | None:
    """The letter with the accent; None if there is no such letter."""
    if accent not in _COMBINING or not letter.isalpha():
        return None
    whole = unicodedata.normalize("NFC", _DOTLESS.get(letter, letter) + _COMBINING[accent])
    return whole if len(whole) == 1 else None


def with_overprinted_accents(text: str) -> str:
    """The text with overprinted accents and letters, in either order, joined to one letter."""
    return _OVERPRINTING.sub(_one_letter, text).replace(OVERPRINTED, "")


def _one_letter(pair: re.Match[str]) -> str:
    first, second = pair.groups()
    return accented(first, second) or accented(second, first) or pair.group()
