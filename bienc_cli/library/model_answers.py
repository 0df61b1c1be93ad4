"""The answers of `Models`: the known models, and their scores of text pairs."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bienc_cli.evaluation.pair_scores import PairScoring
from bienc_cli.library.answer import Answer
from bienc_cli.models import ModelStatus
from bienc_cli.render.classification import LabelledPairsView, Read
from bienc_cli.render.models import ModelsView
from bienc_cli.render.scores import ScoresView
from bienc_cli.search.classification import check_classifier, classify
from bienc_cli.search.result import ModelUse

if TYPE_CHECKING:
    from bienc_cli.errors import BiencError
    from bienc_cli.types import CrossEncoder


@dataclass(frozen=True, slots=True)
class NamedModel:
    """A model with a short name.

    Attributes:
        role: `bi-encoder` or `cross-encoder`.
        offline: whether it is available without network access.
        default: used if no model is named.
    """

    name: str
    role: str
    hub_id: str
    license: str
    offline: bool
    default: bool


@dataclass(frozen=True, slots=True)
class PairOfTexts:
    """A query and a passage, scored by each encoder.

    Attributes:
        similarity: the bi-encoder's cosine.
        relevance: the cross-encoder's, 0 to 1; None if it has several labels.
        label: the most likely label; None if it has one.
        probability: of that label.
    """

    number: int
    query: str
    passage: str
    similarity: float
    relevance: float | None
    label: str | None
    probability: float | None


@dataclass(frozen=True, slots=True)
class ClassifiedPair:
    """Two texts with their most likely label.

    Attributes:
        label: of (first, second).
        probability: of that label.
        label_back: of (second, first); None unless asked for.
    """

    number: int
    first: str
    second: str
    label: str
    probability: float
    label_back: str | None


@dataclass(frozen=True, slots=True)
class PairClassification:
    """Pairs with all the scores of a classifier, and the time taken."""

    read: Mapping[int, Read]
    model: ModelUse
    seconds: float


class ModelsAnswer(Answer[NamedModel, Sequence[ModelStatus]]):
    """The answer of `Models.known`."""

    def __init__(self, result: Sequence[ModelStatus]) -> None:
        rows = [
            NamedModel(
                name=status.model.alias,
                role=status.model.role.value,
                hub_id=status.model.hub_id,
                license=status.model.license,
                offline=status.available_offline,
                default=status.default,
            )
            for status in result
        ]
        super().__init__(rows, result)

    def view(self) -> ModelsView:
        """In the schema `bienc.models/1`."""
        return ModelsView(self.result)


class PairScoresAnswer(Answer[PairOfTexts, PairScoring]):
    """The answer of `Models.score_pairs`."""

    def __init__(self, result: PairScoring) -> None:
        rows = []
        for number, pair in zip(result.numbers, result.pairs, strict=True):
            best = max(pair.labels, key=lambda score: score.logit) if pair.labels else None
            rows.append(
                PairOfTexts(
                    number=number,
                    query=pair.first,
                    passage=pair.second,
                    similarity=pair.similarity,
                    relevance=pair.relevance.probability if pair.relevance else None,
                    label=best.label if best else None,
                    probability=best.probability if best else None,
                )
            )
        super().__init__(rows, result)

    def view(self, refused: Mapping[int, BiencError] | None = None) -> ScoresView:
        """In the schema `bienc.score/1`, including the lines that are not pairs."""
        return ScoresView(self.result, refused or {})


class ClassifiedAnswer(Answer[ClassifiedPair, PairClassification]):
    """The answer of `Models.classify`."""

    def __init__(self, result: PairClassification) -> None:
        rows = []
        for number, ((first, second), classification) in result.read.items():
            best_scores = [
                max(scores, key=lambda score: score.logit)
                for scores in (classification.forward, classification.backward)
                if scores
            ]
            rows.append(
                ClassifiedPair(
                    number=number,
                    first=first,
                    second=second,
                    label=best_scores[0].label,
                    probability=best_scores[0].probability,
                    label_back=best_scores[1].label if best_scores[1:] else None,
                )
            )
        super().__init__(rows, result)

    def view(self, refused: Mapping[int, BiencError] | None = None) -> LabelledPairsView:
        """In the schema `bienc.classify/1`, including the lines that are not pairs."""
        result = self.result
        return LabelledPairsView(result.read, refused or {}, result.model, result.seconds)


def classified(
    pairs: Mapping[int, tuple[str, str]], cross_encoder: CrossEncoder, *, both_ways: bool
) -> PairClassification:
    """Have a classifier read pairs.

    Raises:
        UsageError: the model has only one label.
    """
    check_classifier(cross_encoder.identity)
    started = time.perf_counter()
    classifications = classify(list(pairs.values()), cross_encoder, both_ways=both_ways)
    seconds = time.perf_counter() - started
    read = dict(zip(pairs, zip(pairs.values(), classifications, strict=True), strict=True))
    return PairClassification(read, ModelUse.of(cross_encoder), seconds)
