"""Encodings of Latin letters, told apart by the alphabets of the languages in them.

Read in another encoding, a text has letters that no one language has together, signs within
words, capitals behind small letters and two scripts in one word. By frequencies, the encodings of
Western and of Central Europe would often be as good as each other.
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
"""Of DOS and of the first Macs, whose letters stand where later encodings have signs."""

_TURKISH = "cp1254"
"""Has the bytes of Icelandic; of both alphabets, many more texts are in this one."""

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_WITHIN_WORDS = frozenset("’‘–—·…×÷\xad\xa0")
"""Signs that stand between letters."""

_SIGNS = frozenset("ªºµ")
"""Of numbers and units, and letters to Unicode."""

_DASHES = frozenset("–—")
"""Between letters they are dashes, or letters of an older encoding."""

_LONELY = frozenset("Sc Sk Sm So Po".split())
_BESIDE_OTHERS = frozenset(map(chr, range(0x80))) | {"…"}
"""Categories of signs that no other one stands beside, and those of them that do."""

_FRAMES = re.compile("[\u2500-\u259f]")

_FEWEST_OF_TEXT = 6
"""Characters beyond ASCII that read as one language by chance in one text of thousands."""

_FEWEST_ODD = 2
_FITS, _FITS_NOT, _FITS_WHOLLY = 0.9, 0.6, 0.97
"""Odd characters from which a text may be in an older encoding; and how well it fits into that, and
into the later one."""


def latin_encoding(sample: bytes) -> str:
    """The encoding of a text in Latin letters.

    Args:
        sample: of the text, a part with letters beyond ASCII.
    """
    if _is_faultless(sample, _TURKISH):
        return _TURKISH
    later = max(_OF_EUROPE, key=lambda encoding: _fit(sample, encoding)[0])
    fit, odd = _fit(sample, later)
    if not odd:
        return later
    if sum(byte > 0x7F for byte in sample) >= _FEWEST_OF_TEXT:
        faultless = (one for one in _OF_EUROPE if _is_faultless(sample, one))
        if (known := next(faultless, None)) is not None:
            return known
    found = {encoding: _fit(sample, encoding) for encoding in _OLDER}
    best = max(found, key=lambda encoding: found[encoding][0])
    if found[best][0] < max(_FITS, fit):
        return later
    is_whole = found[best][0] >= _FITS_WHOLLY and not found[best][1]
    if (odd >= _FEWEST_ODD and (is_whole or fit <= _FITS_NOT)) or (is_whole and fit <= _FITS_NOT):
        return best
    return later


def _is_faultless(sample: bytes, encoding: str) -> bool:
    is_framed = _FRAMES.search(sample.decode(encoding, "replace")) is not None
    return not is_framed and _fit(sample, encoding) == (1.0, 0)


def _fit(sample: bytes, encoding: str) -> tuple[float, int]:
    """How well a text reads, at most 1, by its characters beyond ASCII; and how many are odd."""
    text = sample.decode(encoding, "replace")
    letters: Counter[str] = Counter()
    odd = signs = 0
    for one in _BEYOND_ASCII.finditer(text):
        at, character = one.start(), one[0]
        before, behind = text[at - 1 : at] or " ", text[at + 1 : at + 2] or " "
        if _is_odd(before, character, behind):
            odd += 1
        elif _is_letter(character):
            # Of `İ` the small form is two characters.
            letters[character if character == "İ" else character.lower()] += 1
        elif not (character in _DASHES and before.isalpha() and behind.isalpha()):
            signs += 1
    known = max(sum(letters[letter] for letter in alphabet) for alphabet in _ALPHABETS)
    count = letters.total() + signs + odd
    return (signs + 2 * known - letters.total() - odd) / count if count else 0.0, odd


def _is_odd(before: str, character: str, behind: str) -> bool:
    if character in "\ufffd¤" or "\x80" <= character <= "\x9f":
        return True
    if _is_letter(character):
        if (character.isupper() and before.islower()) or before.isdigit() or behind.isdigit():
            return True
        mixed = (before.isascii() and before.isalpha()) or (behind.isascii() and behind.isalpha())
        return mixed and not unicodedata.name(character, "").startswith("LATIN")
    if before.isalpha() and behind.isalpha():
        return character not in _WITHIN_WORDS
    if _FRAMES.match(character):
        # A frame is drawn around words, not within them.
        return any(
            one.isalpha() and not other.isspace()
            for one, other in ((before, behind), (behind, before))
        )
    return _is_lonely(character) and any(
        _is_lonely(other) and other != character for other in (before, behind)
    )


def _is_letter(character: str) -> bool:
    is_sign = character in _SIGNS
    return (character.isalpha() and not is_sign) or unicodedata.category(character) == "Mn"


def _is_lonely(character: str) -> bool:
    """Whether it is a sign that no other one stands beside."""
    return unicodedata.category(character) in _LONELY and character not in _BESIDE_OTHERS
