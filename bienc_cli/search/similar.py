"""Finds documents or passages similar to a given one, from stored vectors alone.

A document's similarity is the mean, over the subject's passages, of the cosine with the most
similar passage of the document. This distinguishes a document that shares a part with the subject
from one that is merely about the same topics on average.

Source of the score: Khattab and Zaharia, "ColBERT: Efficient and effective passage search via
contextualized late interaction over BERT", SIGIR 2020, there over tokens, here over passages.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from bienc_cli.errors import UsageError
from bienc_cli.search.narrowing import unmatched
from bienc_cli.search.request import check_depth, depth_of
from bienc_cli.search.reranking import check_relevance_model, relevance_of, text_to_read
from bienc_cli.search.result import ModelUse, Relevance
from bienc_cli.search.subject import Subject
from bienc_cli.stages import StageTime, Stopwatch, total_seconds
from bienc_cli.store import Filter, IndexInfo, IndexReader, StoredPassage
from bienc_cli.types import CrossEncoder

NEAREST = 10
"""A document's passage matches one of the subject's if it is among this many nearest of all
documents."""

_DEPTH = 100
"""Passages retrieved for each of the subject's; the best documents have one among them."""


class Similar(StrEnum):
    """The unit of the result."""

    DOCUMENT = "document"
    PASSAGE = "passage"


@dataclass(frozen=True, slots=True)
class SimilarOptions:
    """What to look for, and how much to return.

    Attributes:
        unit: documents, or single passages.
        k: number of hits wanted.
        candidates: how many the cross-encoder reads, if there is one; None for the default.
        min_similarity: drop hits with a lower similarity.
        where: only documents that pass this filter.
    """

    unit: Similar = Similar.DOCUMENT
    k: int = 10
    candidates: int | None = None
    min_similarity: float | None = None
    where: Filter = field(default_factory=Filter)

    def __post_init__(self) -> None:
        check_depth(self.k, self.candidates)
        check_similarity(self.min_similarity)


@dataclass(frozen=True, slots=True)
class SimilarHit:
    """A document, or a passage, similar to the subject.

    Attributes:
        rank: 1-based, in the final order.
        passage: for a document, its passage most similar to any of the subject's.
        similarity: for a document, the mean over the subject's passages of the cosine with the
            document's most similar passage; for a passage, the cosine with the subject's most
            similar passage.
        best: cosine of `passage` and the subject's passage most similar to it.
        like: position of that passage in `Subject.passages`.
        matched: how many of the subject's passages have a passage of the document among their
            `NEAREST`.
        relevance: of `passage` to that passage of the subject; None if it was not reranked.
        truncated: the pair was longer than the cross-encoder reads.
    """

    rank: int
    passage: StoredPassage
    similarity: float
    best: float
    like: int
    matched: int
    relevance: Relevance | None = None
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class SimilarResult:
    """The documents or passages similar to a subject.

    Attributes:
        hits: best first, ordered by (-score, passage id).
        candidates: how many were found before any were dropped.
        reranked: how many of them the cross-encoder read.
        stages: wall time of each stage, in order.
        cross_encoder: None where nothing was reranked.
    """

    subject: Subject
    unit: Similar
    k: int
    hits: tuple[SimilarHit, ...]
    candidates: int
    reranked: int
    stages: tuple[StageTime, ...]
    index: IndexInfo
    cross_encoder: ModelUse | None
    warnings: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """Total wall time of all stages."""
        return total_seconds(self.stages)


def similar(
    index: IndexReader,
    subject: Subject,
    options: SimilarOptions | None = None,
    cross_encoder: CrossEncoder | None = None,
    watch: Stopwatch | None = None,
) -> SimilarResult:
    """Find what is similar to a subject, excluding the subject itself.

    Args:
        index: opened for reading.
        subject: from this index, or encoded by its model.
        options: documents or passages, how many, among which.
        cross_encoder: reads each candidate's best-matching passages and orders the candidates.
        watch: already holds earlier stages, which count.

    Raises:
        UsageError: the cross-encoder has several labels.
        IndexDamaged: the index does not hold together.
    """
    options = options or SimilarOptions()
    watch = watch or Stopwatch()
    if cross_encoder is not None:
        check_relevance_model(cross_encoder)
    wanted = depth_of(options.k, options.candidates) if cross_encoder else options.k
    with watch.stage("search"):
        find = _passages if options.unit is Similar.PASSAGE else _documents
        candidates = find(index, subject, wanted, options.where)
    enough = [hit for hit in candidates if hit.similarity >= (options.min_similarity or -math.inf)]
    hits = enough[:wanted]
    if cross_encoder is not None:
        with watch.stage("rerank"):
            hits = _reranked(subject, hits, cross_encoder)
    return SimilarResult(
        subject=subject,
        unit=options.unit,
        k=options.k,
        hits=tuple(replace(hit, rank=rank) for rank, hit in enumerate(hits[: options.k], 1)),
        candidates=len(candidates),
        reranked=len(hits) if cross_encoder else 0,
        stages=watch.times,
        index=index.info,
        cross_encoder=ModelUse.of(cross_encoder) if cross_encoder else None,
        warnings=(
            *index.warnings,
            *_not_compared(subject),
            *_nothing(index, candidates, enough, options),
        ),
    )


