"""How alike two texts are as texts: the same, nearly the same, or only in what they say."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

_WORD = re.compile(r"\w+")
_PIECE = re.compile(r"\s+|\w+|[^\w\s]+")

NEAR_DUPLICATE = 0.5
"""Share of common words from which two similar texts are one text and its variant. Passages in
which three words of ten were changed all have it, and hardly any others; docs/evaluation.md."""


class Kind(StrEnum):
    """What two passages that belong together have in common."""

    SAME = "same"
    """The same words and marks, whatever the space between them."""
    NEAR_DUPLICATE = "near-duplicate"
    """Most words in common."""
    SIMILAR = "similar"
    """By what is said, in words of their own."""


@dataclass(frozen=True, slots=True)
class Change:
    """A part of a word diff.

    Attributes:
        first: words of the first text; "" where the second has added something.
        second: words of the second; "" where it has left something out. Equal to `first` where
            nothing has changed.
    """

    first: str
    second: str


def shared_words(first: str, second: str) -> float:
    """The share of words that two texts have in common, case apart: 2 common / (words of both).

    Dice's coefficient over bags of words; 1.0 for two texts without a word.
    """
    bags = [Counter(_WORD.findall(text.casefold())) for text in (first, second)]
    total = sum(bag.total() for bag in bags)
    return 2 * (bags[0] & bags[1]).total() / total if total else 1.0


def kind_of(first: str, second: str, shared: float) -> Kind:
    """What a similar pair is, given its `shared_words`."""
    if first.split() == second.split():
        return Kind.SAME
    return Kind.NEAR_DUPLICATE if shared >= NEAR_DUPLICATE else Kind.SIMILAR


def word_diff(first: str, second: str) -> list[Change]:
    """What differs between two texts, word by word, in order; space counts as one blank."""
    pieces = [
        [" " if piece.isspace() else piece for piece in _PIECE.findall(text.strip())]
        for text in (first, second)
    ]
    # Without autojunk: it would take frequent words of a long text for noise.
    matcher = SequenceMatcher(a=pieces[0], b=pieces[1], autojunk=False)
    return [
        Change("".join(pieces[0][a:b]), "".join(pieces[1][c:d]))
        for _, a, b, c, d in matcher.get_opcodes()
    ]
