"""`query --strategy`: every way to search, and what does not go with one."""

from __future__ import annotations

import pytest

from bienc_cli.strategy import Strategy
from commands import Run, parsed
from folders import JUDGED


@pytest.mark.parametrize("strategy", [one.value for one in Strategy])
def test_query_by_every_strategy(judged: Run, strategy: str) -> None:
    found = parsed(judged("query", "pear cellar", "--strategy", strategy, "-f", "json"))
    assert found["strategy"] == strategy
    top = found["hits"][0]
    assert top["document_id"] == "pear.txt"
    kind = Strategy(strategy)
    assert (found["models"]["cross_encoder"] is not None) == kind.needs_cross_encoder
    assert (found["models"]["bi_encoder"] is not None) == kind.needs_bi_encoder
    assert (top["relevance"] is not None) == kind.needs_cross_encoder
    assert (top["similarity"] is not None) == kind.needs_bi_encoder
    assert (top["bm25"] is not None) == kind.needs_bm25
    code, out, err = judged("query", "pear cellar", "--strategy", strategy)
    assert (code, err) == (0, "")
    header = out.splitlines()[1].split()
    assert ("relev." in header) == kind.needs_cross_encoder
    assert ("simil." in header) == kind.needs_bi_encoder
    assert ("bm25" in header) == kind.needs_bm25
    assert strategy in out.splitlines()[-1]


def test_a_strategy_nobody_knows_is_refused(judged: Run) -> None:
    code, out, err = judged("query", "pear", "--strategy", "best")
    assert (code, out) == (2, "")
    assert "There is no strategy 'best'." in err
    for strategy in Strategy:
        assert strategy.value in err


def test_reranking_and_no_reranking_contradict(judged: Run) -> None:
    argv = ("query", "pear", "--no-rerank", "--strategy")
    for strategy in Strategy:
        code, _, err = judged(*argv, strategy.value)
        assert code == (2 if strategy.needs_cross_encoder else 0)
        assert ("reranks, and there is to be no reranking" in err) == strategy.needs_cross_encoder


def test_reading_every_passage_wants_to_be_asked_for(
    judged: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bienc_cli.search import reranking

    monkeypatch.setattr(reranking, "EXHAUSTIVE_LIMIT", 3)
    for argv in (
        ("query", "pear", "--strategy", "cross-encoder"),
        ("compare", *JUDGED, "--strategies", "bm25,cross-encoder"),
    ):
        code, out, err = judged(*argv)
        assert (code, out) == (2, "")
        assert "would read all" in err
        assert "--exhaustive" in err
        assert judged(*argv, "--exhaustive")[0] == 0
    argv = ("query", "pear", "--strategy", "cross-encoder", "--path", "docs/deep/")
    assert judged(*argv)[0] == 0


@pytest.mark.parametrize("strategy", ["bm25", "hybrid", "light-blend", "cross-encoder"])
@pytest.mark.parametrize("option", ["--rerank-budget", "--candidates"])
def test_an_option_that_query_would_drop_is_refused(
    judged: Run, strategy: str, option: str
) -> None:
    code, out, err = judged("query", "pear", "--strategy", strategy, option, "50")
    assert (code, out) == (2, "")
    assert f"{option} has no effect" in err
    assert "hint: " in err


@pytest.mark.parametrize("options", [("--strategy", "bm25"), ("--no-rerank",)])
def test_a_cross_encoder_that_reads_nothing_is_refused(
    judged: Run, options: tuple[str, ...]
) -> None:
    code, out, err = judged("query", "pear", *options, "--cross-encoder", "any")
    assert (code, out) == (2, "")
    assert "--cross-encoder has no effect" in err
