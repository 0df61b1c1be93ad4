"""`score`: both encoders' scores of two texts, and the time each takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bienc_cli.errors import UsageError
from bienc_cli.search.classification import LabelScore, label_scores
from bienc_cli.search.request import is_encodable
from bienc_cli.search.reranking import relevance_of
from bienc_cli.search.result import ModelUse, Relevance
from bienc_cli.stages import Stopwatch
from bienc_cli.types import BiEncoder, CrossEncoder


@dataclass(frozen=True, slots=True)
class PairScore:
    """Two texts, encoded separately and read together.

    Attributes:
        similarity: cosine of query `first` and passage `second`.
        relevance: if the cross-encoder has one label.
        labels: if it has several.
        truncated: the pair was longer than the cross-encoder reads.
        bi_encoder_seconds: wall time to encode both texts.
        cross_encoder_seconds: wall time to read the pair.
    """

    first: str
    second: str
    similarity: float
    relevance: Relevance | None
    labels: tuple[LabelScore, ...]
    truncated: bool
    bi_encoder_seconds: float
    cross_encoder_seconds: float


@dataclass(frozen=True, slots=True)
class PairScoring:
    """Scores of pairs with their numbers, and the models used."""

    pairs: tuple[PairScore, ...]
    numbers: tuple[int, ...]
    bi_encoder: ModelUse
    cross_encoder: ModelUse


def score_pairs(
    pairs: Sequence[tuple[str, str]],
    bi_encoder: BiEncoder,
    cross_encoder: CrossEncoder,
    numbers: Sequence[int] | None = None,
) -> PairScoring:
    """Score pairs of texts one by one, the first text as the query.

    Args:
        pairs: (query, passage), neither empty.
        bi_encoder: encodes the two separately.
        cross_encoder: reads them together.
        numbers: the number of each pair; 1, 2, ... by default.

    Raises:
        UsageError: a text is empty.
    """
    numbers = tuple(numbers or range(1, len(pairs) + 1))
    for number, (first, second) in zip(numbers, pairs, strict=True):
        check_pair(first, second, f"Pair {number}")
    return PairScoring(
        pairs=tuple(_score(first, second, bi_encoder, cross_encoder) for first, second in pairs),
        numbers=numbers,
        bi_encoder=ModelUse.of(bi_encoder),
        cross_encoder=ModelUse.of(cross_encoder),
    )


def check_pair(first: str, second: str, name: str) -> None:
    """Refuse a pair that cannot be scored.

    Args:
        first: the query.
        second: the passage.
        name: how to refer to the pair.

    Raises:
        UsageError: one of them is empty, or not text.
    """
    if not first.strip() or not second.strip():
        raise UsageError(f"{name} has an empty text.", "give two texts")
    if not is_encodable(first + second):
        raise UsageError(f"{name} is not UTF-8.", "check the encoding of the texts")


def _score(
    first: str, second: str, bi_encoder: BiEncoder, cross_encoder: CrossEncoder
) -> PairScore:
    watch = Stopwatch()
    with watch.stage("bi-encoder"):
        (query,) = bi_encoder.encode_queries([first])
        (passage,) = bi_encoder.encode_passages([second])
    with watch.stage("cross-encoder"):
        scores = cross_encoder.score_pairs([(first, second)])
    identity = cross_encoder.identity
    one_label = len(identity.labels) == 1
    bi_encoder_stage, cross_encoder_stage = watch.times
    return PairScore(
        first=first,
        second=second,
        similarity=float(query @ passage),
        relevance=relevance_of(float(scores.logits[0, 0])) if one_label else None,
        labels=() if one_label else label_scores(scores.logits[0], identity),
        truncated=bool(scores.truncated[0]),
        bi_encoder_seconds=bi_encoder_stage.seconds,
        cross_encoder_seconds=cross_encoder_stage.seconds,
    )
