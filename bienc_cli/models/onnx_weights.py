"""Recovers a network's weights from a dynamically quantised ONNX export.

ONNX Runtime's dynamic quantisation stores each weight as three initialisers, `X_quantized`,
`X_scale` and `X_zero_point`: `weight = (quantized - zero_point) * scale`, one scale for the tensor
or one for each output column. A weight that feeds MatMulInteger is transposed with regard to
`torch.nn.Linear`. The exporter gives such weights numbers for names (`onnx::MatMul_1525`); the
bias that their product is added to still carries the layer's name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_QUANTIZED = "_quantized"


class OnnxWeightsError(ValueError):
    """The graph does not have the shape that dynamic quantisation leaves."""


def read_onnx_weights(path: Path) -> dict[str, NDArray[np.float32]]:
    """All weights by the names of the torch module, float32.

    Raises:
        OnnxWeightsError: a weight that no layer can be found for.
    """
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(str(path)).graph
    initializers = {tensor.name: tensor for tensor in graph.initializer}
    consumers: dict[str, list[Any]] = {}
    for node in graph.node:
        for name in node.input:
            consumers.setdefault(name, []).append(node)

    weights: dict[str, NDArray[np.float32]] = {}
    for name, tensor in initializers.items():
        if name.endswith(_QUANTIZED):
            base = name.removesuffix(_QUANTIZED)
            values = _dequantized(
                *(
                    numpy_helper.to_array(initializers[base + suffix])
                    for suffix in (_QUANTIZED, "_zero_point", "_scale")
                )
            )
            product = next(
                (consumer for consumer in consumers[name] if consumer.op_type == "MatMulInteger"),
                None,
            )
            if product is not None:
                values = values.T
                base = f"{_layer(product.output[0], consumers, initializers)}.weight"
            weights[base] = np.ascontiguousarray(values)
        elif not name.endswith(("_scale", "_zero_point")):
            array = numpy_helper.to_array(tensor)
            if array.dtype == np.float32 and name.endswith((".weight", ".bias")):
                weights[name] = array
    return weights


def _dequantized(
    quantized: NDArray[Any], zero_point: NDArray[Any], scale: NDArray[np.float32]
) -> NDArray[np.float32]:
    # Widened first: int8 minus int8, and uint8 minus uint8, wrap around.
    centred = quantized.astype(np.float32) - zero_point.astype(np.float32)
    return np.asarray(centred * scale, dtype=np.float32)


def _layer(output: str, consumers: dict[str, list[Any]], initializers: dict[str, Any]) -> str:
    """Follow a product through its cast and scaling to the bias; return the layer's name."""
    for _ in range(4):
        node = next(iter(consumers.get(output, ())), None)
        if node is None:
            break
        if node.op_type == "Add":
            for name in node.input:
                if name in initializers and name.endswith(".bias"):
                    return str(name.removesuffix(".bias"))
            break
        output = node.output[0]
    raise OnnxWeightsError(f"no bias names the layer of {output}")
