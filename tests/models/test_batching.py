import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.models.batching import token_budget_batches, unit_length

lengths = st.lists(st.integers(0, 600), max_size=60)


@given(lengths, st.integers(1, 2000))
def test_every_item_once_and_no_batch_over_budget(items: list[int], budget: int) -> None:
    batches = list(token_budget_batches(items, budget))
    assert sorted(index for batch in batches for index in batch) == list(range(len(items)))
    for batch in batches:
        longest = max(items[index] for index in batch)
        assert len(batch) == 1 or len(batch) * longest <= budget


@given(lengths, st.integers(1, 2000))
def test_longest_first(items: list[int], budget: int) -> None:
    order = [items[i] for batch in token_budget_batches(items, budget) for i in batch]
    assert order == sorted(items, reverse=True)


def test_unit_length_keeps_direction_and_survives_zero() -> None:
    vectors = unit_length(np.array([[3, 4], [0, 0]], dtype=np.float32))
    np.testing.assert_allclose(vectors, [[0.6, 0.8], [0, 0]], rtol=1e-6)
    assert vectors.dtype == np.float32
