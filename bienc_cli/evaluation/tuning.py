"""Learns the weights of a blend from judgments.

There are few weights and a coarse grid on purpose: with a few dozen judged queries, a finer search
overfits. The gain is measured on queries that the weights were not learned from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from bienc_cli.errors import UsageError
from bienc_cli.evaluation.measures import measure
from bienc_cli.evaluation.qrels import JudgedIndex, best_first
from bienc_cli.evaluation.queries import Query
from bienc_cli.evaluation.score_cache import CachedScores
from bienc_cli.evaluation.significance import PairedDifference, compare_with_baseline
from bienc_cli.formats.cleaning import clean
from bienc_cli.search.candidates import FUSED_DEPTH, look_up, propose
from bienc_cli.search.exact_names import shares_of_numbers
from bienc_cli.search.fusion import DEFAULTS, POOLING, Pooling, blended, ranked_by_votes
from bienc_cli.search.legibility import codelike
from bienc_cli.search.pipeline import as_hits, blend_of
from bienc_cli.search.request import DEFAULT_CANDIDATES, check_model, check_query
from bienc_cli.search.reranking import text_to_read
from bienc_cli.store import Filter, IndexReader
from bienc_cli.strategy import Strategy
from bienc_cli.types import BiEncoder, BlendWeights, TunedBlend

MEASURE = "nDCG@10"
FEWEST_QUERIES = 20
"""Judged queries below which nothing learned would generalise."""

_FOLDS = 5

GRID = tuple(
    BlendWeights(similarity, bm25)
    for similarity, bm25 in product(
        (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0), (0.0, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)
    )
)
LIGHT_GRID = tuple(
    BlendWeights(1.0, bm25) for bm25 in (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 1.5, 2.0)
)


@dataclass(frozen=True, slots=True)
class Signals:
    """The scores of one query's candidates, and the items they count as.

    Attributes:
        passage_ids: shape (n,), int64.
        items: the items of each candidate.
        similarities: shape (n,).
        bm25: shape (n,).
        relevances: logits, shape (n,); None for candidates that were not reranked.
        codelike: how much their texts resemble code, 0 to 1.
        numbers: the fraction of the query's numbers in each, shape (n,).
    """

    passage_ids: NDArray[np.int64]
    items: tuple[tuple[str, ...], ...]
    similarities: NDArray[np.float64]
    bm25: NDArray[np.float64]
    relevances: NDArray[np.float64] | None
    codelike: float
    numbers: NDArray[np.float64]

    def order(self, weights: BlendWeights, how: Pooling = POOLING) -> NDArray[np.intp]:
        """The places of the candidates as a blend ranks them, shape (n,)."""
        if self.relevances is None:
            scores = blended(weights, self.similarities, self.bm25)
            return np.lexsort((self.passage_ids, -scores))
        return ranked_by_votes(
            self.passage_ids,
            weights,
            self.similarities,
            self.bm25,
            self.relevances,
            self.codelike,
            self.numbers,
            how,
        )

    def ranking(self, weights: BlendWeights) -> list[str]:
        """Items as a blend ranks them."""
        return best_first([self.items[position] for position in self.order(weights)])


@dataclass(frozen=True, slots=True)
class Tuned:
    """The weights learned for one blend.

    Attributes:
        weights: the best over all judged queries.
        before: the current weights: those learned earlier, or the defaults.
        gain: on held-out queries: weights learned from the others, compared with the current ones.
    """

    weights: BlendWeights
    before: BlendWeights
    gain: PairedDifference

    @property
    def helps(self) -> bool:
        """Whether the gain on held-out queries is unlikely to be chance.

        The lower end of its 95 % interval is above zero.
        """
        return self.gain.low is not None and self.gain.low > 0


@dataclass(frozen=True, slots=True)
class Tuning:
    """The result of `tune`.

    Attributes:
        queries: number of judged queries used.
        missing: judged documents that are not in the index.
        blend: with the cross-encoder.
        light_blend: without.
        kept: what to record; None if neither helps.
    """

    queries: int
    missing: tuple[str, ...]
    blend: Tuned
    light_blend: Tuned

    @property
    def kept(self) -> TunedBlend | None:
        """The weights that help, with the current ones for the other blend; None if none do."""
        if not (self.blend.helps or self.light_blend.helps):
            return None
        return TunedBlend(
            self.blend.weights if self.blend.helps else self.blend.before,
            self.light_blend.weights if self.light_blend.helps else self.light_blend.before,
            self.queries,
        )


def tune(
    index: IndexReader,
    queries: Sequence[Query],
    judged: JudgedIndex,
    bi_encoder: BiEncoder,
    scores: CachedScores,
    on_query: Callable[[], None] = lambda: None,
) -> Tuning:
    """Learn the weights of both blends from judged queries.

    The reported gain is cross-validated: the queries are split into five folds, and each fold is
    ranked with the weights that are best on the other four.

    Args:
        index: opened for reading.
        queries: those without judgments are ignored.
        judged: the judgments, matched with the index.
        bi_encoder: the index's model.
        scores: the cross-encoder's.
        on_query: called after each query's candidates have been scored.

    Raises:
        UsageError: there are fewer than `FEWEST_QUERIES` judged queries.
        IndexMismatch: the index was made with another model.
    """
    check_model(index.info.encoder, bi_encoder.identity)
    judged_queries = [
        replace(query, text=clean(query.text))
        for query in queries
        if query.query_id in judged.by_query
    ]
    if len(judged_queries) < FEWEST_QUERIES:
        raise UsageError(
            f"{len(judged_queries)} judged queries are too few to learn from.",
            f"judge {FEWEST_QUERIES} or more: bienc judge --queries FILE --qrels FILE",
        )
    for query in judged_queries:
        check_query(query.text)
    reranked: dict[str, Signals] = {}
    light: dict[str, Signals] = {}
    vectors = bi_encoder.encode_queries([query.text for query in judged_queries])
    for query, vector in zip(judged_queries, vectors, strict=True):
        for strategy, signals in ((Strategy.BLEND, reranked), (Strategy.LIGHT_BLEND, light)):
            signals[query.query_id] = signals_of(index, query, vector, strategy, judged, scores)
        on_query()
    grades = {query.query_id: judged.by_query[query.query_id] for query in judged_queries}
    current = blend_of(index, None)
    return Tuning(
        queries=len(judged_queries),
        missing=judged.missing,
        blend=_tuned(reranked, grades, GRID, current.weights),
        light_blend=_tuned(light, grades, LIGHT_GRID, current.light_weights),
    )


def signals_of(
    index: IndexReader,
    query: Query,
    vector: NDArray[np.float32],
    strategy: Strategy,
    judged: JudgedIndex,
    scores: CachedScores,
) -> Signals:
    """The signals that a blending strategy orders by, for one query.

    Args:
        index: opened for reading.
        query: cleaned, as `search` reads it.
        vector: its vector, shape (dim,).
        strategy: `blend` or `light-blend`.
        judged: maps passages to items.
        scores: the cross-encoder's.
    """
    depth = DEFAULT_CANDIDATES if strategy.needs_cross_encoder else FUSED_DEPTH
    found = look_up(index, query.text, vector, strategy, depth, Filter())
    candidates = propose(index, query.text, vector, found, strategy, depth, DEFAULTS.light_weights)
    hits = as_hits(index, candidates)
    relevances = None
    texts = [text_to_read(hit.passage) for hit in hits]
    if strategy.needs_cross_encoder:
        relevances = np.array(scores.logits(query.text, texts), dtype=np.float64)
    return Signals(
        passage_ids=np.array([candidate.passage_id for candidate in candidates], dtype=np.int64),
        items=tuple(judged.items_for(query, hit.passage) for hit in hits),
        similarities=np.array([candidate.similarity for candidate in candidates], dtype=np.float64),
        bm25=np.array([candidate.bm25 for candidate in candidates], dtype=np.float64),
        relevances=relevances,
        codelike=codelike(texts),
        numbers=np.array(shares_of_numbers(query.text, texts), dtype=np.float64),
    )


def values_by_weights(
    signals: Mapping[str, Signals],
    grades: Mapping[str, Mapping[str, int]],
    grid: Sequence[BlendWeights],
) -> NDArray[np.float64]:
    """The measure of each query at each point of a grid, shape (len(grid), queries)."""
    rows = []
    for weights in grid:
        rankings = {
            query_id: query_signals.ranking(weights) for query_id, query_signals in signals.items()
        }
        values = measure([MEASURE], grades, rankings)[MEASURE]
        rows.append([values[query_id] for query_id in signals])
    return np.array(rows, dtype=np.float64)


def _tuned(
    signals: Mapping[str, Signals],
    grades: Mapping[str, Mapping[str, int]],
    grid: Sequence[BlendWeights],
    before: BlendWeights,
) -> Tuned:
    values = values_by_weights(signals, grades, grid)
    current = values_by_weights(signals, grades, [before])[0]
    # Folds follow the order of ids, so that the same judgments give the same result.
    ids = list(signals)
    by_id = np.argsort(np.array(ids, dtype=object), kind="stable")
    held_out = np.empty(len(ids))
    for fold in range(_FOLDS):
        fold_ids = by_id[fold::_FOLDS]
        other_ids = np.setdiff1d(by_id, fold_ids)
        held_out[fold_ids] = values[_best(values[:, other_ids], grid), fold_ids]
    gain = compare_with_baseline(
        dict(zip(ids, current.tolist(), strict=True)),
        {"tuned": dict(zip(ids, held_out.tolist(), strict=True))},
    )["tuned"]
    return Tuned(grid[_best(values, grid)], before, gain)


def _best(values: NDArray[np.float64], grid: Sequence[BlendWeights]) -> int:
    """The grid point with the highest mean; among ties, the most central one.

    At the edge of a region where all judged queries score the same, the next query may not.
    """
    means = values.mean(axis=1)
    ties = np.flatnonzero(means >= means.max() - 1e-12)
    points = np.array([(grid[i].similarity, grid[i].bm25) for i in ties.tolist()])
    distances = ((points - points.mean(axis=0)) ** 2).sum(axis=1)
    return int(ties[np.argmin(distances)])
