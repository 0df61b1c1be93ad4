"""Words that one writer writes together and another apart: file name, file-name and filename.

English has no rule for it, so each is looked up as the other. The commonest words make no part:
`is land` is no island. But those that go with verbs end one: log in, back up, time out.
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
"""Letters of a word that is joined to another."""

LEAST_APART = 3
"""Letters of each part of a word that is taken apart."""

_MOST_APART = 40
"""Letters of a word that is taken apart: the ways, and what is looked up for them, grow with the
square of it, and a query may be one endless word."""

_MOST_JOINED = 16
"""Neighbours of a query that are looked up as one word: a question has some five."""

_BETWEEN = re.compile(r"\s+|\s*[-\u2010]\s*")
_LETTERS = re.compile(r"[^\W\d_]+")


def together(letters: str) -> list[tuple[str, str]]:
    """The neighbours in a query, folded to letters, that may be one word."""
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
    """The ways in which a word in plain letters may be two."""
    if len(word) > _MOST_APART or any(map(is_unspaced, word)):
        return
    for cut in range(LEAST_APART, len(word) - LEAST_APART + 1):
        first, second = word[:cut], word[cut:]
        if _COMMON.isdisjoint((first, second)):
            yield first, second
