"""What two writings of one word have in common: the text that SQLite's tokenizer is given.

The stored text stays as it was written; only matching sees what is made here, of passages and
of queries alike:

- *One form of a letter.* Compatibility forms (NFKD), accents, vowel points, case and marks that
  nobody sees are folded away. Marks that are letters of their own (the vowel signs of Indic
  scripts) stay.
- *Scripts without spaces*, and Hangul, whose particles hang on the word, become overlapping
  pairs of characters, as no dictionary is at hand; a Han character is also a word by itself, and
  so is the first syllable of Hangul behind a space.
- *Joined letters of Arabic script* between which a mark forbids the ligature, as Persian writes its
  prefixes and endings, are a compound: others write them with a space, or as one.
- *Compounds*: what `_`, `-`, `.`, `/`, `:` or an inner capital joins is its parts, each two
  neighbouring parts as one word, and each name in it and the whole as one word. The rarer ones
  weigh more, so that the whole identifier goes before its parts, and a piece of a path is found
  in a longer one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import pairwise

_RAISED = "\ue001"
"""Private use: stands in front of a raised digit, which may be a footnote's or an exponent."""

_BETWEEN_DIGITS = "\ue000"
"""Private use, and so part of a word to SQLite: keeps 3.14 from being 314."""

UNSPACED = frozenset({"ja", "km", "ko", "lo", "my", "th", "zh"})
"""Languages whose words are not told apart, or hang particles on them."""

_DIGITS = {
    zero + digit: str(digit)
    # Arabic-Indic, Persian, Devanagari, Bengali, Thai.
    for zero in (0x660, 0x6F0, 0x966, 0x9E6, 0xE50)
    for digit in range(10)
}
_SIGNS = str.maketrans(
    # Signs that are no part of the word in front of them.
    {raised: f"{_RAISED}{digit}" for digit, raised in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")}
    | {"™": " ", "℠": " "}
)
_LETTERS = _DIGITS | str.maketrans(
    # Letters that Unicode does not take apart; of Arabic script, what the keyboards of several
    # languages have for one letter, and what is left undotted.
    dict(zip("ØøŁłĐđıکیىةہەٱ", "OoLlDdiكييههها", strict=True))
    | {"Æ": "AE", "æ": "ae", "Œ": "OE", "œ": "oe"}
)
_JOINED = re.compile("(?<=[\u0620-\u065f\u066e-\u06d3])\u200c(?=[\u0620-\u064a\u066e-\u06d3])")

_ACCENTS = "\u0300-\u034e\u0350-\u036f"
_MARKS = (
    "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    # Rarer accents; points of Hebrew; signs of Arabic, its hamza and its lengthening stroke.
    "\u0483-\u0487\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\ufe20-\ufe2f"
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed"
)
_DROPPED = re.compile(f"[{_ACCENTS}{_MARKS}]+")
_DROPPED_BESIDE_ACCENTS = re.compile(f"[{_MARKS}]+")

_HAN = "\u3005\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_UNSPACED = re.compile(
    # Thai and Lao; Burmese; Khmer; Japanese; Hangul; Han.
    f"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3041-\u30ff\u31f0-\u31ff\uac00-\ud7a3{_HAN}]+"
)
_IS_HAN = re.compile(f"[{_HAN}]")
_IS_HANGUL = re.compile("[\uac00-\ud7a3]")

_NAMES_APART = r"_*(?:::|\./|[./\\@:])_*"
_PIECES_APART = r"_+|[-\u2010\ue001]"
_BETWEEN_NAMES = re.compile(_NAMES_APART)
_WITHIN_NAME = re.compile(_PIECES_APART)
_INNER_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})")
_COMPOUND = re.compile(rf"[^\W_]+(?:(?:{_NAMES_APART}|{_PIECES_APART})[^\W_]+)*")
# Where there may be one. One set of characters comes first: `re` is fast at searching for that.
_WITHIN_COMPOUND = re.compile(
    r"[-A-Z_./\\@:\u2010\ue001](?:(?<=[a-z0-9][A-Z])|(?<=[A-Z][A-Z])(?=[a-z]{2})"
    r"|(?<=[^\W_][^A-Z])[_./:]*(?=[^\W_]))"
)
_HYPHENATED = re.compile(r"[^\W\d_]+(?:[-\u2010][^\W\d_]+)+")

_LONGEST_WHOLE = 80
"""Characters beyond which a compound is no name that anybody looks for."""


