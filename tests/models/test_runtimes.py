import subprocess
import sys

import pytest

from bienc_cli import models
from bienc_cli.errors import UsageError
from bienc_cli.models import Runtime, choose_runtime

HEAVY = ("torch", "transformers", "sentence_transformers", "openvino", "onnx", "tokenizers")


@pytest.mark.parametrize(
    ("runtime", "device", "gpu", "installed", "chosen"),
    [
        ("auto", "auto", False, True, Runtime.OPENVINO),
        ("auto", "auto", False, False, Runtime.TORCH),
        ("auto", "auto", True, True, Runtime.TORCH),
        ("auto", "cpu", True, True, Runtime.OPENVINO),
        ("auto", "cuda", False, True, Runtime.TORCH),
        ("torch", "auto", False, True, Runtime.TORCH),
        ("openvino", "auto", True, True, Runtime.OPENVINO),
    ],
)
def test_choice(
    monkeypatch: pytest.MonkeyPatch,
    runtime: str,
    device: str,
    gpu: bool,
    installed: bool,
    chosen: Runtime,
) -> None:
    monkeypatch.setattr(models, "_gpu_for_torch", lambda: gpu)
    monkeypatch.setattr(models, "_openvino_installed", lambda: installed)
    assert choose_runtime(runtime, device) is chosen


@pytest.mark.parametrize(
    ("runtime", "device", "installed", "message"),
    [
        ("onnx", "auto", True, "no runtime 'onnx'"),
        ("openvino", "cuda", True, "not on 'cuda'"),
        ("openvino", "cpu", False, "not installed"),
    ],
)
def test_refusals(
    monkeypatch: pytest.MonkeyPatch, runtime: str, device: str, installed: bool, message: str
) -> None:
    monkeypatch.setattr(models, "_openvino_installed", lambda: installed)
    with pytest.raises(UsageError, match=message) as raised:
        choose_runtime(runtime, device)
    assert raised.value.hint


def test_importing_the_package_imports_no_model_library() -> None:
    code = (
        "import sys, bienc_cli.models\n"
        f"print([name for name in {(*HEAVY, 'huggingface_hub', 'safetensors')!r}"
        " if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
