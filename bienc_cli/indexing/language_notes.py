"""Warns about texts in languages that the model does not read."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

from bienc_cli.languages import NAMES, languages_of, reads_as_english

_MOST_TEXTS = 200
"""Size of the sample."""

_BEGINNING = 4_000
"""Characters examined of each text."""

_SHARE = 0.1
"""Fraction of documents in unread languages above which to warn."""


_MOST_NAMES = 3


class LanguageSample:
    """A uniform random sample of the texts that pass by."""

    def __init__(self) -> None:
        self._texts: list[tuple[str, str | None]] = []
        self._seen = 0
        # A fixed seed, so that the same folder always yields the same result.
        self._random = random.Random(0)  # noqa: S311

    def add(self, text: str, declared: str | None = None) -> None:
        """Consider a text, with the language it is declared to be in."""
        self._seen += 1
        position = self._random.randrange(self._seen)
        if len(self._texts) < _MOST_TEXTS:
            self._texts.append((text[:_BEGINNING], declared))
        elif position < _MOST_TEXTS:
            self._texts[position] = text[:_BEGINNING], declared

    def unread_by(self, name: str) -> str | None:
        """A warning about languages in the sample that an English-only model cannot read.

        None if there are too few such texts.

        Args:
            name: the model's name.
        """
        declared = [language for _, language in self._texts if language not in (None, "en")]
        foreign = [
            text
            for text, language in self._texts
            if language is None and not reads_as_english(text)
        ]
        count = len(declared) + len(foreign)
        if not count or count < _SHARE * len(self._texts):
            return None
        languages = languages_of(foreign) + Counter(declared)
        # The quick test that selects texts may be wrong where the detector is right.
        languages.pop("en", None)
        if not languages:
            return None
        share = round(100 * count / len(self._texts))
        return (
            f"{name} reads English, and some {share} % of what was read is in "
            f"{_listed([NAMES[code] for code, _ in languages.most_common()])}: make the index with "
            "--model e5-multilingual in another directory (--index DIR) to find it by meaning"
        )


def _listed(names: Sequence[str]) -> str:
    if len(names) > _MOST_NAMES:
        names = [*names[:_MOST_NAMES], "others"]
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
