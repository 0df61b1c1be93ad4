"""Characters of symbol fonts (Symbol, Wingdings) as Unicode."""

from __future__ import annotations

import re

_SYMBOL = dict(
    zip(
        b"abgdezhqiklmnxoprstufcywABGDEZHQIKLMNXOPRSTUFCYW",
        "αβγδεζηθικλμνξοπρστυφχψωΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ",
        strict=True,
    )
) | {0xA3: "≤", 0xA5: "∞", 0xAC: "←", 0xAE: "→", 0xB0: "°", 0xB1: "±", 0xB3: "≥", 0xB4: "×",
     0xB7: "•", 0xB8: "÷", 0xB9: "≠", 0xBB: "≈", 0xD6: "√", 0xE5: "∑"}  # fmt: skip
_WINGDINGS = {0xFC: "✓", 0xFB: "✗", 0xFE: "☑", 0xFD: "☒", 0xA8: "☐", 0x6F: "☐", 0xE0: "→",
              0xDF: "←", 0xA7: "•", 0x4A: "☺"}  # fmt: skip

_PRIVATE = re.compile("[\uf020-\uf0ff]")
"""The private-use characters that Office uses for such fonts."""


def is_of_symbols(font: str) -> bool:
    """Whether a font of this name shows other characters than those in the text."""
    return font.lower() == "symbol" or font.lower().startswith("wingdings")


def symbol(number: int, font: str) -> str:
    """The character that a font shows for a code; a space if it is only a picture."""
    if not (0xF000 <= number <= 0xF0FF or number <= 0xFF):
        return chr(number) if number < 0xD800 or 0xE000 <= number <= 0x10FFFF else ""
    number &= 0xFF
    if font.lower() == "symbol":
        return _SYMBOL.get(number, chr(number) if number < 0x7F else " ")
    if is_of_symbols(font):
        return _WINGDINGS.get(number, " ")
    return chr(number) if number >= 0x20 else " "


def with_symbols(text: str, font: str) -> str:
    """A text with the private-use characters of a known symbol font replaced."""
    if text.isascii() or not is_of_symbols(font):
        return text
    return _PRIVATE.sub(lambda match: symbol(ord(match[0]), font), text)
