"""Which runtime a model runs on."""

from __future__ import annotations

import importlib.util
import platform
import sys
from enum import StrEnum
from pathlib import Path

from bienc_cli.errors import UsageError


class Runtime(StrEnum):
    """What computes."""

    TORCH = "torch"
    OPENVINO = "openvino"


# What the drivers of NVIDIA's and AMD's GPUs put there.
_GPU_SIGNS = ("/dev/nvidiactl", "/dev/nvidia0", "/dev/kfd", "/dev/dxg")


def choose_runtime(runtime: str, device: str) -> Runtime:
    """Decide on a runtime.

    Args:
        runtime: `auto`, `torch` or `openvino`.
        device: `auto`, `cpu`, `cuda`, ...

    Raises:
        UsageError: an unknown runtime, or one that is not here or cannot use the device.
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
        raise UsageError(f"There is no runtime {runtime!r}.", "runtimes: auto, openvino, torch")
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
    """Whether torch has a GPU; torch is asked, and imported, only at the sign of one."""
    apple = sys.platform == "darwin" and platform.machine() == "arm64"
    if not apple and not any(Path(sign).exists() for sign in _GPU_SIGNS):
        return False
    import torch

    return torch.cuda.is_available() or torch.backends.mps.is_available()
