"""The second stage: the cross-encoder reads the query together with each candidate."""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from bienc_cli.errors import UsageError
from bienc_cli.search.exact_names import shares_of_numbers
from bienc_cli.search.fusion import ranked_by_votes
from bienc_cli.search.legibility import codelike
from bienc_cli.search.result import Hit, Relevance
from bienc_cli.store import Filter, Searchable, StoredPassage
from bienc_cli.types import BlendWeights, CrossEncoder

EXHAUSTIVE_LIMIT = 2_000
"""Most passages the cross-encoder reads for one query unless told otherwise: half a minute on two
cores."""

_FIRST_PORTION = 4
_PORTION = 16
"""Candidates read between two checks of the time limit."""

_BATCH = 256


def rerank(
    query: str,
    hits: Sequence[Hit],
    cross_encoder: CrossEncoder,
    seconds: float | None = None,
    weights: BlendWeights | None = None,
    illegible: Collection[int] = (),
) -> list[Hit]:
    """Order candidates by the cross-encoder, by (-logit, passage id), or by a blend.

    Args:
        query: the query's text.
        hits: candidates, best first.
        cross_encoder: a model with one label.
        seconds: time limit. Candidates not read by then follow those that were, in their original
            order. The first few are always read.
        weights: order by a blend of relevance, similarity and BM25 (`ranked_by_votes`); every
            candidate has the latter two scores.
        illegible: ids of passages that are not read. They follow those that are; in a blend, they
            count as having average relevance.

    Raises:
        UsageError: the cross-encoder has several labels.
    """
    check_relevance_model(cross_encoder)
    read: list[Hit] = []
    unread = [hit for hit in hits if hit.passage.passage_id in illegible]
    hits = [hit for hit in hits if hit.passage.passage_id not in illegible]
    for portion in _portions(hits, seconds):
        scores = cross_encoder.score_pairs([(query, text_to_read(hit.passage)) for hit in portion])
        for hit, logit, truncated in zip(
            portion, scores.logits[:, 0], scores.truncated, strict=True
        ):
            read.append(
                replace(hit, relevance=relevance_of(float(logit)), truncated=bool(truncated))
            )
    in_order = ordered([*read, *unread], weights, query) + hits[len(read) :]
    return [replace(hit, rank=rank) for rank, hit in enumerate(in_order, 1)]


def ordered(hits: Sequence[Hit], weights: BlendWeights | None = None, query: str = "") -> list[Hit]:
    """Sort hits by relevance or by a blend; see `rerank` for hits without relevance.

    Args:
        hits: reranked or not.
        weights: of the blend; None for relevance alone.
        query: a blend also compares its numbers with each hit's.
    """
    by_relevance = sorted((hit for hit in hits if hit.relevance is not None), key=_by_relevance)
    ranked = [replace(hit, relevance_rank=rank) for rank, hit in enumerate(by_relevance, 1)]
    mean_logit = math.fsum(map(_logit, ranked)) / len(ranked) if ranked else 0.0
    ranked += [hit for hit in hits if hit.relevance is None]
    if weights is not None:
        texts = [text_to_read(hit.passage) for hit in ranked]
        order = ranked_by_votes(
            [hit.passage.passage_id for hit in ranked],
            weights,
            [_similarity(hit) for hit in ranked],
            [_bm25(hit) for hit in ranked],
            [_logit(hit) if hit.relevance is not None else mean_logit for hit in ranked],
            codelike(texts),
            shares_of_numbers(query, texts),
        )
        ranked = [ranked[position] for position in order]
    return [replace(hit, rank=rank) for rank, hit in enumerate(ranked, 1)]


def rank_all(
    index: Searchable, query: str, cross_encoder: CrossEncoder, k: int, where: Filter
) -> list[Hit]:
    """The top `k` of all passages by the cross-encoder alone: one model pass per passage."""
    best: list[Hit] = []
    batch: list[Hit] = []

    def keep_best() -> None:
        nonlocal best
        best = ordered([*best, *rerank(query, batch, cross_encoder)])[:k]
        batch.clear()

    for stored in index.iter_passages(where):
        batch.append(Hit(rank=0, passage=stored))
        if len(batch) == _BATCH:
            keep_best()
    keep_best()
    return best


def check_exhaustive(passages: int, exhaustive: bool | None) -> None:
    """Refuse to read an unreasonable number of passages unless explicitly allowed.

    Args:
        passages: how many the cross-encoder would read for one query.
        exhaustive: the user allowed any number.

    Raises:
        UsageError: there are more than `EXHAUSTIVE_LIMIT`.
    """
    if passages > EXHAUSTIVE_LIMIT and not exhaustive:
        raise UsageError(
            f"The cross-encoder would read all of {passages:,} passages, one by one, for each "
            "query.",
            "add --exhaustive if that is wanted, or let it read fewer: --strategy blend "
            "--candidates 50",
        )


def check_relevance_model(cross_encoder: CrossEncoder) -> None:
    """Refuse to use a multi-label classifier (NLI, say) to judge relevance.

    Raises:
        UsageError: the model has several labels; the message names them.
    """
    labels = cross_encoder.identity.labels
    if len(labels) > 1:
        raise UsageError(
            f"{cross_encoder.identity.name} has {len(labels)} labels ({', '.join(labels)}); "
            "ranking needs a cross-encoder with one, which is relevance.",
            "use it with: bienc score A B --cross-encoder MODEL",
        )


def text_to_read(stored: StoredPassage) -> str:
    """What the cross-encoder reads: the same text that was embedded."""
    return stored.passage.embedded_text


def relevance_of(logit: float) -> Relevance:
    """A logit with its sigmoid."""
    return Relevance(logit, sigmoid(logit))


def sigmoid(logit: float) -> float:
    """1 / (1 + e^-x), without overflow for any float."""
    if logit >= 0:
        return 1 / (1 + math.exp(-logit))
    exponential = math.exp(logit)
    return exponential / (1 + exponential)


def _portions(hits: Sequence[Hit], seconds: float | None) -> Iterator[Sequence[Hit]]:
    """All hits at once; with a time limit, as many portions as the past ones suggest will fit."""
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


def _by_relevance(hit: Hit) -> tuple[float, int]:
    return (-_logit(hit), hit.passage.passage_id)


def _logit(hit: Hit) -> float:
    return hit.relevance.logit if hit.relevance else -math.inf


def _similarity(hit: Hit) -> float:
    return (hit.candidate.similarity if hit.candidate else None) or 0.0


def _bm25(hit: Hit) -> float:
    return (hit.candidate.bm25 if hit.candidate else None) or 0.0
