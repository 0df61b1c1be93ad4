"""The search pipeline: from a query to ranked passages."""

from bienc_cli.search.pipeline import search
from bienc_cli.search.request import (
    DEFAULT_CANDIDATES,
    DEFAULT_K,
    SearchOptions,
    check_model,
    check_query,
)
from bienc_cli.search.reranking import rerank
from bienc_cli.search.result import Hit, ModelUse, Relevance, SearchResult, Span

__all__ = [
    "DEFAULT_CANDIDATES",
    "DEFAULT_K",
    "Hit",
    "ModelUse",
    "Relevance",
    "SearchOptions",
    "SearchResult",
    "Span",
    "check_model",
    "check_query",
    "rerank",
    "search",
]
