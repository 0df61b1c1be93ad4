"""Measures of rankings against judgments, computed by ir-measures.

Names follow its grammar: `nDCG@10`, `RR@10`, `R@100`, `P@5`, `AP`; see https://ir-measur.es.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from subprocess import SubprocessError
from typing import Any

from bienc_cli.errors import UsageError

DEFAULT_MEASURES = ("nDCG@10", "RR@10", "R@100")

Ranking = Sequence[str]
"""Items, best first, without repeats."""


def check_measures(names: Sequence[str]) -> None:
    """Refuse unknown measures, and ones that cannot be computed here, before measuring.

    Raises:
        UsageError: naming the measure.
    """
    import ir_measures

    for name in names:
        metric = _parsed(name)
        try:
            list(ir_measures.iter_calc([metric], {"q": {"item": 1}}, {"q": {"item": 1.0}}))
        except (
            RuntimeError,
            ValueError,
            TypeError,
            ArithmeticError,
            OSError,
            SubprocessError,
        ) as error:
            # Some measures of the grammar need programs that the library does not include.
            raise UsageError(
                f"{name} cannot be computed here.", "give nDCG@10, RR@10, R@100, P@5 or AP, say"
            ) from error


def measure_named(name: str) -> str:
    """Find a measure, ignoring case; returns its name as ir-measures writes it.

    Raises:
        UsageError: there is none of that name; suggests the probable one.
    """
    check_measures([name := _in_its_case(name)])
    return name


def _in_its_case(name: str) -> str:
    """The name before the parameters, with its case corrected."""
    usual = {usual_name.lower(): usual_name for usual_name in _known_names()}
    word, rest = _split(name)
    return f"{usual.get(word.lower(), word)}{rest}" if word not in usual.values() else name


def _split(name: str) -> tuple[str, str]:
    match = re.match(r"\w*", name)
    end = match.end() if match else 0
    return name[:end], name[end:]


def _known_names() -> list[str]:
    from ir_measures import measures

    # Of names that differ only in case, prefer the usual one: nDCG, not NDCG.
    return sorted(measures.registry, key=lambda name: name[:1].isupper(), reverse=True)


def measure(
    names: Sequence[str],
    judgments: Mapping[str, Mapping[str, int]],
    rankings: Mapping[str, Ranking],
) -> dict[str, dict[str, float]]:
    """Compute measures by query.

    The order of a ranking decides, not its scores: each ranking is passed on with strictly
    decreasing scores, so that no tie is left to the library. A judged query without a ranking
    counts as having an empty one; a query without judgments does not count.

    Args:
        names: names of measures.
        judgments: query id to item to grade.
        rankings: query id to items.

    Returns:
        For each measure, its value for every judged query.

    Raises:
        UsageError: a measure is unknown.
    """
    import ir_measures

    parsed = {name: _parsed(name) for name in names}
    run = {
        query_id: {item: float(-rank) for rank, item in enumerate(rankings.get(query_id, ()))}
        for query_id in judgments
    }
    # Two names may mean the same measure, as AP and MAP do.
    values: dict[Any, dict[str, float]] = {
        metric: dict.fromkeys(judgments, 0.0) for metric in parsed.values()
    }
    judged = {query_id: dict(items) for query_id, items in judgments.items()}
    for result in ir_measures.iter_calc(list(values), judged, run):
        values[result.measure][result.query_id] = float(result.value)
    return {name: dict(values[metric]) for name, metric in parsed.items()}


def _parsed(name: str) -> Any:
    import ir_measures

    try:
        metric: Any = ir_measures.parse_measure(name)
        metric.validate_params()
        # pytrec_eval kills the process if a cutoff is 0.
        if any(metric.params.get(parameter, 1) < 1 for parameter in ("cutoff", "rel")):
            raise ValueError("cutoffs and grades begin at 1")
    except (NameError, ValueError, SyntaxError, TypeError, KeyError, AssertionError) as error:
        raise UsageError(f"There is no measure '{name}'.", _suggestion(name)) from error
    return metric


def _suggestion(name: str) -> str:
    word, rest = _split(name)
    close = get_close_matches(word.lower(), {known.lower(): known for known in _known_names()}, 1)
    probable = f"{_in_its_case(close[0])}{rest}" if close else ""
    others = "nDCG@10, RR@10, R@100, P@5 or AP, say"
    return (
        f"give {probable}; others are {others}" if probable not in ("", name) else f"give {others}"
    )
