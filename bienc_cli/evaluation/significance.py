"""Tests whether strategies really differ, or only on these queries.

Every comparison is paired: one value of a measure per query and strategy.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

_RESAMPLES = 10_000
TIE = 1e-9
"""Values closer than this are equal: measures are sums of floating-point fractions."""

_NAMED = 5
"""How many queries with the largest gains, and with the largest losses, are listed."""


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """A strategy compared with the baseline, over the queries that both have a value for.

    Attributes:
        mean: of (strategy - baseline), in the measure's own unit.
        low: lower end of the 95 % bootstrap interval of the mean; None for fewer than two queries.
        high: upper end of it.
        wins: queries on which the strategy is better.
        ties: queries on which both are equal.
        losses: queries on which the baseline is better.
        p_randomisation: two-sided p of the paired randomisation test (sign flips of the
            differences; exact up to 13 queries, else 10,000 draws); None for fewer than two
            queries.
        p_t_test: two-sided p of the paired t-test; None likewise.
        p_corrected: `p_randomisation` after Holm's correction for all strategies compared with the
            baseline.
        gained: ids of the queries with the largest gains, best first.
        lost: ids of the queries with the largest losses, worst first.
    """

    mean: float
    low: float | None
    high: float | None
    wins: int
    ties: int
    losses: int
    p_randomisation: float | None
    p_t_test: float | None
    p_corrected: float | None
    gained: tuple[str, ...]
    lost: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over queries with its 95 % bootstrap interval (None for fewer than two queries)."""

    value: float
    low: float | None
    high: float | None


def mean_of(values: Sequence[float]) -> Mean:
    """Mean and confidence interval of one measure over queries.

    The interval is the percentile bootstrap over queries (Efron and Tibshirani, "An Introduction to
    the Bootstrap", 1993, chapter 13), with a fixed seed.

    Args:
        values: one per query; at least one.
    """
    sample = np.asarray(values, dtype=np.float64)
    low, high = _interval(sample)
    return Mean(float(sample.mean()), low, high)


def compare_with_baseline(
    baseline: Mapping[str, float],
    others: Mapping[str, Mapping[str, float]],
) -> dict[str, PairedDifference]:
    """Compare strategies with a baseline, query by query.

    Uses the randomisation test that Smucker, Allan and Carterette ("A comparison of statistical
    significance tests for information retrieval evaluation", CIKM 2007) recommend; p-values are
    corrected together by Holm's step-down procedure (1979).

    Args:
        baseline: query id to value.
        others: strategy to query id to value.
    """
    compared = {name: _paired(baseline, values) for name, values in others.items()}
    corrected = holm({name: difference.p_randomisation for name, difference in compared.items()})
    return {
        name: replace(difference, p_corrected=corrected[name])
        for name, difference in compared.items()
    }


def holm(p_values: Mapping[str, float | None]) -> dict[str, float | None]:
    """Holm's step-down correction; entries without a p-value are ignored."""
    known = sorted((p, name) for name, p in p_values.items() if p is not None)
    corrected: dict[str, float | None] = dict.fromkeys(p_values)
    highest = 0.0
    for position, (p, name) in enumerate(known):
        highest = max(highest, min(1.0, p * (len(known) - position)))
        corrected[name] = highest
    return corrected


def _paired(baseline: Mapping[str, float], values: Mapping[str, float]) -> PairedDifference:
    ids = [query_id for query_id in baseline if query_id in values]
    differences = np.array(
        [values[query_id] - baseline[query_id] for query_id in ids], dtype=np.float64
    )
    differences[np.abs(differences) < TIE] = 0.0
    low, high = _interval(differences)
    order = sorted(zip(differences.tolist(), ids, strict=True))
    return PairedDifference(
        mean=float(differences.mean()) if len(ids) else math.nan,
        low=low,
        high=high,
        wins=int((differences > 0).sum()),
        ties=int((differences == 0).sum()),
        losses=int((differences < 0).sum()),
        p_randomisation=_randomisation(differences),
        p_t_test=_t_test(differences),
        p_corrected=None,
        gained=tuple(query_id for change, query_id in reversed(order[-_NAMED:]) if change > 0),
        lost=tuple(query_id for change, query_id in order[:_NAMED] if change < 0),
    )


def _randomisation(differences: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float | None:
    if len(differences) < 2:
        return None
    if not differences.any():
        return 1.0
    from scipy import stats

    result = stats.permutation_test(
        (differences,),
        np.mean,
        permutation_type="samples",
        n_resamples=_RESAMPLES,
        vectorized=True,
        rng=np.random.default_rng(0),
    )
    return float(result.pvalue)


def _t_test(differences: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float | None:
    if len(differences) < 2:
        return None
    spread = float(differences.std())
    if spread < TIE:
        # The statistic is 0/0 or infinite if all differences are the same.
        return 1.0 if abs(float(differences.mean())) < TIE else 0.0
    from scipy import stats

    return float(stats.ttest_1samp(differences, 0.0).pvalue)


def _interval(
    sample: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> tuple[float | None, float | None]:
    if len(sample) < 2:
        return None, None
    draws = np.random.default_rng(0).choice(sample, size=(2_000, len(sample)))
    low, high = np.percentile(draws.mean(axis=1), (2.5, 97.5))
    return float(low), float(high)
