"""The words of a query, as an index has them.

A word is all that the languages of the index make of it (`tokenizer.py`), as one word. It is also
looked up within compounds, and a compound in its parts (`compounds.py`); neighbours are looked up
as one word, and a word that no passage has as two (`spacing.py`) or, unless a word list has it, in
other spellings (`spelling.py`). These weigh less than what was asked for; what others write for the
same word (`englishes.py`) weighs as much.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import reduce
from itertools import chain
from operator import or_
from typing import Any

import numpy as np

from bienc_cli.store.compounds import COMPOUNDING, PART_WEIGHT, Compounds
from bienc_cli.store.englishes import otherwise
from bienc_cli.store.folding import UNSPACED, accented_letters, plain_letters
from bienc_cli.store.postings import Postings, read_postings, united, words_beginning
from bienc_cli.store.spacing import LEAST_APART, apart, together
from bienc_cli.store.spelling import (
    SHORTEST_DIGEST,
    STEM_OF_DIGEST,
    WordsAlike,
    beginnings,
    digests_alike,
    digests_in,
    most_frequent,
    of_same_consonants,
    slips_allowed,
    with_other_endings,
)
from bienc_cli.store.tokenizer import ARABIC, Forms, Tokenizer, bare, has_stems, of_language
from bienc_cli.word_lists import LANGUAGES, word_list

MOST_WORDS = 192
"""Words of a query that count where there is more than one block of passages: the rarest. A
question has some 10, a pasted paragraph of 300 words has 155."""

_MOST_MISSING = 64
"""Words of a query that no passage has and that are looked up in other spellings, the first ones: a
question has few, and a paste has thousands, which would take minutes."""

SPELLING_WEIGHT = 0.5
"""Of a word that stands for one of the query that no passage has, beside 1 for one that was
asked for: it may not have been meant."""

_WORD = re.compile(r"[^\W\d_]+")

_NOTHING: Mapping[str, Any] = {}

MOST_BLOCKS = 2
"""Blocks whose words are looked through for other writings and compounds: what is common is in any,
and one holds some 100,000 words."""


@dataclass(frozen=True, slots=True)
class QueryWord:
    """A word that some passage has.

    Attributes:
        text: the first of its forms.
        weight: beside 1 for one that was asked for.
        postings: by the number of the block among those there are.
    """

    text: str
    weight: float
    postings: dict[int, Postings]

    @property
    def count(self) -> int:
        """Passages that have it."""
        return sum(held.count for held in self.postings.values())


class QueryWords:
    """Looks words up in one generation.

    Args:
        connection: on the generation.
        blocks: of passages, by their numbers in it.
        languages: of its passages, beside English.
    """

    def __init__(
        self, connection: sqlite3.Connection, blocks: Sequence[int], languages: Sequence[str]
    ) -> None:
        self._connection = connection
        self._blocks = blocks
        # An index may come from a version that knows more.
        self._languages = tuple(filter(has_stems, languages))
        self._listed = [one for one in dict.fromkeys(("en", *languages)) if one in LANGUAGES]
        self._in_others = not UNSPACED.issuperset(languages)
        self._tokenizer = Tokenizer()
        self._vocabularies: dict[str, Counter[str]] = {}
        self._alike: dict[tuple[str, str], WordsAlike] = {}
        self._compounds: dict[str, Compounds] = {}

    def parts_of(self, text: str) -> list[Forms]:
        """The words that whatever has this text in it has a form of, each."""
        return self._tokenizer.parts_of(text, self._languages)

    def of(self, query: str) -> tuple[list[QueryWord], dict[str, tuple[str, ...]]]:
        """The words of a query that occur, and what stands for those that do not."""
        asked = self._rarest(self._tokenizer.words_of(query, self._languages))
        held = self._held(asked, self._written_otherwise(query))
        words = [QueryWord(forms[0], 1.0, held[forms]) for forms in asked if held[forms]]
        absent = {form for forms in asked if not held[forms] for form in forms}
        compounding = [one for one in self._languages if one in COMPOUNDING]
        if not (absent or compounding):
            return words, {}
        written = self._tokenizer.forms(query, self._languages)
        divided = {
            word: parts for word in written if (parts := self._parts_of_compound(word, compounding))
        }
        missing = [one for one in written if one not in divided and absent.issuperset(written[one])]
        missing = missing[:_MOST_MISSING]
        standing_in = {one: self._standing_in(one, written[one]) for one in missing}
        words += filter(None, standing_in.values())
        missing = [one for one in missing if standing_in[one] is None]
        in_lists = self._in_lists(query) if missing else set()
        meant = self._meant({one: written[one] for one in missing}, in_lists)
        meant |= self._digests(query, absent)
        known = {*chain.from_iterable(asked)}
        for weight, more in (
            (PART_WEIGHT, {(part,) for parts in divided.values() for part in parts}),
            (SPELLING_WEIGHT, {self._everywhere(one) for near in meant.values() for one in near}),
        ):
            new = {tuple(form for form in forms if form not in known) for forms in more} - {()}
            found = self._held(sorted(new))
            words += [QueryWord(one[0], weight, found[one]) for one in found if found[one]]
            known |= {*chain.from_iterable(new)}
        return words, meant

    def close(self) -> None:
        """Let go of the tokenizer's memory."""
        self._tokenizer.close()

    # ---------------------------------------------------------------- words

    def _held(
        self, words: Collection[Forms], others: Mapping[str, Mapping[str, float]] = _NOTHING
    ) -> dict[Forms, dict[int, Postings]]:
        """Where any form of each of some words occurs, by the number of the block.

        Args:
            words: each as all its forms.
            others: by form, what is also taken for it, with its weight.
        """
        held: dict[Forms, dict[int, Postings]] = {forms: {} for forms in words}
        around: dict[str, dict[str, float]] = {}
        for form, compounds in self._around({*chain.from_iterable(words)}).items():
            around[form] = dict.fromkeys(compounds, PART_WEIGHT)
        for form, more in others.items():
            around.setdefault(form, {}).update(more)
        # A compound that is asked for is around its parts as well, and is read once.
        looked_up = sorted({*chain.from_iterable(words), *chain.from_iterable(around.values())})
        for number, block in enumerate(self._blocks):
            found = read_postings(self._connection, looked_up, block)
            for forms, by_block in held.items():
                there = {form: 1.0 for form in forms if form in found}
                for other, weight in chain.from_iterable(
                    around.get(form, _NOTHING).items() for form in forms
                ):
                    if other in found:
                        there.setdefault(other, weight)
                if there:
                    by_block[number] = united([found[one] for one in there], [*there.values()])
        return held

    def _rarest(self, words: list[Forms]) -> list[Forms]:
        if len(words) <= MOST_WORDS or len(self._blocks) <= 1:
            return words
        rows = self._connection.execute(
            "SELECT word, sum(count) FROM (SELECT word.value AS word, count "
            "FROM json_each(?1) AS word CROSS JOIN json_each(?2) AS block "
            "JOIN postings ON postings.block = block.value AND postings.word = word.value "
            "UNION ALL SELECT recent.word, 1 FROM json_each(?1) AS word "
            "CROSS JOIN recent ON recent.word = word.value WHERE frequency > 0) GROUP BY word",
            (json.dumps([*chain.from_iterable(words)]), json.dumps([*self._blocks])),
        )
        counts = dict(rows.fetchall())
        occurring = [(sum(counts.get(form, 0) for form in forms), forms) for forms in words]
        return [forms for count, forms in sorted(occurring) if count][:MOST_WORDS]

    def _everywhere(self, stem: str) -> Forms:
        """A stem in all languages."""
        return (stem, *(of_language(one, stem) for one in self._languages))

    # ------------------------------------------------------------ spellings

    def _standing_in(self, word: str, forms: Forms) -> QueryWord | None:
        """A word that no passage has by its stems, as another is stemmed, or within compounds."""
        unstemmed = tuple(of_language(one, word) for one in self._languages)
        within = tuple(
            of_language(language, compound)
            for language in COMPOUNDING.intersection(self._languages)
            for form in forms
            if of_language(language, bare(form)) == form
            for compound in self._compounds_of(language).holding(bare(form))
        )
        for weight, others in ((1.0, unstemmed), (PART_WEIGHT, within)):
            if others and (held := self._held([others])[others]):
                return QueryWord(word, weight, held)
        return None

    def _meant(
        self, missing: Mapping[str, Forms], in_lists: AbstractSet[str]
    ) -> dict[str, tuple[str, ...]]:
        """The words of a query that do not occur, each with the words that are near to it."""
        meant = {}
        for word, forms in missing.items():
            stems = [*map(bare, forms)]
            alike = reduce(or_, map(self._vocabulary, _letters_first(stems)))
            near = self._of_same_consonants(forms)
            if word in in_lists:
                # Who knows how a word is written has made no slip.
                near = near or self._apart(word)
            else:
                for slips in range(1, slips_allowed(word) + 1):
                    near = near or self._slipped(word, stems, alike, slips) or self._apart(word)
            if not near and self._in_others and not word_list("en").frequency(word):
                near = with_other_endings(word, alike)
            meant[word] = tuple(near)
        return {word: near for word, near in meant.items() if near}

    def _slipped(
        self, word: str, stems: Sequence[str], alike: Mapping[str, int], slips: int
    ) -> list[str]:
        """The stems of the index that so many slips make a word of, or its stem.

        A slip often hides an ending, and with it the stem; so what it was may be a word of a list,
        which is stemmed then.
        """
        listed = (self._listed_alike(one, word[0]).near([word], slips) for one in self._listed)
        forms = self._tokenizer.forms_of_each([*chain.from_iterable(listed)], self._languages)
        meant = most_frequent(map(bare, chain.from_iterable(forms)), alike)
        if meant:
            return meant
        writings = (word, *stems)
        held = (self._held_alike(letter).near(writings, slips) for letter in _letters_first(stems))
        return most_frequent(chain.from_iterable(held), alike)

    def _listed_alike(self, language: str, letter: str) -> WordsAlike:
        """The words of a list that begin with a letter."""
        if (language, letter) not in self._alike:
            words = plain_letters("\n".join(word_list(language).beginning_with(letter)))
            self._alike[language, letter] = WordsAlike(words.split("\n"))
        return self._alike[language, letter]

    def _held_alike(self, letter: str) -> WordsAlike:
        """The stems of the index that begin with a letter."""
        if ("", letter) not in self._alike:
            self._alike["", letter] = WordsAlike(self._vocabulary(letter))
        return self._alike["", letter]

    def _in_lists(self, query: str) -> set[str]:
        """The words of a query that are in a list, in plain letters."""
        words = _WORD.findall(accented_letters(query))
        lists = [*map(word_list, self._listed)]
        return {plain_letters(word) for word in words if any(one.frequency(word) for one in lists)}

    def _apart(self, word: str) -> list[str]:
        """The stems of the two words that a word is written together of, by who has both."""
        parts = [*{*chain.from_iterable(apart(word))}]
        stems = dict(zip(parts, self._tokenizer.forms_of_each(parts), strict=True))
        # A stem shorter than a part may be is what is left of an ending: ro-tate, author-ised.
        ways = [
            way
            for way in apart(word)
            if all(len(bare(stems[one][0])) >= LEAST_APART for one in way)
        ]
        held = self._held({*stems.values()})
        together = [_in_common(*(held[stems[part]] for part in way)) for way in ways]
        most, best = max(zip(together, ways, strict=True), default=(0, ()))
        return [bare(form) for part in best for form in stems[part][:1]] if most else []

    def _digests(self, query: str, absent: AbstractSet[str]) -> dict[str, tuple[str, ...]]:
        """The digests of a query that no passage has as they are, with longer and shorter ones."""
        near = {}
        for digest in digests_in(query):
            forms = self._tokenizer.words_of(digest)
            if not absent.isdisjoint(chain.from_iterable(forms)):
                shorter = (digest[:end] for end in range(SHORTEST_DIGEST, len(digest)))
                stems = chain.from_iterable(self._tokenizer.words_of(" ".join(shorter)))
                alike = self._beginning(self._everywhere(digest[:STEM_OF_DIGEST]))
                near[digest] = tuple(digests_alike(digest, {*stems}, alike))
        return {digest: alike for digest, alike in near.items() if alike}

    def _of_same_consonants(self, forms: Forms) -> list[str]:
        """Other numbers of a word whose Arabic stem no passage has."""
        if ARABIC not in self._languages:
            return []
        stems = [bare(form) for form in forms if of_language(ARABIC, bare(form)) == form]
        found = (
            of_same_consonants(stem, reduce(or_, map(self._vocabulary, beginnings(stem))))
            for stem in stems
        )
        return [*chain.from_iterable(found)]

    def _vocabulary(self, letter: str) -> Counter[str]:
        """The stems that begin with a letter, each with how many passages have it."""
        if letter not in self._vocabularies:
            self._vocabularies[letter] = self._beginning(self._everywhere(letter))
        return self._vocabularies[letter]

    def _beginning(self, beginnings: Sequence[str]) -> Counter[str]:
        found = Counter[str]()
        for block in self._blocks[:MOST_BLOCKS]:
            for beginning in beginnings:
                words = words_beginning(self._connection, beginning, block)
                found.update({bare(word): count for word, count in words.items()})
        return found

    # ------------------------------------------------------------ compounds

    def _written_otherwise(self, query: str) -> dict[str, dict[str, float]]:
        """By the forms of each word of a query, what is also taken for it, with its weight.

        That is what others write for it, and it and a neighbour as one word. Such a word is both
        words once; by itself it would weigh as what is rare does, and a space that a text lacks
        makes the rarest words of all.
        """
        letters = accented_letters(query) if self._languages else plain_letters(query)
        words = [*dict.fromkeys(_WORD.findall(letters))][:MOST_WORDS]
        taken_for = [(word, other, 1.0) for word in words for other in otherwise(word)]
        for pair in together(letters):
            taken_for += [(word, "".join(pair), PART_WEIGHT) for word in pair]
        written = [*{*chain.from_iterable((word, other) for word, other, _ in taken_for)}]
        each = self._tokenizer.forms_of_each(written, self._languages)
        forms = dict(zip(written, each, strict=True))
        others: dict[str, dict[str, float]] = {}
        for word, other, weight in taken_for:
            for form in forms[word]:
                others.setdefault(form, {}).update(dict.fromkeys(forms[other], weight))
        return others

    def _parts_of_compound(self, word: str, languages: Sequence[str]) -> list[str]:
        """The words that a word in plain letters is made of, in any of some languages."""
        return [
            of_language(language, part)
            for language in languages
            for part in self._compounds_of(language).parts(word)
        ]

    def _around(self, words: Collection[str]) -> dict[str, list[str]]:
        """The compounds that some words of the index are part of, by these."""
        around: dict[str, list[str]] = {}
        for language in COMPOUNDING.intersection(self._languages):
            stems = {bare(one) for one in words if of_language(language, bare(one)) == one}
            for stem, compounds in self._compounds_of(language).around(stems).items():
                within = [of_language(language, compound) for compound in compounds]
                around[of_language(language, stem)] = within
        return around

    def _compounds_of(self, language: str) -> Compounds:
        if language not in self._compounds:
            vocabulary = self._beginning([of_language(language, "")])
            self._compounds[language] = Compounds(language, vocabulary)
        return self._compounds[language]


def _letters_first(stems: Sequence[str]) -> set[str]:
    return {stem[0] for stem in stems}


def _in_common(first: Mapping[int, Postings], second: Mapping[int, Postings]) -> int:
    """How many passages have both of two words, which are given by the number of the block."""
    return sum(
        len(np.intersect1d(first[block].occurring()[0], second[block].occurring()[0]))
        for block in first.keys() & second.keys()
    )
