"""The options of a search, and the checks made before it starts."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from bienc_cli.errors import IndexMismatch, UsageError
from bienc_cli.formats.cleaning import clean
from bienc_cli.store import Filter
from bienc_cli.strategy import DEFAULT_STRATEGY, DEFAULT_WITHOUT_CROSS_ENCODER, Strategy
from bienc_cli.types import BiEncoder, CrossEncoder, EncoderIdentity, TunedBlend

DEFAULT_K = 10
DEFAULT_CANDIDATES = 20
"""Enough to include a relevant passage, few enough for an answer within a second."""


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """How to search, and how much to return.

    Attributes:
        strategy: where candidates come from and what orders them; None for the best strategy that
            the given models allow.
        k: number of hits wanted.
        candidates: how many passages the first stage proposes for reranking; None for the default,
            or `k` if that is more.
        rerank_seconds: time limit for reranking, best candidates first; None reranks all of them.
        min_relevance: drop hits with a lower relevance (the sigmoid, 0 to 1).
        exhaustive: let the cross-encoder read any number of passages.
        where: only documents that pass this filter; applied before the ranking is cut off.
        best_sentence: also find the sentence of each hit closest to the query.
        blend: weights for the blending strategies; None for those learned for the index, else the
            defaults.
        budget_tokens: return only as many whole passages as fit into this many bi-encoder tokens,
            best first and without near-duplicates.
    """

    strategy: Strategy | None = None
    k: int = DEFAULT_K
    candidates: int | None = None
    rerank_seconds: float | None = None
    min_relevance: float | None = None
    exhaustive: bool = False
    where: Filter = field(default_factory=Filter)
    best_sentence: bool = False
    blend: TunedBlend | None = None
    budget_tokens: int | None = None

    def __post_init__(self) -> None:
        check_depth(self.k, self.candidates)
        if self.budget_tokens is not None and self.budget_tokens < 1:
            raise UsageError(
                f"Nothing fits into {self.budget_tokens} tokens.", "give --budget-tokens 2000, say"
            )
        if self.rerank_seconds is not None and not 0 < self.rerank_seconds < math.inf:
            raise UsageError(
                "A budget is a time above zero.", "give --rerank-budget 300, or --no-rerank"
            )
        if self.min_relevance is not None and not 0 <= self.min_relevance <= 1:
            raise UsageError(
                f"A relevance of {self.min_relevance} does not exist: it is between 0 and 1.",
                "give --min-relevance 0.5, say",
            )

    @property
    def depth(self) -> int:
        """How many candidates to retrieve for reranking."""
        return depth_of(self.k, self.candidates)


def check_depth(k: int, candidates: int | None) -> None:
    """Refuse an empty ranking, and fewer candidates than hits."""
    if k < 1:
        raise UsageError(f"-k {k} asks for no hits.", "give -k 1 or more")
    if candidates is not None and candidates < k:
        raise UsageError(
            f"{candidates} candidates cannot give {k} hits.", f"give --candidates {k} or more"
        )


def depth_of(k: int, candidates: int | None) -> int:
    """How many candidates to rerank: the given number, or the default."""
    return candidates or max(k, DEFAULT_CANDIDATES)


def strategy_for(bi_encoder: BiEncoder | None, cross_encoder: CrossEncoder | None) -> Strategy:
    """The best strategy that the given models allow."""
    if bi_encoder is None:
        return Strategy.BM25 if cross_encoder is None else Strategy.BM25_RERANKED
    return DEFAULT_WITHOUT_CROSS_ENCODER if cross_encoder is None else DEFAULT_STRATEGY


def check_models(
    strategy: Strategy,
    bi_encoder: BiEncoder | None,
    cross_encoder: CrossEncoder | None,
    min_relevance: float | None = None,
) -> None:
    """Refuse a strategy without its models, and a threshold on a score nobody computes.

    Raises:
        UsageError: naming what is missing.
    """
    if strategy.needs_bi_encoder and bi_encoder is None:
        raise UsageError(f"The strategy {strategy} needs a bi-encoder.", "give it one")
    if strategy.needs_cross_encoder and cross_encoder is None:
        raise UsageError(f"The strategy {strategy} needs a cross-encoder.", "give it one")
    if min_relevance is not None and not strategy.needs_cross_encoder:
        raise UsageError(
            "Relevance is the cross-encoder's score, and there is to be no reranking.",
            "leave out --no-rerank or --min-relevance, or give a strategy that reranks",
        )


def check_query(query: str) -> None:
    """Refuse an empty query, and one that no model can encode."""
    if not clean(query).strip():
        raise UsageError("The query is empty.", "say what you are looking for")
    if not is_encodable(query):
        raise UsageError("The query is not UTF-8.", "check the encoding of your terminal")


def is_encodable(text: str) -> bool:
    """Whether a text has no lone surrogate, which neither models nor files accept."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def check_model(recorded: EncoderIdentity, loaded: EncoderIdentity) -> None:
    """Refuse to compare vectors of different models."""
    if recorded.fingerprint != loaded.fingerprint:
        raise IndexMismatch(
            f"This index was made with {recorded.name} ({recorded.fingerprint[:12]}), "
            f"not with {loaded.name} ({loaded.fingerprint[:12]}).",
            f"leave out --model, or make an index for it: bienc index PATH --model {loaded.name} "
            "--index OTHER_DIRECTORY",
        )
