"""Compares the results of systems with the first one: quality, agreement, differences."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bienc_cli.evaluation.agreement import overlap_at, rank_biased_overlap
from bienc_cli.evaluation.measures import measure
from bienc_cli.evaluation.queries import Query
from bienc_cli.evaluation.results import SHOWN, SystemResult
from bienc_cli.evaluation.significance import compare_with_baseline, mean_of


def measured(
    results: Sequence[SystemResult],
    measures: Sequence[str],
    grades: Mapping[str, Mapping[str, int]],
    queries: Sequence[Query],
) -> list[SystemResult]:
    """The results with quality, agreement, and differences from the first added.

    Args:
        results: at least one, with rankings.
        measures: empty without judgments.
        grades: query id to item to grade.
        queries: all queries.
    """
    with_means = []
    for result in results:
        values = measure(measures, grades, result.rankings) if measures else {}
        means = {name: mean_of(list(by_query.values())) for name, by_query in values.items()}
        with_means.append(replace(result, values=values, means=means))
    baseline, *others = with_means
    differences = {
        name: compare_with_baseline(
            baseline.values[name], {other.name: other.values[name] for other in others}
        )
        for name in measures
    }
    finished = [baseline]
    for other in others:
        pairs = [
            (baseline.rankings.get(query.query_id, ()), other.rankings.get(query.query_id, ()))
            for query in queries
        ]
        finished.append(
            replace(
                other,
                overlap=statistics.fmean(overlap_at(*pair, SHOWN) for pair in pairs),
                rbo=statistics.fmean(rank_biased_overlap(*pair) for pair in pairs),
                differences={name: differences[name][other.name] for name in measures},
            )
        )
    return finished
