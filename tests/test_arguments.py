"""A flag of a hint is an argument's name for whoever has no command line."""

from __future__ import annotations

import pytest

from bienc_cli.arguments import errors_in_arguments, in_arguments
from bienc_cli.errors import UsageError


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("give --min-shared 0.5, say", "give min_shared=0.5, say"),
        ("give --candidates 50 or more", "give candidates=50 or more"),
        (
            "leave out --no-rerank or --min-relevance, or give a strategy that reranks",
            "leave out rerank=False or min_relevance, or give a strategy that reranks",
        ),
        (
            "add --exhaustive if that is wanted, or let it read fewer: --strategy blend "
            "--candidates 50",
            "add exhaustive=True if that is wanted, or let it read fewer: strategy='blend' "
            "candidates=50",
        ),
        ("give --labels invoice,contract,letter", "give labels='invoice,contract,letter'"),
        ("give, say, --path 'docs/*.md'", "give, say, path='docs/*.md'"),
        ("add --classify MODEL, which has it", "add classify=True, which has it"),
        (
            "leave out --model, or make an index: bienc index PATH --model minilm --index DIR",
            "leave out model, or make an index: bienc index PATH --model minilm --index DIR",
        ),
        ("make one of this folder: bienc index", "make one of this folder: bienc index"),
        ("`bienc check --repair` makes them; --k 3", "`bienc check --repair` makes them; k=3"),
        (
            "nothing is as similar as --min-similarity 0.9",
            "nothing is as similar as min_similarity=0.9",
        ),
        ("The pattern '[' of --path is malformed.", "The pattern '[' of path is malformed."),
        ("give --strategies bm25, say", "give strategies='bm25', say"),
        ("a dash -- and a-b--c stay", "a dash -- and a-b--c stay"),
    ],
)
def test_flags_become_arguments(typed: str, written: str) -> None:
    assert in_arguments(typed) == written


def test_errors_are_said_so_once() -> None:
    with pytest.raises(UsageError) as raised, errors_in_arguments(), errors_in_arguments():
        raise UsageError("--depth 0 pools nothing.", "give --depth 1")
    assert str(raised.value) == raised.value.message == "depth=0 pools nothing."
    assert raised.value.hint == "give depth=1"
