"""What a cross-encoder with several labels says of pairs: entailment, contradiction, duplicate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bienc_cli.errors import UsageError
from bienc_cli.types import CrossEncoder, CrossEncoderIdentity


@dataclass(frozen=True, slots=True)
class LabelScore:
    """One output of a cross-encoder with several, such as an NLI model.

    `probability` is its share in the softmax over all labels, or its own sigmoid where the
    model's labels do not exclude each other.
    """

    label: str
    logit: float
    probability: float


@dataclass(frozen=True, slots=True)
class Classification:
    """What is said of one pair.

    Attributes:
        forward: every label, in the model's order, for (first, second).
        backward: likewise for (second, first); empty where nobody asked.
        truncated: the model could not read both texts to the end.
    """

    forward: tuple[LabelScore, ...]
    backward: tuple[LabelScore, ...] = ()
    truncated: bool = False

    @property
    def best(self) -> LabelScore:
        """The likeliest label of (first, second)."""
        return max(self.forward, key=lambda score: score.logit)


def classify(
    pairs: Sequence[tuple[str, str]], cross_encoder: CrossEncoder, *, both_ways: bool = False
) -> list[Classification]:
    """Have a cross-encoder label pairs, in order.

    Args:
        pairs: two texts each.
        cross_encoder: with several labels.
        both_ways: read each pair also the other way round: what entails need not be entailed.

    Raises:
        UsageError: the model has one label.
    """
    identity = cross_encoder.identity
    check_classifier(identity)
    if not pairs:
        return []
    read = [*pairs, *((second, first) for first, second in pairs)] if both_ways else list(pairs)
    scores = cross_encoder.score_pairs(read)
    labels = [label_scores(row, identity) for row in scores.logits]
    number = len(pairs)
    return [
        Classification(
            forward=labels[row],
            backward=labels[number + row] if both_ways else (),
            truncated=bool(scores.truncated[row::number].any()),
        )
        for row in range(number)
    ]


def label_scores(
    logits: NDArray[np.float32], identity: CrossEncoderIdentity
) -> tuple[LabelScore, ...]:
    """Every label with its logit and probability.

    Args:
        logits: of one pair, shape (labels,).
        identity: names the labels, and says how they exclude each other.
    """
    exact = logits.astype(np.float64)
    if identity.activation == "sigmoid":
        shares = 1 / (1 + np.exp(-exact))
    else:
        shares = np.exp(exact - exact.max())
        shares /= shares.sum()
    return tuple(
        LabelScore(name, float(logit), float(share))
        for name, logit, share in zip(identity.labels, exact, shares, strict=True)
    )


def check_classifier(identity: CrossEncoderIdentity) -> None:
    """Refuse a model of relevance as a classifier.

    Raises:
        UsageError: it has one label.
    """
    if len(identity.labels) < 2:
        raise UsageError(
            f"{identity.name} has one label, which is relevance; classifying needs several.",
            "name a cross-encoder with several labels, such as one for entailment, by its hub id "
            "or directory",
        )


def label_named(identity: CrossEncoderIdentity, name: str) -> str:
    """A label of the model, whatever its case.

    Raises:
        UsageError: there is none.
    """
    for label in identity.labels:
        if label.casefold() == name.casefold():
            return label
    raise UsageError(
        f"{identity.name} has no label '{name}'.", f"give one of: {', '.join(identity.labels)}"
    )
