"""Strategies: where candidates come from, and what orders them.

strategy                   candidates                   ordered by
bm25                       BM25                         BM25
bi-encoder                 bi-encoder                   similarity
hybrid                     both                         reciprocal rank fusion
light-blend                both                         weighted sum of similarity, BM25
bm25+cross-encoder         BM25                         relevance
bi-encoder+cross-encoder   bi-encoder                   relevance
hybrid+cross-encoder       hybrid                       relevance
blend                      light-blend                  votes of all three
cross-encoder              every passage                relevance

`bi`, `ce` and `light` stand for bi-encoder, cross-encoder and light-blend, also in `bi+ce`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from bienc_cli.errors import UsageError


class Source(StrEnum):
    """Where candidates come from."""

    BM25 = "bm25"
    BI_ENCODER = "bi-encoder"
    FUSION = "fusion"
    """Both, ordered by reciprocal rank fusion."""
    LIGHT_BLEND = "light blend"
    """Both, ordered by a weighted sum of similarity and BM25."""
    ALL = "all"
    """Every passage."""


class Order(StrEnum):
    """What determines the final order."""

    CANDIDATES = "candidates"
    """The order in which the candidates were proposed."""
    RELEVANCE = "relevance"
    BLEND = "blend"


@dataclass(frozen=True, slots=True)
class _Plan:
    source: Source
    order: Order
    reranks: bool


class Strategy(StrEnum):
    """A way to answer a query, by the name that users type."""

    BM25 = "bm25"
    BI_ENCODER = "bi-encoder"
    HYBRID = "hybrid"
    LIGHT_BLEND = "light-blend"
    BM25_RERANKED = "bm25+cross-encoder"
    BI_ENCODER_RERANKED = "bi-encoder+cross-encoder"
    HYBRID_RERANKED = "hybrid+cross-encoder"
    BLEND = "blend"
    CROSS_ENCODER = "cross-encoder"

    @property
    def source(self) -> Source:
        """Where its candidates come from."""
        return _PLANS[self].source

    @property
    def order(self) -> Order:
        """What determines its final order."""
        return _PLANS[self].order

    @property
    def needs_bi_encoder(self) -> bool:
        """Whether it compares vectors."""
        return self.source not in (Source.BM25, Source.ALL)

    @property
    def needs_bm25(self) -> bool:
        """Whether it looks words up."""
        return self.source not in (Source.BI_ENCODER, Source.ALL)

    @property
    def needs_cross_encoder(self) -> bool:
        """Whether a model reads query and passage together."""
        return _PLANS[self].reranks

    @property
    def blends(self) -> bool:
        """Whether it combines the scores or votes of several signals."""
        return self in (Strategy.BLEND, Strategy.LIGHT_BLEND)

    @property
    def without_cross_encoder(self) -> Strategy:
        """The same strategy without reranking; itself if nothing else remains."""
        if self is Strategy.BLEND:
            return Strategy.LIGHT_BLEND
        if self is Strategy.CROSS_ENCODER:
            return self
        return Strategy(self.value.removesuffix("+cross-encoder"))


_PLANS = {
    Strategy.BM25: _Plan(Source.BM25, Order.CANDIDATES, reranks=False),
    Strategy.BI_ENCODER: _Plan(Source.BI_ENCODER, Order.CANDIDATES, reranks=False),
    Strategy.HYBRID: _Plan(Source.FUSION, Order.CANDIDATES, reranks=False),
    Strategy.LIGHT_BLEND: _Plan(Source.LIGHT_BLEND, Order.CANDIDATES, reranks=False),
    Strategy.BM25_RERANKED: _Plan(Source.BM25, Order.RELEVANCE, reranks=True),
    Strategy.BI_ENCODER_RERANKED: _Plan(Source.BI_ENCODER, Order.RELEVANCE, reranks=True),
    Strategy.HYBRID_RERANKED: _Plan(Source.FUSION, Order.RELEVANCE, reranks=True),
    Strategy.BLEND: _Plan(Source.LIGHT_BLEND, Order.BLEND, reranks=True),
    Strategy.CROSS_ENCODER: _Plan(Source.ALL, Order.RELEVANCE, reranks=True),
}

SHORT_NAMES: Mapping[str, Strategy] = MappingProxyType(
    {
        "bi": Strategy.BI_ENCODER,
        "ce": Strategy.CROSS_ENCODER,
        "light": Strategy.LIGHT_BLEND,
        "bi+ce": Strategy.BI_ENCODER_RERANKED,
        "bm25+ce": Strategy.BM25_RERANKED,
        "hybrid+ce": Strategy.HYBRID_RERANKED,
    }
)
"""Short names, accepted wherever a strategy is named."""

DEFAULT_STRATEGY = Strategy.BLEND
"""Chosen by measurement: docs/evaluation.md has the table."""

DEFAULT_WITHOUT_CROSS_ENCODER = Strategy.LIGHT_BLEND


def strategy_named(name: str) -> Strategy:
    """The strategy with a long or short name.

    Raises:
        UsageError: there is none.
    """
    try:
        return Strategy(SHORT_NAMES.get(name.strip(), name.strip()))
    except ValueError:
        from difflib import get_close_matches

        names = [strategy.value for strategy in Strategy]
        close_matches = get_close_matches(name, [*names, *SHORT_NAMES], 1)
        raise UsageError(
            f"There is no strategy '{name}'.",
            f"did you mean {close_matches[0]}?"
            if close_matches
            else f"give one of: {', '.join(names)}; or short: {', '.join(SHORT_NAMES)}",
        ) from None


def strategy_chosen(name: str | None, rerank: bool = True) -> Strategy:
    """The strategy for a name, or the default, with or without reranking.

    Raises:
        UsageError: there is none of that name, or the two contradict each other.
    """
    if name is None:
        return DEFAULT_STRATEGY if rerank else DEFAULT_WITHOUT_CROSS_ENCODER
    strategy = strategy_named(name)
    if strategy.needs_cross_encoder and not rerank:
        raise UsageError(
            f"The strategy {strategy} reranks, and there is to be no reranking.",
            "leave out --no-rerank, or use --strategy light-blend",
        )
    return strategy


def strategies_named(names: Sequence[str]) -> tuple[Strategy, ...]:
    """Strategies by name, in order, without repeats.

    Raises:
        UsageError: there is none of a name.
    """
    return tuple(dict.fromkeys(strategy_named(name) for name in names))
