"""`score` of several texts against several: both encoders on every pair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bienc_cli.errors import UsageError
from bienc_cli.evaluation.pair_scores import check_pair
from bienc_cli.search.reranking import check_relevance_model
from bienc_cli.search.result import ModelUse
from bienc_cli.stages import StageTime, Stopwatch
from bienc_cli.types import BiEncoder, CrossEncoder

MOST_PAIRS = 10_000
"""Most pairs for the cross-encoder to read: some minutes on two cores."""


@dataclass(frozen=True, slots=True)
class ScoreMatrix:
    """The scores of every query with every passage.

    Attributes:
        similarities: shape (queries, passages), cosines.
        logits: shape (queries, passages), relevance.
        truncated: shape (queries, passages): the pair was longer than the cross-encoder reads.
        stages: wall time of `bi-encoder`, which reads each text once, and of `cross-encoder`, which
            reads each pair.
    """

    queries: tuple[str, ...]
    passages: tuple[str, ...]
    similarities: NDArray[np.float64]
    logits: NDArray[np.float64]
    truncated: NDArray[np.bool_]
    stages: tuple[StageTime, ...]
    bi_encoder: ModelUse
    cross_encoder: ModelUse


def score_matrix(
    queries: Sequence[str],
    passages: Sequence[str],
    bi_encoder: BiEncoder,
    cross_encoder: CrossEncoder,
) -> ScoreMatrix:
    """Score every query with every passage, with both encoders.

    Args:
        queries: at least one, none empty.
        passages: likewise.
        bi_encoder: reads each text once.
        cross_encoder: reads each pair; with one label.

    Raises:
        UsageError: a text is empty, there are more than `MOST_PAIRS`, or the cross-encoder has
            several labels.
    """
    check_relevance_model(cross_encoder)
    if not queries or not passages:
        raise UsageError("There is nothing to score.", "give texts on both sides")
    for number, text in enumerate((*queries, *passages), 1):
        check_pair(text, text, f"Text {number}")
    shape = len(queries), len(passages)
    if shape[0] * shape[1] > MOST_PAIRS:
        raise UsageError(
            f"The cross-encoder would read {shape[0] * shape[1]:,} pairs.",
            f"give fewer texts: {MOST_PAIRS:,} pairs at most",
        )
    watch = Stopwatch()
    with watch.stage("bi-encoder"):
        query_vectors = bi_encoder.encode_queries(queries).astype(np.float64)
        passage_vectors = bi_encoder.encode_passages(passages).astype(np.float64)
        similarities: NDArray[np.float64] = query_vectors @ passage_vectors.T
    with watch.stage("cross-encoder"):
        scores = cross_encoder.score_pairs(
            [(query, passage) for query in queries for passage in passages]
        )
    return ScoreMatrix(
        queries=tuple(queries),
        passages=tuple(passages),
        similarities=similarities,
        logits=scores.logits[:, 0].astype(np.float64).reshape(shape),
        truncated=scores.truncated.reshape(shape),
        stages=watch.times,
        bi_encoder=ModelUse.of(bi_encoder),
        cross_encoder=ModelUse.of(cross_encoder),
    )
