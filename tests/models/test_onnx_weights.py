"""Against graphs built the way ONNX Runtime's dynamic quantisation leaves them."""

from pathlib import Path

import numpy as np
import pytest

from bienc_cli.models.onnx_weights import OnnxWeightsError, read_onnx_weights

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402


def save(path: Path, nodes: list, tensors: dict[str, np.ndarray]) -> Path:
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 2])],
        [numpy_helper.from_array(array, name) for name, array in tensors.items()],
    )
    onnx.save(helper.make_model(graph), str(path))
    return path


def linear(weight: str, bias: str | None) -> list:
    nodes = [
        helper.make_node("DynamicQuantizeLinear", ["x"], ["xq", "xs", "xz"]),
        helper.make_node(
            "MatMulInteger", ["xq", f"{weight}_quantized", "xz", f"{weight}_zero_point"], ["i"]
        ),
        helper.make_node("Cast", ["i"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["xs", f"{weight}_scale"], ["s"]),
        helper.make_node("Mul", ["f", "s"], ["m"]),
    ]
    if bias:
        nodes.append(helper.make_node("Add", [bias, "m"], ["y"]))
    return nodes


@pytest.mark.parametrize("per_column", [False, True])
def test_a_numbered_weight_is_named_by_its_bias_and_transposed(
    tmp_path: Path, per_column: bool
) -> None:
    quantized = np.array([[-128, 127], [0, 5], [7, -9]], dtype=np.int8)
    scale = np.array([0.5, 0.25], np.float32) if per_column else np.array(0.5, np.float32)
    zero = np.array([-3, 4], np.int8) if per_column else np.array(-3, np.int8)
    bias = np.array([1, 2], np.float32)
    path = save(
        tmp_path / "m.onnx",
        linear("onnx::MatMul_7", "layer.0.dense.bias"),
        {
            "layer.0.dense.bias": bias,
            "onnx::MatMul_7_quantized": quantized,
            "onnx::MatMul_7_scale": scale,
            "onnx::MatMul_7_zero_point": zero,
        },
    )
    weights = read_onnx_weights(path)
    assert set(weights) == {"layer.0.dense.bias", "layer.0.dense.weight"}
    # In int64, where nothing wraps around: -128 - 4 is not 124.
    expected = (quantized.astype(np.int64) - zero.astype(np.int64)) * scale.astype(np.float64)
    np.testing.assert_allclose(weights["layer.0.dense.weight"], expected.T, rtol=1e-6)
    np.testing.assert_array_equal(weights["layer.0.dense.bias"], bias)


def test_an_embedding_keeps_its_name_and_shape(tmp_path: Path) -> None:
    quantized = np.array([[0, 255], [128, 1], [2, 3]], dtype=np.uint8)
    nodes = [
        helper.make_node("Gather", ["words.weight_quantized", "ids"], ["g"]),
        helper.make_node(
            "DequantizeLinear", ["g", "words.weight_scale", "words.weight_zero_point"], ["y"]
        ),
    ]
    path = save(
        tmp_path / "m.onnx",
        nodes,
        {
            "words.weight_quantized": quantized,
            "words.weight_scale": np.array(0.1, np.float32),
            "words.weight_zero_point": np.array(128, np.uint8),
        },
    )
    expected = (quantized.astype(np.int64) - 128) * 0.1
    np.testing.assert_allclose(read_onnx_weights(path)["words.weight"], expected, rtol=1e-6)


def test_a_weight_without_a_layer_is_refused(tmp_path: Path) -> None:
    tensors = {
        "onnx::MatMul_7_quantized": np.zeros((3, 2), np.int8),
        "onnx::MatMul_7_scale": np.array(1, np.float32),
        "onnx::MatMul_7_zero_point": np.array(0, np.int8),
    }
    path = save(tmp_path / "m.onnx", linear("onnx::MatMul_7", None), tensors)
    with pytest.raises(OnnxWeightsError):
        read_onnx_weights(path)
