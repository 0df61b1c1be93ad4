"""`bienc compare QUERY...`: rankings of a few queries side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bienc_cli.cli.output import Output

if TYPE_CHECKING:
    from bienc_cli.cli.loading import ModelChoice
    from bienc_cli.search import Strategy
    from bienc_cli.store import Filter


def compare_queries(
    queries: list[str],
    choice: ModelChoice,
    output: Output,
    index: str | None,
    strategies: tuple[Strategy, ...] | None,
    k: int,
    candidates: int | None,
    where: Filter,
    exhaustive: bool | None,
) -> int:
    """Compare and print; the exit code."""
    from bienc_cli.cli import environment, freshness, standard_input
    from bienc_cli.cli.progress import counting
    from bienc_cli.errors import EXIT_NO_RESULT, EXIT_OK
    from bienc_cli.evaluation.comparison import DEFAULT_STRATEGIES, CompareOptions, compare
    from bienc_cli.render.comparison import ComparisonView
    from bienc_cli.search import check_query

    options = CompareOptions(
        strategies=strategies or DEFAULT_STRATEGIES,
        k=k,
        candidates=candidates,
        exhaustive=exhaustive,
        where=where,
    )
    texts = queries
    if queries == ["-"]:
        texts = [standard_input.parse(*record).text for record in standard_input.queries()]
    for text in texts:
        check_query(text)
    with environment.open_index(index) as reader, freshness.noted(reader, output):
        bi_encoder = choice.load_bi_encoder(reader.info)
        reranker = choice.load_cross_encoder()
        with counting(output, "comparing", len(texts)) as advance:
            result = compare(reader, texts, bi_encoder, reranker, options, lambda _: advance())
    for warning in result.warnings:
        output.warn(warning)
    output.show(ComparisonView(result))
    found = any(ranking.hits for one in result.queries for ranking in one.rankings)
    return EXIT_OK if found else EXIT_NO_RESULT
