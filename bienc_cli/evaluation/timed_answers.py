"""Answers queries one at a time, as `query` does, and measures the cost of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bienc_cli.evaluation.queries import Query
from bienc_cli.evaluation.results import Cost
from bienc_cli.search.pipeline import search
from bienc_cli.search.request import SearchOptions, strategy_for
from bienc_cli.search.result import Hit, SearchResult
from bienc_cli.store import IndexReader
from bienc_cli.strategy import Source
from bienc_cli.types import BiEncoder, CrossEncoder


def answers(
    index: IndexReader,
    queries: Sequence[Query],
    bi_encoder: BiEncoder | None,
    cross_encoder: CrossEncoder | None,
    options: SearchOptions,
) -> Iterator[tuple[tuple[Hit, ...], Cost]]:
    """The hits and the cost of each query.

    Args:
        index: opened for reading.
        queries: at least one; the first is answered once in advance, to warm up.
        bi_encoder: the index's model; None where the strategy compares no vectors.
        cross_encoder: None where it reranks nothing.
        options: of every search.
    """
    strategy = options.strategy or strategy_for(bi_encoder, cross_encoder)

    def answer(query: Query) -> SearchResult:
        return search(index, query.text, bi_encoder, cross_encoder, options)

    # Warming up is negligible compared with reading every passage.
    if strategy.source is not Source.ALL:
        answer(queries[0])
    for query in queries:
        result = answer(query)
        seconds = {stage.name: stage.seconds for stage in result.stages}
        yield (
            result.hits,
            Cost(
                strategy,
                seconds.get("encode query", 0.0),
                seconds.get("search", 0.0),
                seconds.get("rerank", 0.0),
                result.reranked,
            ),
        )
