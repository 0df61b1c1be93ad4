"""Quantises a graph's matrices to 8 bits, which CPUs multiply faster than floats.

Each row of a matrix has its own scale, so that its largest value is 127. The plugin multiplies in 8
bits if the CPU can (AVX-512 VNNI, AMX), and quantises activations on the fly, in groups: nothing
needs calibration. Otherwise it converts them back to floats.

Source: Dettmers, Lewis, Belkada, Zettlemoyer, "LLM.int8(): 8-bit matrix multiplication for
transformers at scale", NeurIPS 2022 (scales by row; activations scaled on the fly).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bienc_cli.models.openvino_blocks import ops
from bienc_cli.models.openvino_runtime import import_openvino

_LARGEST = 127


def quantise(graph: Any) -> None:
    """Quantise the float32 matrices that are multiplied, in place.

    Embeddings stay: they are looked up, not multiplied.
    """
    for operation in graph.get_ops():
        if operation.get_type_name() == "MatMul" and operation.get_attributes()["transpose_b"]:
            weight = operation.input_value(1).get_node()
            if weight.get_type_name() == "Constant" and len(weight.shape) == 2:
                scaled = _scaled(np.asarray(weight.data, dtype=np.float32))
                operation.input(1).replace_source_output(scaled.output(0))
    graph.validate_nodes_and_infer_types()


def quantise_file(path: Path, quantised: Path) -> None:
    """`quantise` a saved graph into another file."""
    openvino = import_openvino()
    graph = openvino.Core().read_model(str(path))
    quantise(graph)
    openvino.save_model(graph, quantised, compress_to_fp16=False)


def _scaled(matrix: NDArray[np.float32]) -> Any:
    """A node for the matrix in 8 bits times its scales."""
    scales = np.abs(matrix).max(axis=1, keepdims=True) / _LARGEST
    # Any scale fits a row of zeros.
    scales[scales == 0] = 1
    integers = np.round(matrix / scales).astype(np.int8)
    return ops().multiply(ops().convert(ops().constant(integers), "f32"), ops().constant(scales))
