"""Accents that a font draws as characters of their own, and the letters that they stand on.

Fonts of 128 characters, as TeX has them, draw `ü` as a dieresis and a `u` one on top of the other.
"""

from __future__ import annotations

import re
import unicodedata

OVERPRINTED = "\ufdd0"
"""Between two characters that are drawn one on top of the other; no character itself."""

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
    """The letter that carries the accent; None where there is no such letter."""
    if accent not in _COMBINING or not letter.isalpha():
        return None
    whole = unicodedata.normalize("NFC", _DOTLESS.get(letter, letter) + _COMBINING[accent])
    return whole if len(whole) == 1 else None


def with_overprinted_accents(text: str) -> str:
    """The text, accents put on the letters that they are drawn on, which may be either one."""
    return _OVERPRINTING.sub(_one_letter, text).replace(OVERPRINTED, "")


def _one_letter(pair: re.Match[str]) -> str:
    first, second = pair.groups()
    return accented(first, second) or accented(second, first) or pair.group()
