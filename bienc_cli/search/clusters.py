"""Pairs that hang together, and all that came of a search for pairs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bienc_cli.search.narrowing import unmatched
from bienc_cli.search.pairs import Pair, PairsOptions
from bienc_cli.search.result import ModelUse
from bienc_cli.stages import StageTime, Stopwatch
from bienc_cli.store import IndexInfo, IndexReader, StoredPassage
from bienc_cli.types import CrossEncoder


@dataclass(frozen=True, slots=True)
class Cluster:
    """Passages that pairs lead from one to the other of.

    Attributes:
        representative: the one that is most similar to the others, all pairs added up; of equal
            ones the first in the index.
        others: all that could be done without, in the order of the index.
    """

    representative: StoredPassage
    others: tuple[StoredPassage, ...]


@dataclass(frozen=True, slots=True)
class PairsResult:
    """What a search for pairs has found.

    Attributes:
        pairs: by (-similarity, passage ids).
        clusters: of those pairs.
        stages: wall time of each stage, in order.
        classifier: None where none has read the pairs.
    """

    pairs: tuple[Pair, ...]
    clusters: tuple[Cluster, ...]
    stages: tuple[StageTime, ...]
    index: IndexInfo
    classifier: ModelUse | None
    warnings: tuple[str, ...] = ()

    @property
    def superfluous(self) -> int:
        """How many passages could be done without: all but one of each cluster."""
        return sum(len(cluster.others) for cluster in self.clusters)

    @property
    def seconds(self) -> float:
        """Wall time of all stages together."""
        return sum(stage.seconds for stage in self.stages)


def gathered(
    index: IndexReader,
    pairs: Iterable[Pair],
    options: PairsOptions,
    classifier: CrossEncoder | None,
    watch: Stopwatch,
) -> PairsResult:
    """Pairs in order and in clusters.

    Args:
        index: that they were found in.
        pairs: as they were found.
        options: that they were found by.
        classifier: that has read them, if any.
        watch: with all stages.
    """
    found = sorted(
        pairs,
        key=lambda pair: (-pair.similarity, pair.first.passage_id, pair.second.passage_id),
    )
    return PairsResult(
        pairs=tuple(found),
        clusters=tuple(clusters_of(found)),
        stages=watch.times,
        index=index.info,
        classifier=ModelUse.of(classifier) if classifier else None,
        warnings=(*index.warnings, *_unmatched(index, options)),
    )


def _unmatched(index: IndexReader, options: PairsOptions) -> list[str]:
    if options.against is None:
        return unmatched(index, options.between)
    return [
        *unmatched(index, options.between, "--between"),
        *unmatched(index, options.against, "--with"),
    ]


def clusters_of(pairs: Iterable[Pair]) -> list[Cluster]:
    """The clusters of some pairs, the largest first, then in the order of the index."""
    passages: dict[int, StoredPassage] = {}
    closeness: dict[int, float] = {}
    parents: dict[int, int] = {}
    for pair in pairs:
        for stored in (pair.first, pair.second):
            one = stored.passage_id
            passages[one] = stored
            closeness[one] = closeness.get(one, 0.0) + pair.similarity
            parents.setdefault(one, one)
        top, other = _top(parents, pair.first.passage_id), _top(parents, pair.second.passage_id)
        parents[max(top, other)] = min(top, other)
    members: dict[int, list[int]] = {}
    for one in sorted(passages):
        members.setdefault(_top(parents, one), []).append(one)
    clusters = []
    for _, ids in sorted(members.items(), key=lambda item: (-len(item[1]), item[0])):
        chosen = min(ids, key=lambda one: (-closeness[one], one))
        clusters.append(
            Cluster(passages[chosen], tuple(passages[one] for one in ids if one != chosen))
        )
    return clusters


def _top(parents: dict[int, int], one: int) -> int:
    while parents[one] != one:
        # Each look shortens the way for the next.
        parents[one] = parents[parents[one]]
        one = parents[one]
    return one
