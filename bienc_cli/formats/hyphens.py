"""Joins words that a line or page break divides, but keeps hyphenated words.

A hyphen at a line end may be either. How the document writes the word elsewhere decides, else a
word list of its language; if neither does, the text gets both readings,
`zebra-quokka (zebraquokka)`, so that each can be found.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from enum import Enum

from bienc_cli.word_lists import word_list

HYPHENS = "-\u00ad"
"""Hyphens at a line end; others have been replaced by `-` before."""

_LETTER = r"[^\W\d_]"
_FIRST = re.compile(rf"(\d|{_LETTER}+)[{HYPHENS}]\Z")
_APART = re.compile(rf"({_LETTER}+) [{HYPHENS}]\Z")
_SECOND = re.compile(rf"(?![¹²³⁰⁴-⁹])(\d|{_LETTER}+)(\S*) ?")
_SOFT = re.compile(rf"({_LETTER}{{0,50}})\u00ad(?!\n)({_LETTER}{{0,50}})")
_WORD = re.compile(rf"\b{_LETTER}+(?:-{_LETTER}+)*\b")
_ADDRESS = re.compile(r"://|www\.|@|\.\w{2,}/")

_NOTE = re.compile(r"(?:[¹²³⁰⁴-⁹]+|\d{1,3}[.)]?|[*∗†‡§])\s?[^\W\d_]")

LINES_OF_NOTES = 12
"""Limit on lines of footnotes between the halves of a word."""

_LONGEST = 100
"""Characters examined at a line's end or start; bounds the time."""

_MOST_LINES = 8
"""Limit on lines that one word may span."""

_SUSPENDED = frozenset("and or nor versus und oder bzw sowie bis".split())
_SUSPENDED_IN = {
    "en": ("to",),
    "fr": ("et", "ou"),
    "nl": ("en", "of"),
    "es": ("y", "e", "o", "u"),
    "it": ("e", "o"),
    "pt": ("e", "ou"),
}
"""Words after a suspended hyphen: `pre- and postnatal`."""

_FUNCTION_WORDS = {
    "en": tuple("the of and to in is that for".split()),
    "de": tuple("der die und das den nicht ist mit".split()),
    "fr": tuple("le les des et est une dans du".split()),
    "nl": tuple("het een van de en niet dat zijn".split()),
    "es": tuple("el los las que y del una es".split()),
    "it": tuple("il che di della per una gli è".split()),
    "pt": tuple("o que do da não uma os em".split()),
}
"""Languages with word lists, each with words that only it uses so often."""

_CLOSED_COMPOUNDS = ("de", "nl")
"""Languages with closed compounds, in which two complete words do not make a hyphen likely."""

_COMMON = 2000
"""Occurrences in the word list from which a joined word wins although its halves are words."""

_RARER = 5
"""A second half this many times rarer than the joined word is a word only by accident."""


def begins_note(line: str) -> bool:
    """Whether a footnote may start with this line."""
    return _NOTE.match(line) is not None


class HyphenReading(Enum):
    """What the two halves around a hyphen are."""

    DIVIDED = "one word"
    HYPHENATED = "a word with a hyphen"
    SUSPENDED = "two words, the first one short for something"
    OPEN = "either of the first two"


