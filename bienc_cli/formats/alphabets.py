"""Guesses the encoding of a text in Latin letters from the alphabets of European languages.

Decoded with the wrong encoding, a text mixes letters that no single language has, puts symbols
inside words and capitals after small letters, and has two scripts in one word. Letter frequencies
would often rate Western and Central European encodings alike.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

_ALPHABETS = [
    frozenset(letters)
    for letters in (
        # German, French, Spanish, Portuguese, Italian, Dutch; Catalan.
        "äöüß àâçèéêëîïôùûüœ áéíñóúü ãàáâçéêíóôõúü àèéìíòóùú áéëïóöüè àçèéíïòóúü "
        # Danish and Norwegian, Swedish and Finnish, Icelandic; Irish.
        "æøåéèêóòôü äöåéšž áæéðíóöúýþ áéíóú "
        # Polish, Czech, Slovak, Hungarian, Croatian, Romanian.
        "ąćęłńóśźż áčďéěíňóřšťúůýž áäčďéíĺľňóôŕšťúýž áéíóöőúüű čćđšž ăâîşţ "
        # Turkish; Lithuanian, Latvian, Estonian; Esperanto, Maltese.
        "âçğıîöşüûİ ąčęėįšųūž āčēģīķļņšūž äõöüšž ĉĝĥĵŝŭ àċèġħìîòùż"
    ).split()
]
_OF_EUROPE = tuple("cp1252 iso8859_15 cp1250 iso8859_2 cp1254 cp1257 iso8859_3".split())
_OLDER = tuple("cp850 cp437 cp852 mac_roman cp857 cp861 mac_latin2 mac_turkish".split())
"""Encodings of DOS and of the first Macs: they have letters where later ones have symbols."""

_TURKISH = "cp1254"
"""Has Turkish letters where `cp1252` has Icelandic ones; Turkish texts are much commoner."""

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_WITHIN_WORDS = frozenset("’‘–—·…×÷\xad\xa0")
"""Symbols that occur between letters."""

_SIGNS = frozenset("ªºµ")
"""Symbols of numbers and units that Unicode classifies as letters."""

_DASHES = frozenset("–—")
"""Between letters, these are either dashes or letters of an older encoding."""

_LONELY = frozenset("Sc Sk Sm So Po".split())
_BESIDE_OTHERS = frozenset(map(chr, range(0x80))) | {"…"}
"""Categories of symbols that rarely stand next to another symbol, and their exceptions."""

_FRAMES = re.compile("[\u2500-\u259f]")

_FEWEST_OF_TEXT = 6
"""Non-ASCII characters from which a text reads as one language by chance only once in
thousands."""

_FEWEST_ODD = 2
_FITS, _FITS_NOT, _FITS_WHOLLY = 0.9, 0.6, 0.97
"""Odd characters from which a text may be in an older encoding; and thresholds for how well it
fits that encoding and the later one."""


def latin_encoding(sample: bytes) -> str:
    """The likeliest encoding of a text in Latin letters.

    Args:
        sample: a part of the text that has non-ASCII letters.
    """
    if _is_faultless(sample, _TURKISH):
        return _TURKISH
    later = max(_OF_EUROPE, key=lambda encoding: _fit(sample, encoding)[0])
    fit, odd = _fit(sample, later)
    if not odd:
        return later
    if sum(byte > 0x7F for byte in sample) >= _FEWEST_OF_TEXT:
        for encoding in _OF_EUROPE:
            if _is_faultless(sample, encoding):
                return encoding
    fits = {encoding: _fit(sample, encoding) for encoding in _OLDER}
    best = max(fits, key=lambda encoding: fits[encoding][0])
    best_fit, best_odd = fits[best]
    if best_fit < max(_FITS, fit):
        return later
    is_whole = best_fit >= _FITS_WHOLLY and not best_odd
    if (odd >= _FEWEST_ODD and (is_whole or fit <= _FITS_NOT)) or (is_whole and fit <= _FITS_NOT):
        return best
    return later


def _is_faultless(sample: bytes, encoding: str) -> bool:
    is_framed = _FRAMES.search(sample.decode(encoding, "replace")) is not None
    return not is_framed and _fit(sample, encoding) == (1.0, 0)


def _fit(sample: bytes, encoding: str) -> tuple[float, int]:
    """How well the non-ASCII characters read, at most 1; and how many of them are odd."""
    text = sample.decode(encoding, "replace")
    letters: Counter[str] = Counter()
    odd = signs = 0
    for match in _BEYOND_ASCII.finditer(text):
        index, character = match.start(), match[0]
        before, after = text[index - 1 : index] or " ", text[index + 1 : index + 2] or " "
        if _is_odd(before, character, after):
            odd += 1
        elif _is_letter(character):
            # The lower case of `İ` is two characters.
            letters[character if character == "İ" else character.lower()] += 1
        elif not (character in _DASHES and before.isalpha() and after.isalpha()):
            signs += 1
    known = max(sum(letters[letter] for letter in alphabet) for alphabet in _ALPHABETS)
    count = letters.total() + signs + odd
    return (signs + 2 * known - letters.total() - odd) / count if count else 0.0, odd


def _is_odd(before: str, character: str, after: str) -> bool:
    if character in "\ufffd¤" or "\x80" <= character <= "\x9f":
        return True
    if _is_letter(character):
        if (character.isupper() and before.islower()) or before.isdigit() or after.isdigit():
            return True
        mixed = (before.isascii() and before.isalpha()) or (after.isascii() and after.isalpha())
        return mixed and not unicodedata.name(character, "").startswith("LATIN")
    if before.isalpha() and after.isalpha():
        return character not in _WITHIN_WORDS
    if _FRAMES.match(character):
        # A frame is drawn around words, not within them.
        return any(
            neighbour.isalpha() and not opposite.isspace()
            for neighbour, opposite in ((before, after), (after, before))
        )
    return _is_lonely(character) and any(
        _is_lonely(opposite) and opposite != character for opposite in (before, after)
    )


def _is_letter(character: str) -> bool:
    is_sign = character in _SIGNS
    return (character.isalpha() and not is_sign) or unicodedata.category(character) == "Mn"


def _is_lonely(character: str) -> bool:
    """Whether it is a symbol that rarely stands next to another one."""
    return unicodedata.category(character) in _LONELY and character not in _BESIDE_OTHERS
