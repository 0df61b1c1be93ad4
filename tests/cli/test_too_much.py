"""Numbers beyond all there is: all of it, or a sentence that asks; never "damaged"."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bienc_cli.strategy import Strategy
from commands import Run
from folders import FRUIT

ENORMOUS = ("100000000", str(2**63), str(10**30))


@pytest.mark.parametrize("strategy", Strategy)
@pytest.mark.parametrize("number", ENORMOUS)
def test_more_than_there_is_is_all(indexed: Run, strategy: Strategy, number: str) -> None:
    argv = ("query", "pear", "--strategy", strategy.value, "-f", "json")
    everything = indexed(*argv, "-k", "50")
    reads_some = strategy.needs_cross_encoder and strategy is not Strategy.CROSS_ENCODER
    deeper = [("-k", "50", "--candidates", number)] if reads_some else []
    for asked in [("-k", number), *deeper]:
        code, out, _ = indexed(*argv, *asked)
        assert code == 0
        hits, expected = json.loads(out)["hits"], json.loads(everything[1])["hits"]
        assert [hit["passage_id"] for hit in hits] == [hit["passage_id"] for hit in expected]


@pytest.mark.parametrize("lines", ENORMOUS)
def test_context_ends_with_the_document(indexed: Run, lines: str) -> None:
    code, out, _ = indexed("query", "pear", "-C", lines, "--strategy", "bm25", "-f", "json")
    assert code == 0
    by_path = {hit["path"]: hit["context"] for hit in json.loads(out)["hits"]}
    assert by_path["docs/pear.txt"] == FRUIT["pear.txt"].strip("\n")


@pytest.mark.parametrize("argv", [("compare", "pear"), ("compare", "--queries", "q.tsv")])
@pytest.mark.parametrize("number", ENORMOUS)
def test_comparing_more_than_there_is(
    indexed: Run, tmp_path: Path, argv: tuple[str, ...], number: str
) -> None:
    (tmp_path / "q.tsv").write_text("a\tpear\n")
    code, _, err = indexed(*argv, "--candidates", number)
    assert (code, err) == (0, "")


@pytest.mark.parametrize("strategy", [one for one in Strategy if one.needs_cross_encoder])
def test_more_than_anybody_waits_for_is_asked_for(
    indexed: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, strategy: Strategy
) -> None:
    from bienc_cli.search import reranking

    monkeypatch.setattr(reranking, "EXHAUSTIVE_LIMIT", 3)
    (tmp_path / "q.tsv").write_text("a\tpear\n")
    files = ("compare", "--queries", "q.tsv", "--strategies", f"bm25,{strategy}")
    beside = ("compare", "pear", "--strategies", f"bm25,{strategy}")
    asking = [("query", "pear", "--strategy", strategy.value), files]
    if strategy is not Strategy.CROSS_ENCODER:
        asking.append(beside)
    for argv in asking:
        enough = () if strategy is Strategy.CROSS_ENCODER else ("--candidates", "1000")
        code, out, err = indexed(*argv, *enough)
        assert (code, out) == (2, "")
        assert "The cross-encoder would read all of" in err
        assert "--exhaustive" in err
        assert indexed(*argv, *enough, "--exhaustive")[0] == 0
