"""Aligns two rankings of one query, entry by entry, with judgments and mutual ranks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bienc_cli.evaluation.qrels import item_of
from bienc_cli.evaluation.results import SHOWN, Evaluation, SystemResult
from bienc_cli.search.result import Hit


@dataclass(frozen=True, slots=True)
class RankedEntry:
    """One entry of a ranking.

    Attributes:
        item: the ranked item: a passage's document, or the item named in a run.
        hit: the passage with its scores; None if only the item is known.
        grade: its judgment; None if nobody judged it.
        elsewhere: 1-based rank in the other ranking, among the entries kept of it; None if not
            among them, or if there is no other ranking.
    """

    rank: int
    item: str
    hit: Hit | None
    grade: int | None
    elsewhere: int | None = None

    @property
    def rose(self) -> int | None:
        """Ranks gained over the other ranking; None if it is not in it."""
        return None if self.elsewhere is None else self.elsewhere - self.rank


def side_by_side(
    evaluation: Evaluation, query_id: str, left: SystemResult, right: SystemResult | None
) -> tuple[tuple[RankedEntry, ...], tuple[RankedEntry, ...]]:
    """The first entries of two rankings.

    Entries are passages. If either ranking was read from a file, which only names items, both are
    shown as items so that they can be compared.
    """
    systems = [left] if right is None else [left, right]
    passages = all(query_id in system.hits for system in systems)
    columns = []
    for system in systems:
        if passages:
            columns.append([_of_hit(evaluation, query_id, hit) for hit in system.hits[query_id]])
        else:
            columns.append(list(ranked_items(evaluation, query_id, system)))
    first, second = (*columns, [])[:2]
    return _with_elsewhere(first, second, passages), _with_elsewhere(second, first, passages)


def ranked_items(
    evaluation: Evaluation, query_id: str, system: SystemResult
) -> tuple[RankedEntry, ...]:
    """The first items of one ranking, as measured."""
    grades = evaluation.grades.get(query_id, {})
    return tuple(
        RankedEntry(rank, item, None, grades.get(item))
        for rank, item in enumerate(system.rankings.get(query_id, ())[:SHOWN], 1)
    )


def _of_hit(evaluation: Evaluation, query_id: str, hit: Hit) -> RankedEntry:
    grades = evaluation.grades.get(query_id, {})
    grade = grade_of(hit, grades, evaluation.missing)
    return RankedEntry(hit.rank, hit.passage.passage.doc_id, hit, grade)


def grade_of(hit: Hit, grades: Mapping[str, int], missing: Sequence[str] = ()) -> int | None:
    """The best grade of the judged items that a passage is in or overlaps; None if there is none.

    Args:
        hit: its document is named by its id, or by its path if several share the id.
        grades: item to grade, for the hit's query.
        missing: names among them that match no document of the index.
    """
    stored, passage = hit.passage, hit.passage.passage
    names = [name for name in (passage.doc_id, stored.path) if name not in missing]
    overlapping = [
        grade
        for name, grade in grades.items()
        if (item := item_of(name)).document in names and item.holds(passage.place)
    ]
    return max(overlapping, default=None)


def _with_elsewhere(
    entries: Sequence[RankedEntry], others: Sequence[RankedEntry], passages: bool
) -> tuple[RankedEntry, ...]:
    def key(entry: RankedEntry) -> object:
        return entry.hit.passage.passage_id if passages and entry.hit else entry.item

    ranks = {key(entry): entry.rank for entry in others}
    return tuple(
        RankedEntry(entry.rank, entry.item, entry.hit, entry.grade, ranks.get(key(entry)))
        for entry in entries
    )
