"""Groups pairs into clusters, and the result of a search for pairs."""

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
    """Passages connected by pairs, directly or through others.

    Attributes:
        representative: the passage with the highest total similarity over its pairs; the first in
            the index breaks ties.
        others: the remaining, redundant passages, in index order.
    """

    representative: StoredPassage
    others: tuple[StoredPassage, ...]


@dataclass(frozen=True, slots=True)
class PairsResult:
    """The result of a search for pairs.

    Attributes:
        pairs: ordered by (-similarity, passage ids).
        clusters: of those pairs.
        stages: wall time of each stage, in order.
        classifier: None where no classifier read the pairs.
    """

    pairs: tuple[Pair, ...]
    clusters: tuple[Cluster, ...]
    stages: tuple[StageTime, ...]
    index: IndexInfo
    classifier: ModelUse | None
    warnings: tuple[str, ...] = ()

    @property
    def superfluous(self) -> int:
        """How many passages are redundant: all but one of each cluster."""
        return sum(len(cluster.others) for cluster in self.clusters)

    @property
    def seconds(self) -> float:
        """Total wall time of all stages."""
        return sum(stage.seconds for stage in self.stages)


def gathered(
    index: IndexReader,
    pairs: Iterable[Pair],
    options: PairsOptions,
    classifier: CrossEncoder | None,
    watch: Stopwatch,
) -> PairsResult:
    """Sort the pairs, cluster them and build the result.

    Args:
        index: the one the pairs were found in.
        pairs: in any order.
        options: the ones the pairs were found with.
        classifier: the model that read the pairs, if any.
        watch: holds the time of every stage.
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
    """Group pairs into clusters: largest first, then in index order."""
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
        # Path halving: each lookup shortens the path for the next.
        parents[one] = parents[parents[one]]
        one = parents[one]
    return one
