"""Looks the words of a query up in the index, with their variants.

A query word stands for its stems in all languages of the index (`tokenizer.py`), as one word. It is
also looked up inside compounds, and a compound by its parts (`compounds.py`); neighbouring words
are looked up as one word; and a word that no passage contains is looked up as two
(`word_variants.py`) or, unless a word list knows it, in other spellings (`spelling.py`). These
variants weigh less than the word itself, except for American and British spellings.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import reduce
from itertools import chain
from operator import or_
from typing import Any

import numpy as np

from bienc_cli.store.compounds import COMPOUNDING, PART_WEIGHT, Compounds
from bienc_cli.store.folding import UNSPACED, accented_letters, plain_letters
from bienc_cli.store.postings import Postings, read_postings, united, words_beginning
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
from bienc_cli.store.word_variants import LEAST_APART, apart, otherwise, together
from bienc_cli.word_lists import LANGUAGES, word_list

MOST_WORDS = 192
"""Most words of a query that count, the rarest, if there is more than one block of passages. A
question has about 10, a pasted paragraph of 300 words has 155."""

_MOST_MISSING = 64
"""Most words without a passage that are looked up in other spellings, in query order: a question
has few, but a pasted text may have thousands, which would take minutes."""

SPELLING_WEIGHT = 0.5
"""Weight of a similar word looked up instead of one without a passage, relative to 1: it may not be
what was meant."""

_WORD = re.compile(r"[^\W\d_]+")

_NOTHING: Mapping[str, Any] = {}

MOST_BLOCKS = 2
"""Blocks searched for similar words and compounds: common words are in every block, and one block
contains some 100,000 words."""


@dataclass(frozen=True, slots=True)
class QueryWord:
    """A word that some passage contains.

    Attributes:
        text: the first of its forms.
        weight: relative to 1 for a word of the query itself.
        postings: by block, as an index into the blocks of the index.
    """

    text: str
    weight: float
    postings: dict[int, Postings]

    @property
    def count(self) -> int:
        """How many passages contain it."""
        return sum(block_postings.count for block_postings in self.postings.values())


class QueryWords:
    """Looks words up in one generation.

    Args:
        connection: open on the generation.
        blocks: ids of the blocks of passages.
        languages: of the passages, besides English.
    """

    def __init__(
        self, connection: sqlite3.Connection, blocks: Sequence[int], languages: Sequence[str]
    ) -> None:
        self._connection = connection
        self._blocks = blocks
        # An index may come from a version that knows more languages.
        self._languages = tuple(filter(has_stems, languages))
        self._listed = [code for code in dict.fromkeys(("en", *languages)) if code in LANGUAGES]
        self._has_spaced_language = not UNSPACED.issuperset(languages)
        self._tokenizer = Tokenizer()
        self._vocabularies: dict[str, Counter[str]] = {}
        self._alike: dict[tuple[str, str], WordsAlike] = {}
        self._compounds: dict[str, Compounds] = {}

    def parts_of(self, text: str) -> list[Forms]:
        """The words that every passage with this text in it contains, each with its index terms."""
        return self._tokenizer.parts_of(text, self._languages)

    def of(self, query: str) -> tuple[list[QueryWord], dict[str, tuple[str, ...]]]:
        """The words of a query that occur, and similar words for those that do not."""
        query_forms = self._rarest(self._tokenizer.words_of(query, self._languages))
        postings = self._postings_of(query_forms, self._written_otherwise(query))
        words = _occurring(postings, 1.0)
        absent = {form for forms in query_forms if not postings[forms] for form in forms}
        compounding = [code for code in self._languages if code in COMPOUNDING]
        if not (absent or compounding):
            return words, {}
        terms = self._tokenizer.forms(query, self._languages)
        parts = self._parts_of_compounds(terms, compounding)
        missing = [word for word in terms if word not in parts and absent.issuperset(terms[word])]
        found, similar = self._substitutes(
            query, {word: terms[word] for word in missing[:_MOST_MISSING]}
        )
        words += found
        similar |= self._digests(query, absent)
        known = {*chain.from_iterable(query_forms)}
        for weight, variants in (
            (PART_WEIGHT, {(part,) for part in chain.from_iterable(parts.values())}),
            (SPELLING_WEIGHT, {*map(self._everywhere, chain.from_iterable(similar.values()))}),
        ):
            new = {tuple(form for form in forms if form not in known) for forms in variants} - {()}
            known |= {*chain.from_iterable(new)}
            words += _occurring(self._postings_of(sorted(new)), weight)
        return words, similar

    def close(self) -> None:
        """Free the tokenizer's memory."""
        self._tokenizer.close()

    # ---------------------------------------------------------------- words

    def _postings_of(
        self, words: Collection[Forms], others: Mapping[str, Mapping[str, float]] = _NOTHING
    ) -> dict[Forms, dict[int, Postings]]:
        """The postings of some words by block, each word in any of its forms.

        Args:
            words: each given by all its index terms.
            others: for an index term, other terms that also count, with their weights.
        """
        postings: dict[Forms, dict[int, Postings]] = {forms: {} for forms in words}
        around: dict[str, dict[str, float]] = {}
        for form, compounds in self._around({*chain.from_iterable(words)}).items():
            around[form] = dict.fromkeys(compounds, PART_WEIGHT)
        for form, alternatives in others.items():
            around.setdefault(form, {}).update(alternatives)
        # A compound in the query also contains its own parts; it is read once.
        looked_up = sorted({*chain.from_iterable(words), *chain.from_iterable(around.values())})
        for number, block in enumerate(self._blocks):
            found = read_postings(self._connection, looked_up, block)
            for forms, blocks in postings.items():
                weights = {form: 1.0 for form in forms if form in found}
                for other, weight in chain.from_iterable(
                    around.get(form, _NOTHING).items() for form in forms
                ):
                    if other in found:
                        weights.setdefault(other, weight)
                if weights:
                    blocks[number] = united([found[term] for term in weights], [*weights.values()])
        return postings

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
        """The index terms of a stem in all languages."""
        return (stem, *(of_language(code, stem) for code in self._languages))

    # ------------------------------------------------------------ spellings

    def _substitutes(
        self, query: str, missing: Mapping[str, Forms]
    ) -> tuple[list[QueryWord], dict[str, tuple[str, ...]]]:
        """Other index terms for missing words of a query, and similar words for the rest."""
        stand_ins = {word: self._stand_in(word, forms) for word, forms in missing.items()}
        unresolved = {word: forms for word, forms in missing.items() if stand_ins[word] is None}
        in_lists = self._in_lists(query) if unresolved else set()
        return [*filter(None, stand_ins.values())], self._similar_words(unresolved, in_lists)

    def _stand_in(self, word: str, forms: Forms) -> QueryWord | None:
        """A word without a passage under its stems: its unstemmed form, or compounds with it."""
        unstemmed = tuple(of_language(code, word) for code in self._languages)
        within = tuple(
            of_language(language, compound)
            for language in COMPOUNDING.intersection(self._languages)
            for form in forms
            if of_language(language, bare(form)) == form
            for compound in self._compounds_of(language).holding(bare(form))
        )
        for weight, candidates in ((1.0, unstemmed), (PART_WEIGHT, within)):
            if candidates and (postings := self._postings_of([candidates])[candidates]):
                return QueryWord(word, weight, postings)
        return None

    def _similar_words(
        self, missing: Mapping[str, Forms], in_lists: AbstractSet[str]
    ) -> dict[str, tuple[str, ...]]:
        """Words without a passage, each with the similar words that occur."""
        similar = {}
        for word, forms in missing.items():
            stems = [*map(bare, forms)]
            counts = reduce(or_, map(self._vocabulary, _initials(stems)))
            near = self._of_same_consonants(forms)
            if word in in_lists:
                # It is a correctly spelt word.
                near = near or self._apart(word)
            else:
                for slips in range(1, slips_allowed(word) + 1):
                    near = near or self._slipped(word, stems, counts, slips) or self._apart(word)
            if not near and self._has_spaced_language and not word_list("en").frequency(word):
                near = with_other_endings(word, counts)
            similar[word] = tuple(near)
        return {absent: words for absent, words in similar.items() if words}

    def _slipped(
        self, word: str, stems: Sequence[str], counts: Mapping[str, int], slips: int
    ) -> list[str]:
        """The stems of the index that are a given number of slips away from a word or its stem.

        A slip often hides an ending, and with it the stem, so words of the lists are tried first
        and then stemmed.
        """
        listed = (self._listed_alike(code, word[0]).near([word], slips) for code in self._listed)
        forms = self._tokenizer.forms_of_each([*chain.from_iterable(listed)], self._languages)
        corrected = most_frequent(map(bare, chain.from_iterable(forms)), counts)
        if corrected:
            return corrected
        writings = (word, *stems)
        near = (self._stems_alike(letter).near(writings, slips) for letter in _initials(stems))
        return most_frequent(chain.from_iterable(near), counts)

    def _listed_alike(self, language: str, letter: str) -> WordsAlike:
        """The words of a list that start with a letter."""
        if (language, letter) not in self._alike:
            words = plain_letters("\n".join(word_list(language).beginning_with(letter)))
            self._alike[language, letter] = WordsAlike(words.split("\n"))
        return self._alike[language, letter]

    def _stems_alike(self, letter: str) -> WordsAlike:
        """The stems of the index that start with a letter."""
        if ("", letter) not in self._alike:
            self._alike["", letter] = WordsAlike(self._vocabulary(letter))
        return self._alike["", letter]

    def _in_lists(self, query: str) -> set[str]:
        """The words of a query that are in some word list, in plain letters."""
        words = _WORD.findall(accented_letters(query))
        lists = [*map(word_list, self._listed)]
        return {plain_letters(word) for word in words if any(lex.frequency(word) for lex in lists)}

    def _apart(self, word: str) -> list[str]:
        """The stems of the two words that a word may consist of: the pair most often together."""
        parts = [*{*chain.from_iterable(apart(word))}]
        stems = dict(zip(parts, self._tokenizer.forms_of_each(parts), strict=True))
        # A stem shorter than a part may be is left over from an ending: ro-tate, author-ised.
        splits = [
            split
            for split in apart(word)
            if all(len(bare(stems[part][0])) >= LEAST_APART for part in split)
        ]
        postings = self._postings_of({*stems.values()})
        shared_counts = [_in_common(*(postings[stems[part]] for part in split)) for split in splits]
        most, best = max(zip(shared_counts, splits, strict=True), default=(0, ()))
        return [bare(form) for part in best for form in stems[part][:1]] if most else []

    def _digests(self, query: str, absent: AbstractSet[str]) -> dict[str, tuple[str, ...]]:
        """The digests of a query without a passage, with longer and shorter forms that occur."""
        similar = {}
        for digest in digests_in(query):
            forms = self._tokenizer.words_of(digest)
            if not absent.isdisjoint(chain.from_iterable(forms)):
                shorter = (digest[:end] for end in range(SHORTEST_DIGEST, len(digest)))
                stems = chain.from_iterable(self._tokenizer.words_of(" ".join(shorter)))
                vocabulary = self._beginning(self._everywhere(digest[:STEM_OF_DIGEST]))
                similar[digest] = tuple(digests_alike(digest, {*stems}, vocabulary))
        return {word: others for word, others in similar.items() if others}

    def _of_same_consonants(self, forms: Forms) -> list[str]:
        """Other grammatical numbers of a word whose Arabic stem has no passage."""
        if ARABIC not in self._languages:
            return []
        stems = [bare(form) for form in forms if of_language(ARABIC, bare(form)) == form]
        alike = (
            of_same_consonants(stem, reduce(or_, map(self._vocabulary, beginnings(stem))))
            for stem in stems
        )
        return [*chain.from_iterable(alike)]

    def _vocabulary(self, letter: str) -> Counter[str]:
        """The stems that start with a letter, with the number of passages containing each."""
        if letter not in self._vocabularies:
            self._vocabularies[letter] = self._beginning(self._everywhere(letter))
        return self._vocabularies[letter]

    def _beginning(self, prefixes: Sequence[str]) -> Counter[str]:
        counts = Counter[str]()
        for block in self._blocks[:MOST_BLOCKS]:
            for prefix in prefixes:
                words = words_beginning(self._connection, prefix, block)
                counts.update({bare(word): count for word, count in words.items()})
        return counts

    # ------------------------------------------------------------ compounds

    def _written_otherwise(self, query: str) -> dict[str, dict[str, float]]:
        """For each index term of the query, other terms that also count, with their weights.

        These are the other spellings of a word, and the word joined with a neighbour. The joined
        word counts as an occurrence of both; by itself it would weigh too much, since a missing
        space makes the rarest words of all.
        """
        letters = accented_letters(query) if self._languages else plain_letters(query)
        words = [*dict.fromkeys(_WORD.findall(letters))][:MOST_WORDS]
        equivalents = [(word, other, 1.0) for word in words for other in otherwise(word)]
        for pair in together(letters):
            equivalents += [(word, "".join(pair), PART_WEIGHT) for word in pair]
        spellings = [*{*chain.from_iterable((word, other) for word, other, _ in equivalents)}]
        forms_of_each = self._tokenizer.forms_of_each(spellings, self._languages)
        forms = dict(zip(spellings, forms_of_each, strict=True))
        others: dict[str, dict[str, float]] = {}
        for word, other, weight in equivalents:
            for form in forms[word]:
                others.setdefault(form, {}).update(dict.fromkeys(forms[other], weight))
        return others

    def _parts_of_compounds(
        self, words: Iterable[str], languages: Sequence[str]
    ) -> dict[str, list[str]]:
        """The index terms of the parts of each word that is a compound in any of the languages."""
        parts = {
            word: [
                of_language(language, part)
                for language in languages
                for part in self._compounds_of(language).parts(word)
            ]
            for word in words
        }
        return {word: terms for word, terms in parts.items() if terms}

    def _around(self, words: Collection[str]) -> dict[str, list[str]]:
        """For some index terms, the compounds of the index that contain them."""
        around: dict[str, list[str]] = {}
        for language in COMPOUNDING.intersection(self._languages):
            stems = {bare(term) for term in words if of_language(language, bare(term)) == term}
            for stem, compounds in self._compounds_of(language).around(stems).items():
                within = [of_language(language, compound) for compound in compounds]
                around[of_language(language, stem)] = within
        return around

    def _compounds_of(self, language: str) -> Compounds:
        if language not in self._compounds:
            vocabulary = self._beginning([of_language(language, "")])
            self._compounds[language] = Compounds(language, vocabulary)
        return self._compounds[language]


def _occurring(postings: Mapping[Forms, dict[int, Postings]], weight: float) -> list[QueryWord]:
    """The words that some passage contains."""
    return [QueryWord(forms[0], weight, blocks) for forms, blocks in postings.items() if blocks]


def _initials(stems: Sequence[str]) -> set[str]:
    return {stem[0] for stem in stems}


def _in_common(first: Mapping[int, Postings], second: Mapping[int, Postings]) -> int:
    """How many passages contain both words, given their postings by block."""
    return sum(
        len(np.intersect1d(first[block].occurring()[0], second[block].occurring()[0]))
        for block in first.keys() & second.keys()
    )
