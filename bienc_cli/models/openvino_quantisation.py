"""A graph with its matrices in 8 bits, which CPUs multiply faster than floats.

Each row of a matrix has a scale of its own, so that its largest value is 127. The plugin multiplies
by them in 8 bits where the CPU can (AVX-512 VNNI, AMX) and scales activations as they come, in
groups: nothing is calibrated. Where it cannot, it makes floats of them again.

Source: Dettmers, Lewis, Belkada, Zettlemoyer, "LLM.int8(): 8-bit matrix multiplication for
transformers at scale", NeurIPS 2022 (scales by row; activations scaled as they come).
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
    """Replace the float32 matrices that something is multiplied by, in place.

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
    """The node of a matrix in 8 bits times its scales."""
    scales = np.abs(matrix).max(axis=1, keepdims=True) / _LARGEST
    # A row of zeros has any scale.
    scales[scales == 0] = 1
    whole = np.round(matrix / scales).astype(np.int8)
    return ops().multiply(ops().convert(ops().constant(whole), "f32"), ops().constant(scales))
