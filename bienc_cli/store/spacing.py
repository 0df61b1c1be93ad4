"""Words that some write together and others apart: file name, file-name and filename.

English has no rule for this, so each spelling is looked up as the others too. The commonest words
are no parts: `is land` is not island. The exception are those that follow verbs: log in, back up,
time out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from bienc_cli.languages import common_words
from bienc_cli.store.folding import is_unspaced

_WITH_VERBS = frozenset("in into on out over under up".split())
_COMMON = common_words("en")

_LEAST_JOINED = 2
"""Letters that each of two joined words must have."""

LEAST_APART = 3
"""Letters that each part of a split word must have."""

_MOST_APART = 40
"""Letters of the longest word that is split: the number of ways, and of lookups, grows with the
square, and a query may be one endless word."""

_MOST_JOINED = 16
"""Neighbouring words of a query that are also looked up as one; a question has about five."""

_BETWEEN = re.compile(r"\s+|\s*[-\u2010]\s*")
_LETTERS = re.compile(r"[^\W\d_]+")


def together(letters: str) -> list[tuple[str, str]]:
    """The pairs of neighbours, in a query folded to letters, that may be one word."""
    runs = [*_LETTERS.finditer(letters)]
    pairs = (
        (first[0], second[0])
        for first, second in pairwise(runs)
        if _BETWEEN.fullmatch(letters, first.end(), second.start())
        and min(len(first[0]), len(second[0])) >= _LEAST_JOINED
        and first[0] not in _COMMON
        and not any(map(is_unspaced, first[0] + second[0]))
        and (second[0] not in _COMMON or second[0] in _WITH_VERBS)
    )
    return [*dict.fromkeys(pairs)][:_MOST_JOINED]


def apart(word: str) -> Iterator[tuple[str, str]]:
    """The ways to split a word in plain letters into two."""
    if len(word) > _MOST_APART or any(map(is_unspaced, word)):
        return
    for cut in range(LEAST_APART, len(word) - LEAST_APART + 1):
        first, second = word[:cut], word[cut:]
        if _COMMON.isdisjoint((first, second)):
            yield first, second
