"""Names of strategies, as users type them."""

from __future__ import annotations

import pytest

from bienc_cli import strategy as strategies
from bienc_cli.errors import UsageError
from bienc_cli.strategy import (
    Strategy,
    strategies_named,
    strategy_chosen,
    strategy_named,
)


def test_the_module_lists_every_strategy() -> None:
    assert strategies.__doc__ is not None
    for strategy in Strategy:
        assert f"\n{strategy.value} " in strategies.__doc__


def test_defaults() -> None:
    assert strategy_chosen(None) is Strategy.BLEND
    assert strategy_chosen(None, rerank=False) is Strategy.LIGHT_BLEND


def test_a_name_that_contradicts_no_rerank() -> None:
    assert strategy_chosen("hybrid", rerank=False) is Strategy.HYBRID
    with pytest.raises(UsageError, match="reranks"):
        strategy_chosen("hybrid+cross-encoder", rerank=False)


def test_an_unknown_name_is_answered_with_all() -> None:
    with pytest.raises(UsageError, match="no strategy 'best'") as caught:
        strategy_named("best")
    assert all(strategy.value in str(caught.value.hint) for strategy in Strategy)


def test_names_keep_their_order_and_count_once() -> None:
    assert strategies_named(["hybrid", " bm25", "hybrid"]) == (Strategy.HYBRID, Strategy.BM25)
