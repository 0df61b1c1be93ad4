"""Gaps between words that a PDF makes by moving the letters apart, without a space."""

from __future__ import annotations

import re

GAP = "\U0001fffe"
"""Mark of a gap between two letters as wide as one between words; a noncharacter of Unicode
that has no direction, or pypdf would turn the text around it."""

NARROWEST = 0.13
"""Of a gap between words, in ems."""

NO_SPACE = (-0.3, 0.05)
"""Distances between letters, in ems, at which a space between them is none."""

_APART = re.compile(rf"\S*{GAP}\S*")


def with_words_apart(text: str) -> str:
    """The text with marked gaps as spaces, except those of letter-spaced words."""
    return _APART.sub(_words, text) if GAP in text else text


def _words(letters: re.Match[str]) -> str:
    parts = letters[0].strip(GAP).split(GAP)
    spaced_out = 2 * sum(len(part) == 1 for part in parts) > len(parts)
    return ("" if spaced_out else " ").join(parts)
