"""Refuses options of `bienc compare` that contradict each other or have no effect."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bienc_cli.cli import options as opt
from bienc_cli.cli.output import Output
from bienc_cli.render.view import CompareFormat

if TYPE_CHECKING:
    from bienc_cli.strategy import Strategy

_NEEDED = (
    ("--split", ("--beir",), "it names judgments of --beir", "give --beir DIR, or leave it out"),
    ("--measures", ("--beir", "--qrels"), "there are no judgments", "give --qrels FILE too"),
    ("--max-drop", ("--baseline",), "there is no baseline", "give --baseline FILE too"),
)
"""Options that only have an effect with any of some others, why, and what to type."""


def refuse_what_nothing_uses(strategies: Sequence[Strategy], given: Mapping[str, object]) -> None:
    """Refuse options that have no effect with the strategies or the other options.

    Args:
        strategies: the named ones; empty for the defaults.
        given: the value of each option by its flag.

    Raises:
        UsageError: naming the option.
    """
    from bienc_cli.strategy import Strategy

    for flag, needed_flags, why, hint in _NEEDED:
        if not any(given[needed] for needed in needed_flags):
            opt.refuse_without_effect({flag: given[flag]}, why, hint)
    if given["--rerun"]:
        opt.refuse_without_effect(
            {flag: given[flag] for flag in ("--path", "--type")},
            "a run that was made elsewhere is measured as it is",
            "leave it out, or --rerun",
        )
    if strategies and all(
        not strategy.needs_cross_encoder or strategy is Strategy.CROSS_ENCODER
        for strategy in strategies
    ):
        opt.refuse_without_effect(
            {"--candidates": given["--candidates"]},
            f"nothing of {', '.join(strategies)} reads candidates",
            f"leave it out, or compare a strategy like {Strategy.BLEND}",
        )


def refuse_with_a_file(queries: list[str] | None, k: int | None) -> None:
    """Refuse what has no meaning for a file of queries.

    Raises:
        UsageError: naming it.
    """
    from bienc_cli.errors import UsageError

    if queries:
        raise UsageError(
            "Queries were given as arguments and as a file.", "leave out one or the other"
        )
    opt.refuse_without_effect(
        {"-k": k},
        "what is measured is ranked to its end",
        "leave it out; --measures has cutoffs",
    )


def refuse_without_a_file(
    many_query_options: Mapping[str, object],
    several: bool,
    depths: Sequence[int],
    format_: CompareFormat,
) -> None:
    """Refuse what is only measured over a file of queries.

    Args:
        many_query_options: options for many queries: values by flag.
        several: several models or passage lengths were named.
        depths: reranking depths.
        format_: of the output.

    Raises:
        UsageError: naming the first of these.
    """
    from bienc_cli.errors import UsageError

    hint = "give --queries FILE too"
    if several:
        raise UsageError(
            "Several models or lengths of passages are measured over a file of queries.", hint
        )
    for flag, value in many_query_options.items():
        if value:
            raise UsageError(f"{flag} is for many queries.", hint)
    if format_ in (CompareFormat.markdown, CompareFormat.junit):
        raise UsageError(f"--format {format_} is for many queries.", f"{hint}, or --format json")
    if len(depths) > 1:
        raise UsageError("Several depths are measured over a file of queries.", hint)


def queries_as_given(queries: list[str] | None, output: Output) -> list[str]:
    """The queries given as arguments; notes those that name a file.

    Raises:
        UsageError: there are none.
    """
    from bienc_cli.errors import UsageError

    if not queries:
        raise UsageError("There is no query to compare.", "bienc compare 'your question'")
    for query in filter(_names_a_file, queries):
        output.note(
            f"note: {query} is a file, and its name is compared as a query "
            f"(bienc compare --queries {shlex.quote(query)} reads it)"
        )
    return queries


def _names_a_file(query: str) -> bool:
    try:
        return Path(query).is_file()
    except OSError:
        # Too long for a name.
        return False
