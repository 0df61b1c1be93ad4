"""From a torch module to an OpenVINO graph, for what `openvino_builder` does not know."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bienc_cli.models import openvino_probe, torch_runtime
from bienc_cli.models.openvino_runtime import import_openvino
from bienc_cli.models.registry import Role
from bienc_cli.models.resolve import ResolvedModel
from bienc_cli.models.tokenization import ModelTokenizer

if TYPE_CHECKING:
    import torch


class Untraceable(Exception):
    """Why a module does not become a graph, as a clause for people."""


def trace_graph(
    model: ResolvedModel, path: Path, texts: Sequence[str]
) -> tuple[ModelTokenizer, NDArray[np.float32]]:
    """Write a model's graph, traced from its torch module.

    Returns:
        The module's tokenizer, and what the module itself makes of `texts`: unit vectors, or the
        logits of the first with each.

    Raises:
        Untraceable: the module cannot be traced.
        ModelUnavailable: torch cannot load the model.
    """
    bi_encoder = model.files.role is Role.BI_ENCODER
    load = (
        torch_runtime.load_sentence_transformer
        if bi_encoder
        else torch_runtime.load_sentence_transformers_cross_encoder
    )
    module = load(model, "cpu")
    tokenizer = torch_runtime.model_tokenizer(model, module)
    with torch_runtime.silence():
        if bi_encoder:
            reference = _vectors(module, texts)
            _trace(module, "sentence_embedding", tokenizer, path)
        else:
            reference = _logits(module, openvino_probe.pairs(texts))
            _trace(module, "scores", tokenizer, path)
    return tokenizer, reference


def _trace(module: Any, output: str, tokenizer: ModelTokenizer, path: Path) -> None:
    """Trace the module on a padded batch and save the graph with free shapes."""
    import torch

    class Traced(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.module = module

        def forward(
            self,
            input_ids: torch.Tensor,
            attention_mask: torch.Tensor,
            token_type_ids: torch.Tensor | None = None,
        ) -> torch.Tensor:
            features = {"input_ids": input_ids, "attention_mask": attention_mask}
            if token_type_ids is not None:
                features["token_type_ids"] = token_type_ids
            result: torch.Tensor = self.module(features)[output]
            return result

    # Unequal lengths: an unpadded batch could be traced without its mask.
    batch = tokenizer.pad(tokenizer.encode(openvino_probe.SHORT[:4], 64))
    example = {"input_ids": batch.input_ids, "attention_mask": batch.attention_mask}
    if "token_type_ids" in module.tokenizer.model_input_names:
        example["token_type_ids"] = batch.token_type_ids
    openvino = import_openvino()
    # The converter reports each use to its maker unless this package is missing.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    from openvino.tools.ovc import convert_model

    try:
        with torch.inference_mode(False), torch.no_grad():
            graph = convert_model(
                Traced().eval(),
                example_input={name: torch.from_numpy(array) for name, array in example.items()},
            )
        graph.reshape({port.any_name: [-1, -1] for port in graph.inputs})
        openvino.save_model(graph, path, compress_to_fp16=False)
    except OSError:
        raise
    except Exception as error:  # whatever a strange module makes of tracing
        detail = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise Untraceable(f"it cannot be traced ({detail[:120]})") from error


def _vectors(module: Any, texts: Sequence[str]) -> NDArray[np.float32]:
    vectors = module.encode(
        list(texts), prompt="", normalize_embeddings=True, show_progress_bar=False
    )
    return np.asarray(vectors, dtype=np.float32)


def _logits(module: Any, pairs: list[tuple[str, str]]) -> NDArray[np.float32]:
    import torch

    logits = module.predict(pairs, activation_fn=torch.nn.Identity(), show_progress_bar=False)
    return np.asarray(logits, dtype=np.float32).reshape(len(pairs), -1)
