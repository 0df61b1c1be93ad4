"""Numbers that a query names, and the passages that have them.

In a list of exit codes all rows are alike to a bi-encoder, and a cross-encoder hardly tells them
apart. A name that few passages have puts those first (`exactness.py`); a number by itself says
less, since 28 can be anything, and is a part of the evidence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bienc_cli.store.folding import plain_letters

_NUMBER = re.compile(r"(?<!\w)\d+(?:[-.,:/]\d+)*(?!\w)")
_JOINT = re.compile("[-:/]")
_THOUSANDS = re.compile(r",(?=\d{3}(?!\d))")


def numbers_in(text: str) -> frozenset[str]:
    """The numbers of a text that stand by themselves, not those of B12 or sha256.

    What is joined, as in a date, is one number and its parts, so that the same date has more in
    common with it than one that turns day and month round.
    """
    found = [_THOUSANDS.sub("", one) for one in _NUMBER.findall(plain_letters(text))]
    return frozenset([*found, *(part for one in found for part in _JOINT.split(one))])


def shares_of_numbers(query: str, texts: Sequence[str]) -> list[float]:
    """How many of the numbers of a query each text has, 0 to 1; 0 where the query has none."""
    asked = numbers_in(query)
    if not asked:
        return [0.0] * len(texts)
    return [len(asked & numbers_in(text)) / len(asked) for text in texts]
