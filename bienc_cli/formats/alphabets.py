"""Encodings of one byte a character, told apart by the alphabets of the languages in them.

Read in another encoding, a text has letters that no one language has together, signs within
words, capitals behind small letters and two scripts in one word. A detector by frequencies, which
is asked first, often finds the encodings of Western and of Central Europe as good as each other.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

from bienc_cli.formats.word_list import words

_ALPHABETS = [
    frozenset(letters)
    for letters in words(
        # German, French, Spanish, Portuguese, Italian, Dutch; Catalan.
        "äöüß àâæçèéêëîïôùûüœÿ áéíñóúü ãàáâçéêíóôõúü àèéìíòóùú áéëïóöüè àçèéíïòóúü "
        # Danish and Norwegian, Swedish and Finnish, Icelandic; Irish.
        "æøåéèêóòôü äöåéšž áæéðíóöúýþ áéíóú "
        # Polish, Czech, Slovak, Hungarian, Croatian, Romanian.
        "ąćęłńóśźż áčďéěíňóřšťúůýž áäčďéíĺľňóôŕšťúýž áéíóöőúüű čćđšž ăâîşţ "
        # Turkish; Lithuanian, Latvian, Estonian.
        "âçğıîöşüû ąčęėįšųūž āčēģīķļņšūž äõöüšž "
        # Russian, Ukrainian, Serbian.
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя абвгґдеєжзиіїйклмнопрстуфхцчшщьюя "
        "абвгдђежзијклљмнњопрстћуфхцчџш "
        # Greek, Hebrew, Arabic with Persian.
        "αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋΐΰ אבגדהוזחטיכךלמםנןסעפףצץקרשת "
        "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىيپچژگ"
    )
]
_OF_EUROPE = ("cp1252", "cp1250", "iso8859_2", "cp1254", "cp1257")
_OLDER = ("cp850", "cp437", "cp852", "mac_roman", "cp866")
"""Of DOS and of the first Macs, whose letters stand where later encodings have signs."""

_OF_ONE_BYTE = re.compile(r"cp125\d|koi8_[ru]")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_WITHIN_WORDS = frozenset("’‘–—·…×÷\xad")
"""Signs that stand between letters."""

_FEWEST = 4
_FEWEST_ODD = 2
_FITS, _FITS_NOT = 0.9, 0.6
"""Characters beyond ASCII, and of these odd ones, from which a text may be in an older encoding;
and how well it fits into that, and into the later one."""


def one_byte_encoding(sample: bytes, guessed: str) -> str:
    """The encoding of a text.

    Args:
        sample: of the text, a part with letters beyond ASCII.
        guessed: what a detector takes it for; one of several bytes is believed.
    """
    if not _OF_ONE_BYTE.fullmatch(guessed):
        return guessed
    others = () if guessed in _OF_EUROPE else (guessed,)
    guessed = max((*others, *_OF_EUROPE), key=lambda encoding: _fit(sample, encoding)[0])
    fit, odd = _fit(sample, guessed)
    beyond_ascii = sum(byte > 0x7F for byte in sample)
    if beyond_ascii < _FEWEST or odd < _FEWEST_ODD or fit > _FITS_NOT:
        return guessed
    best = max(_OLDER, key=lambda encoding: _fit(sample, encoding)[0])
    return best if _fit(sample, best)[0] >= _FITS else guessed


def _fit(sample: bytes, encoding: str) -> tuple[float, int]:
    """How well a text reads, at most 1, by its characters beyond ASCII; and how many are odd."""
    text = sample.decode(encoding, "replace")
    letters: Counter[str] = Counter()
    odd = signs = 0
    for one in _BEYOND_ASCII.finditer(text):
        at, character = one.start(), one[0]
        if _is_odd(text[at - 1 : at] or " ", character, text[at + 1 : at + 2] or " "):
            odd += 1
        elif character.isalpha():
            letters[character.lower()] += 1
        else:
            signs += 1
    known = max(sum(letters[letter] for letter in alphabet) for alphabet in _ALPHABETS)
    count = letters.total() + signs + odd
    return (signs + 2 * known - letters.total() - odd) / count if count else 0.0, odd


def _is_odd(before: str, character: str, behind: str) -> bool:
    if character == "\ufffd" or "\x80" <= character <= "\x9f":
        return True
    if not character.isalpha():
        return before.isalpha() and behind.isalpha() and character not in _WITHIN_WORDS
    if (character.isupper() and before.islower()) or before.isdigit() or behind.isdigit():
        return True
    mixed = (before.isascii() and before.isalpha()) or (behind.isascii() and behind.isalpha())
    return mixed and not unicodedata.name(character, "").startswith("LATIN")
