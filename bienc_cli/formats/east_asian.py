"""Rates how likely a text is in each East Asian two-byte encoding.

A hundred characters make up about a third of a Chinese or Korean text, and kana half of a Japanese
one; nearly all of the rest are in the first part of the standard. Decoded with the wrong encoding,
a text has characters from everywhere.
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
    """The composition of texts in an encoding.

    Attributes:
        first_part: first and last lead byte of the first part of its standard, and the first trail
            byte.
        share: fraction of a text that is in the first part.
        common: groups of common characters, each with its fraction of a text.
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
    # Also decodes what Windows added to EUC-JP, but has other rare characters, so it comes last.
    "euc_jis_2004": _Encoding((0xB0, 0xCF, 0xA1), 0.33, _JAPANESE),
}

_RARE = -14.0
"""Logarithm for a character that occurs only in long texts, or in none."""

_ASCII = -4.5
"""Logarithm for an ASCII letter."""

_BESIDE_LATIN = -2.0
"""Added for each ASCII letter right before or after a character."""

_TOUCHING = re.compile(r"(?<=[A-Za-z])[^\x00-\x7f]|[^\x00-\x7f](?=[A-Za-z])")
_MARKS = "、。,．・:;?!“”‘’…—《》「」『』()【】〈〉～·　ー"


def likelihoods(sample: bytes) -> Iterator[tuple[str, float]]:
    """Each encoding with the logarithm of the text's likelihood, the most usual encoding first."""
    for encoding in _ENCODINGS:
        yield encoding, _likelihood(sample, encoding)


@cache
def _logarithms(encoding: str) -> dict[str, float]:
    """Logarithms of the frequencies of characters; those left out are far rarer."""
    composition = _ENCODINGS[encoding]
    first, last, low = composition.first_part
    codes = (bytes((row, code)) for row in range(first, last + 1) for code in range(low, 0xFF))
    first_part = "".join(code.decode(encoding, "ignore") for code in codes)
    parts = ((first_part, composition.share), *composition.common, (_MARKS, 0.05))
    return {
        character: math.log(share / len(characters))
        for characters, share in parts
        for character in characters
    }


def _likelihood(sample: bytes, encoding: str) -> float:
    logarithms = _logarithms(encoding)
    text = sample.decode(encoding, "replace")
    letters = Counter(character for character in text if character > "\x7f")
    sum_ = sum(count * logarithms.get(character, _RARE) for character, count in letters.items())
    # Trail bytes may be ASCII, which in other encodings would be letters.
    taken = sum(byte < 0x80 for byte in sample) - (len(text) - letters.total())
    touching = sum(1 for _ in _TOUCHING.finditer(text))
    return sum_ - _ASCII * taken + _BESIDE_LATIN * touching
