"""Guesses the encoding of a text in a non-Latin script from how likely its letters are.

The same bytes are letters in many encodings, but in all except one, the rare letters of a language
would be as frequent as its common ones. So a few words suffice, where a detector that compares
whole distributions needs several lines.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from operator import itemgetter

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
"""Letters of a language, most frequent first, and the encodings used for it."""

_ACCENTED = {
    "éäöüàèßçñáíóúêâîôûãõåøæìòùëïœžšýðþığş": "cp1252 cp1254 cp850 mac_roman",
    "óąęłżśćńźáíéěščřžýůúťďňöőüűäôşăâîţđ": "cp1250 iso8859_2 cp852",
}
_DECAY = 3.4
"""Each letter is rarer than the one before it by this fraction of itself, divided by the size of
the alphabet."""

_AT_THE_END = frozenset("ςםןףץךةى")
"""Letters that occur only at the end of a word."""

_OTHER = math.log(1e-4)
_USUAL_SIGN, _SIGN, _SIGN_IN_WORD = math.log(1e-2), math.log(2e-3), math.log(5e-4)
_USUAL_SIGNS = frozenset("“”„‘’–—…•·«»°×±¼½¾²³ªºµ§©®™€£¿¡")
_DRAWN = -1.0
_CAPITAL, _OUT_OF_PLACE, _BESIDE_ANOTHER = -1.0, -5.0, -1.5
"""Added for a capital at the start of a word, for a letter where its kind does not occur, and for
adjacent accented letters."""

_LIKELY = math.log(0.004)
"""Least average per non-ASCII byte in the right encoding; in others it is far lower."""

_FOREIGN = -1.5
"""Added for non-Latin scripts."""

_RARER = -1.0
"""Added per position in a list of encodings; a quarter of it per position among languages."""

_SAMPLE = 4096
_BEFORE_A_WORD = re.compile(r"(?:\A|[A-Za-z\d])\W{1,3}\Z")
_BEHIND_A_WORD = re.compile(r"\W{1,3}(?:[A-Za-z\d]|\Z)")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


def likely_encoding(sample: bytes) -> str | None:
    """The likeliest encoding of a text in a non-Latin script; None if it is Latin or unknown.

    Args:
        sample: a part of the text that has non-ASCII letters.
    """
    sample = sample[:_SAMPLE]
    least = _LIKELY * sum(byte > 0x7F for byte in sample)
    latin = max(logarithm for _, logarithm in _of_alphabets(sample, _ACCENTED))
    candidates = [*_of_alphabets(sample, _LETTERS)]
    for position, (encoding, logarithm) in enumerate(likelihoods(sample)):
        candidates.append((encoding, logarithm + _RARER * position / 2))
    best, logarithm = max(candidates, key=itemgetter(1))
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
    """Logarithm of the likelihood of a text in a language with these letters."""
    text = sample.decode(encoding, "replace")
    logarithms = _logarithms(letters)
    sum_ = 0.0
    for match in _BEYOND_ASCII.finditer(text):
        index, character = match.start(), match[0]
        before, after = text[index - 1 : index] or " ", text[index + 1 : index + 2] or " "
        small = character.lower()
        if character == before == text[index - 2 : index - 1]:
            # Symbols repeat in lines and frames; no word has the same letter three times in a row.
            sum_ += _OUT_OF_PLACE if character.isalpha() else _DRAWN
        elif small not in logarithms:
            sum_ += _of_sign(before, character, after)
        else:
            sum_ += logarithms[small] + _out_of_place(text, index, is_latin=letters in _ACCENTED)
    return sum_


def _out_of_place(text: str, index: int, *, is_latin: bool) -> float:
    """Penalties for the position of a letter: its neighbours, its case, its place in the word."""
    before, after = neighbours = text[index - 1 : index] or " ", text[index + 1 : index + 2] or " "
    character = text[index]
    sum_ = 0.0
    if is_latin:
        sum_ += _BESIDE_ANOTHER * any(map(_is_accented, neighbours))
    elif any(map(_is_in_ascii, neighbours)) or _is_a_word_in_latin(text, index):
        sum_ += _OUT_OF_PLACE
    if character.isupper():
        sum_ += _OUT_OF_PLACE if before.islower() else _CAPITAL * (not before.isupper())
    elif character in _AT_THE_END:
        sum_ += _OUT_OF_PLACE * after.isalpha()
    elif before.isupper() and text[index - 2 : index - 1].isupper():
        sum_ += _OUT_OF_PLACE
    return sum_


def _is_accented(character: str) -> bool:
    return character.isalpha() and not character.isascii()


def _is_in_ascii(character: str) -> bool:
    return character.isalnum() and character.isascii()


def _is_a_word_in_latin(text: str, index: int) -> bool:
    """Whether a letter is a whole word between ASCII words, as à and è may be."""
    before, after = text[max(0, index - 4) : index], text[index + 1 : index + 5]
    if before[-1:].isalnum() or after[:1].isalnum():
        return False
    return bool(_BEFORE_A_WORD.search(before) and _BEHIND_A_WORD.match(after))


def _of_sign(before: str, character: str, after: str) -> float:
    if character in _USUAL_SIGNS:
        return _USUAL_SIGN
    touching = before.isalpha() + after.isalpha()
    category = unicodedata.category(character)
    if category[0] not in "SPZ" or (category == "So" and touching and character != "№"):
        return _OTHER
    return _SIGN_IN_WORD if touching == 2 else _SIGN
