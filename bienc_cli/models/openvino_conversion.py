"""From a model directory to an OpenVINO graph in the cache, once.

    <cache>/openvino/<key>/model.xml, model.bin    the graph, float32
                           verdict.json            how to run it, or why not to

The graph takes token ids and gives pooled vectors, or logits: pooling and whatever follows it are
part of it. For the architectures of `openvino_builder` it is built from the weights, in a second
and without torch; any other module is traced by torch, and the graph compared with it before it
counts. The key covers the model's fingerprint, this converter's version, OpenVINO's, and the
precision that the CPU computes in.

A cross-encoder's matrices are kept in 8 bits where its logits stay close and the CPU gains by it: a
passage is read in three quarters of the time (`benchmarks/eight_bits.py`). A bi-encoder's are not:
its vectors are kept, and those of an index should be the same whenever they were made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bienc_cli.models import openvino_probe
from bienc_cli.models.cache import write_json
from bienc_cli.models.openvino_builder import built_graph
from bienc_cli.models.openvino_encoders import NotPlain
from bienc_cli.models.openvino_quantisation import quantise, quantise_file
from bienc_cli.models.openvino_runtime import (
    ALONE,
    GRAPH,
    VERDICT,
    ConversionOutcome,
    import_openvino,
    prefers_8_bits,
)
from bienc_cli.models.registry import Role
from bienc_cli.models.resolve import ResolvedModel
from bienc_cli.models.tokenization import ModelTokenizer

EXACT = 1e-3
"""Most that a traced graph's float32 results may differ from torch's: absolute in a unit vector's
cosine distance, relative in a logit."""
NEAR = {Role.BI_ENCODER: 1e-3, Role.CROSS_ENCODER: 0.05}
"""Most that results in fewer bits may differ from float32's, in the same terms."""


class _Unconvertible(Exception):
    """Why a module is not run as a graph."""


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
        texts: tuple[str, ...] = openvino_probe.SHORT
        reference = _tried(model, tokenizer, path, texts)
    except NotPlain:
        texts = openvino_probe.ALL
        # Beyond what fits in a pair, torch's own truncation is another than ours.
        texts = texts if model.files.role is Role.BI_ENCODER else texts[:-1]
        tokenizer, reference = _trace(model, path, texts)
    if precision != "f32":
        near = _difference(model, tokenizer, path, precision, texts, reference)
        if not near <= NEAR[model.files.role]:
            precision = "f32"
    quantised = may_quantise and _quantised(model, tokenizer, path, precision, texts, reference)
    return ConversionOutcome(True, "", precision, tokenizer.pad_id, quantised)


def _build(model: ResolvedModel, path: Path, *, quantised: bool) -> ModelTokenizer:
    """Build a graph; the tokenizer for it."""
    assert model.files.tokenizer_json is not None, "looked at before"  # noqa: S101
    pad_id = int(model.files.config.get("pad_token_id") or 0)
    tokenizer = ModelTokenizer.from_file(model.files.tokenizer_json, pad_id=pad_id)
    graph = built_graph(model.files, tokenizer.vocabulary)
    if quantised:
        quantise(graph)
    import_openvino().save_model(graph, path, compress_to_fp16=False)
    return tokenizer


def _tried(
    model: ResolvedModel, tokenizer: ModelTokenizer, path: Path, texts: Sequence[str]
) -> NDArray[np.float32]:
    """What a built graph makes of the texts in float32."""
    try:
        found = openvino_probe.results(model, tokenizer, path, "f32", texts)
    except RuntimeError as error:
        raise NotPlain("its graph does not run") from error
    if not np.isfinite(found).all():
        raise NotPlain("its results are no numbers")
    return found


def _trace(
    model: ResolvedModel, path: Path, texts: Sequence[str]
) -> tuple[ModelTokenizer, NDArray[np.float32]]:
    """Trace a graph and compare it with torch; its tokenizer, and torch's results."""
    from bienc_cli.models.openvino_tracing import Untraceable, trace_graph

    try:
        tokenizer, reference = trace_graph(model, path, texts)
    except Untraceable as reason:
        raise _Unconvertible(str(reason)) from reason
    difference = _difference(model, tokenizer, path, "f32", texts, reference)
    if not difference <= EXACT:
        raise _Unconvertible(f"its graph differs from torch by {difference:.2g} on a probe")
    return tokenizer, reference


def _quantised(
    model: ResolvedModel,
    tokenizer: ModelTokenizer,
    path: Path,
    precision: str,
    texts: Sequence[str],
    reference: NDArray[np.float32],
) -> bool:
    """Put a graph with its matrices in 8 bits in its own place, if its results are close."""
    graph = path.with_name("quantised.xml")
    quantise_file(path, graph)
    try:
        near = _difference(model, tokenizer, graph, precision, texts, reference)
    except _Unconvertible:
        near = np.inf
    is_near = bool(near <= NEAR[model.files.role])
    for suffix in (".xml", ".bin"):
        made = graph.with_suffix(suffix)
        made.replace(path.with_suffix(suffix)) if is_near else made.unlink()
    return is_near


def _difference(
    model: ResolvedModel,
    tokenizer: ModelTokenizer,
    path: Path,
    precision: str,
    texts: Sequence[str],
    reference: NDArray[np.float32],
) -> float:
    try:
        found = openvino_probe.results(model, tokenizer, path, precision, texts)
    except RuntimeError as error:
        detail = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise _Unconvertible(f"its graph does not run ({detail[:120]})") from error
    return openvino_probe.difference(model.files.role, found, reference)
