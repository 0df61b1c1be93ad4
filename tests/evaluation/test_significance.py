"""Significance against scipy and against brute force."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from bienc_cli.evaluation.significance import PairedDifference, compare_with_baseline, holm, mean_of

values = st.floats(0, 1, width=32).map(lambda value: round(value, 4))
pairs = st.lists(st.tuples(values, values), min_size=2, max_size=8)
p_values = st.dictionaries(st.text(max_size=3), st.none() | st.floats(0, 1), max_size=6)


def compared(sample: list[tuple[float, float]]) -> PairedDifference:
    baseline = {f"q{place}": first for place, (first, _) in enumerate(sample)}
    other = {f"q{place}": second for place, (_, second) in enumerate(sample)}
    return compare_with_baseline(baseline, {"other": other})["other"]


@given(pairs)
@settings(max_examples=50)
def test_randomisation_is_exact_for_few_queries(sample: list[tuple[float, float]]) -> None:
    differences = np.array([second - first for first, second in sample])
    seen = abs(differences.mean())
    means = [
        abs((np.array(signs) * differences).mean())
        for signs in product((1, -1), repeat=len(differences))
    ]
    expected = sum(mean >= seen - 1e-9 for mean in means) / len(means)
    assert compared(sample).p_randomisation == pytest.approx(expected)


@given(pairs)
@settings(max_examples=50)
def test_t_test_is_scipys(sample: list[tuple[float, float]]) -> None:
    found = compared(sample).p_t_test
    differences = np.array([second - first for first, second in sample])
    if differences.std() < 1e-9:
        assert found == (1.0 if abs(differences.mean()) < 1e-9 else 0.0)
        return
    first, second = zip(*sample, strict=True)
    assert found == pytest.approx(float(stats.ttest_rel(second, first).pvalue), abs=1e-9)


@given(pairs)
@settings(max_examples=50)
def test_a_difference_describes_its_queries(sample: list[tuple[float, float]]) -> None:
    found = compared(sample)
    differences = {f"q{place}": second - first for place, (first, second) in enumerate(sample)}
    assert found.mean == pytest.approx(sum(differences.values()) / len(sample), abs=1e-9)
    assert found.low is not None
    assert found.high is not None
    assert min(differences.values()) - 1e-9 <= found.low
    assert found.low <= found.high <= max(differences.values()) + 1e-9
    assert found.wins + found.ties + found.losses == len(sample)
    assert found.wins == sum(one > 0 for one in differences.values())
    gains = [differences[one] for one in found.gained]
    losses = [differences[one] for one in found.lost]
    assert gains == sorted(gains, reverse=True)
    assert losses == sorted(losses)
    assert len(gains) == min(5, found.wins)
    assert len(losses) == min(5, found.losses)
    if gains:
        assert gains[0] == max(differences.values())
    if losses:
        assert losses[0] == min(differences.values())


def test_many_queries_draw_instead_of_counting_and_give_the_same_twice() -> None:
    chance = np.random.default_rng(3)
    first = chance.random(60)
    second = first + chance.normal(0.03, 0.1, 60)
    sample = list(zip(first.tolist(), second.tolist(), strict=True))
    found = compared(sample)
    assert found == compared(sample)
    assert found.p_randomisation is not None
    # On normal differences the two tests agree; 10,000 draws leave an error below 0.01.
    assert found.p_randomisation == pytest.approx(found.p_t_test, abs=0.02)


def test_the_interval_of_a_mean_holds_it() -> None:
    sample = np.random.default_rng(5).random(200).tolist()
    found = mean_of(sample)
    assert found.value == pytest.approx(np.mean(sample))
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.value < found.high
    # 1.96 standard errors on either side, as for a mean of many.
    error = np.std(sample) / math.sqrt(200)
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.1)


def test_one_query_says_nothing() -> None:
    found = compared([(0.2, 0.7)])
    assert (found.mean, found.wins) == (pytest.approx(0.5), 1)
    assert (found.low, found.high) == (None, None)
    assert (found.p_randomisation, found.p_t_test, found.p_corrected) == (None, None, None)
    assert (mean_of([0.4]).low, mean_of([0.4]).high) == (None, None)


def test_no_query_in_common_says_less() -> None:
    found = compare_with_baseline({"a": 1.0}, {"other": {"b": 1.0}})["other"]
    assert math.isnan(found.mean)
    assert (found.wins, found.ties, found.losses) == (0, 0, 0)


def test_equal_systems_do_not_differ() -> None:
    found = compared([(0.1, 0.1 + 1e-12), (0.5, 0.5), (1.0, 1.0)])
    assert (found.wins, found.ties, found.losses) == (0, 3, 0)
    assert (found.p_randomisation, found.p_t_test) == (1.0, 1.0)


def test_the_same_gain_everywhere() -> None:
    found = compared([(0.1, 0.2), (0.5, 0.6), (0.3, 0.4)])
    assert found.p_randomisation == pytest.approx(2 / 8)
    assert found.p_t_test == 0.0


def test_holm_by_hand() -> None:
    """Sorted 0.01, 0.02, 0.04 by 3, 2, 1: 0.03, 0.04, 0.04; what has no p-value counts not."""
    corrected = holm({"a": 0.04, "b": 0.01, "c": None, "d": 0.02})
    assert corrected == {
        "a": pytest.approx(0.04),
        "b": pytest.approx(0.03),
        "c": None,
        "d": pytest.approx(0.04),
    }
    # 0.02 x 2 = 0.04 is more than 0.03 x 1: a larger p-value never comes out smaller.
    assert holm({"a": 0.02, "b": 0.03}) == {"a": pytest.approx(0.04), "b": pytest.approx(0.04)}


@given(p_values)
def test_holm_keeps_the_order_and_lies_between_nothing_and_bonferroni(
    given_: dict[str, float | None],
) -> None:
    corrected = holm(given_)
    known = {name: p for name, p in given_.items() if p is not None}
    assert set(corrected) == set(given_)
    for name, p in given_.items():
        after = corrected[name]
        if p is None:
            assert after is None
            continue
        assert after is not None
        assert p <= after <= min(1.0, p * len(known)) + 1e-12
        for other, other_p in known.items():
            if other_p <= p:
                assert corrected[other] <= after  # type: ignore[operator]


def test_comparisons_are_corrected_together() -> None:
    chance = np.random.default_rng(1)
    baseline = {f"q{n}": float(value) for n, value in enumerate(chance.random(10))}
    others = {
        name: {query: value + chance.normal(shift, 0.1) for query, value in baseline.items()}
        for name, shift in (("up", 0.2), ("flat", 0.0), ("down", -0.1))
    }
    found = compare_with_baseline(baseline, others)
    expected = holm({name: one.p_randomisation for name, one in found.items()})
    assert {name: one.p_corrected for name, one in found.items()} == expected
