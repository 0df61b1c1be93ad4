"""Queries to ranked passages."""

from bienc_cli.search.pipeline import (
    DEFAULT_CANDIDATES,
    DEFAULT_K,
    SearchOptions,
    check_model,
    check_query,
    search,
)
from bienc_cli.search.reranking import rerank
from bienc_cli.search.result import Candidate, Hit, ModelUse, Relevance, SearchResult, Span
from bienc_cli.strategy import Strategy

__all__ = [
    "DEFAULT_CANDIDATES",
    "DEFAULT_K",
    "Candidate",
    "Hit",
    "ModelUse",
    "Relevance",
    "SearchOptions",
    "SearchResult",
    "Span",
    "Strategy",
    "check_model",
    "check_query",
    "rerank",
    "search",
]
