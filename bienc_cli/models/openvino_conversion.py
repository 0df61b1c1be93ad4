"""Converts a model directory to an OpenVINO graph in the cache, once.

    <cache>/openvino/<key>/model.xml, model.bin    the graph, float32
                           verdict.json            how to run it, or why not to

The graph maps token ids to pooled vectors, or logits: pooling and whatever follows it are
part of it. For the architectures of `openvino_builder` it is built from the weights, in a second
and without torch; any other module is traced by torch, and the graph is compared with it before it
is used. The key covers the model's fingerprint, this converter's version, OpenVINO's, and the
precision that the CPU computes in.

A cross-encoder's matrices are kept in 8 bits if its logits stay close and the CPU benefits: a
passage is read in three quarters of the time (`benchmarks/eight_bits.py`). A bi-encoder's are not:
its vectors are kept, and those of an index should be the same whenever they were made.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bienc_cli.models.cache import write_json
from bienc_cli.models.openvino_builder import built_graph
from bienc_cli.models.openvino_encoders import NotPlain
from bienc_cli.models.openvino_quantisation import quantise, quantise_file
from bienc_cli.models.openvino_runtime import (
    ALONE,
    GRAPH,
    VERDICT,
    ConversionOutcome,
    OpenVinoGraph,
    import_openvino,
    prefers_8_bits,
)
from bienc_cli.models.registry import Role
from bienc_cli.models.resolve import ResolvedModel
from bienc_cli.models.tokenization import ModelTokenizer

if TYPE_CHECKING:
    import torch

EXACT = 1e-3
"""Largest deviation of a traced graph's float32 results from torch's: absolute in a unit vector's
cosine distance, relative in a logit."""
NEAR = {Role.BI_ENCODER: 1e-3, Role.CROSS_ENCODER: 0.05}
"""Largest deviation of results with fewer bits from float32's, in the same terms."""

SHORT = (
    "How many people live in Berlin?",
    "Berlin has a population of 3,520,031 registered inhabitants.",
    "a",
    "Größe, naïveté, 北京 and an emoji 🙂 are read as they stand.\n\n\tIndented.",
    "def square(x: float) -> float:\n    return x * x",
)
"""Texts that graphs are tested on before use; they run in a tenth of a second."""

ALL = (
    *SHORT,
    "The glacier retreats because summers melt more ice than winters restore. " * 12,
    "One word after another fills what the model reads, and then some more. " * 80,
)
"""Plus a text that fills much of a model's length, and one that is truncated."""


class _Unconvertible(Exception):
    """Why a module cannot run as a graph."""


def convert(model: ResolvedModel, precision: str, directory: Path) -> None:
    """Fill an empty directory; see `openvino_runtime.converted_graph`."""
    try:
        with ALONE:
            verdict = _write_graph(model, precision, directory)
    except _Unconvertible as reason:
        verdict = ConversionOutcome(accepted=False, reason=str(reason))
    files = [GRAPH, Path(GRAPH).with_suffix(".bin").name] if verdict.accepted else []
    write_json(
        directory / VERDICT,
        {
            "model": model.name,
            "verdict": asdict(verdict),
            "files": {name: (directory / name).stat().st_size for name in files},
        },
    )


def _write_graph(model: ResolvedModel, precision: str, directory: Path) -> ConversionOutcome:
    if model.files.tokenizer_json is None:
        raise _Unconvertible("it has no tokenizer.json")
    if not model.files.prompt_pooled and (model.files.query_prompt or model.files.passage_prompt):
        raise _Unconvertible("its pooling leaves the prompt out")
    path = directory / GRAPH
    may_quantise = model.files.role is Role.CROSS_ENCODER and prefers_8_bits()
    try:
        tokenizer = _build(model, path, quantised=may_quantise and model.tested)
        if model.tested:
            return ConversionOutcome(True, "", precision, tokenizer.pad_id, may_quantise)
        texts: tuple[str, ...] = SHORT
        reference = _tested_results(model, tokenizer, path, texts)
    except NotPlain:
        texts = ALL
        # For pairs that do not fit, torch truncates differently.
        texts = texts if model.files.role is Role.BI_ENCODER else texts[:-1]
        tokenizer, reference = _trace(model, path, texts)
    if precision != "f32":
        difference = _difference(model, tokenizer, path, precision, texts, reference)
        if not difference <= NEAR[model.files.role]:
            precision = "f32"
    quantised = may_quantise and _quantised(model, tokenizer, path, precision, texts, reference)
    return ConversionOutcome(True, "", precision, tokenizer.pad_id, quantised)


def _build(model: ResolvedModel, path: Path, *, quantised: bool) -> ModelTokenizer:
    """Build a graph; returns its tokenizer."""
    assert model.files.tokenizer_json is not None, "looked at before"  # noqa: S101
    pad_id = int(model.files.config.get("pad_token_id") or 0)
    tokenizer = ModelTokenizer.from_file(model.files.tokenizer_json, pad_id=pad_id)
    graph = built_graph(model.files, tokenizer.vocabulary)
    if quantised:
        quantise(graph)
    import_openvino().save_model(graph, path, compress_to_fp16=False)
    return tokenizer


