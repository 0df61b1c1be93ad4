"""Finds cuts between two characters where nothing larger ends.

The best cut is after white space; next, one that does not split a word as BM25 sees it; and inside
a word that alone is longer than a passage, one between two characters as people see them: never
between a letter and its marks, or inside an emoji, a flag or a syllable.
"""

from __future__ import annotations

import unicodedata

_LONGEST_CLUSTER = 64
"""Code points; a longer sequence is no single character to anybody, and may be cut anywhere."""

_LONGEST_ROW_OF_FLAGS = 4096
"""Code points; which halves form a flag can only be determined by counting from the row's start."""

_ZERO_WIDTH_JOINER = "\u200d"
_VIRAMA = 9
"""Canonical combining class of the marks that join two consonants."""

# Vowel signs of Thai and Lao that Unicode classifies as letters; they follow a consonant.
_HANGING_LETTERS = frozenset("\u0e33\u0eb3")


def last_cut(text: str, start: int, stop: int, limit: int = 0) -> int:
    """The best cut in (start, stop], as near to `stop` as its kind allows.

    Args:
        text: of the document.
        start: where the span begins, `start < stop`.
        stop: the furthest position.
        limit: how far beyond it to go to avoid splitting a character.
    """
    # White space is worth giving up half of the span, the end of a word all of it.
    for place in range(stop, start + (stop - start) // 2, -1):
        if text[place - 1].isspace() and not is_inside_character(text, place):
            return place
    for place in range(stop, start, -1):
        if not is_inside_word(text, place) and not is_inside_character(text, place):
            return place
    return whole_characters(text, start, stop, limit)


def whole_characters(text: str, start: int, stop: int, limit: int) -> int:
    """The last position in (start, stop] that is not inside a character.

    If there is none, the first one after it up to `limit`; else `stop` itself.
    """
    for place in range(stop, max(start, stop - _LONGEST_CLUSTER), -1):
        if not is_inside_character(text, place):
            return place
    for place in range(stop + 1, min(limit, stop + _LONGEST_CLUSTER) + 1):
        if not is_inside_character(text, place):
            return place
    return stop


def last_of_word(text: str, start: int, end: int) -> int | None:
    """The position of the last character of `text[start:end]` that can be part of a word."""
    for place in range(end - 1, start - 1, -1):
        if text[place].isalnum():
            return place
    return None


def is_inside_word(text: str, place: int) -> bool:
    """Whether the characters on both sides of `place` can be parts of one word."""
    return 0 < place < len(text) and _is_of_word(text[place - 1]) and _is_of_word(text[place])


def is_inside_character(text: str, place: int) -> bool:
    """Whether a cut at `place` would split what a person sees as one character."""
    if not 0 < place < len(text):
        return False
    before, after = text[place - 1], text[place]
    if after.isascii():
        return before == "\r" and after == "\n"
    return (
        before == _ZERO_WIDTH_JOINER
        or _extends(after)
        or (after.isalpha() and unicodedata.combining(before) == _VIRAMA)
        or (_is_flag_half(after) and _flag_halves_before(text, place) % 2 == 1)
    )


def _is_of_word(char: str) -> bool:
    # Marks, invisible and private use characters do not end a word; names like
    # `return_exceptions` are one.
    return (
        char.isalnum()
        or char == "_"
        or unicodedata.category(char) in {"Mn", "Mc", "Me", "Cf", "Co", "Cs"}
    )


def _extends(char: str) -> bool:
    """Whether it belongs to the preceding character: a mark, a selector, the end of a syllable."""
    return (
        unicodedata.category(char) in {"Mn", "Mc", "Me"}
        or char == _ZERO_WIDTH_JOINER
        or "\U0001f3fb" <= char <= "\U0001f3ff"  # the colour of a skin
        or "\U000e0020" <= char <= "\U000e007f"  # the tags of a flag
        or "\u1160" <= char <= "\u11ff"  # vowels and finals of Hangul
        or "\ud7b0" <= char <= "\ud7ff"
        or "\udc00" <= char <= "\udfff"  # the second half of a pair
        or char in _HANGING_LETTERS
    )


def _is_flag_half(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _flag_halves_before(text: str, place: int) -> int:
    first = place
    while first > max(0, place - _LONGEST_ROW_OF_FLAGS) and _is_flag_half(text[first - 1]):
        first -= 1
    return place - first
