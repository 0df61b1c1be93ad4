"""Compounds, taken apart by a plain rule: words written together that an index has by themselves.

A word is taken apart where its parts are in the vocabulary, joined by nothing or by letters that
languages join them with, and where they are, in the geometric mean, in as many passages as the
whole is. So what is common as a whole stays whole. The parts do not mean what was asked for as
surely as the word itself does, and weigh less.

Source: Koehn and Knight, "Empirical Methods for Compound Splitting", EACL 2003.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping

from bienc_cli.languages import common_words
from bienc_cli.store.folding import plain_letters
from bienc_cli.store.tokenizer import bare, stemmer

COMPOUNDING = frozenset({"da", "de", "fi", "nl", "no", "sv"})
"""Languages that write them as one word."""

PART_WEIGHT = 0.5
"""Of a part of a word that was asked for, and of a word within another one, beside 1."""

_LEAST = 4
"""Letters of a part, and of its stem: most that are shorter are endings."""

_LINKS = ("", "s", "es", "n", "en", "e", "er", "ens")

_MOST_PARTS = 4

_MOST_WORDS = 64
"""Words, the most frequent, that one of a query is looked up within."""


class Compounds:
    """Those of one language in one index.

    Args:
        language: one of `COMPOUNDING`.
        vocabulary: the stems of the index in this language, each with how many passages have it.
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
        """The stems of the parts of a word in plain letters; none where it is no compound."""
        if len(word) < 2 * _LEAST or not word.isalpha():
            return ()
        ways = ((self._mean(parts), parts) for parts in self._ways(word, _MOST_PARTS))
        mean, parts = max(ways, default=(0.0, ()))
        return parts if mean >= self._counts.get(self._stem(word), 0) else ()

    def _ways(self, word: str, most: int) -> Iterator[tuple[str, ...]]:
        """All ways to take a word apart into two parts and more."""
        for cut in range(_LEAST, len(word) - _LEAST + 1) if most > 1 else ():
            first = max(self._modifiers(word[:cut]), key=self._counts.__getitem__, default=None)
            if first is None:
                continue
            if (last := self._stem(word[cut:])) in self._counts:
                yield first, last
            for others in self._ways(word[cut:], most - 1):
                yield first, *others

    def _modifiers(self, letters: str) -> Iterator[str]:
        """The words of the vocabulary that may stand with these letters in front of another."""
        for link in _LINKS:
            if letters.endswith(link) and len(letters) - len(link) >= _LEAST:
                stem = self._stem(letters.removesuffix(link))
                if stem in self._counts:
                    yield stem

    def _mean(self, parts: Collection[str]) -> float:
        return math.exp(sum(math.log(self._counts[part]) for part in parts) / len(parts))

    def around(self, stems: Collection[str]) -> dict[str, list[str]]:
        """The compounds of the vocabulary that begin or end with some words, by these."""
        sought = tuple(stem for stem in stems if stem in self._counts)
        found: dict[str, list[str]] = {stem: [] for stem in sought}
        for word in self._counts if sought else ():
            if word.endswith(sought) or word.startswith(sought):
                for stem in sought:
                    if self._is_around(word, stem):
                        found[stem].append(word)
        return {
            stem: sorted(words, key=lambda word: (-self._counts[word], word))[:_MOST_WORDS]
            for stem, words in found.items()
            if words
        }

    def holding(self, stem: str) -> list[str]:
        """The compounds of the vocabulary that a stem is part of which it has not by itself.

        It begins or ends one; in the midst of another are too many short ones by chance.
        """
        if len(stem) < _LEAST or stem in self._counts:
            return []
        least, anywhere = len(stem) + _LEAST, len(stem) >= 2 * _LEAST
        found = [
            word
            for word in self._counts
            if len(word) >= least
            and (word.startswith(stem) or word.endswith(stem) or (anywhere and stem in word))
        ]
        return sorted(found, key=lambda word: (-self._counts[word], word))[:_MOST_WORDS]

    def _is_around(self, word: str, stem: str) -> bool:
        """Whether a stem of the vocabulary is one of the two parts of a word, itself a stem."""
        if word.endswith(stem) and len(stem) >= _LEAST:
            others = self._modifiers(word[: -len(stem)])
            if any(self._is_made_of(word, other, stem) for other in others):
                return True
        return word.startswith(stem) and any(
            stem in self._modifiers(word[:cut]) and self._is_made_of(word, stem, word[cut:])
            for cut in range(max(_LEAST, len(stem)), len(word) - _LEAST + 1)
        )

    def _is_made_of(self, word: str, *parts: str) -> bool:
        known = all(part in self._counts for part in parts)
        return known and self._mean(parts) >= self._counts[word]
