"""Normalises text before SQLite's tokenizer sees it, so that spelling variants of a word match.

The stored text stays as written; only matching sees the result, for passages and queries alike:

- *One form per letter.* Compatibility forms (NFKD), accents, vowel points, case and invisible marks
  are removed. Marks that are letters in their own right (the vowel signs of Indic scripts) are
  kept.
- *Scripts without spaces*, and Hangul, whose particles are attached to the word, become overlapping
  pairs of characters, since there is no dictionary; a Han character is also a word by itself, and
  so is the first Hangul syllable after a space.
- *Arabic letters kept apart by a zero-width non-joiner*, as Persian writes its prefixes and
  endings, form a compound: others write them with a space, or as one word.
- *Compounds*: words joined by `_`, `-`, `.`, `/`, `:` or an inner capital become their parts, every
  two neighbouring parts as one word, and each name in it and the whole as one word. The rarer forms
  weigh more, so the whole identifier outranks its parts, and a fragment of a path is found in a
  longer path.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import pairwise

_RAISED = "\ue001"
"""Private use: precedes a superscript digit, which may be a footnote mark or an exponent."""

_BETWEEN_DIGITS = "\ue000"
"""Private use, and so part of a word to SQLite: keeps 3.14 distinct from 314."""

UNSPACED = frozenset({"ja", "km", "ko", "lo", "my", "th", "zh"})
"""Languages that do not separate words by spaces, or attach particles to them."""

_DIGITS = {
    zero + digit: str(digit)
    # Arabic-Indic, Persian, Devanagari, Bengali, Thai.
    for zero in (0x660, 0x6F0, 0x966, 0x9E6, 0xE50)
    for digit in range(10)
}
_SIGNS = str.maketrans(
    # Symbols that are not part of the preceding word.
    {raised: f"{_RAISED}{digit}" for digit, raised in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")}
    | {"™": " ", "℠": " "}
)
_LETTERS = _DIGITS | str.maketrans(
    # Letters that Unicode does not decompose; in Arabic script, letters that the keyboards of
    # different languages produce for one letter, and letters left undotted.
    dict(zip("ØøŁłĐđıکیىةہەٱ", "OoLlDdiكييههها", strict=True))
    | {"Æ": "AE", "æ": "ae", "Œ": "OE", "œ": "oe"}
)
_JOINED = re.compile("(?<=[\u0620-\u065f\u066e-\u06d3])\u200c(?=[\u0620-\u064a\u066e-\u06d3])")

_ACCENTS = "\u0300-\u034e\u0350-\u036f"
_MARKS = (
    "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    # Rarer accents; Hebrew points; Arabic signs, hamza and tatweel.
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
# Where a compound may be. It starts with one character class, which `re` searches for quickly.
_WITHIN_COMPOUND = re.compile(
    r"[-A-Z_./\\@:\u2010\ue001](?:(?<=[a-z0-9][A-Z])|(?<=[A-Z][A-Z])(?=[a-z]{2})"
    r"|(?<=[^\W_][^A-Z])[_./:]*(?=[^\W_]))"
)
_HYPHENATED = re.compile(r"[^\W\d_]+(?:[-\u2010][^\W\d_]+)+")

_LONGEST_WHOLE = 80
"""Characters beyond which nobody searches for a compound as a whole."""


def folded(text: str, *, asked: bool = False, accented: bool = False) -> str:
    """The text to split into words and stem.

    Args:
        text: of a passage or a query.
        asked: the text is a query, in which letters joined only by hyphens are not a compound,
            unless a hyphen precedes them: well-known is two words, --no-verify is an option.
            Counting such words twice loses more answers than it finds.
        accented: keep accents: if й becomes и, no stemmer works for Russian.
    """
    if not text.isascii():
        text = _JOINED.sub("_", text)
        text = _with_accents(text) if accented else _one_form(text)
        text = _UNSPACED.sub(_query_pairs if asked else _pairs, text)
    extra_words = [word for compound in _compounds(text, asked) for word in _of_compound(compound)]
    text = text.replace(_RAISED, " ")
    if extra_words:
        text = f"{text}\n{' '.join(extra_words)}"
    return text if text.isascii() else text.casefold()


def plain_letters(text: str) -> str:
    """The text with one form per letter, before any processing for the word index."""
    return (text if text.isascii() else _one_form(text).replace(_RAISED, "")).casefold()


def accented_letters(text: str) -> str:
    """The same, but with accents."""
    return (text if text.isascii() else _with_accents(text).replace(_RAISED, "")).casefold()


def _one_form(text: str) -> str:
    # Decompose, drop the marks that became separate, and compose the rest again.
    text = unicodedata.normalize("NFKD", text.translate(_SIGNS))
    return unicodedata.normalize("NFC", _DROPPED.sub("", text).translate(_LETTERS))


def _with_accents(text: str) -> str:
    # Lower-cased, İ would carry a second dot. It stays a capital here, because in
    # İSTANBUL a small letter would start a new part.
    text = unicodedata.normalize("NFKD", text.translate(_SIGNS).replace("İ", "I"))
    return unicodedata.normalize("NFC", _DROPPED_BESIDE_ACCENTS.sub("", text).translate(_DIGITS))


def is_unspaced(character: str) -> bool:
    """Whether its script does not separate words by spaces, or attaches particles to them."""
    return _UNSPACED.match(character) is not None


def _pairs(run: re.Match[str]) -> str:
    """Turn an unspaced run of a passage into words, with a space around each."""
    first = run.group()[0]
    # The first syllable may be a noun, followed by a particle.
    first_word = f"{first} " if len(run.group()) > 1 and _IS_HANGUL.match(first) else ""
    return f"{_query_pairs(run)}{first_word}"


def _query_pairs(run: re.Match[str]) -> str:
    """The same for a query, which may start in the middle of a run."""
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
    # Search for the joining characters, which are rare: a pattern for whole compounds would scan
    # each word once per letter.
    end = 0
    for joint in _WITHIN_COMPOUND.finditer(text):
        if joint.start() < end:
            continue
        start = joint.start()
        while start > end and text[start - 1].isalnum():
            start -= 1
        match = _COMPOUND.match(text, start)
        if match is not None:
            end = match.end()
            compound = match.group()
            is_option = text[start - 1 : start] == "-"
            if not asked or is_option or not _HYPHENATED.fullmatch(compound):
                yield compound


def _of_compound(compound: str) -> Iterator[str]:
    """The words of a compound that SQLite's tokenizer would not produce."""
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
        # Two parts are already a pair of neighbours, and SQLite sees camel case as one word.
        if len(parts) > 2 and len(pieces) > 1:
            yield _written_as_one(parts)
        all_parts += parts
    if len(all_parts) > 2 or len(names) > 1 or not compound.isalnum():
        yield from (_written_as_one(pair) for pair in pairwise(all_parts))
    if len(all_parts) > 2 and len(names) > 1 and len(compound) <= _LONGEST_WHOLE:
        yield _written_as_one(all_parts)


def _written_as_one(parts: Sequence[str]) -> str:
    joined = parts[0]
    for part in parts[1:]:
        both_digits = joined[-1].isdigit() and part[0].isdigit()
        joined += _BETWEEN_DIGITS + part if both_digits else part
    return joined


def is_of_letters(word: str) -> bool:
    """Whether a word consists only of letters and combining marks, such as Hindi vowel signs."""
    return word.isalpha() or all(
        character.isalpha() or unicodedata.category(character)[0] == "M" for character in word
    )
