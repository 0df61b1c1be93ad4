"""Loads models by name, on torch or on OpenVINO: from text to vectors and scores.

A name is an alias, a directory or a hub id. Importing this package imports none of the model
libraries; loading a model imports those of its runtime.
"""

from __future__ import annotations

import importlib.util
import platform
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from bienc_cli.errors import UsageError
from bienc_cli.models.cache import FirstUse, Preparation, Watch, unwatched
from bienc_cli.models.registry import (
    DEFAULT_BI_ENCODER,
    DEFAULT_CROSS_ENCODER,
    KNOWN_MODELS,
    KnownModel,
    Role,
    reads_english_only,
)
from bienc_cli.models.resolve import ModelStatus, ResolvedModel, known_models, resolve_model
from bienc_cli.types import BiEncoder, CrossEncoder, EncoderIdentity

if TYPE_CHECKING:
    from bienc_cli.models.openvino_runtime import ConversionOutcome

__all__ = [
    "DEFAULT_BI_ENCODER",
    "DEFAULT_CROSS_ENCODER",
    "KNOWN_MODELS",
    "RUNTIMES",
    "FirstUse",
    "KnownModel",
    "ModelStatus",
    "Preparation",
    "ResolvedModel",
    "Role",
    "Runtime",
    "Watch",
    "choose_runtime",
    "identify_bi_encoder",
    "import_runtime",
    "known_models",
    "load_bi_encoder",
    "load_cross_encoder",
    "reads_english_only",
    "resolve_model",
]


class Runtime(StrEnum):
    """The library that runs a model."""

    TORCH = "torch"
    OPENVINO = "openvino"


RUNTIMES = ("auto", Runtime.OPENVINO.value, Runtime.TORCH.value)
"""The values of `--runtime`."""


# Device files of the drivers for NVIDIA's and AMD's GPUs.
_GPU_SIGNS = ("/dev/nvidiactl", "/dev/nvidia0", "/dev/kfd", "/dev/dxg")


def choose_runtime(runtime: str, device: str) -> Runtime:
    """Choose a runtime.

    Args:
        runtime: `auto`, `torch` or `openvino`.
        device: `auto`, `cpu`, `cuda`, ...

    Raises:
        UsageError: the runtime is unknown or not installed, or cannot use the device.
    """
    if runtime == "auto":
        if device not in ("auto", "cpu"):
            return Runtime.TORCH
        if device == "auto" and _gpu_for_torch():
            return Runtime.TORCH
        return Runtime.OPENVINO if _openvino_installed() else Runtime.TORCH
    if runtime == Runtime.TORCH:
        return Runtime.TORCH
    if runtime != Runtime.OPENVINO:
        raise UsageError(f"There is no runtime {runtime!r}.", f"runtimes: {', '.join(RUNTIMES)}")
    if device not in ("auto", "cpu"):
        raise UsageError(
            f"The openvino runtime computes on the CPU, not on {device!r}.",
            f"--runtime torch --device {device}",
        )
    if not _openvino_installed():
        raise UsageError("The openvino runtime is not installed.", "pip install openvino")
    return Runtime.OPENVINO


def _openvino_installed() -> bool:
    return importlib.util.find_spec("openvino") is not None


def _gpu_for_torch() -> bool:
    """Whether torch has a GPU; imports torch only if there is a sign of one."""
    apple = sys.platform == "darwin" and platform.machine() == "arm64"
    if not apple and not any(Path(sign).exists() for sign in _GPU_SIGNS):
        return False
    import torch

    return torch.cuda.is_available() or torch.backends.mps.is_available()


def identify_bi_encoder(
    name: str, *, cache_dir: Path, offline: bool, on_first_use: Watch = unwatched
) -> EncoderIdentity:
    """The identity of a bi-encoder as an index records it, without loading the model.

    Raises:
        ModelUnavailable: there is no such model, or it cannot be obtained.
        UsageError: it is not a bi-encoder.
    """
    return resolve_model(
        name, Role.BI_ENCODER, cache_dir=cache_dir, offline=offline, on_first_use=on_first_use
    ).encoder_identity


def import_runtime(runtime: str = "auto", device: str = "auto") -> None:
    """Import what loading a model will need, so that loading threads find it imported.

    Raises:
        UsageError: there is no such device or runtime here.
    """
    if choose_runtime(runtime, device) is Runtime.OPENVINO:
        from bienc_cli.models import openvino_runtime  # noqa: F401
        from bienc_cli.models.openvino_runtime import native_precision

        native_precision()


def load_bi_encoder(
    name: str,
    *,
    cache_dir: Path,
    offline: bool,
    runtime: str = "auto",
    device: str = "auto",
    threads: int | None = None,
    on_first_use: Watch = unwatched,
) -> BiEncoder:
    """Load a bi-encoder.

    Args:
        name: alias, directory or hub id.
        cache_dir: directory of converted models.
        offline: never access the network.
        runtime: `auto`, `openvino` or `torch`. `auto` is torch on a GPU if there is one, else
            OpenVINO. A model that OpenVINO does not compute like torch runs on torch, and its
            `notes` say so.
        device: `auto`, `cpu`, `cuda`, ...
        threads: CPU threads; None for one per core.
        on_first_use: called for each preparation that takes seconds; see `Watch`.

    Raises:
        ModelUnavailable: there is no such model, or it cannot be obtained.
        UsageError: it is not a bi-encoder; the device or runtime is not available.
        StorageError: the cache cannot be written.
    """
    chosen_runtime = choose_runtime(runtime, device)
    model = resolve_model(
        name, Role.BI_ENCODER, cache_dir=cache_dir, offline=offline, on_first_use=on_first_use
    )
    graph, notes = _graph(model, chosen_runtime, cache_dir, on_first_use)
    if graph is not None:
        from bienc_cli.models.openvino_runtime import OpenVinoBiEncoder

        return OpenVinoBiEncoder(model, *graph, threads=threads)
    from bienc_cli.models.torch_runtime import TorchBiEncoder

    return TorchBiEncoder(model, device=device, threads=threads, notes=notes)


def load_cross_encoder(
    name: str,
    *,
    cache_dir: Path,
    offline: bool,
    runtime: str = "auto",
    device: str = "auto",
    threads: int | None = None,
    on_first_use: Watch = unwatched,
) -> CrossEncoder:
    """Load a cross-encoder; arguments and errors as for `load_bi_encoder`."""
    chosen_runtime = choose_runtime(runtime, device)
    model = resolve_model(
        name, Role.CROSS_ENCODER, cache_dir=cache_dir, offline=offline, on_first_use=on_first_use
    )
    graph, notes = _graph(model, chosen_runtime, cache_dir, on_first_use)
    if graph is not None:
        from bienc_cli.models.openvino_runtime import OpenVinoCrossEncoder

        return OpenVinoCrossEncoder(model, *graph, threads=threads)
    from bienc_cli.models.torch_runtime import TorchCrossEncoder

    return TorchCrossEncoder(model, device=device, threads=threads, notes=notes)


def _graph(
    model: ResolvedModel, runtime: Runtime, cache_dir: Path, on_first_use: Watch
) -> tuple[tuple[Path, ConversionOutcome] | None, tuple[str, ...]]:
    """A model's graph and the verdict on it; None and a note with the reason if torch runs it."""
    if runtime is Runtime.TORCH:
        return None, ()
    from bienc_cli.models.openvino_runtime import converted_graph

    directory, verdict = converted_graph(model, cache_dir, on_first_use)
    if verdict.accepted:
        return (directory, verdict), ()
    return None, (f"{model.name} runs on torch, not on OpenVINO: {verdict.reason}.",)
