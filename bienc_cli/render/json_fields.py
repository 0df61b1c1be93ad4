"""The fields that the JSON documents of several results share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from bienc_cli.search.result import ModelUse
from bienc_cli.stages import StageTime, total_seconds
from bienc_cli.store import IndexInfo
from bienc_cli.types import BlendWeights, CrossEncoderIdentity, EncoderIdentity, TunedBlend

if TYPE_CHECKING:
    from bienc_cli.search.classification import LabelScore


def index_as_json(info: IndexInfo) -> dict[str, Any]:
    """Which index answered."""
    return {
        "directory": writable(str(info.directory)),
        "generation": info.generation,
        "documents": info.documents,
        "passages": info.passages,
    }


def model_as_json(identity: EncoderIdentity | CrossEncoderIdentity, runtime: str) -> dict[str, str]:
    """Which model answered, and how it ran."""
    return {"name": identity.name, "fingerprint": identity.fingerprint, "runtime": runtime}


def models_as_json(
    bi_encoder: ModelUse | None, cross_encoder: ModelUse | None
) -> dict[str, dict[str, str] | None]:
    """Which models answered; null for one that was not used."""
    return {
        name: model_as_json(use.identity, use.runtime) if use else None
        for name, use in (("bi_encoder", bi_encoder), ("cross_encoder", cross_encoder))
    }


def stages_as_json(stages: Iterable[StageTime]) -> dict[str, float | None]:
    """Seconds by stage."""
    return {re.sub("[ -]", "_", stage.name): rounded(stage.seconds) for stage in stages}


def seconds_as_json(stages: Sequence[StageTime]) -> dict[str, float | None]:
    """Seconds by stage and in total."""
    return {
        **stages_as_json(stages),
        "total": rounded(total_seconds(stages)),
    }


def labels_as_json(labels: Iterable[LabelScore]) -> list[dict[str, Any]]:
    """Every label with its logit and probability, in the model's order."""
    return [
        {
            "label": score.label,
            "logit": rounded(score.logit),
            "probability": rounded(score.probability),
        }
        for score in labels
    ]


def weights_as_json(weights: BlendWeights) -> dict[str, float]:
    """Weights of a blend, where relevance has weight 1."""
    return {"similarity": weights.similarity, "bm25": weights.bm25}


def blend_as_json(blend: TunedBlend) -> dict[str, Any]:
    """Learned weights, and the number of queries they were learned from."""
    return {
        "blend": weights_as_json(blend.weights),
        "light_blend": weights_as_json(blend.light_weights),
        "queries": blend.queries,
    }


def rounded(value: float | None) -> float | None:
    """Rounded to six decimal places: the precision of the models' arithmetic."""
    return None if value is None else round(float(value), 6)


def writable(text: str) -> str:
    """A name that any JSON reader accepts: undecodable bytes of a file name as escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
