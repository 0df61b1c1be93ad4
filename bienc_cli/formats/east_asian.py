"""Encodings of two bytes a character, told apart by the commonest characters of their languages.

Read in another encoding, a text has rare characters of another language, and next to none of
its common ones. A detector that wants every byte to fit is at a loss where one does not: in a file
that was cut off within a character, or in one with a line of something else in it.
"""

from __future__ import annotations

from collections import Counter

_KANA = "".join(map(chr, (*range(0x3041, 0x3097), *range(0x30A1, 0x30FB))))
_COMMON = {
    "cp932": _KANA,
    "euc_jp": _KANA,
    # Has what Windows added to EUC-JP, and other rare characters than that; so it comes second.
    "euc_jis_2004": _KANA,
    "gb18030": (
        "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过"
        "发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前"
        "开但因只从想实日"
    ),
    "big5hkscs": (
        "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過"
        "發後作里用道行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前"
        "開但因只從想實日"
    ),
    "cp949": (
        "이다는을의에고가하지로은한사기자도시들인어해리대일그나스서정으있부전라아구제과장원주"
        "만수보상여동성유조비게국선러공니습안오"
    ),
}
"""What about a third of a text consists of, and half of a Japanese one."""

_LEAST_SHARE = 0.15
_FEWEST, _FEWEST_KANA = 5, 3
"""Share of common characters among those beyond ASCII, and different ones, of a text in its own
encoding; in another one it has about a thirtieth, of a few. Kana stand at bytes of their own."""

_MOST_BROKEN = 0.1


def two_byte_encoding(sample: bytes) -> str | None:
    """The encoding of Chinese, Japanese or Korean; None for what is none of these.

    Args:
        sample: of the text, a part with letters beyond ASCII; single bytes of it may be broken.
    """
    shares = {encoding: _share(sample, encoding) for encoding in _COMMON}
    best = max(shares, key=lambda encoding: shares[encoding])
    return best if shares[best] >= _LEAST_SHARE else None


def _share(sample: bytes, encoding: str) -> float:
    letters = Counter(one for one in sample.decode(encoding, "replace") if one > "\x7f")
    common = [letters[one] for one in _COMMON[encoding] if one in letters]
    beyond_ascii = letters.total()
    fewest = _FEWEST_KANA if _COMMON[encoding] is _KANA else _FEWEST
    if len(common) < fewest or letters["\ufffd"] > _MOST_BROKEN * beyond_ascii:
        return 0.0
    return sum(common) / beyond_ascii
