"""open -> retrieve (candidates) -> rerank -> top k."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from bienc_cli.errors import IndexMismatch, UsageError
from bienc_cli.search.result import Hit, ModelUse, Relevance, SearchResult
from bienc_cli.search.sentences import best_sentences
from bienc_cli.stages import Stopwatch
from bienc_cli.store import Filter, IndexReader, StoredPassage
from bienc_cli.types import BiEncoder, CrossEncoder, EncoderIdentity

DEFAULT_K = 10
DEFAULT_CANDIDATES = 20
"""Enough for a relevant passage to be among them, few enough for an answer within a second."""

_FIRST_PORTION = 4
_PORTION = 16
"""Candidates between two looks at the clock, where there is a time to keep."""


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """What to search for and how far to look.

    Attributes:
        k: hits wanted.
        candidates: passages that the bi-encoder proposes for reranking; None for the default,
            or `k` where that is more.
        rerank_seconds: rerank only as many candidates, best first, as fit into this time; None
            reranks them all.
        min_relevance: drop hits whose relevance (the sigmoid, 0 to 1) is lower.
        where: which documents count; applied before the ranking is cut.
        best_sentence: also find the sentence of each hit that is nearest to the query.
    """

    k: int = DEFAULT_K
    candidates: int | None = None
    rerank_seconds: float | None = None
    min_relevance: float | None = None
    where: Filter = field(default_factory=Filter)
    best_sentence: bool = False

    def __post_init__(self) -> None:
        check_depth(self.k, self.candidates)
        if self.rerank_seconds is not None and self.rerank_seconds <= 0:
            raise UsageError(
                "A budget of no time reranks nothing.", "give --rerank-budget 300, or --no-rerank"
            )
        if self.min_relevance is not None and not 0 <= self.min_relevance <= 1:
            raise UsageError(
                f"A relevance of {self.min_relevance} does not exist: it is between 0 and 1.",
                "give --min-relevance 0.5, say",
            )

    @property
    def depth(self) -> int:
        """How many candidates to retrieve when they are to be reranked."""
        return depth_of(self.k, self.candidates)


def check_depth(k: int, candidates: int | None) -> None:
    """Refuse rankings of no length, and candidates too few to fill them."""
    if k < 1:
        raise UsageError(f"-k {k} asks for no hits.", "give -k 1 or more")
    if candidates is not None and candidates < k:
        raise UsageError(
            f"{candidates} candidates cannot give {k} hits.", f"give --candidates {k} or more"
        )


def depth_of(k: int, candidates: int | None) -> int:
    """How many candidates to rerank: as many as were asked for, or the default."""
    return candidates or max(k, DEFAULT_CANDIDATES)


def search(
    index: IndexReader,
    query: str,
    bi_encoder: BiEncoder,
    cross_encoder: CrossEncoder | None = None,
    options: SearchOptions | None = None,
    watch: Stopwatch | None = None,
) -> SearchResult:
    """Answer one query.

    Args:
        index: opened for reading.
        query: what is looked for, in plain language.
        bi_encoder: the model that the index was made with.
        cross_encoder: orders the candidates; None leaves them in the bi-encoder's order.
        options: how many, among which.
        watch: with stages that came before, such as loading the models; they count.

    Raises:
        UsageError: an empty query, or a threshold on relevance without a cross-encoder.
        IndexMismatch: the index was made with another model.
        IndexDamaged: the index does not hold together.
    """
    options = options or SearchOptions()
    if cross_encoder is None and options.min_relevance is not None:
        raise UsageError(
            "Relevance is the cross-encoder's score, and there is to be no reranking.",
            "leave out --no-rerank or --min-relevance",
        )
    check_query(query)
    check_model(index.info.encoder, bi_encoder.identity)
    watch = watch or Stopwatch()
    with watch.stage("encode query"):
        vectors = bi_encoder.encode_queries([query])
    query_tokens = (
        bi_encoder.tokenizer.counts([bi_encoder.identity.query_prompt + query])[0]
        + bi_encoder.tokenizer.special_tokens
    )
    with watch.stage("search"):
        depth = options.depth if cross_encoder else options.k
        hits = retrieve(index, vectors[0], depth, options.where)
    candidates = len(hits)
    if cross_encoder is not None:
        with watch.stage("rerank"):
            hits = rerank(query, hits, cross_encoder, options.rerank_seconds)
    reranked = sum(hit.relevance is not None for hit in hits)
    truncated = sum(hit.truncated for hit in hits)
    hits = [hit for hit in hits if _relevant_enough(hit, options.min_relevance)][: options.k]
    if options.best_sentence and hits:
        with watch.stage("best sentences"):
            hits = best_sentences(vectors[0], hits, bi_encoder)
    return SearchResult(
        query=query,
        k=options.k,
        hits=tuple(hits),
        candidates=candidates,
        reranked=reranked,
        truncated=truncated,
        query_tokens=query_tokens,
        query_truncated=query_tokens > bi_encoder.identity.max_tokens,
        stages=watch.times,
        index=index.info,
        bi_encoder=ModelUse(bi_encoder.identity, bi_encoder.runtime),
        cross_encoder=(
            ModelUse(cross_encoder.identity, cross_encoder.runtime) if cross_encoder else None
        ),
        warnings=tuple(index.warnings),
    )


def retrieve(
    index: IndexReader, query_vector: NDArray[np.float32], k: int, where: Filter
) -> list[Hit]:
    """The bi-encoder's ranking: the `k` passages nearest to a query vector of shape (dim,)."""
    found = index.search(query_vector, k, where)
    passages = index.passages([passage_id for passage_id, _ in found])
    return [
        Hit(rank, passage, similarity, rank)
        for rank, (passage, (_, similarity)) in enumerate(zip(passages, found, strict=True), 1)
    ]


