"""TREC run files: rankings of many queries, one item per line."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bienc_cli.errors import StorageError, UsageError
from bienc_cli.evaluation.qrels import JudgedIndex
from bienc_cli.evaluation.queries import Query
from bienc_cli.evaluation.text_files import read_lines


@dataclass(frozen=True, slots=True)
class Run:
    """The rankings of a system.

    Attributes:
        name: the file's tag.
        rankings: query id to items, best first, without repeats.
    """

    name: str
    rankings: Mapping[str, Sequence[str]]


def read_run(path: Path) -> Run:
    """Read `query Q0 item rank score tag`, ordered as trec_eval does.

    Only the score counts, not the rank; ties are broken by item name, descending.

    Raises:
        UsageError: there are no lines, one is malformed or has no numeric score, or an item is
            ranked twice for one query.
    """
    scored: dict[str, dict[str, float]] = {}
    name = path.stem
    for number, line in read_lines(path):
        if len(line.split()) < 6:
            raise _malformed(path, number)
        # An item may contain blanks: it is everything between the first two and last three columns.
        query_id, _, rest = line.split(maxsplit=2)
        item, _, score, name = rest.rsplit(maxsplit=3)
        scores = scored.setdefault(query_id, {})
        if item in scores:
            raise UsageError(
                f"Line {number} of '{path}' ranks '{item}' a second time for the query "
                f"'{query_id}'.",
                "a run ranks each item once for a query",
            )
        try:
            scores[item] = float(score)
        except ValueError:
            raise _malformed(path, number) from None
        if math.isnan(scores[item]):
            raise UsageError(
                f"Line {number} of '{path}' has the score '{score}', which has no place in an "
                "order.",
                "give every item a number as its score",
            )
    if not scored:
        raise UsageError(
            f"There is no ranking in '{path}'.", "give lines like: query Q0 item rank score tag"
        )
    rankings = {}
    for query_id, scores in scored.items():
        descending = sorted(scores, reverse=True)
        rankings[query_id] = sorted(descending, key=scores.__getitem__, reverse=True)
    return Run(name, rankings)


def write_run(path: Path, run: Run) -> None:
    """Write a run file; the score is the rank counted from the end.

    Results of two stages have no common score, so the order itself is written: any program that
    sorts by score restores it.

    Raises:
        StorageError: the file cannot be written.
    """
    lines = [
        f"{query_id} Q0 {item} {rank} {len(items) - rank + 1} {run.name}\n"
        for query_id, items in run.rankings.items()
        for rank, item in enumerate(items, 1)
    ]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # A file name may contain bytes that are not text; they are written as escapes.
        path.write_text("".join(lines), encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise StorageError(f"'{path}' cannot be written: {error.strerror}.") from error


def _malformed(path: Path, number: int) -> UsageError:
    return UsageError(
        f"Line {number} of '{path}' is not of a run.",
        "give lines like: query Q0 item rank score tag",
    )


def warnings_of(runs: Sequence[Run], queries: Sequence[Query], judged: JudgedIndex) -> list[str]:
    """Warnings about runs that score lower than their systems deserve."""
    warnings = []
    for run in runs:
        unranked = sum(query.query_id not in run.rankings for query in queries)
        if unranked:
            warnings.append(
                f"the run {run.name} has no ranking for {unranked:,} of {len(queries):,} queries, "
                "counted as not found"
            )
        ranked = (item for items in run.rankings.values() for item in items)
        if not any(judged.knows(item) for item in ranked):
            warnings.append(f"the run {run.name} names no document of this index")
    return warnings


def as_called_here(run: Run, judged: JudgedIndex) -> dict[str, list[str]]:
    """A run's rankings, with items renamed as the index calls them."""
    return {
        query_id: list(dict.fromkeys(judged.item_named(item) for item in items))
        for query_id, items in run.rankings.items()
    }
