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
"""Items, best first, none twice."""


def check_measures(names: Sequence[str]) -> None:
    """Refuse what is no measure, or cannot be computed here, before anything is measured.

    Raises:
        UsageError: naming it.
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
            # Some of the grammar's measures need programs that do not come with the library.
            raise UsageError(
                f"{name} cannot be computed here.", "give nDCG@10, RR@10, R@100, P@5 or AP, say"
            ) from error


def measure_named(name: str) -> str:
    """A measure as ir-measures writes it, whatever the case it was typed in.

    Raises:
        UsageError: there is none of that name; with the one that was meant, where that is clear.
    """
    check_measures([name := _in_its_case(name)])
    return name


def _in_its_case(name: str) -> str:
    """The name before its parameters in the case of the grammar, where only that differs."""
    known = {one.lower(): one for one in _known_names()}
    word, rest = _split(name)
    return f"{known.get(word.lower(), word)}{rest}" if word not in known.values() else name


def _split(name: str) -> tuple[str, str]:
    found = re.match(r"\w*", name)
    end = found.end() if found else 0
    return name[:end], name[end:]


def _known_names() -> list[str]:
    from ir_measures import measures

    # Of names that differ by case alone, the one that is written most: nDCG, not NDCG.
    return sorted(measures.registry, key=lambda one: one[:1].isupper(), reverse=True)


def measure(
    names: Sequence[str],
    judgments: Mapping[str, Mapping[str, int]],
    rankings: Mapping[str, Ranking],
) -> dict[str, dict[str, float]]:
    """Values by measure and query.

    The order of a ranking decides, not its scores: each is handed over with scores that fall
    strictly, so that no tie is left to the library. A query that is judged and has no ranking
    counts as one whose ranking is empty; one without judgments does not count.

    Args:
        names: of measures.
        judgments: query id to item to grade.
        rankings: query id to items.

    Returns:
        For each measure its value for every judged query.

    Raises:
        UsageError: a name is of no measure.
    """
    import ir_measures

    parsed = {name: _parsed(name) for name in names}
    run = {
        query_id: {item: float(-rank) for rank, item in enumerate(rankings.get(query_id, ()))}
        for query_id in judgments
    }
    # Two names may mean one measure, AP and MAP.
    values: dict[Any, dict[str, float]] = {
        metric: dict.fromkeys(judgments, 0.0) for metric in parsed.values()
    }
    judged = {query_id: dict(items) for query_id, items in judgments.items()}
    for one in ir_measures.iter_calc(list(values), judged, run):
        values[one.measure][one.query_id] = float(one.value)
    return {name: dict(values[metric]) for name, metric in parsed.items()}


def _parsed(name: str) -> Any:
    import ir_measures

    try:
        metric: Any = ir_measures.parse_measure(name)
        metric.validate_params()
        # pytrec_eval ends the process where a cutoff is 0.
        if any(metric.params.get(one, 1) < 1 for one in ("cutoff", "rel")):
            raise ValueError("cutoffs and grades begin at 1")
    except (NameError, ValueError, SyntaxError, TypeError, KeyError, AssertionError) as error:
        raise UsageError(f"There is no measure '{name}'.", _suggestion(name)) from error
    return metric


def _suggestion(name: str) -> str:
    word, rest = _split(name)
    near = get_close_matches(word.lower(), {one.lower(): one for one in _known_names()}, 1)
    meant = f"{_in_its_case(near[0])}{rest}" if near else ""
    others = "nDCG@10, RR@10, R@100, P@5 or AP, say"
    return f"give {meant}; others are {others}" if meant not in ("", name) else f"give {others}"
