import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.evaluation.agreement import overlap_at, rank_biased_overlap

rankings = st.lists(st.integers(0, 12), unique=True, max_size=10)


def agreement(first: list[int], second: list[int], depth: int) -> float:
    return len(set(first[:depth]) & set(second[:depth])) / depth


@given(rankings.filter(bool), st.permutations(range(13)), st.floats(0.05, 0.95))
def test_rbo_of_equally_long_rankings_follows_its_definition(
    first: list[int], order: list[int], p: float
) -> None:
    """For two lists of length k: (1-p)/p * sum_d A_d p^d + A_k p^k."""
    second = order[: len(first)]
    k = len(first)
    total = sum(agreement(first, second, d) * p**d for d in range(1, k + 1))
    expected = (1 - p) / p * total + agreement(first, second, k) * p**k
    assert rank_biased_overlap(first, second, p) == pytest.approx(expected, abs=1e-12)


@given(rankings, rankings)
def test_measures_are_symmetric_and_bounded(first: list[int], second: list[int]) -> None:
    for measure in (rank_biased_overlap, lambda a, b: overlap_at(a, b, 5)):
        value = measure(first, second)
        assert 0 <= value <= 1
        assert value == pytest.approx(measure(second, first))


@given(rankings)
def test_a_ranking_agrees_with_itself(ranking: list[int]) -> None:
    assert rank_biased_overlap(ranking, ranking) == pytest.approx(1)
    assert overlap_at(ranking, ranking, 10) == 1


def test_worked_example_of_unequal_length() -> None:
    """S = a b, L = a c b, p = 0.5; X = 1, 1, 2 and s = 2, l = 3.

    (1-p)/p * (1/1*.5 + 1/2*.25 + 2/3*.125 + 1*(3-2)/(2*3)*.125) = 0.729166...
    plus ((2-1)/3 + 1/2) * .125 = 0.104166...; together 0.833333.
    """
    assert rank_biased_overlap(["a", "b"], ["a", "c", "b"], 0.5) == pytest.approx(5 / 6)


def test_overlap_by_hand() -> None:
    assert overlap_at([1, 2, 3, 4], [4, 3, 9, 8], 2) == 0
    assert overlap_at([1, 2, 3, 4], [4, 3, 9, 8], 4) == 0.5
    assert overlap_at([1, 2], [2, 1], 10) == 1
    assert overlap_at([1], [1, 2], 10) == 0.5
