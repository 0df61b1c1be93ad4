"""Texts to words, by SQLite's own tokenizer.

Words are those of the folded text (`folding.py`), stemmed (`unicode61` and `porter` of FTS5), or
for texts in some languages by their own rules. SQLite shows what its tokenizer makes of a text
only through a full-text table and a `fts5vocab` over it, so there is one in memory, which is
filled, read off and emptied, and another whose words are not stemmed yet.

A word of a text in one of the languages below is indexed by its stem with the language in front, as
`:de:kundig`, so that no stem of one language is taken for a word of another. A word of a query is
looked up in the stems that each language of the index makes of it; a text is in one language, so
it counts once.

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
"""No part of a word to the tokenizer. It also stands in front, so that no other words lie between
those of a language."""

Stemmer = Callable[[str], str]
"""A word of a text, with its accents, to what it is indexed by."""


def has_stems(language: str) -> bool:
    """Whether words are stemmed by this language, an ISO 639-1 code."""
    return language in _ALGORITHMS or language == "he"


def stemmer(language: str) -> Stemmer:
    """What stems the words of a language; not for two threads at once."""
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
    """A word without its ending and what is written on to it; Snowball has nothing for Hebrew.

    Letters of the word itself go with those, from nearly all of its forms alike.
    """
    word = _HEBREW_ENDING.sub("", _HEBREW_ARTICLE.sub("", word.replace("יי", "י")))
    return _HEBREW_PREPOSITIONS.sub("", word.translate(_ENDS_OF_HEBREW))


def of_language(language: str, stem: str) -> str:
    """A stem as the texts of a language are indexed by it."""
    return f"{_AROUND_LANGUAGE}{language}{_AROUND_LANGUAGE}{stem}"


def bare(word: str) -> str:
    """A word of the index without its language."""
    return word.rpartition(_AROUND_LANGUAGE)[2]


def made_by() -> str:
    """The packages that decide which stems a text has: another version may make others."""
    from importlib.metadata import version

    return ", ".join(f"{name} {version(name)}" for name in ("PyStemmer", "py3langid"))


_WORDS_AT_ONCE = 4096

_BETWEEN_PARTS = re.compile(r"[-_./\\@:\u2010]+")

WordCounts = tuple[str, NDArray[np.int64], NDArray[np.int64]]
"""A word, the positions of the texts that hold it, ascending, and how often each does."""

Forms = tuple[str, ...]
"""What one word of a query is in the index: in English, and in each of some languages."""


class Tokenizer:
    """Texts to words; one call at a time."""

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
        """The words of a query, each once, alphabetically.

        Args:
            text: any.
            languages: that have stems of their own in the index.
        """
        return self._forms(_readable(text), languages)

    def parts_of(self, text: str, languages: Sequence[str] = ()) -> list[Forms]:
        """The words of a text, each once, compounds as their parts only.

        Every text that has this one in it, between the edges of words, has a form of each.
        """
        # Capitals within a word would ask for its parts, which another writing of it lacks.
        return self._forms(_BETWEEN_PARTS.sub(" ", _readable(text).lower()), languages)

    def forms(self, text: str, languages: Sequence[str] = ()) -> dict[str, Forms]:
        """The words of letters in a query, as they were written but folded, each with its forms."""
        letters = accented_letters(text) if languages else plain_letters(text)
        apart = (one if is_of_letters(one) else " " for one in letters)
        written = dict.fromkeys("".join(apart).split())
        return {
            plain_letters(word): forms
            for word in written
            for forms in self._forms(word, languages)[:1]
        }

    def forms_of_each(self, words: Sequence[str], languages: Sequence[str] = ()) -> list[Forms]:
        """The forms of some words of letters, folded, of scripts with spaces."""
        return [tuple(sorted(one)) for one in self._forms_of_each(words, languages)]

    def counted(self, texts: Sequence[str], language: str | None = None) -> Iterator[WordCounts]:
        """The words of some passages, each with the texts that hold it, ordered by word.

        Args:
            texts: of the passages.
            language: of `stemming`, by which they are stemmed; None for English.
        """
        if language is None:
            yield from self._counted("stemmed", map(folded, texts))
            return
        together: dict[str, list[WordCounts]] = {}
        stem = self._stemmer(language)
        for found in self._counted("written", (folded(text, accented=True) for text in texts)):
            together.setdefault(stem(found[0]), []).append(found)
        for word in sorted(together):
            yield _added_up(word, together[word])

    # ---------------------------------------------------------------- words

    def _forms(self, text: str, languages: Sequence[str]) -> list[Forms]:
        """The words of a text that is asked for; what one form makes the same is one word."""
        if not languages:
            counted = self._counted("stemmed", [folded(text, asked=True)])
            return [(word,) for word, _, _ in counted]
        accented = folded(text, asked=True, accented=True)
        written = [word for word, _, _ in self._counted("written", [accented])]
        forms = self._forms_of_each(written, languages)
        merged: dict[str, set[str]] = {}
        for one in forms:
            for form in tuple(one):
                one |= merged.get(form, set())
            merged |= dict.fromkeys(one, one)
        return sorted({tuple(sorted(one)) for one in merged.values()})

    def _forms_of_each(self, words: Sequence[str], languages: Sequence[str]) -> list[set[str]]:
        forms = [
            {
                self._stemmer(language)(one)
                for language in languages
                for one in (word, *_typed_for(word, language))
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
            # Occurrences come by word and then by text, so that nothing has to be sorted.
            statement = f"SELECT term, count(*), group_concat(doc) FROM words_{table} GROUP BY term"
            with closing(execute(statement)) as rows:
                while some := rows.fetchmany(_WORDS_AT_ONCE):
                    yield from _counted(some)
        finally:
            execute("ROLLBACK")

    def close(self) -> None:
        """Let go of the memory."""
        self._connection.close()

    def __enter__(self) -> Self:
        """The tokenizer itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()


def _typed_for(word: str, language: str) -> Iterator[str]:
    """What is typed for an Arabic word, or it for that: the last letter without its dots."""
    if language == ARABIC and word[-1:] in _LAST_OF_ARABIC:
        yield word[:-1] + _LAST_OF_ARABIC[word[-1]]


_LAST_OF_ARABIC = {"ه": "ة", "ة": "ه"}


def _readable(text: str) -> str:
    """A text in place of what a command line can hold that is none: half of a surrogate pair."""
    return text.encode(errors="replace").decode()


def _added_up(word: str, counts: Sequence[WordCounts]) -> WordCounts:
    """Several words as one."""
    if len(counts) == 1:
        return word, counts[0][1], counts[0][2]
    texts, inverse = np.unique(np.concatenate([one[1] for one in counts]), return_inverse=True)
    frequencies = np.bincount(inverse, np.concatenate([one[2] for one in counts]))
    return word, texts, frequencies.astype(np.int64)


def _counted(rows: Sequence[tuple[str, int, str]]) -> Iterator[WordCounts]:
    """Rows (word, occurrences, the text of each occurrence, as digits between commas)."""
    texts = np.fromstring(",".join(row[2] for row in rows), dtype=np.int64, sep=",")
    words = np.repeat(np.arange(len(rows)), [row[1] for row in rows])
    first = np.flatnonzero(np.r_[True, (np.diff(texts) != 0) | (np.diff(words) != 0)])
    frequencies = np.diff(np.r_[first, len(texts)])
    bounds = np.searchsorted(words[first], np.arange(len(rows) + 1)).tolist()
    holding = texts[first]
    for row, start, end in zip(rows, bounds, bounds[1:], strict=False):
        yield row[0], holding[start:end], frequencies[start:end]
