"""Encodings of scripts other than Latin, told apart by how likely their letters are.

The same bytes are letters in many encodings, but in all except one of them the rare letters of a
language would be as frequent as its common ones. So even a few words tell theirs, where a
detector that compares whole frequencies needs some lines.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache

from bienc_cli.formats.east_asian import likelihoods

_LETTERS = {
    "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё": "cp1251 koi8_r cp866 iso8859_5 mac_cyrillic cp855",
    "оаинівтерслукдмпзяьбгйчхїжцшюєщфґ'": "cp1251 koi8_u iso8859_5",
    "аиоентсруврмлкпдзјгбшчцжћхљњђфџ": "cp1251 iso8859_5",
    "αοιετσνηυρπκμλςάίωγέόδήχθύφβώξζψϊϋΐΰ": "cp1253 iso8859_7 cp737",
    "ויהלארמתבשנםעדקפחןכצטגזסךףץ": "cp1255 cp862",
    "اليمونرتبةعدسفهكقأحجشطصىخإذثضزءغظئؤآپچگژ": "cp1256 iso8859_6",
    "านรอกเงมี่ัวลทยส้ตดบปะิคจแหไ์พชโุขูใถืำซผณธ็ศญษภฝึฟฐฎฏฑฆฌฉฮฬฤๆ๊๋ฯ": "cp874",
}
"""Letters of languages, the most frequent first, and the encodings that they are written in."""

_ACCENTED = {
    "éäöüàèßçñáíóúêâîôûãõåøæìòùëïœžšýðþığş": "cp1252 cp1254 cp850 mac_roman",
    "óąęłżśćńźáíéěščřžýůúťďňöőüűäôşăâîţđ": "cp1250 iso8859_2 cp852",
}
_DECAY = 3.4
"""By how much of itself, for each letter of the alphabet, one is rarer than the one before it."""

_AT_THE_END = frozenset("ςםןףץךةى")
"""Letters of no other place in a word."""

_OTHER = math.log(1e-4)
_USUAL_SIGN, _SIGN, _SIGN_IN_WORD = math.log(1e-2), math.log(2e-3), math.log(5e-4)
_USUAL_SIGNS = frozenset("“”„‘’–—…•·«»°×±¼½¾²³ªºµ§©®™€£¿¡")
_DRAWN = -1.0
_CAPITAL, _OUT_OF_PLACE, _BESIDE_ANOTHER = -1.0, -5.0, -1.5
"""What is added for a first capital, for letters where none of their kind stands, and for accented
ones that stand together."""

_LIKELY = math.log(0.004)
"""For each byte, on the average, from which a text is in an encoding; in others it is far less."""

_FOREIGN = -1.5
"""What is added for all that is not in Latin letters."""

_RARER = -1.0
"""What is added for encodings, and a quarter of it for languages, for each one in front of them."""

_SAMPLE = 4096
_BEFORE_A_WORD = re.compile(r"(?:\A|[A-Za-z\d])\W{1,3}\Z")
_BEHIND_A_WORD = re.compile(r"\W{1,3}(?:[A-Za-z\d]|\Z)")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


def likely_encoding(sample: bytes) -> str | None:
    """The encoding of a text in another script than Latin; None for one in that, or unknown.

    Args:
        sample: of the text, a part with letters beyond ASCII.
    """
    sample = sample[:_SAMPLE]
    least = _LIKELY * sum(byte > 0x7F for byte in sample)
    latin = max(logarithm for _, logarithm in _of_alphabets(sample, _ACCENTED))
    found = [
        *_of_alphabets(sample, _LETTERS),
        *((one, lg + _RARER * place / 2) for place, (one, lg) in enumerate(likelihoods(sample))),
    ]
    best, logarithm = max(found, key=lambda one: one[1])
    return best if logarithm + _FOREIGN > max(least, latin) else None


def _of_alphabets(sample: bytes, alphabets: Mapping[str, str]) -> Iterator[tuple[str, float]]:
    for line, (letters, encodings) in enumerate(alphabets.items()):
        for place, encoding in enumerate(encodings.split()):
            yield encoding, _of_letters(sample, encoding, letters) + _RARER * (line / 4 + place)


@cache
def _logarithms(letters: str) -> dict[str, float]:
    decay = 1 - _DECAY / len(letters)
    total = (1 - decay ** len(letters)) / (1 - decay)
    return {letter: math.log(decay**place / total) for place, letter in enumerate(letters)}


def _of_letters(sample: bytes, encoding: str, letters: str) -> float:
    """Logarithm of how likely a text is in a language of these letters."""
    text = sample.decode(encoding, "replace")
    logarithms = _logarithms(letters)
    sum_ = 0.0
    for one in _BEYOND_ASCII.finditer(text):
        at, character = one.start(), one[0]
        before, behind = text[at - 1 : at] or " ", text[at + 1 : at + 2] or " "
        small = character.lower()
        if character == before == text[at - 2 : at - 1]:
            # Signs are drawn as lines and frames; no word has a letter three times.
            sum_ += _OUT_OF_PLACE if character.isalpha() else _DRAWN
        elif small not in logarithms:
            sum_ += _of_sign(before, character, behind)
        else:
            sum_ += logarithms[small] + _out_of_place(text, at, is_latin=letters in _ACCENTED)
    return sum_


def _out_of_place(text: str, at: int, *, is_latin: bool) -> float:
    """What is added for where a letter stands."""
    before, behind = beside = text[at - 1 : at] or " ", text[at + 1 : at + 2] or " "
    character = text[at]
    sum_ = 0.0
    if is_latin:
        sum_ += _BESIDE_ANOTHER * any(one.isalpha() and not one.isascii() for one in beside)
    elif any(one.isascii() and one.isalnum() for one in beside) or _is_a_word_in_latin(text, at):
        sum_ += _OUT_OF_PLACE
    if character.isupper():
        sum_ += _OUT_OF_PLACE if before.islower() else _CAPITAL * (not before.isupper())
    elif character in _AT_THE_END:
        sum_ += _OUT_OF_PLACE * behind.isalpha()
    elif before.isupper() and text[at - 2 : at - 1].isupper():
        sum_ += _OUT_OF_PLACE
    return sum_


def _is_a_word_in_latin(text: str, at: int) -> bool:
    """Whether a letter is a word between words in ASCII, as à and è are."""
    before, behind = text[max(0, at - 4) : at], text[at + 1 : at + 5]
    if before[-1:].isalnum() or behind[:1].isalnum():
        return False
    return bool(_BEFORE_A_WORD.search(before) and _BEHIND_A_WORD.match(behind))


def _of_sign(before: str, character: str, behind: str) -> float:
    if character in _USUAL_SIGNS:
        return _USUAL_SIGN
    touching = before.isalpha() + behind.isalpha()
    category = unicodedata.category(character)
    if category[0] not in "SPZ" or (category == "So" and touching and character != "№"):
        return _OTHER
    return _SIGN_IN_WORD if touching == 2 else _SIGN
