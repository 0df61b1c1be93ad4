"""`query --budget-tokens`: whole passages that fit, and what became of the budget."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands import Run
from fakes import FakeTokenizer


def test_what_is_taken_fits_and_what_is_left_out_is_counted(indexed: Run, docs: Path) -> None:
    (docs / "copy.txt").write_text((docs / "pear.txt").read_text())
    assert indexed("index")[0] == 0
    answer = json.loads(indexed("query", "pears", "--budget-tokens", "55", "-f", "json")[1])
    budget = answer["budget"]
    quoted = [f"{hit['citation']}\n{hit['text']}" for hit in answer["hits"]]
    assert budget["used"] == sum(FakeTokenizer().counts(quoted)) <= budget["tokens"] == 55
    assert budget["repeats"] + budget["too_long"] + len(quoted) == answer["candidates"]
    assert budget["repeats"] >= 1
    assert budget["too_long"] >= 1


@pytest.mark.parametrize("strategy", ["bm25", "blend", "cross-encoder"])
def test_every_strategy_takes_one(indexed: Run, strategy: str) -> None:
    code, out, _ = indexed("query", "pear", "--budget-tokens", "60", "--strategy", strategy)
    assert code == 0
    assert "of 60 tokens, citations included" in " ".join(out.split())
    assert "A pear keeps for weeks in a cool cellar. Pears bruise easily." in " ".join(out.split())


def test_a_budget_for_which_everything_is_too_long(indexed: Run) -> None:
    code, out, _ = indexed("query", "pear", "--budget-tokens", "1")
    assert code == 1
    assert "0 of 1 tokens, citations included; left out:" in " ".join(out.split())


def test_how_many_is_said_by_the_budget_unless_it_is_typed(indexed: Run, docs: Path) -> None:
    for number in range(15):
        words = " ".join(f"w{number}x{place}" for place in range(8))
        (docs / f"fruit-{number}.txt").write_text(f"Fruit {words}.\n")
    Path("bienc.toml").write_text("[query]\nk = 1\n")
    assert indexed("index")[0] == 0
    asked = ("query", "fruit", "-f", "json", "--budget-tokens", "2000")
    assert len(json.loads(indexed(*asked)[1])["hits"]) > 10
    assert len(json.loads(indexed(*asked, "-k", "3")[1])["hits"]) == 3
    assert len(json.loads(indexed("query", "fruit", "-f", "json")[1])["hits"]) == 1
    assert json.loads(indexed(*asked, "--candidates", "12")[1])["reranked"] == 12


@pytest.mark.parametrize("given", ["0", "-3"])
def test_a_budget_that_holds_nothing(indexed: Run, given: str) -> None:
    code, out, err = indexed("query", "pear", "--budget-tokens", given)
    assert (code, out) == (2, "")
    assert "hint: give --budget-tokens 2000" in err


def test_whole_passages_are_not_compact(indexed: Run) -> None:
    code, _, err = indexed("query", "pear", "--budget-tokens", "50", "--compact")
    assert code == 2
    assert "whole passages take their lines" in err