def check_similarity(least: float | None) -> None:
    """Refuse a threshold that is not a cosine.

    Raises:
        UsageError: it is not between -1 and 1.
    """
    if least is not None and not -1 <= least <= 1:
        raise UsageError(
            f"A similarity of {least} does not exist: it is a cosine, between -1 and 1.",
            "give --min-similarity 0.8, say",
        )


def _not_compared(subject: Subject) -> list[str]:
    compared = len(subject.passages)
    if compared == subject.total:
        return []
    return [
        f"of the {subject.total:,} passages of {subject.name} {compared} were compared, "
        "evenly spread"
    ]


def _nothing(
    index: IndexReader,
    candidates: Sequence[SimilarHit],
    enough: Sequence[SimilarHit],
    options: SimilarOptions,
) -> list[str]:
    if not candidates:
        return unmatched(index, options.where)
    if enough or options.min_similarity is None:
        return []
    best = max(hit.similarity for hit in candidates)
    return [
        f"nothing is as similar as --min-similarity {options.min_similarity:g}; the most "
        f"similar has {best:.4f}"
    ]


def _passages(index: IndexReader, subject: Subject, wanted: int, where: Filter) -> list[SimilarHit]:
    rankings = _nearest_of_others(index, subject, subject.passage_ids, wanted, where)
    best: dict[int, tuple[float, int]] = {}
    for like, ranking in enumerate(rankings):
        for passage_id, cosine in ranking:
            best[passage_id] = max(best.get(passage_id, (-math.inf, 0)), (cosine, -like))
    order = sorted(best, key=lambda passage_id: (-best[passage_id][0], passage_id))[:wanted]
    closest = [{passage_id for passage_id, _ in ranking[:NEAREST]} for ranking in rankings]
    return [
        SimilarHit(
            rank=rank,
            passage=stored,
            similarity=best[stored.passage_id][0],
            best=best[stored.passage_id][0],
            like=-best[stored.passage_id][1],
            matched=sum(stored.passage_id in ids for ids in closest),
        )
        for rank, stored in enumerate(index.passages(order), 1)
    ]


def _documents(
    index: IndexReader, subject: Subject, wanted: int, where: Filter
) -> list[SimilarHit]:
    rankings = _nearest_of_others(
        index, subject, subject.document_passage_ids, max(_DEPTH, 2 * wanted), where
    )
    passages = index.passages(
        sorted({passage_id for ranking in rankings for passage_id, _ in ranking})
    )
    cosines = _cosines(index, subject, [stored.passage_id for stored in passages])
    columns_of: dict[int, list[int]] = {}
    for column, candidate in enumerate(passages):
        columns_of.setdefault(candidate.document_id, []).append(column)
    document_of = {stored.passage_id: stored.document_id for stored in passages}
    closest = [
        {document_of[passage_id] for passage_id, _ in ranking[:NEAREST]} for ranking in rankings
    ]
    hits = []
    for document_id, columns in columns_of.items():
        document_cosines = cosines[:, columns]
        like, column = divmod(int(np.argmax(document_cosines)), len(columns))
        hits.append(
            SimilarHit(
                rank=0,
                passage=passages[columns[column]],
                similarity=float(document_cosines.max(axis=1).mean()),
                best=float(document_cosines[like, column]),
                like=like,
                matched=sum(document_id in ids for ids in closest),
            )
        )
    return sorted(hits, key=lambda hit: (-hit.similarity, hit.passage.passage_id))


def _cosines(
    index: IndexReader, subject: Subject, passage_ids: Sequence[int]
) -> NDArray[np.float64]:
    """Cosines, shape (passages of the subject, requested passages)."""
    vectors = index.vectors_of(passage_ids).astype(np.float64)
    cosines: NDArray[np.float64] = subject.vectors.astype(np.float64) @ vectors.T
    return cosines


def _nearest_of_others(
    index: IndexReader, subject: Subject, own: frozenset[int], depth: int, where: Filter
) -> list[list[tuple[int, float]]]:
    """For each passage of the subject, the `depth` nearest passages that are not in `own`."""
    search_depth = depth + min(len(own), depth)
    while True:
        rankings = index.search_many(subject.vectors, search_depth, where)
        others = [[hit for hit in ranking if hit[0] not in own] for ranking in rankings]
        # The subject's own passages are nearest: if there are many, they crowd out the others.
        if all(
            len(nearest) >= depth or len(ranking) < search_depth
            for nearest, ranking in zip(others, rankings, strict=True)
        ):
            return [nearest[:depth] for nearest in others]
        search_depth *= 4


def _reranked(
    subject: Subject, hits: Sequence[SimilarHit], cross_encoder: CrossEncoder
) -> list[SimilarHit]:
    """Sort the candidates by (-relevance, passage id) of their best-matching passages."""
    if not hits:
        return []
    scores = cross_encoder.score_pairs(
        [(subject.passages[hit.like].embedded_text, text_to_read(hit.passage)) for hit in hits]
    )
    read = [
        replace(hit, relevance=relevance_of(float(logit)), truncated=bool(truncated))
        for hit, logit, truncated in zip(hits, scores.logits[:, 0], scores.truncated, strict=True)
    ]
    order = sorted(
        zip(scores.logits[:, 0].tolist(), read, strict=True),
        key=lambda scored: (-scored[0], scored[1].passage.passage_id),
    )
    return [hit for _, hit in order]
