"""Numbers that a query names, and the passages that have them.

In a list of exit codes all rows are alike to a bi-encoder, and a cross-encoder hardly tells them
apart. A name that few passages have puts those first (`exactness.py`); a number by itself says
less, since 28 can be anything, and is a part of the evidence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bienc_cli.store.folding import plain_letters

_NUMBER = re.compile(r"(?<!\w)\d+(?:[.,:]\d+)*(?!\w)")


def numbers_in(text: str) -> frozenset[str]:
    """The numbers of a text that stand by themselves: not those of B12 or sha256."""
    return frozenset(_NUMBER.findall(plain_letters(text)))


def shares_of_numbers(query: str, texts: Sequence[str]) -> list[float]:
    """How many of the numbers of a query each text has, 0 to 1; 0 where the query has none."""
    asked = numbers_in(query)
    if not asked:
        return [0.0] * len(texts)
    return [len(asked & numbers_in(text)) / len(asked) for text in texts]
