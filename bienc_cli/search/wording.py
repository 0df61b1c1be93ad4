"""Whether a text says something to the letter."""

from __future__ import annotations

import re
from functools import lru_cache

from bienc_cli.store.folding import is_unspaced, plain_letters

_BETWEEN_WORDS = r"[^\w\s]*\s+[^\w\s]*"
"""White space, with punctuation on either side: a comma does not break a phrase."""


class Wording:
    """A phrase or a name as it must stand in a text.

    Case, accents and compatibility forms do not matter, nor does how words are spaced. It may
    be no part of a longer word, nor, with digits, of a longer number, address or date: 10.0.0.1
    is not in 110.0.0.1, 10.0.0.12 or 10.0.0.1.5.
    """

    def __init__(self, phrase: str) -> None:
        words = plain_letters(phrase).split()
        pattern = _BETWEEN_WORDS.join(map(re.escape, words))
        before, behind = _edges(words[0], words[-1]) if words else ("", "")
        self._pattern = re.compile(before + pattern + behind)

    def stands_in(self, text: str) -> bool:
        """Whether the text has it.

        Args:
            text: as `plain_letters` has it.
        """
        return self._pattern.search(text) is not None


def _edges(first: str, last: str) -> tuple[str, str]:
    before = behind = ""
    numbered = any(map(str.isdigit, first + last))
    if _is_of_a_word(first[0]):
        before = r"(?<!\w)(?<!\w[-.])" if numbered and first[0].isdigit() else r"(?<!\w)"
    if _is_of_a_word(last[-1]):
        # A date may be followed by a time.
        behind = r"(?:(?=t\d)|(?!\w|[-.]\w))" if numbered else r"(?!\w)"
    return before, behind


def _is_of_a_word(character: str) -> bool:
    return (character.isalnum() or character == "_") and not is_unspaced(character)


@lru_cache(maxsize=256)
def wording(phrase: str) -> Wording:
    """The wording of a phrase; the last ones are kept."""
    return Wording(phrase)
