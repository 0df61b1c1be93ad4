"""Other ways to write a word, by rule: color for colour, file name and file-name for filename.

Each is looked up as the others. Applying a spelling rule to a word that merely looks like one of
these hardly ever yields another word, because no rule touches the beginning, where short words
differ. English has no rule for what is written together. The commonest words are no parts: `is
land` is not island. The exception are those that follow verbs: log in, back up, time out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from bienc_cli.languages import common_words
from bienc_cli.store.folding import is_unspaced

# ------------------------------------------------------------ American and British

_BEGINNING = re.compile("[^aeiouy]*[aeiouy]+")
_BEHIND_IT = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        ("our", "or"),
        ("or", "our"),
        ("(?<=i)s(?=e|ing|ation|able)", "z"),
        ("(?<=i)z(?=e|ing|ation|able)", "s"),
        ("(?<=ly)s(?=e|ing)", "z"),
        ("(?<=ly)z(?=e|ing)", "s"),
        ("(?<=[bt])re(?=s?$)", "er"),
        ("(?<=[bt])er(?=s?$)", "re"),
        ("(?<=en)c(?=e)", "s"),
        ("(?<=en)s(?=e)", "c"),
        ("(?<=[aeiou])ll(?=ed|ing|er|or|ful|ment)", "l"),
        ("(?<=[aeiou])l(?=ed|ing|er|or|ful|ment)", "ll"),
        ("(?<=og)ue", ""),
        ("(?<=og)(?=s?$)", "ue"),
        ("(?<=gram)me", ""),
        ("(?<=gram)(?=s?$)", "me"),
        ("inium", "inum"),
        ("inum", "inium"),
    )
)
_ANYWHERE = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        # Not poet and pet.
        ("[ao](?=e[a-z]{3}|ea$)", ""),
        ("(?<=[^aeiou])(?=e[^aeiou][a-z]{2})", "a"),
        ("(?:^|(?<=[^aeiou]))(?=e[^aeiou][a-z]{2}|ea$)", "o"),
        ("(?<=sul)ph", "f"),
        ("(?<=sul)f", "ph"),
        ("^grey", "gray"),
        ("^gray", "grey"),
        ("^mould", "mold"),
        ("^mold", "mould"),
        ("^scep", "skep"),
        ("^skep", "scep"),
    )
)
_SHORTEST = 4
_LONGEST = 24
"""Letters of the words that may have another spelling."""


def otherwise(word: str) -> Iterator[str]:
    """The other spellings of a word in plain letters, one change each."""
    if not _SHORTEST <= len(word) <= _LONGEST or not word.isascii():
        return
    beginning = _BEGINNING.match(word)
    start = beginning.end() if beginning else len(word)
    for rules, first in ((_BEHIND_IT, start), (_ANYWHERE, 0)):
        unchanged, rest = word[:first], word[first:]
        for pattern, replacement in rules:
            for match in pattern.finditer(rest):
                yield unchanged + rest[: match.start()] + replacement + rest[match.end() :]


# ------------------------------------------------------------ together and apart

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