class LineEnds:
    """Joins divided words in the lines of one document.

    Args:
        pages: the whole text, as evidence.
    """

    def __init__(self, pages: Sequence[str]) -> None:
        self._words = Counter(word.lower() for page in pages for word in _WORD.findall(page))
        self._language = max(
            _FUNCTION_WORDS,
            key=lambda language: sum(self._words[word] for word in _FUNCTION_WORDS[language]),
        )

    def mend(self, text: str) -> str:
        """Join words divided by a line end, on the line where they start."""
        if "\u00ad" in text:
            text = _SOFT.sub(self._mend_soft, text)
        pending = text.split("\n")[::-1]
        done = []
        while pending:
            line = pending.pop()
            for _ in range(_MOST_LINES):
                line = self._completed(self._closed_up(line, pending), pending)
                mended = self._mended(line, pending[-1]) if pending else None
                if mended is None:
                    break
                line, pending[-1] = mended
                if pending[-1]:
                    break
                pending.pop()
            done.append(line)
        return "\n".join(done)

    def knows(self, first: str, second: str) -> bool:
        """Whether the halves certainly are one word, in the document or its language."""
        joined = (first + second).lower()
        return bool(self._words[joined] or self._frequency(joined))

    def written(self, first: str, second: str) -> str:
        """The spelling of a word of which a line or page ends with `first` and a hyphen."""
        reading = self._reading(first, second)
        if reading is HyphenReading.DIVIDED:
            return first + second
        if reading is HyphenReading.HYPHENATED:
            return f"{first}-{second}"
        if reading is HyphenReading.SUSPENDED:
            return f"{first}- {second}"
        return f"{first}-{second} ({first}{second})"

    def _mended(self, line: str, following: str) -> tuple[str, str] | None:
        """Both lines, the first one completed; None if no word is divided."""
        first = _FIRST.search(line, max(len(line) - _LONGEST, 0))
        second = _SECOND.match(following, 0, _LONGEST) if first else None
        if first is None or second is None:
            return None
        start, end, rest = first[1], second[1], second[2]
        if start.isdigit() and not end.islower():
            # A range of numbers, or two table cells: joining them would gain nothing.
            return None
        before = line[max(first.start() - _LONGEST, 0) : first.start()].rpartition(" ")[2]
        if start.isdigit() or end.isdigit() or _ADDRESS.search(before) or _ADDRESS.search(rest):
            word = f"{start}-{end}{rest}"
        else:
            word = self._with_rest(self.written(start, end), rest)
        return line[: first.start()] + word, following[second.end() :]

    def _closed_up(self, line: str, pending: Sequence[str]) -> str:
        """The line without a space before the hyphen that divides its last word.

        Some programs draw the hyphen separately. It is a dash if both halves are words.
        """
        first = _APART.search(line, max(len(line) - _LONGEST, 0)) if pending else None
        second = _SECOND.match(pending[-1], 0, _LONGEST) if first else None
        if first is None or second is None or not second[1].islower():
            return line
        words = self._is_word(first[1]) and self._is_word(second[1])
        divided = not words and self.knows(first[1], second[1])
        return line[: first.end(1)] + line[-1] if divided else line

    def _completed(self, line: str, pending: list[str]) -> str:
        """The line, with the rest of its divided word moved there from below the footnotes."""
        first = _FIRST.search(line, max(len(line) - _LONGEST, 0))
        if first is None or not pending or not begins_note(pending[-1]):
            return line
        for index in range(len(pending) - 2, max(len(pending) - 2 - LINES_OF_NOTES, -1), -1):
            second = _SECOND.match(pending[index], 0, _LONGEST)
            if second is None or not second[1].islower() or _FIRST.search(pending[index + 1]):
                continue
            if self.knows(first[1], second[1]):
                pending[index] = pending[index][second.end() :]
                word = self._with_rest(self.written(first[1], second[1]), second[2])
                return line[: first.start()] + word
        return line

    @staticmethod
    def _with_rest(word: str, rest: str) -> str:
        """A word followed by `rest`, in both readings if that continues the word."""
        if not word.endswith(")") or rest[:1] not in {"-", "'", "’"}:
            return word + rest
        hyphenated, _, joined = word.partition(" ")
        return f"{hyphenated}{rest} {joined[:-1]}{rest.rstrip('.,;:')})"

    def _mend_soft(self, hyphen: re.Match[str]) -> str:
        # Some fonts encode the ordinary hyphen as a soft one, also inside lines.
        first, second = hyphen.groups()
        real = first and second and self._reading(first, second) is HyphenReading.HYPHENATED
        return f"{first}-{second}" if real else first + second

    def _reading(self, first: str, second: str) -> HyphenReading:
        hyphenated = f"{first}-{second}".lower()
        joined = (first + second).lower()
        if self._words[hyphenated] or self._words[joined]:
            kept = self._words[hyphenated] > self._words[joined]
            return HyphenReading.HYPHENATED if kept else HyphenReading.DIVIDED
        capitals = (first + second).isupper() and len(first) > 1
        if not second[0].islower() and not capitals:
            return HyphenReading.HYPHENATED
        frequency = self._frequency(joined)
        suspended = second.lower() in {*_SUSPENDED, *_SUSPENDED_IN.get(self._language, ())}
        if suspended and not frequency:
            return HyphenReading.SUSPENDED
        if len(first) == 1:
            return HyphenReading.OPEN if frequency else HyphenReading.HYPHENATED
        if not self._is_word(second):
            return HyphenReading.DIVIDED if frequency else HyphenReading.OPEN
        rare_half = frequency > _RARER * self._frequency(second.lower())
        if self._language in _CLOSED_COMPOUNDS or frequency >= _COMMON or rare_half:
            return HyphenReading.DIVIDED if frequency else HyphenReading.OPEN
        return (
            HyphenReading.HYPHENATED
            if self._is_word(first) and not frequency
            else HyphenReading.OPEN
        )

    def _is_word(self, half: str) -> bool:
        return self._words[half.lower()] > 1 or self._frequency(half.lower()) > 0

    def _frequency(self, word: str) -> int:
        return word_list(self._language).frequency(word)
