"""Splits texts into words with SQLite's own tokenizer.

The words are those of the folded text (`folding.py`), stemmed (by FTS5's `unicode61` and `porter`)
or, in some languages, by the language's own stemmer. SQLite exposes its tokenizer only through a
full-text table and an `fts5vocab` over it, so there is one in memory that is filled, read and
emptied, and another one without stemming.

A word of a text in one of the languages below is indexed by its stem prefixed with the language, as
`:de:kundig`, so that stems of different languages do not mix. A query word is looked up under its
stem in each language of the index; since a text has one language, it counts once.

Sources: Porter, "An algorithm for suffix stripping", Program 14(3), 1980; Porter, "Snowball: A
language for stemming algorithms", 2001, and the authors of the algorithms of
https://snowballstem.org.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from typing import Self

import numpy as np
from numpy.typing import NDArray

from bienc_cli.store.folding import accented_letters, folded, is_of_letters, plain_letters

ARABIC = "ar"

_ALGORITHMS = {
    ARABIC: "arabic",
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "eo": "esperanto",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fa": "persian",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hr": "serbian",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "ms": "indonesian",
    "ne": "nepali",
    "nl": "dutch",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
}

_AROUND_LANGUAGE = ":"
"""Not part of a word to the tokenizer. It also comes first, so that the words of a language are
contiguous."""

Stemmer = Callable[[str], str]
"""From a word of a text, with its accents, to its index term."""


def has_stems(language: str) -> bool:
    """Whether words of this language, an ISO 639-1 code, have a stemmer."""
    return language in _ALGORITHMS or language == "he"


def stemmer(language: str) -> Stemmer:
    """The stemmer of a language; not thread-safe."""
    stemmed = _hebrew if language == "he" else _snowball(_ALGORITHMS[language])
    return lambda word: of_language(language, plain_letters(stemmed(word)) or word)


def _snowball(algorithm: str) -> Stemmer:
    from Stemmer import Stemmer as Snowball

    stemmed: Stemmer = Snowball(algorithm, 0).stemWord
    return stemmed


_HEBREW_ARTICLE = re.compile("^[ושבכל]{0,2}ה(?=.{3})")
_HEBREW_ENDING = re.compile("(?<=.{3})(?:ים|ות|[הת])$")
_HEBREW_PREPOSITIONS = re.compile("^[ושבכלמ]+(?=.{3})")
_ENDS_OF_HEBREW = str.maketrans("םןץףך", "מנצפכ")


def _hebrew(word: str) -> str:
    """Strip a word's ending and prefixes; Snowball has no stemmer for Hebrew.

    This may strip letters of the word itself, but does so consistently for nearly all of its forms.
    """
    word = _HEBREW_ENDING.sub("", _HEBREW_ARTICLE.sub("", word.replace("יי", "י")))
    return _HEBREW_PREPOSITIONS.sub("", word.translate(_ENDS_OF_HEBREW))


def of_language(language: str, stem: str) -> str:
    """The index term of a stem in a language's texts."""
    return f"{_AROUND_LANGUAGE}{language}{_AROUND_LANGUAGE}{stem}"


def bare(word: str) -> str:
    """An index term without its language prefix."""
    return word.rpartition(_AROUND_LANGUAGE)[2]


def made_by() -> str:
    """The versions of the packages that determine stems: other versions may produce others."""
    from importlib.metadata import version

    return ", ".join(f"{name} {version(name)}" for name in ("PyStemmer", "py3langid"))


_WORDS_AT_ONCE = 4096

_BETWEEN_PARTS = re.compile(r"[-_./\\@:\u2010]+")

WordCounts = tuple[str, NDArray[np.int64], NDArray[np.int64]]
"""A word, the ascending positions of the texts that contain it, and its frequency in each."""

Forms = tuple[str, ...]
"""The index terms of one query word: in English, and in each of some languages."""


