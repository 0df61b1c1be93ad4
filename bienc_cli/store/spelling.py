"""Finds words of the index that a misspelt query word may stand for.

Two words are similar if they differ by one slip, or by two in a long word: an inserted, missing or
replaced letter, or two swapped ones (Damerau, "A technique for computer detection and correction of
spelling errors", CACM 7(3), 1964). The first letter is hardly ever wrong.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bienc_cli.store.folding import is_of_letters

SHORTEST = 5
"""Letters of the shortest word to look for misspelt: a slip turns most shorter ones into other
words."""

_TWO_SLIPS = 8
"""Letters from which two slips are allowed."""

SHORTEST_STEM = 4
"""Letters of the shortest word to look for with other endings: in languages without a stemmer, and
in texts too short to detect theirs."""

LONGEST_ENDING = 3

ALEF = "ا"
_VOWELS = str.maketrans("", "", "اويء")
"""Arabic long vowels, and the last letter of some plurals."""

_CONSONANTS = 3
"""Consonants that a root must have; one with fewer, or with a vowel among them, resembles too many
others."""

_MOST = 3
"""Words that one misspelt word may stand for."""

_DIGEST = re.compile(r"(?<!\w)(?=[a-f]*\d)(?=\d*[a-f])[\da-f]{7,64}(?!\w)")
SHORTEST_DIGEST = 7
"""Digits to which git abbreviates a commit if no other starts alike."""


STEM_OF_DIGEST = SHORTEST_DIGEST - 2
"""Digits that remain of the shortest digest if the stemmer removes its end, as with -ed."""


def digests_in(text: str) -> list[str]:
    """The words of a text that may be a digest, or the abbreviation of one, as in commit ids."""
    return _DIGEST.findall(text)


def slips_allowed(word: str) -> int:
    """The most slips by which a word may differ from another."""
    return 0 if len(word) < SHORTEST else 1 if len(word) < _TWO_SLIPS else 2


class WordsAlike:
    """A set of words to search for similar ones.

    Args:
        words: all starting alike.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._words = [*words]
        self._letters = _letters_of(self._words)

    def near(self, writings: Iterable[str], most_slips: int) -> list[str]:
        """The words similar to any spelling of one word.

        Args:
            writings: the word's spellings: as asked, and its stem.
            most_slips: upper bound, however long the word is.
        """
        near: dict[str, None] = {}
        for writing in dict.fromkeys(writings):
            allowed = min(slips_allowed(writing), most_slips)
            # A slip removes at most one letter and adds at most one. Counting letters is a cheap
            # test that leaves very few words to be aligned.
            differences = np.abs(self._letters - _letters_of([writing])).sum(axis=1, dtype=np.int16)
            for position in np.flatnonzero(differences <= 2 * allowed).tolist():
                word = self._words[position]
                if is_of_letters(word) and slips_between(writing, word, allowed) <= allowed:
                    near[word] = None
        return [*near]


_MOST_COUNTED = 63
"""Limit of a letter count, so that the difference of two fits into int8."""

_KINDS = 32
"""Classes that letters are counted in: the letters of a script have consecutive codes."""


def _letters_of(words: Sequence[str]) -> NDArray[np.int8]:
    """How often each word contains the letters of each class, shape (words, classes)."""
    lengths = [*map(len, words)]
    codes = np.frombuffer("".join(words).encode("utf-32-le"), dtype=np.uint32) % _KINDS
    cells = np.repeat(np.arange(len(words)) * _KINDS, lengths) + codes
    counts = np.bincount(cells.astype(np.int64), minlength=len(words) * _KINDS)
    return np.minimum(counts, _MOST_COUNTED).astype(np.int8).reshape(-1, _KINDS)


def most_frequent(words: Iterable[str], vocabulary: Mapping[str, int]) -> list[str]:
    """The three words at most that are most frequent in a vocabulary."""
    known = {word for word in words if word in vocabulary}
    return sorted(known, key=lambda word: (-vocabulary[word], word))[:_MOST]


def with_other_endings(word: str, vocabulary: Mapping[str, int]) -> list[str]:
    """The words, three at most, that extend a word or stop a few letters short of it."""
    similar = (
        other
        for other in vocabulary
        if min(len(other), len(word)) >= SHORTEST_STEM
        and abs(len(other) - len(word)) <= LONGEST_ENDING
        and (other.startswith(word) or word.startswith(other))
    )
    return most_frequent(similar, vocabulary)


def of_same_consonants(stem: str, vocabulary: Mapping[str, int]) -> list[str]:
    """The words, three at most, with the same consonants as an Arabic stem.

    Most Arabic plurals are not formed by an ending: they change the vowels between the consonants,
    sometimes with an alef in front, كتاب and كتب, قلم and أقلام. No rule derives these vowels from
    the consonants, so such words only replace a word that does not occur itself.

    Source: McCarthy and Prince, "Foot and word in prosodic morphology: The Arabic broken plural",
    Natural Language and Linguistic Theory 8(2), 1990.
    """
    consonants = _consonants(stem)
    if len(consonants) < _CONSONANTS:
        return []
    similar = (other for other in vocabulary if other != stem and _consonants(other) == consonants)
    return most_frequent(similar, vocabulary)


def digests_alike(digest: str, shorter: Container[str], vocabulary: Iterable[str]) -> list[str]:
    """The words, three at most, that a digest abbreviates, or that abbreviate it.

    Args:
        digest: from the query.
        shorter: the stems of its prefixes.
        vocabulary: the words that start like it.
    """
    similar = [word for word in vocabulary if word.startswith(digest) or word in shorter]
    return sorted(similar)[:_MOST]


def beginnings(stem: str) -> set[str]:
    """The letters that words with the consonants of an Arabic stem can start with."""
    return {stem[0], ALEF, *stem[1:2]} if stem[0] == ALEF else {stem[0], ALEF}


def _consonants(stem: str) -> str:
    without_alef = stem[1:] if stem[0] == ALEF else stem
    return without_alef[:1] + without_alef[1:].translate(_VOWELS)


def slips_between(first: str, second: str, most: int) -> int:
    """The number of slips between two words; some number above `most` if it is more.

    No letter takes part in two slips (optimal string alignment distance).
    """
    previous: list[int] = []
    row = list(range(len(second) + 1))
    for i, letter in enumerate(first, 1):
        second_last, previous, row = previous, row, [i]
        for j, other in enumerate(second, 1):
            cost = min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == second[j - 2] and other == first[i - 2]:
                cost = min(cost, second_last[j - 2] + 1)
            row.append(cost)
        if min(row) > most and min(previous) > most:
            return most + 1
    return row[-1]
