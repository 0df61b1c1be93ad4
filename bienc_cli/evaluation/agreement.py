"""Measures how much two rankings agree, without judgments."""

from __future__ import annotations

from collections.abc import Hashable, Sequence


def overlap_at(first: Sequence[Hashable], second: Sequence[Hashable], k: int) -> float:
    """The fraction of the top `k` that two rankings have in common.

    overlap@k = |A[:k] & B[:k]| / k', where k' is `k` or, when both rankings are shorter,
    the length of the longer one, so that two equal short rankings agree fully.

    Returns:
        A number in [0, 1]; 1.0 for two empty rankings.
    """
    depth = min(k, max(len(first), len(second)))
    if depth == 0:
        return 1.0
    return len(set(first[:depth]) & set(second[:depth])) / depth


def rank_biased_overlap(
    first: Sequence[Hashable], second: Sequence[Hashable], p: float = 0.9
) -> float:
    """Rank-biased overlap of two rankings without ties, extrapolated (RBO_ext).

    Compares every prefix, weighting depth d by p^(d-1), and takes the agreement at the end
    of the lists as what it would go on to be. Rankings may differ in length and members.
    With p = 0.9 the first ten ranks carry 86 % of the weight.

    Source: Webber, Moffat, Zobel, "A similarity measure for indefinite rankings", ACM TOIS
    28(4), 2010, equation 32.

    Args:
        first: items in order, none twice.
        second: items in order, none twice.
        p: persistence, in (0, 1).

    Returns:
        A number in [0, 1]; 1.0 for equal rankings (two empty ones included).
    """
    shorter, longer = sorted((first, second), key=len)
    s, n = len(shorter), len(longer)
    if n == 0:
        return 1.0
    if s == 0:
        return 0.0
    seen_shorter: set[Hashable] = set()
    seen_longer: set[Hashable] = set()
    overlap = 0
    overlap_at_s = 0
    total = 0.0
    for depth in range(1, n + 1):
        in_longer = longer[depth - 1]
        seen_longer.add(in_longer)
        if depth <= s:
            in_shorter = shorter[depth - 1]
            seen_shorter.add(in_shorter)
            overlap += (in_shorter in seen_longer) + (in_longer in seen_shorter)
            overlap -= in_shorter == in_longer
            overlap_at_s = overlap
        else:
            overlap += in_longer in seen_shorter
            # Extrapolates the shorter list with the agreement at its end.
            total += overlap_at_s * (depth - s) / (s * depth) * p**depth
        total += overlap / depth * p**depth
    end = ((overlap - overlap_at_s) / n + overlap_at_s / s) * p**n
    return min(1.0, (1 - p) / p * total + end)
