"""Fits whole passages into a token budget, for use in a prompt."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bienc_cli.citations import citation
from bienc_cli.search.result import Budget, Hit
from bienc_cli.search.text_overlap import NEAR_DUPLICATE, shared_words
from bienc_cli.store import StoredPassage

_FEWEST, _MOST = 10, 100
_SHORT_PASSAGE = 100
"""Tokens. Most passages are longer, so a budget rarely holds more of them than this assumes."""


def passages_for(tokens: int, candidates: int | None = None) -> int:
    """How many passages to retrieve so that a token budget can be filled.

    Args:
        tokens: the budget.
        candidates: upper bound: how many passages the first stage proposes. None for no bound.
    """
    wanted = min(_MOST, max(_FEWEST, -(-tokens // _SHORT_PASSAGE)))
    return wanted if candidates is None else min(wanted, candidates)


def within(
    hits: Sequence[Hit], tokens: int, count: Callable[[Sequence[str]], Sequence[int]]
) -> tuple[list[Hit], Budget]:
    """Take whole passages, best first, skipping those that do not fit or repeat a better one.

    Args:
        hits: best first.
        tokens: the budget.
        count: counts the tokens of each text.
    """
    taken: list[Hit] = []
    used = repeats = too_long = 0
    lengths = count([_as_quoted(hit.passage) for hit in hits])
    for hit, length in zip(hits, lengths, strict=True):
        if used + length > tokens:
            too_long += 1
        elif any(_says_the_same(hit, better) for better in taken):
            repeats += 1
        else:
            taken.append(hit)
            used += length
    return taken, Budget(tokens, used, repeats, too_long)


def _as_quoted(stored: StoredPassage) -> str:
    return f"{citation(stored.path, stored.passage.place)}\n{stored.passage.text}"


def _says_the_same(hit: Hit, other: Hit) -> bool:
    return shared_words(hit.passage.passage.text, other.passage.passage.text) >= NEAR_DUPLICATE
