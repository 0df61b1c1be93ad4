"""Words of the index that a word of a query may have been meant to be.

Two writings are near that differ by one slip, or by two in a long word: a letter too many, one
missing, another one, or two that changed places (Damerau, "A technique for computer detection and
correction of spelling errors", CACM 7(3), 1964). The first letter is hardly ever the wrong one.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bienc_cli.store.folding import is_of_letters

SHORTEST = 5
"""Letters of the shortest word that is looked for in another writing: a slip makes another word
of most shorter ones."""

_TWO_SLIPS = 8
"""Letters from which on two slips are possible."""

SHORTEST_STEM = 4
"""Letters of the shortest word that is looked for with other endings: in languages that nothing
stems, and in texts too short to tell theirs."""

LONGEST_ENDING = 3

ALEF = "ا"
_VOWELS = str.maketrans("", "", "اويء")
"""Long vowels of Arabic, and what some plurals end with."""

_CONSONANTS = 3
"""That a root has at least; what has fewer, or a vowel for one, is like too many others."""

_MOST = 3
"""Words that one may stand for."""

_DIGEST = re.compile(r"(?<!\w)(?=[a-f]*\d)(?=\d*[a-f])[\da-f]{7,64}(?!\w)")
SHORTEST_DIGEST = 7
"""Digits that git abbreviates a commit to, where no other begins alike."""


STEM_OF_DIGEST = SHORTEST_DIGEST - 2
"""Digits that are left of the shortest where its end is taken for an ending, as in -ed."""


def digests_in(text: str) -> list[str]:
    """The words of a text that may be a digest or the beginning of one, as commits are named by."""
    return _DIGEST.findall(text)


def slips_allowed(word: str) -> int:
    """How many slips a word may be away from another."""
    return 0 if len(word) < SHORTEST else 1 if len(word) < _TWO_SLIPS else 2


class WordsAlike:
    """Words that are looked through for those near to another.

    Args:
        words: that begin alike.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._words = [*words]
        self._letters = _letters_of(self._words)

    def near(self, writings: Iterable[str], most_slips: int) -> list[str]:
        """Those that any writing of one word is near to.

        Args:
            writings: of the word: as it was asked, and its stem.
            most_slips: away, however long the word is.
        """
        near: dict[str, None] = {}
        for writing in dict.fromkeys(writings):
            allowed = min(slips_allowed(writing), most_slips)
            # No slip takes away more than a letter and puts in more than another. That is cheap to
            # see, and leaves next to nothing to be aligned.
            apart = np.abs(self._letters - _letters_of([writing])).sum(axis=1, dtype=np.int16)
            for position in np.flatnonzero(apart <= 2 * allowed).tolist():
                word = self._words[position]
                if is_of_letters(word) and slips_between(writing, word, allowed) <= allowed:
                    near[word] = None
        return [*near]


_MOST_COUNTED = 63
"""Letters of a kind that are counted: the difference of two is a small number."""

_KINDS = 32
"""Kinds of letters that are counted apart: those of one script have codes in a row."""


def _letters_of(words: Sequence[str]) -> NDArray[np.int8]:
    """How often each word has letters of each kind, shape (words, kinds)."""
    lengths = [*map(len, words)]
    codes = np.frombuffer("".join(words).encode("utf-32-le"), dtype=np.uint32) % _KINDS
    cells = np.repeat(np.arange(len(words)) * _KINDS, lengths) + codes
    counts = np.bincount(cells.astype(np.int64), minlength=len(words) * _KINDS)
    return np.minimum(counts, _MOST_COUNTED).astype(np.int8).reshape(-1, _KINDS)


def most_frequent(words: Iterable[str], vocabulary: Mapping[str, int]) -> list[str]:
    """Those of some words that a vocabulary has most often, three at most."""
    found = {word for word in words if word in vocabulary}
    return sorted(found, key=lambda word: (-vocabulary[word], word))[:_MOST]


def with_other_endings(word: str, vocabulary: Mapping[str, int]) -> list[str]:
    """The words of a vocabulary that go on from a word, or end before it does, three at most."""
    found = (
        one
        for one in vocabulary
        if min(len(one), len(word)) >= SHORTEST_STEM
        and abs(len(one) - len(word)) <= LONGEST_ENDING
        and (one.startswith(word) or word.startswith(one))
    )
    return most_frequent(found, vocabulary)


def of_same_consonants(stem: str, vocabulary: Mapping[str, int]) -> list[str]:
    """The words of a vocabulary with the consonants of an Arabic stem, three at most.

    Most Arabic plurals are no ending: they put other vowels between the consonants, and an alef in
    front of some, كتاب and كتب, قلم and أقلام. No rule tells from the consonants which vowels
    another number has; so these stand in for a word only where it is not there itself.

    Source: McCarthy and Prince, "Foot and word in prosodic morphology: The Arabic broken plural",
    Natural Language and Linguistic Theory 8(2), 1990.
    """
    consonants = _consonants(stem)
    if len(consonants) < _CONSONANTS:
        return []
    found = (one for one in vocabulary if one != stem and _consonants(one) == consonants)
    return most_frequent(found, vocabulary)


def digests_alike(digest: str, shorter: Container[str], vocabulary: Iterable[str]) -> list[str]:
    """The words of a vocabulary that go on from a digest, or are shorter ones, three at most.

    Args:
        digest: of a query.
        shorter: the stems of its beginnings.
        vocabulary: words that begin like it.
    """
    found = [one for one in vocabulary if one.startswith(digest) or one in shorter]
    return sorted(found)[:_MOST]


def beginnings(stem: str) -> set[str]:
    """The letters with which words of the consonants of an Arabic stem begin."""
    return {stem[0], ALEF, *stem[1:2]} if stem[0] == ALEF else {stem[0], ALEF}


def _consonants(stem: str) -> str:
    begun = stem[1:] if stem[0] == ALEF else stem
    return begun[:1] + begun[1:].translate(_VOWELS)


def slips_between(first: str, second: str, most: int) -> int:
    """The number of slips from one word to another; more than `most` where it is more.

    No letter is part of two slips (the optimal string alignment).
    """
    before: list[int] = []
    row = list(range(len(second) + 1))
    for i, letter in enumerate(first, 1):
        last, before, row = before, row, [i]
        for j, other in enumerate(second, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == second[j - 2] and other == first[i - 2]:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > most and min(before) > most:
            return most + 1
    return row[-1]
