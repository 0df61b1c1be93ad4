"""Stems by the language of a text (Snowball), beside those that words of English get.

A word of a text in one of these languages is indexed by its stem with the language in front, as
`:de:kundig`, so that no stem of one language is taken for a word of another. A word of a query is
looked up in the stems that each language of the index makes of it; a text is in one language, so
it counts once.

Source: Porter, "Snowball: A language for stemming algorithms", 2001, and the authors of the
algorithms of https://snowballstem.org.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from bienc_cli.store.folding import plain_letters

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
