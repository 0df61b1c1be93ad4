"""What a model does not read of what is indexed with it, in one sentence."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

from bienc_cli.languages import NAMES, languages_of, reads_as_english

_MOST_TEXTS = 200
"""Texts of a sample."""

_BEGINNING = 4_000
"""Characters of a text that are looked at."""

_SHARE = 0.1
"""Of the documents, past which it is said that the model does not read them."""


_MOST_NAMES = 3


class LanguageSample:
    """Some of the texts that go through, each as likely as any other."""

    def __init__(self) -> None:
        self._texts: list[tuple[str, str | None]] = []
        self._seen = 0
        # Always the same, so that the same folder is always judged alike.
        self._random = random.Random(0)  # noqa: S311

    def add(self, text: str, said: str | None = None) -> None:
        """Take a text into account, and the language that it is said to be in."""
        self._seen += 1
        place = self._random.randrange(self._seen)
        if len(self._texts) < _MOST_TEXTS:
            self._texts.append((text[:_BEGINNING], said))
        elif place < _MOST_TEXTS:
            self._texts[place] = text[:_BEGINNING], said

    def unread_by(self, name: str) -> str | None:
        """What a model that reads English only does not read of it, as a warning, or None.

        Args:
            name: of the model.
        """
        said = [one for _, one in self._texts if one not in (None, "en")]
        foreign = [text for text, one in self._texts if one is None and not reads_as_english(text)]
        count = len(said) + len(foreign)
        if not count or count < _SHARE * len(self._texts):
            return None
        languages = languages_of(foreign) + Counter(said)
        # The screening may err where the detector does not.
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
