"""Classifies text pairs with a multi-label cross-encoder: entailment, contradiction, duplicate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bienc_cli.errors import UsageError
from bienc_cli.types import CrossEncoder, CrossEncoderIdentity


@dataclass(frozen=True, slots=True)
class LabelScore:
    """The score of one label of a multi-label cross-encoder, such as an NLI model.

    `probability` is the label's share in the softmax over all labels, or its own sigmoid where the
    model's labels are not mutually exclusive.
    """

    label: str
    logit: float
    probability: float


@dataclass(frozen=True, slots=True)
class Classification:
    """The labels of one pair.

    Attributes:
        forward: the score of every label, in the model's order, for (first, second).
        backward: likewise for (second, first); empty unless asked for.
        truncated: the pair was longer than the model reads.
    """

    forward: tuple[LabelScore, ...]
    backward: tuple[LabelScore, ...] = ()
    truncated: bool = False

    @property
    def best(self) -> LabelScore:
        """The most likely label of (first, second)."""
        return max(self.forward, key=lambda score: score.logit)


def classify(
    pairs: Sequence[tuple[str, str]], cross_encoder: CrossEncoder, *, both_ways: bool = False
) -> list[Classification]:
    """Label pairs with a cross-encoder, in order.

    Args:
        pairs: (first, second) texts.
        cross_encoder: a model with several labels.
        both_ways: also score (second, first): entailment is not symmetric.

    Raises:
        UsageError: the model has only one label.
    """
    identity = cross_encoder.identity
    check_classifier(identity)
    if not pairs:
        return []
    directed = [*pairs, *((second, first) for first, second in pairs)] if both_ways else list(pairs)
    scores = cross_encoder.score_pairs(directed)
    labels = [label_scores(logits, identity) for logits in scores.logits]
    pair_count = len(pairs)
    return [
        Classification(
            forward=labels[position],
            backward=labels[pair_count + position] if both_ways else (),
            truncated=bool(scores.truncated[position::pair_count].any()),
        )
        for position in range(pair_count)
    ]


def label_scores(
    logits: NDArray[np.float32], identity: CrossEncoderIdentity
) -> tuple[LabelScore, ...]:
    """Every label with its logit and probability.

    Args:
        logits: of one pair, shape (labels,).
        identity: names the labels and says whether they are mutually exclusive.
    """
    exact = logits.astype(np.float64)
    if identity.activation == "sigmoid":
        probabilities = 1 / (1 + np.exp(-exact))
    else:
        probabilities = np.exp(exact - exact.max())
        probabilities /= probabilities.sum()
    return tuple(
        LabelScore(label, float(logit), float(probability))
        for label, logit, probability in zip(identity.labels, exact, probabilities, strict=True)
    )


def check_classifier(identity: CrossEncoderIdentity) -> None:
    """Refuse to use a relevance model as a classifier.

    Raises:
        UsageError: the model has only one label.
    """
    if len(identity.labels) < 2:
        raise UsageError(
            f"{identity.name} has one label, which is relevance; classifying needs several.",
            "name a cross-encoder with several labels, such as one for entailment, by its hub id "
            "or directory",
        )


def label_named(identity: CrossEncoderIdentity, name: str) -> str:
    """Find a label of the model, ignoring case.

    Raises:
        UsageError: the model has no such label.
    """
    for label in identity.labels:
        if label.casefold() == name.casefold():
            return label
    raise UsageError(
        f"{identity.name} has no label '{name}'.", f"give one of: {', '.join(identity.labels)}"
    )
