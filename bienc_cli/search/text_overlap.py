"""Compares two texts as texts: identical, nearly identical, or alike only in meaning."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

_WORD = re.compile(r"\w+")
_PIECE = re.compile(r"\s+|\w+|[^\w\s]+")

NEAR_DUPLICATE = 0.5
"""Fraction of shared words from which similar texts count as variants of one text. Passages with
three words of ten replaced all reach it, and hardly any others do; docs/evaluation.md."""


class Kind(StrEnum):
    """What the two passages of a pair have in common."""

    SAME = "same"
    """The same words and punctuation, whatever the white space."""
    NEAR_DUPLICATE = "near-duplicate"
    """Mostly the same words."""
    SIMILAR = "similar"
    """The same meaning in different words."""


@dataclass(frozen=True, slots=True)
class Change:
    """One segment of a word diff.

    Attributes:
        first: words of the first text; "" for an insertion.
        second: words of the second; "" for a deletion. Equal to `first` where nothing changed.
    """

    first: str
    second: str


def shared_words(first: str, second: str) -> float:
    """The fraction of words two texts share, ignoring case: 2 common / (words of both).

    Dice's coefficient over bags of words; 1.0 for two texts without words.
    """
    bags = [Counter(_WORD.findall(text.casefold())) for text in (first, second)]
    total = sum(bag.total() for bag in bags)
    return 2 * (bags[0] & bags[1]).total() / total if total else 1.0


def kind_of(first: str, second: str, shared: float) -> Kind:
    """Classify a similar pair by its `shared_words`."""
    if first.split() == second.split():
        return Kind.SAME
    return Kind.NEAR_DUPLICATE if shared >= NEAR_DUPLICATE else Kind.SIMILAR


def word_diff(first: str, second: str) -> list[Change]:
    """The word-by-word differences of two texts, in order; any white space counts as one blank."""
    pieces = [
        [" " if piece.isspace() else piece for piece in _PIECE.findall(text.strip())]
        for text in (first, second)
    ]
    # No autojunk: it would ignore the frequent words of a long text.
    matcher = SequenceMatcher(a=pieces[0], b=pieces[1], autojunk=False)
    return [
        Change("".join(pieces[0][a:b]), "".join(pieces[1][c:d]))
        for _, a, b, c, d in matcher.get_opcodes()
    ]