class Tokenizer:
    """Splits texts into words; one call at a time."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        self._make_table("stemmed", "porter ")
        self._stemmers: dict[str, Stemmer] = {}
        self._has_written = False

    def _make_table(self, name: str, stemming: str) -> None:
        self._connection.execute(
            f"CREATE VIRTUAL TABLE {name} USING fts5 "
            f"(text, content='', columnsize=0, tokenize=\"{stemming}unicode61 "
            "remove_diacritics 0 categories 'L* N* Co Mn Mc'\")"
        )
        self._connection.execute(
            f"CREATE VIRTUAL TABLE words_{name} USING fts5vocab ({name}, instance)"
        )

    def words_of(self, text: str, languages: Sequence[str] = ()) -> list[Forms]:
        """The words of a query, without repeats, alphabetically.

        Args:
            text: any text.
            languages: languages of the index that have stemmers.
        """
        return self._forms(_without_surrogates(text), languages)

    def parts_of(self, text: str, languages: Sequence[str] = ()) -> list[Forms]:
        """The words of a text, without repeats, compounds only as their parts.

        Every text that contains this one at word boundaries has a form of each of them.
        """
        # Inner capitals would require the word's parts, which its other spellings lack.
        return self._forms(_BETWEEN_PARTS.sub(" ", _without_surrogates(text).lower()), languages)

    def forms(self, text: str, languages: Sequence[str] = ()) -> dict[str, Forms]:
        """The alphabetic words of a query, folded but not stemmed, each with its index terms."""
        letters = accented_letters(text) if languages else plain_letters(text)
        spaced = (character if is_of_letters(character) else " " for character in letters)
        written = dict.fromkeys("".join(spaced).split())
        return {
            plain_letters(word): forms
            for word in written
            for forms in self._forms(word, languages)[:1]
        }

    def forms_of_each(self, words: Sequence[str], languages: Sequence[str] = ()) -> list[Forms]:
        """The index terms of alphabetic words, already folded, in scripts with spaces."""
        return [tuple(sorted(terms)) for terms in self._forms_of_each(words, languages)]

    def counted(self, texts: Sequence[str], language: str | None = None) -> Iterator[WordCounts]:
        """The words of some passages with their occurrences, ordered by word.

        Args:
            texts: of the passages.
            language: selects the stemmer; None for English.
        """
        if language is None:
            yield from self._counted("stemmed", map(folded, texts))
            return
        by_stem: dict[str, list[WordCounts]] = {}
        stem = self._stemmer(language)
        for counts in self._counted("written", (folded(text, accented=True) for text in texts)):
            by_stem.setdefault(stem(counts[0]), []).append(counts)
        for word in sorted(by_stem):
            yield _merged(word, by_stem[word])

    # ---------------------------------------------------------------- words

    def _forms(self, text: str, languages: Sequence[str]) -> list[Forms]:
        """The words of a query text; words that share an index term are merged."""
        if not languages:
            counted = self._counted("stemmed", [folded(text, asked=True)])
            return [(word,) for word, _, _ in counted]
        accented = folded(text, asked=True, accented=True)
        written = [word for word, _, _ in self._counted("written", [accented])]
        forms = self._forms_of_each(written, languages)
        merged: dict[str, set[str]] = {}
        for terms in forms:
            for form in tuple(terms):
                terms |= merged.get(form, set())
            merged |= dict.fromkeys(terms, terms)
        return sorted({tuple(sorted(group)) for group in merged.values()})

    def _forms_of_each(self, words: Sequence[str], languages: Sequence[str]) -> list[set[str]]:
        forms = [
            {
                self._stemmer(language)(typed)
                for language in languages
                for typed in (word, *_typing_variants(word, language))
            }
            for word in words
        ]
        for stem, holding, _ in self._counted("stemmed", map(plain_letters, words)):
            for position in holding.tolist():
                forms[position].add(stem)
        return forms

    def _stemmer(self, language: str) -> Stemmer:
        if language not in self._stemmers:
            self._stemmers[language] = stemmer(language)
        return self._stemmers[language]

    def _counted(self, table: str, texts: Iterable[str]) -> Iterator[WordCounts]:
        execute = self._connection.execute
        if table == "written" and not self._has_written:
            self._make_table("written", "")
            self._has_written = True
        execute("BEGIN")
        try:
            self._connection.executemany(
                f"INSERT INTO {table} (rowid, text) VALUES (?, ?)", enumerate(texts)
            )
            # Occurrences arrive ordered by word and then by text, so no sorting is needed.
            statement = f"SELECT term, count(*), group_concat(doc) FROM words_{table} GROUP BY term"
            with closing(execute(statement)) as rows:
                while batch := rows.fetchmany(_WORDS_AT_ONCE):
                    yield from _word_counts(batch)
        finally:
            execute("ROLLBACK")

    def close(self) -> None:
        """Free the memory."""
        self._connection.close()

    def __enter__(self) -> Self:
        """The tokenizer itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()


def _typing_variants(word: str, language: str) -> Iterator[str]:
    """Common typing variants of an Arabic word: its last letter with or without dots."""
    if language == ARABIC and word[-1:] in _LAST_OF_ARABIC:
        yield word[:-1] + _LAST_OF_ARABIC[word[-1]]


_LAST_OF_ARABIC = {"ه": "ة", "ة": "ه"}


def _without_surrogates(text: str) -> str:
    """Replace lone surrogates, which a command line can contain, because they are not text."""
    return text.encode(errors="replace").decode()


def _merged(word: str, counts: Sequence[WordCounts]) -> WordCounts:
    """Merge the occurrences of several words into one."""
    if len(counts) == 1:
        return word, counts[0][1], counts[0][2]
    texts, inverse = np.unique(
        np.concatenate([occurrences[1] for occurrences in counts]), return_inverse=True
    )
    frequencies = np.bincount(inverse, np.concatenate([occurrences[2] for occurrences in counts]))
    return word, texts, frequencies.astype(np.int64)


def _word_counts(rows: Sequence[tuple[str, int, str]]) -> Iterator[WordCounts]:
    """Rows (word, occurrences, the text of each occurrence, as digits between commas)."""
    texts = np.fromstring(",".join(row[2] for row in rows), dtype=np.int64, sep=",")
    words = np.repeat(np.arange(len(rows)), [row[1] for row in rows])
    first = np.flatnonzero(np.r_[True, (np.diff(texts) != 0) | (np.diff(words) != 0)])
    frequencies = np.diff(np.r_[first, len(texts)])
    bounds = np.searchsorted(words[first], np.arange(len(rows) + 1)).tolist()
    holding = texts[first]
    for row, start, end in zip(rows, bounds, bounds[1:], strict=False):
        yield row[0], holding[start:end], frequencies[start:end]