def rerank(
    query: str,
    hits: Sequence[Hit],
    cross_encoder: CrossEncoder,
    seconds: float | None = None,
) -> list[Hit]:
    """The cross-encoder's ranking of the same passages, by (-logit, passage id).

    Args:
        query: what is looked for.
        hits: candidates, best first.
        cross_encoder: with one label.
        seconds: stop when this time is used up; the candidates that were not read then follow
            those that were, in their own order. A first few are always read.

    Raises:
        UsageError: the cross-encoder has several labels.
    """
    check_relevance_model(cross_encoder)
    read: list[Hit] = []
    for some in _portions(hits, seconds):
        scores = cross_encoder.score(query, [text_to_read(hit.passage) for hit in some])
        for hit, logit, cut in zip(some, scores.logits[:, 0], scores.truncated, strict=True):
            relevance = Relevance(float(logit), sigmoid(float(logit)))
            read.append(replace(hit, relevance=relevance, truncated=bool(cut)))
    read.sort(key=_by_relevance)
    ranked = [replace(hit, rank=rank, relevance_rank=rank) for rank, hit in enumerate(read, 1)]
    rest = hits[len(read) :]
    return ranked + [replace(hit, rank=rank) for rank, hit in enumerate(rest, len(read) + 1)]


def _by_relevance(hit: Hit) -> tuple[float, int]:
    return (-hit.relevance.logit if hit.relevance else math.inf, hit.passage.passage_id)


def _portions(hits: Sequence[Hit], seconds: float | None) -> Iterator[Sequence[Hit]]:
    """All at once; or as long as the time lasts, judged by the time of those before."""
    if seconds is None:
        if hits:
            yield hits
        return
    started = time.perf_counter()
    done = 0
    size = _FIRST_PORTION
    while done < len(hits) and size > 0:
        yield hits[done : done + size]
        done += size
        spent = time.perf_counter() - started
        size = min(_PORTION, int((seconds - spent) / (spent / done)))


def text_to_read(stored: StoredPassage) -> str:
    """What the cross-encoder is given: the same text that was embedded."""
    return stored.passage.embedded_text


def sigmoid(logit: float) -> float:
    """1 / (1 + e^-x), without overflow for any float."""
    if logit >= 0:
        return 1 / (1 + math.exp(-logit))
    grown = math.exp(logit)
    return grown / (1 + grown)


def check_query(query: str) -> None:
    """Refuse a query with nothing in it."""
    if not query.strip():
        raise UsageError("The query is empty.", "say what you are looking for")


def check_model(recorded: EncoderIdentity, loaded: EncoderIdentity) -> None:
    """Refuse vectors of one model to be compared with those of another."""
    if recorded.fingerprint != loaded.fingerprint:
        raise IndexMismatch(
            f"This index was made with {recorded.name} ({recorded.fingerprint[:12]}), "
            f"not with {loaded.name} ({loaded.fingerprint[:12]}).",
            f"leave out --model, or make an index for it: bienc index PATH --model {loaded.name} "
            "--index OTHER_DIRECTORY",
        )


def check_relevance_model(cross_encoder: CrossEncoder) -> None:
    """Refuse a classifier of several labels (NLI, say) as a judge of relevance."""
    labels = cross_encoder.identity.labels
    if len(labels) > 1:
        raise UsageError(
            f"{cross_encoder.identity.name} has {len(labels)} labels ({', '.join(labels)}); "
            "ranking needs a cross-encoder with one, which is relevance.",
            "use it with: bienc score A B --cross-encoder MODEL",
        )


def _relevant_enough(hit: Hit, threshold: float | None) -> bool:
    return threshold is None or (
        hit.relevance is not None and hit.relevance.probability >= threshold
    )
