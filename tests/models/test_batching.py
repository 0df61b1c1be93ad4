import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.models.tokenization import token_budget_batches, unit_length

lengths = st.lists(st.integers(0, 600), max_size=60)


@given(lengths, st.integers(1, 2000))
def test_every_item_once_and_no_batch_over_budget(items: list[int], budget: int) -> None:
    batches = list(token_budget_batches(items, budget))
    assert sorted(index for batch in batches for index in batch) == list(range(len(items)))
    for batch in batches:
        longest = max(items[index] for index in batch)
        assert len(batch) == 1 or len(batch) * longest <= budget


@given(lengths, st.integers(1, 2000), st.none() | st.integers(0, 500))
def test_longest_first(items: list[int], budget: int, overhead: int | None) -> None:
    order = [items[i] for batch in token_budget_batches(items, budget, overhead) for i in batch]
    assert order == sorted(items, reverse=True)


@given(lengths, st.integers(1, 2000), st.integers(0, 500))
def test_no_batch_holds_padding_that_one_more_would_save(
    items: list[int], budget: int, overhead: int
) -> None:
    for batch in token_budget_batches(items, budget, overhead):
        held = [max(1, items[index]) for index in batch]
        for cut in range(1, len(held)):
            saved = (held[0] - held[cut]) * (len(held) - cut)
            assert saved <= overhead


@given(lengths, st.integers(1, 2000))
def test_where_a_batch_costs_more_than_any_padding_there_are_as_few_as_may_be(
    items: list[int], budget: int
) -> None:
    dear = token_budget_batches(items, budget, overhead=max(items, default=0) * len(items))
    assert [one.tolist() for one in dear] == [
        one.tolist() for one in token_budget_batches(items, budget)
    ]


def test_short_texts_are_not_padded_to_a_long_one() -> None:
    batches = token_budget_batches([16, 64, 16, 32, 16], 4096, overhead=31)
    assert [batch.tolist() for batch in batches] == [[1], [3], [0, 2, 4]]


def test_unit_length_keeps_direction_and_survives_zero() -> None:
    vectors = unit_length(np.array([[3, 4], [0, 0]], dtype=np.float32))
    np.testing.assert_allclose(vectors, [[0.6, 0.8], [0, 0]], rtol=1e-6)
    assert vectors.dtype == np.float32
