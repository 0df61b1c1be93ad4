"""Splits compounds by a simple rule: words written as one whose parts the index also has.

A word is split if its parts are in the vocabulary, joined directly or by linking letters, and if
the geometric mean of their passage counts is at least the count of the whole. So a word that is
common as a whole stays whole. The parts express what was asked for less reliably than the word
itself, and weigh less.

Source: Koehn and Knight, "Empirical Methods for Compound Splitting", EACL 2003.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping

from bienc_cli.languages import common_words
from bienc_cli.store.folding import plain_letters
from bienc_cli.store.tokenizer import bare, stemmer

COMPOUNDING = frozenset({"da", "de", "fi", "nl", "no", "sv"})
"""Languages that write compounds as one word."""

PART_WEIGHT = 0.5
"""Weight of a part of a query word, and of a compound that contains it, relative to 1."""

_LEAST = 4
"""Letters that a part, and its stem, must have: most shorter ones are endings."""

_LINKS = ("", "s", "es", "n", "en", "e", "er", "ens")

_MOST_PARTS = 4

_MOST_WORDS = 64
"""Compounds, the most frequent ones, that a query word is looked up in."""


class Compounds:
    """The compounds of one language in one index.

    Args:
        language: one of `COMPOUNDING`.
        vocabulary: the index's stems in this language, with the number of passages containing each.
    """

    def __init__(self, language: str, vocabulary: Mapping[str, int]) -> None:
        self._stemmer = stemmer(language)
        common = {self._stem(plain_letters(word)) for word in common_words(language)}
        self._counts = {
            word: count
            for word, count in vocabulary.items()
            if len(word) >= _LEAST and word not in common
        }

    def _stem(self, letters: str) -> str:
        return bare(self._stemmer(letters))

    def parts(self, word: str) -> tuple[str, ...]:
        """The stems of the parts of a word in plain letters; empty if it is not a compound."""
        if len(word) < 2 * _LEAST or not word.isalpha():
            return ()
        scored_splits = ((self._mean(split), split) for split in self._splits(word, _MOST_PARTS))
        mean, parts = max(scored_splits, default=(0.0, ()))
        return parts if mean >= self._counts.get(self._stem(word), 0) else ()

    def _splits(self, word: str, most: int) -> Iterator[tuple[str, ...]]:
        """All ways to split a word into two or more parts."""
        for cut in range(_LEAST, len(word) - _LEAST + 1) if most > 1 else ():
            first = max(self._modifiers(word[:cut]), key=self._counts.__getitem__, default=None)
            if first is None:
                continue
            if (last := self._stem(word[cut:])) in self._counts:
                yield first, last
            for rest in self._splits(word[cut:], most - 1):
                yield first, *rest

    def _modifiers(self, letters: str) -> Iterator[str]:
        """The words of the vocabulary that these letters, as a first part, may stand for."""
        for link in _LINKS:
            if letters.endswith(link) and len(letters) - len(link) >= _LEAST:
                stem = self._stem(letters.removesuffix(link))
                if stem in self._counts:
                    yield stem

    def _mean(self, parts: Collection[str]) -> float:
        return math.exp(sum(math.log(self._counts[part]) for part in parts) / len(parts))

    def around(self, stems: Collection[str]) -> dict[str, list[str]]:
        """Map some words to the compounds of the vocabulary that begin or end with them."""
        sought = tuple(stem for stem in stems if stem in self._counts)
        compounds_of: dict[str, list[str]] = {stem: [] for stem in sought}
        for word in self._counts if sought else ():
            if word.endswith(sought) or word.startswith(sought):
                for stem in sought:
                    if self._is_around(word, stem):
                        compounds_of[stem].append(word)
        return {
            stem: sorted(compounds, key=lambda compound: (-self._counts[compound], compound))[
                :_MOST_WORDS
            ]
            for stem, compounds in compounds_of.items()
            if compounds
        }

    def holding(self, stem: str) -> list[str]:
        """The compounds that contain a stem which is not in the vocabulary by itself.

        A short stem must be at the start or the end: in the middle, too many match by chance.
        """
        if len(stem) < _LEAST or stem in self._counts:
            return []
        least, anywhere = len(stem) + _LEAST, len(stem) >= 2 * _LEAST
        compounds = [
            word
            for word in self._counts
            if len(word) >= least
            and (word.startswith(stem) or word.endswith(stem) or (anywhere and stem in word))
        ]
        return sorted(compounds, key=lambda word: (-self._counts[word], word))[:_MOST_WORDS]

    def _is_around(self, word: str, stem: str) -> bool:
        """Whether a stem of the vocabulary is one of the two parts of a word, itself a stem."""
        if word.endswith(stem) and len(stem) >= _LEAST:
            modifiers = self._modifiers(word[: -len(stem)])
            if any(self._is_made_of(word, modifier, stem) for modifier in modifiers):
                return True
        return word.startswith(stem) and any(
            stem in self._modifiers(word[:cut]) and self._is_made_of(word, stem, word[cut:])
            for cut in range(max(_LEAST, len(stem)), len(word) - _LEAST + 1)
        )

    def _is_made_of(self, word: str, *parts: str) -> bool:
        known = all(part in self._counts for part in parts)
        return known and self._mean(parts) >= self._counts[word]
