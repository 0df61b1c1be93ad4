"""Runs many queries through several strategies: quality, agreement, and cost.

All strategies share the query vectors, the BM25 rankings and the scores of pairs, each computed
once. The cost of a strategy is measured separately, by answering some of the queries one at a time,
as `query` does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bienc_cli.errors import UsageError
from bienc_cli.evaluation.baseline import measured
from bienc_cli.evaluation.qrels import JudgedIndex, best_first
from bienc_cli.evaluation.queries import Query
from bienc_cli.evaluation.results import (
    SHOWN,
    Cost,
    Evaluation,
    EvaluationOptions,
    Latency,
    System,
    SystemResult,
)
from bienc_cli.evaluation.runs import Run, as_called_here, warnings_of
from bienc_cli.evaluation.score_cache import CachedScores
from bienc_cli.evaluation.timed_answers import answers
from bienc_cli.formats.cleaning import clean
from bienc_cli.search.candidates import Ranked, depth_of_sources, found_by, propose
from bienc_cli.search.exact_names import exact_first
from bienc_cli.search.fusion import in_turn
from bienc_cli.search.legibility import cannot_read, illegible
from bienc_cli.search.narrowing import unmatched
from bienc_cli.search.pipeline import as_hits, blend_of, light_weights_of
from bienc_cli.search.request import SearchOptions, check_model, check_models, check_query
from bienc_cli.search.reranking import check_exhaustive, ordered, relevance_of, text_to_read
from bienc_cli.search.result import Candidate, Hit, ModelUse
from bienc_cli.store import IndexReader, StoredPassage
from bienc_cli.strategy import Order, Source, Strategy
from bienc_cli.types import BiEncoder, CrossEncoder

_TAIL = 300
"""Passages up to which a ranking is extended with results from deeper in the sources, so that a
hundred documents of several passages each can be measured."""

_TIMED_QUERIES = 30
_TIMED_EXHAUSTIVELY = 3
_BATCH = 256


def evaluate(
    index: IndexReader,
    queries: Sequence[Query],
    judged: JudgedIndex,
    bi_encoder: BiEncoder | None,
    cross_encoder: CrossEncoder | None,
    options: EvaluationOptions | None = None,
    *,
    runs: Sequence[Run] = (),
    cache_dir: Path | None = None,
    on_step: Callable[[str, int], None] = lambda _name, _queries: None,
) -> Evaluation:
    """Answer all queries with all strategies, and measure the rankings.

    Args:
        index: opened for reading.
        queries: at least one.
        judged: the judgments, matched with the index by `judged_in`; may be empty.
        bi_encoder: the index's model; None where no strategy compares vectors.
        cross_encoder: with one label; None where no strategy reranks.
        options: strategies, depths and measures.
        runs: rankings of other systems to measure as well; one with a strategy's name replaces it.
        cache_dir: keeps scores of pairs between runs.
        on_step: called with the system at work, and with 0 when it starts and again while it is
            timed, then with how many more queries it has answered.

    Raises:
        UsageError: an empty query, or a strategy without its model.
        IndexMismatch: the index was made with another model.
    """
    options = options or EvaluationOptions()
    systems = options.to_search(runs)
    _check(index, queries, bi_encoder, cross_encoder, options, systems)
    if not queries or not (options.strategies or runs):
        raise UsageError("There is nothing to compare.", "give queries and --strategies")
    with ExitStack() as stack:
        scores = None
        if cross_encoder is not None:
            scores = stack.enter_context(CachedScores(cross_encoder, cache_dir))
        experiment = _Experiment(
            index, queries, judged, bi_encoder, cross_encoder, scores, options, on_step
        )
        results = experiment.run(systems)
    results += [SystemResult(run.name, None, as_called_here(run, judged)) for run in runs]
    grades = _grades_of(queries, judged)
    measures = options.measures if grades else ()
    return Evaluation(
        queries=tuple(queries),
        judged=tuple(grades),
        unit=judged.unit,
        missing=judged.missing,
        grades=grades,
        measures=measures,
        systems=tuple(measured(_in_order(results, options), measures, grades, queries)),
        index=index.info,
        bi_encoder=ModelUse.of(bi_encoder) if bi_encoder else None,
        cross_encoder=ModelUse.of(cross_encoder) if cross_encoder else None,
        warnings=(
            *index.warnings,
            *unmatched(index, options.where),
            *judged.warnings,
            *warnings_of(runs, queries, judged),
        ),
    )


def _check(
    index: IndexReader,
    queries: Sequence[Query],
    bi_encoder: BiEncoder | None,
    cross_encoder: CrossEncoder | None,
    options: EvaluationOptions,
    systems: Sequence[System],
) -> None:
    """Refuse, before anything is searched, what `search` would refuse."""
    for query in queries:
        check_query(query.text)
    if bi_encoder is not None:
        check_model(index.info.encoder, bi_encoder.identity)
    for strategy in dict.fromkeys(system.strategy for system in systems):
        check_models(strategy, bi_encoder, cross_encoder)
        if strategy.source is Source.ALL:
            check_exhaustive(index.count(options.where), options.exhaustive)
    if any(system.candidates for system in systems):
        check_exhaustive(min(max(options.candidates), index.info.passages), options.exhaustive)


def _in_order(results: Sequence[SystemResult], options: EvaluationOptions) -> list[SystemResult]:
    """Results in the order of the strategies, whether computed or read; other runs last."""
    by_name = {result.name: result for result in results}
    names = dict.fromkeys([*(system.name for system in options.systems()), *by_name])
    return [by_name[name] for name in names]


def _grades_of(queries: Sequence[Query], judged: JudgedIndex) -> dict[str, Mapping[str, int]]:
    """The judgments of these queries: query id to item to grade."""
    ids = {query.query_id for query in queries}
    return {query_id: items for query_id, items in judged.by_query.items() if query_id in ids}


def _without_reading(system: System) -> System:
    return replace(system, strategy=system.strategy.without_cross_encoder)


class _Experiment:
    """One evaluation, with everything the strategies share."""

    def __init__(
        self,
        index: IndexReader,
        queries: Sequence[Query],
        judged: JudgedIndex,
        bi_encoder: BiEncoder | None,
        cross_encoder: CrossEncoder | None,
        scores: CachedScores | None,
        options: EvaluationOptions,
        on_step: Callable[[str, int], None],
    ) -> None:
        self._index = index
        # Cleaned, as in `search`; reports show them as they were asked.
        self._queries = [replace(query, text=clean(query.text)) for query in queries]
        self._judged = judged
        self._bi_encoder = bi_encoder
        self._cross_encoder = cross_encoder
        self._scores = scores
        self._options = options
        self._on_step = on_step
        self._blend = blend_of(index, options.blend)
        # The sources' time grows with the depth they are asked for.
        self._tail = min(max((_TAIL, *options.candidates)), max(index.info.passages, 1))
        self._vectors: NDArray[np.float32] | None = None
        self._nearest_by_depth: dict[int, Sequence[Ranked]] = {}
        self._bm25_rankings: Sequence[Ranked] = [()] * len(queries)
        self._items: dict[int, tuple[str, ...]] = {}
        # Documents that may be queries themselves: passages by document id.
        self._like_queries: dict[str, list[StoredPassage]] = {
            query.query_id: [] for query in queries
        }

    def run(self, systems: Sequence[System]) -> list[SystemResult]:
        """Run every system, in order: all rankings first, then their costs."""
        if self._options.k is not None:
            return [self._answered(system, self._options.k) for system in systems]
        self._look_up({system.strategy for system in systems})
        ranked = [self._rank(system) for system in systems]
        return [
            replace(result, latency=self._timed(system))
            for result, system in zip(ranked, systems, strict=True)
        ]

    def _look_up(self, strategies: Collection[Strategy]) -> None:
        """Encode the queries and rank by BM25, deeper than any strategy needs."""
        texts = [query.text for query in self._queries]
        if self._bi_encoder is not None and any(
            strategy.needs_bi_encoder for strategy in strategies
        ):
            self._vectors = self._bi_encoder.encode_queries(texts)
        if any(strategy.needs_bm25 for strategy in strategies):
            where = self._options.where
            self._bm25_rankings = [self._index.bm25(text, self._tail, where) for text in texts]

    def _nearest(self, depth: int, position: int) -> Ranked:
        """The passages nearest to a query; all queries are searched in one batch.

        Each depth is a separate search: a graph searched more deeply finds other passages.
        """
        if self._vectors is None:
            return ()
        if depth not in self._nearest_by_depth:
            self._nearest_by_depth[depth] = self._index.search_many(
                self._vectors, depth, self._options.where
            )
        return self._nearest_by_depth[depth][position]

    def _rank(self, system: System) -> SystemResult:
        rankings, hits = {}, {}
        self._on_step(system.name, 0)
        for position, query in enumerate(self._queries):
            if system.strategy.source is Source.ALL:
                top = self._rank_all(query.text)
                rest: list[int] = []
            else:
                top, rest = self._rank_one(system, position)
            ids = [hit.passage.passage_id for hit in top] + rest
            rankings[query.query_id] = best_first(self._items_of(ids, query))
            hits[query.query_id] = tuple(top[:SHOWN])
            self._on_step(system.name, 1)
        return SystemResult(system.name, system, rankings, hits)

    def _rank_one(self, system: System, position: int) -> tuple[list[Hit], list[int]]:
        """The head of a ranking, as `search` finds it, and the passage ids that follow."""
        strategy, query = system.strategy, self._queries[position].text
        if self._cannot_read(strategy, query):
            return self._rank_one(_without_reading(system), position)
        head_size = min(system.candidates or SHOWN, self._tail)
        candidates = self._propose(strategy, position, head_size)
        hits = as_hits(self._index, candidates[:head_size])
        if self._cannot_read(strategy, query, hits):
            return self._rank_one(_without_reading(system), position)
        if strategy.needs_cross_encoder:
            weights = self._blend.weights if strategy.order is Order.BLEND else None
            hits = exact_first(
                ordered(self._read(query, hits, self._illegible(hits)), weights, query)
            )
        ids = [candidate.passage_id for candidate in candidates]
        rest = [*ids[head_size:], *self._further(strategy, position, seen=frozenset(ids))]
        return hits, rest[: self._tail - len(hits)]

    def _propose(self, strategy: Strategy, position: int, head_size: int) -> list[Candidate]:
        """The first stage's candidates, of which `head_size` are the head of the ranking."""
        query, depth = self._queries[position].text, depth_of_sources(strategy, head_size)
        found = found_by(
            self._index,
            query,
            strategy,
            self._nearest(depth, position) if strategy.needs_bi_encoder else (),
            self._bm25_rankings[position][:depth] if strategy.needs_bm25 else (),
            self._options.where,
        )
        return propose(
            self._index,
            query,
            self._vectors[position] if self._vectors is not None else None,
            found,
            strategy,
            # A cross-encoder's candidates depend on how many it reads.
            head_size if strategy.needs_cross_encoder else depth,
            light_weights_of(self._index, query, self._blend),
        )

    def _further(self, strategy: Strategy, position: int, seen: frozenset[int]) -> list[int]:
        """Passages from deeper in the sources of a strategy, in turn."""
        by_similarity = self._nearest(self._tail, position) if strategy.needs_bi_encoder else ()
        by_bm25 = self._bm25_rankings[position] if strategy.needs_bm25 else ()
        sources = [
            [passage_id for passage_id, _ in ranking] for ranking in (by_similarity, by_bm25)
        ]
        return [
            passage_id for passage_id in in_turn(sources, 2 * self._tail) if passage_id not in seen
        ]

    def _cannot_read(
        self, strategy: Strategy, query: str, hits: Sequence[Hit] | None = None
    ) -> bool:
        reader = self._cross_encoder if strategy.needs_cross_encoder else None
        return reader is not None and cannot_read(reader.identity, query, hits)

    def _illegible(self, hits: Sequence[Hit]) -> set[int]:
        reader = self._cross_encoder
        return illegible(reader.identity, hits) if reader is not None else set()

    def _rank_all(self, query: str) -> list[Hit]:
        best: list[Hit] = []
        batch: list[Hit] = []
        for stored in self._index.iter_passages(self._options.where):
            batch.append(Hit(rank=0, passage=stored))
            if len(batch) == _BATCH:
                best = ordered([*best, *self._read(query, batch)])[:_TAIL]
                batch.clear()
        return ordered([*best, *self._read(query, batch)])[:_TAIL]

    def _read(self, query: str, hits: Sequence[Hit], unread: Collection[int] = ()) -> list[Hit]:
        assert self._scores is not None  # noqa: S101 - evaluate() has checked the models
        legible = [hit for hit in hits if hit.passage.passage_id not in unread]
        logits = self._scores.logits(query, [text_to_read(hit.passage) for hit in legible])
        read = [
            replace(hit, relevance=relevance_of(logit))
            for hit, logit in zip(legible, logits, strict=True)
        ]
        return read + [hit for hit in hits if hit.passage.passage_id in unread]

    def _items_of(self, passage_ids: Sequence[int], query: Query) -> list[tuple[str, ...]]:
        """What the passages of one ranking count as."""
        unknown = [passage_id for passage_id in passage_ids if passage_id not in self._items]
        for stored in self._index.passages(unknown):
            self._items[stored.passage_id] = self._judged.items_of(stored)
            self._like_queries.get(stored.passage.doc_id, []).append(stored)
        own_items = {
            stored.passage_id: self._judged.items_for(query, stored)
            for stored in self._like_queries[query.query_id]
        }
        return [own_items.get(passage_id, self._items[passage_id]) for passage_id in passage_ids]

    def _answered(self, system: System, k: int) -> SystemResult:
        """A system whose rankings are full answers to every query."""
        timed_answers = self._answers(system, self._queries, k)
        hits, costs = {}, []
        self._on_step(system.name, 0)
        for query, (query_hits, cost) in zip(self._queries, timed_answers, strict=True):
            hits[query.query_id] = query_hits
            costs.append(cost)
            self._on_step(system.name, 1)
        rankings = {
            query.query_id: best_first(
                [self._judged.items_for(query, hit.passage) for hit in hits[query.query_id]]
            )
            for query in self._queries
        }
        latency = Latency(tuple(costs))
        return SystemResult(system.name, system, rankings, hits, latency=latency)

    def _timed(self, system: System) -> Latency:
        """The cost of some of the queries."""
        exhaustive = system.strategy.source is Source.ALL
        queries = self._queries[: _TIMED_EXHAUSTIVELY if exhaustive else _TIMED_QUERIES]
        costs = []
        for _, cost in self._answers(system, queries, min(SHOWN, system.candidates or SHOWN)):
            costs.append(cost)
            self._on_step(system.name, 0)
        return Latency(tuple(costs))

    def _answers(
        self, system: System, queries: Sequence[Query], k: int
    ) -> Iterator[tuple[tuple[Hit, ...], Cost]]:
        options = SearchOptions(
            strategy=system.strategy,
            k=k,
            candidates=system.candidates,
            exhaustive=self._options.exhaustive,
            where=self._options.where,
            blend=self._blend,
        )
        return answers(self._index, queries, self._bi_encoder, self._cross_encoder, options)