def folded(text: str, *, asked: bool = False, accented: bool = False) -> str:
    """The text whose words are to be told apart and stemmed.

    Args:
        text: of a passage or a query.
        asked: it is a query, in which letters with nothing but hyphens between them are no
            compound, unless a hyphen stands in front: well-known is two words, --no-verify an
            option. Counting such words twice costs more answers than it finds.
        accented: leave accents on their letters: where й is и, nothing stems Russian.
    """
    if not text.isascii():
        text = _JOINED.sub("_", text)
        text = _with_accents(text) if accented else _one_form(text)
        text = _UNSPACED.sub(_pairs_asked if asked else _pairs, text)
    more = [word for compound in _compounds(text, asked) for word in _of_compound(compound)]
    text = text.replace(_RAISED, " ")
    if more:
        text = f"{text}\n{' '.join(more)}"
    return text if text.isascii() else text.casefold()


def plain_letters(text: str) -> str:
    """The same text in one form of each letter, which is no word index's yet."""
    return (text if text.isascii() else _one_form(text).replace(_RAISED, "")).casefold()


def accented_letters(text: str) -> str:
    """The same, with the accents on them."""
    return (text if text.isascii() else _with_accents(text).replace(_RAISED, "")).casefold()


def _one_form(text: str) -> str:
    # Decomposed to drop what is apart then, and composed again: what is left belongs.
    text = unicodedata.normalize("NFKD", text.translate(_SIGNS))
    return unicodedata.normalize("NFC", _DROPPED.sub("", text).translate(_LETTERS))


def _with_accents(text: str) -> str:
    # Without the dot that the small letter of İ would have beside its own, and still a capital: in
    # İSTANBUL a small letter would be a part by itself.
    text = unicodedata.normalize("NFKD", text.translate(_SIGNS).replace("İ", "I"))
    return unicodedata.normalize("NFC", _DROPPED_BESIDE_ACCENTS.sub("", text).translate(_DIGITS))


def is_unspaced(character: str) -> bool:
    """Whether it is of a script that sets no spaces between words, or hangs particles on them."""
    return _UNSPACED.match(character) is not None


def _pairs(run: re.Match[str]) -> str:
    """Words of a run of characters without spaces in a passage, with a space around each."""
    first = run.group()[0]
    # It may be a noun of one syllable, with a particle.
    more = f"{first} " if len(run.group()) > 1 and _IS_HANGUL.match(first) else ""
    return f"{_pairs_asked(run)}{more}"


def _pairs_asked(run: re.Match[str]) -> str:
    """The same in a query, which may begin in the midst of a run."""
    characters: list[str] = []
    for character in run.group():
        if characters and unicodedata.category(character)[0] == "M":
            characters[-1] += character
        else:
            characters.append(character)
    words = [first + second for first, second in pairwise(characters)] or characters
    if len(characters) > 1:
        words += [character for character in characters if _IS_HAN.match(character)]
    return f" {' '.join(words)} "


def _compounds(text: str, asked: bool) -> Iterator[str]:
    # Looked for by what joins, which is rare: a pattern for all of it would go through each word
    # once for each of its letters.
    end = 0
    for found in _WITHIN_COMPOUND.finditer(text):
        if found.start() < end:
            continue
        start = found.start()
        while start > end and text[start - 1].isalnum():
            start -= 1
        whole = _COMPOUND.match(text, start)
        if whole is not None:
            end = whole.end()
            compound = whole.group()
            option = text[start - 1 : start] == "-"
            if not asked or option or not _HYPHENATED.fullmatch(compound):
                yield compound


def _of_compound(compound: str) -> Iterator[str]:
    """The words of a compound that SQLite would not find in it."""
    names = _BETWEEN_NAMES.split(compound)
    all_parts: list[str] = []
    for name in names:
        parts: list[str] = []
        pieces = _WITHIN_NAME.split(name)
        for piece in pieces:
            inner = _INNER_CAPITAL.split(piece)
            if len(inner) > 1:
                yield from inner
            parts += inner
        # Two parts are neighbours, and what only capitals join is one word to SQLite.
        if len(parts) > 2 and len(pieces) > 1:
            yield _written_as_one(parts)
        all_parts += parts
    if len(all_parts) > 2 or len(names) > 1 or not compound.isalnum():
        yield from (_written_as_one(two) for two in pairwise(all_parts))
    if len(all_parts) > 2 and len(names) > 1 and len(compound) <= _LONGEST_WHOLE:
        yield _written_as_one(all_parts)


def _written_as_one(parts: Sequence[str]) -> str:
    written = parts[0]
    for part in parts[1:]:
        apart = written[-1].isdigit() and part[0].isdigit()
        written += _BETWEEN_DIGITS + part if apart else part
    return written


def is_of_letters(word: str) -> bool:
    """Whether a word has nothing but letters and the marks on them, such as vowels of Hindi."""
    return word.isalpha() or all(
        one.isalpha() or unicodedata.category(one)[0] == "M" for one in word
    )
