"""How likely a text is in the encodings of two bytes a character.

About a third of a Chinese or Korean text consists of a hundred characters, and half of a Japanese
one of kana; nearly all of the rest are in the first part of their standard. Read in another
encoding, a text has characters from everywhere.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class _Encoding:
    """What texts in an encoding consist of.

    Attributes:
        first_part: first and last row of the first part of its standard, and where rows begin.
        share: of a text that is in the first part.
        common: the commonest characters, and the share of a text that consists of them.
    """

    first_part: tuple[int, int, int]
    share: float
    common: tuple[tuple[str, float], ...]


_KANA = "".join(map(chr, range(0x3041, 0x3097))), "".join(map(chr, range(0x30A1, 0x30FB)))
_SIMPLIFIED = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过"
    "发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前"
    "开但因只从想实日"
)
_TRADITIONAL = (
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過"
    "發後作里用道行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前"
    "開但因只從想實日"
)
_HANGUL = (
    "이다는을의에고가하지로은한사기자도시들인어해리대일그나스서정으있부전라아구제과장원주"
    "만수보상여동성유조비게국선러공니습안오"
)
_KANJI = (
    "日一国会人年大十二本中長出三同時政事自行社見月分議後前民生連五発間対上部東者党地合市業内相方四"
    "定今回新場金員九入選立開手米力学問高代明実円関決子動京全目表戦経通外最言氏現理調体化田当八六約"
    "主題下首意法"
)
_JAPANESE = ((_KANJI, 0.13), (_KANA[0], 0.5), (_KANA[1], 0.12))
_ENCODINGS = {
    "gb18030": _Encoding((0xB0, 0xD7, 0xA1), 0.6, ((_SIMPLIFIED, 0.35),)),
    "cp932": _Encoding((0x88, 0x97, 0x40), 0.33, _JAPANESE),
    "cp949": _Encoding((0xB0, 0xC8, 0xA1), 0.5, ((_HANGUL, 0.45),)),
    "big5hkscs": _Encoding((0xA4, 0xC6, 0x40), 0.6, ((_TRADITIONAL, 0.35),)),
    "euc_jp": _Encoding((0xB0, 0xCF, 0xA1), 0.33, _JAPANESE),
    # Has what Windows added to EUC-JP, and other rare characters than that; so it comes last.
    "euc_jis_2004": _Encoding((0xB0, 0xCF, 0xA1), 0.33, _JAPANESE),
}

_RARE = -14.0
"""Logarithm for a character of no text, or only of long ones."""

_ASCII = -4.5
"""Logarithm for a letter of ASCII."""

_BESIDE_LATIN = -2.0
"""What is added for each letter of ASCII right before or behind a character."""

_TOUCHING = re.compile(r"(?<=[A-Za-z])[^\x00-\x7f]|[^\x00-\x7f](?=[A-Za-z])")
_MARKS = "、。,．・:;?!“”‘’…—《》「」『』()【】〈〉～·　ー"


def likelihoods(sample: bytes) -> Iterator[tuple[str, float]]:
    """Logarithm of how likely a text is, for each encoding, the most usual first."""
    for encoding in _ENCODINGS:
        yield encoding, _of_characters(sample, encoding)


@cache
def _logarithms(encoding: str) -> dict[str, float]:
    """Of the characters that texts consist of; others are far rarer."""
    found = _ENCODINGS[encoding]
    first, last, low = found.first_part
    codes = (bytes((row, code)) for row in range(first, last + 1) for code in range(low, 0xFF))
    first_part = "".join(code.decode(encoding, "ignore") for code in codes)
    parts = ((first_part, found.share), *found.common, (_MARKS, 0.05))
    return {
        character: math.log(share / len(characters))
        for characters, share in parts
        for character in characters
    }


def _of_characters(sample: bytes, encoding: str) -> float:
    logarithms = _logarithms(encoding)
    text = sample.decode(encoding, "replace")
    letters = Counter(one for one in text if one > "\x7f")
    of_characters = sum(count * logarithms.get(one, _RARE) for one, count in letters.items())
    # Second bytes of characters may be ASCII, which other encodings have to account for.
    taken = sum(byte < 0x80 for byte in sample) - (len(text) - letters.total())
    touching = sum(1 for _ in _TOUCHING.finditer(text))
    return of_characters - _ASCII * taken + _BESIDE_LATIN * touching
