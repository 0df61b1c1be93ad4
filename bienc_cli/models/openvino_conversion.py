"""From a torch module to an OpenVINO graph in the cache, once, and only if it computes the same.

    <cache>/openvino/<key>/model.xml, model.bin    the graph, float32
                           verdict.json            how to run it, or why not to

The graph takes token ids and gives pooled vectors, or logits: pooling and whatever follows it are
part of it. It is compared with torch on a probe before it counts. The key covers the model's
fingerprint, this converter's version, OpenVINO's, and the precision that the CPU computes in.
"""

from __future__ import annotations

import hashlib
import json
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bienc_cli.models.cache import publish, write_json
from bienc_cli.models.openvino_graph import OpenVinoGraph, import_openvino, native_precision
from bienc_cli.models.registry import Role
from bienc_cli.models.resolve import ResolvedModel
from bienc_cli.models.tokenization import ModelTokenizer

if TYPE_CHECKING:
    import torch

CONVERTER_VERSION = 1
"""Raised whenever the same module would be converted into another graph."""

GRAPH = "model.xml"
VERDICT = "verdict.json"

EXACT = 1e-3
"""Most that float32 results may differ: absolute in a unit vector's cosine distance, relative
in a logit."""
NEAR = {Role.BI_ENCODER: 1e-3, Role.CROSS_ENCODER: 0.05}
"""Most that bfloat16 results may differ, in the same terms."""

_PROBE = (
    "How many people live in Berlin?",
    "Berlin has a population of 3,520,031 registered inhabitants.",
    "a",
    "Größe, naïveté, 北京 and an emoji 🙂 are read as they stand.\n\n\tIndented.",
    "def square(x: float) -> float:\n    return x * x",
    "The glacier retreats because summers melt more ice than winters restore. " * 12,
    "One word after another fills what the model reads, and then some more. " * 80,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the conversion found.

    Attributes:
        accepted: the graph computes what torch computes.
        reason: why not, as a clause for people.
        precision: `bf16` or `f32`, the fastest that came close enough.
        pad_id: the token that fills short inputs.
        difference: the largest one on the probe, in float32.
    """

    accepted: bool
    reason: str = ""
    precision: str = "f32"
    pad_id: int = 0
    difference: float = 0.0


_TRACING = threading.Lock()
"""Tracing a module and importing what it takes is for one thread at a time."""


class _Unconvertible(Exception):
    """Why a module is not run as a graph."""


def converted_graph(
    model: ResolvedModel, cache_dir: Path, on_convert: Callable[[str], None] = lambda _: None
) -> tuple[Path, Verdict]:
    """The directory of a model's graph and the verdict on it, converting now if need be.

    Args:
        model: what to convert.
        cache_dir: where converted models lie.
        on_convert: told the model's name before a conversion, which takes seconds.

    Raises:
        ModelUnavailable: torch cannot load the model either.
        StorageError: the cache cannot be written.
    """
    openvino = import_openvino()
    precision = native_precision()
    versions = f"{model.fingerprint}/{CONVERTER_VERSION}/{openvino.__version__}/{precision}"
    key = hashlib.sha256(versions.encode()).hexdigest()[:24]

    def make(empty: Path) -> None:
        on_convert(model.name)
        _convert(model, precision, empty)

    directory = publish(
        cache_dir / "openvino" / key,
        valid=lambda candidate: _read_verdict(candidate) is not None,
        make=make,
    )
    verdict = _read_verdict(directory)
    assert verdict is not None, "publish returns what is valid"  # noqa: S101
    return directory, verdict


def _read_verdict(directory: Path) -> Verdict | None:
    try:
        content = json.loads((directory / VERDICT).read_bytes())
        whole = all((directory / n).stat().st_size == size for n, size in content["files"].items())
        return Verdict(**content["verdict"]) if whole else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _convert(model: ResolvedModel, precision: str, directory: Path) -> None:
    try:
        with _TRACING:
            verdict = _write_graph(model, precision, directory)
    except _Unconvertible as reason:
        verdict = Verdict(accepted=False, reason=str(reason))
    files = [GRAPH, Path(GRAPH).with_suffix(".bin").name] if verdict.accepted else []
    write_json(
        directory / VERDICT,
        {
            "model": model.name,
            "verdict": asdict(verdict),
            "files": {name: (directory / name).stat().st_size for name in files},
        },
    )


def _write_graph(model: ResolvedModel, precision: str, directory: Path) -> Verdict:
    from bienc_cli.models import torch_runtime

    if model.files.tokenizer_json is None:
        raise _Unconvertible("it has no tokenizer.json")
    if not model.files.prompt_pooled and (model.files.query_prompt or model.files.passage_prompt):
        raise _Unconvertible("its pooling leaves the prompt out")

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
            reference = _vectors(module, _PROBE)
            _trace(module, "sentence_embedding", tokenizer, directory / GRAPH)
        else:
            reference = _logits(module, _pairs())
            _trace(module, "scores", tokenizer, directory / GRAPH)

    difference = _difference(model, tokenizer, directory, "f32", reference)
    if not difference <= EXACT:
        raise _Unconvertible(f"its graph differs from torch by {difference:.2g} on a probe")
    if precision != "f32":
        near = _difference(model, tokenizer, directory, precision, reference)
        if not near <= NEAR[model.files.role]:
            precision = "f32"
    return Verdict(True, precision=precision, pad_id=tokenizer.pad_id, difference=difference)


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
    batch = tokenizer.pad(tokenizer.encode(_PROBE[:4], 64))
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
        raise _Unconvertible(f"it cannot be traced ({detail[:120]})") from error


def _difference(
    model: ResolvedModel,
    tokenizer: ModelTokenizer,
    directory: Path,
    precision: str,
    reference: NDArray[np.float32],
) -> float:
    """Run the graph as it will be run, one batch of unlike lengths, and compare."""
    limit = model.files.max_tokens
    try:
        graph = OpenVinoGraph(
            directory / GRAPH, precision=precision, threads=None, compiled_cache=None
        )
        if model.files.role is Role.BI_ENCODER:
            found = graph(tokenizer.pad(tokenizer.encode(_PROBE, limit), multiple=16, limit=limit))
            found = found / np.linalg.norm(found, axis=1, keepdims=True)
            return float(np.max(1 - np.sum(found * reference, axis=1)))
        inputs, _ = tokenizer.encode_pairs(_pairs(), limit)
        found = graph(tokenizer.pad(inputs, multiple=16, limit=limit)).reshape(reference.shape)
        return float(np.max(np.abs(found - reference) / (1 + np.abs(reference))))
    except RuntimeError as error:
        detail = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise _Unconvertible(f"its graph does not run ({detail[:120]})") from error


def _pairs() -> list[tuple[str, str]]:
    """Pairs that fit: beyond that torch's own truncation is another than ours."""
    return [(_PROBE[0], text) for text in _PROBE[:-1]]


def _vectors(module: Any, texts: Sequence[str]) -> NDArray[np.float32]:
    vectors = module.encode(
        list(texts), prompt="", normalize_embeddings=True, show_progress_bar=False
    )
    return np.asarray(vectors, dtype=np.float32)


def _logits(module: Any, pairs: list[tuple[str, str]]) -> NDArray[np.float32]:
    import torch

    logits = module.predict(pairs, activation_fn=torch.nn.Identity(), show_progress_bar=False)
    return np.asarray(logits, dtype=np.float32).reshape(len(pairs), -1)