def _tested_results(
    model: ResolvedModel, tokenizer: ModelTokenizer, path: Path, texts: Sequence[str]
) -> NDArray[np.float32]:
    """The results of a built graph for the texts, in float32."""
    try:
        outputs = results(model, tokenizer, path, "f32", texts)
    except RuntimeError as error:
        raise NotPlain("its graph does not run") from error
    if not np.isfinite(outputs).all():
        raise NotPlain("its results are no numbers")
    return outputs


def _trace(
    model: ResolvedModel, path: Path, texts: Sequence[str]
) -> tuple[ModelTokenizer, NDArray[np.float32]]:
    """Trace a graph from the torch module; returns its tokenizer and the module's own results.

    Raises:
        ModelUnavailable: torch cannot load the model.
    """
    from bienc_cli.models import torch_runtime

    module = torch_runtime.load_module(model, "cpu")
    tokenizer = torch_runtime.model_tokenizer(model, module)
    with torch_runtime.silence():
        if model.files.role is Role.BI_ENCODER:
            reference = _vectors(module, texts)
            _save_traced(module, "sentence_embedding", tokenizer, path)
        else:
            reference = _logits(module, _pairs(texts))
            _save_traced(module, "scores", tokenizer, path)
    difference = _difference(model, tokenizer, path, "f32", texts, reference)
    if not difference <= EXACT:
        raise _Unconvertible(f"its graph differs from torch by {difference:.2g} on a probe")
    return tokenizer, reference


def _save_traced(module: Any, output: str, tokenizer: ModelTokenizer, path: Path) -> None:
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

    # Unequal lengths, because an unpadded batch could be traced without its mask.
    batch = tokenizer.pad(tokenizer.encode(SHORT[:4], 64))
    example = {"input_ids": batch.input_ids, "attention_mask": batch.attention_mask}
    if "token_type_ids" in module.tokenizer.model_input_names:
        example["token_type_ids"] = batch.token_type_ids
    openvino = import_openvino()
    # The converter sends telemetry unless this package is missing.
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
    except Exception as error:  # tracing an unusual module may raise anything
        raise _Unconvertible(f"it cannot be traced ({_first_line(error)})") from error


def _vectors(module: Any, texts: Sequence[str]) -> NDArray[np.float32]:
    vectors = module.encode(
        list(texts), prompt="", normalize_embeddings=True, show_progress_bar=False
    )
    return np.asarray(vectors, dtype=np.float32)


def _logits(module: Any, pairs: list[tuple[str, str]]) -> NDArray[np.float32]:
    import torch

    logits = module.predict(pairs, activation_fn=torch.nn.Identity(), show_progress_bar=False)
    return np.asarray(logits, dtype=np.float32).reshape(len(pairs), -1)


def _quantised(
    model: ResolvedModel,
    tokenizer: ModelTokenizer,
    path: Path,
    precision: str,
    texts: Sequence[str],
    reference: NDArray[np.float32],
) -> bool:
    """Replace a graph with its 8-bit version if the results stay close; returns whether it did."""
    graph = path.with_name("quantised.xml")
    quantise_file(path, graph)
    try:
        difference = _difference(model, tokenizer, graph, precision, texts, reference)
    except _Unconvertible:
        difference = np.inf
    is_close = bool(difference <= NEAR[model.files.role])
    for suffix in (".xml", ".bin"):
        file = graph.with_suffix(suffix)
        file.replace(path.with_suffix(suffix)) if is_close else file.unlink()
    return is_close


def _difference(
    model: ResolvedModel,
    tokenizer: ModelTokenizer,
    path: Path,
    precision: str,
    texts: Sequence[str],
    reference: NDArray[np.float32],
) -> float:
    """The largest deviation: cosine distance of unit vectors, or relative difference of logits."""
    try:
        outputs = results(model, tokenizer, path, precision, texts)
    except RuntimeError as error:
        raise _Unconvertible(f"its graph does not run ({_first_line(error)})") from error
    if model.files.role is Role.BI_ENCODER:
        return float(np.max(1 - np.sum(outputs * reference, axis=1)))
    return float(np.max(np.abs(outputs - reference) / (1 + np.abs(reference))))


def results(
    model: ResolvedModel,
    tokenizer: ModelTokenizer,
    graph: Path,
    precision: str,
    texts: Sequence[str],
) -> NDArray[np.float32]:
    """Run a graph as in production, in one batch of unequal lengths: unit vectors, or logits.

    Raises:
        RuntimeError: the graph does not run.
    """
    limit = model.files.max_tokens
    compiled = OpenVinoGraph(graph, precision=precision, threads=None, compiled_cache=None)
    if model.files.role is Role.CROSS_ENCODER:
        inputs, _ = tokenizer.encode_pairs(_pairs(texts), limit)
        outputs = compiled(tokenizer.pad(inputs, multiple=16, limit=limit))
        return outputs.reshape(len(texts), -1)
    outputs = compiled(tokenizer.pad(tokenizer.encode(texts, limit), multiple=16, limit=limit))
    return np.asarray(outputs / np.linalg.norm(outputs, axis=1, keepdims=True), dtype=np.float32)


def _pairs(texts: Sequence[str]) -> list[tuple[str, str]]:
    """The first text paired with each."""
    return [(texts[0], text) for text in texts]


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)[:120]
