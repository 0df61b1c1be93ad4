"""Groups pairs into clusters, and the result of a search for pairs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bienc_cli.search.narrowing import unmatched
from bienc_cli.search.pairs import Pair, PairsOptions
from bienc_cli.search.result import ModelUse
from bienc_cli.stages import StageTime, Stopwatch, total_seconds
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
        return total_seconds(self.stages)


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
    ordered = sorted(
        pairs,
        key=lambda pair: (-pair.similarity, pair.first.passage_id, pair.second.passage_id),
    )
    return PairsResult(
        pairs=tuple(ordered),
        clusters=tuple(clusters_of(ordered)),
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
            passage_id = stored.passage_id
            passages[passage_id] = stored
            closeness[passage_id] = closeness.get(passage_id, 0.0) + pair.similarity
            parents.setdefault(passage_id, passage_id)
        root, other = _root(parents, pair.first.passage_id), _root(parents, pair.second.passage_id)
        parents[max(root, other)] = min(root, other)
    members: dict[int, list[int]] = {}
    for passage_id in sorted(passages):
        members.setdefault(_root(parents, passage_id), []).append(passage_id)
    clusters = []
    for _, ids in sorted(members.items(), key=lambda item: (-len(item[1]), item[0])):
        representative = min(ids, key=lambda member: (-closeness[member], member))
        clusters.append(
            Cluster(
                passages[representative],
                tuple(passages[member] for member in ids if member != representative),
            )
        )
    return clusters


def _root(parents: dict[int, int], passage_id: int) -> int:
    while parents[passage_id] != passage_id:
        # Path halving: each lookup shortens the path for the next.
        parents[passage_id] = parents[parents[passage_id]]
        passage_id = parents[passage_id]
    return passage_id
