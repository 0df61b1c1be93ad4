"""A compiled OpenVINO graph on the CPU: token ids in, one row for each input out."""

from __future__ import annotations

import functools
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bienc_cli.models.tokenization import PaddedBatch

_IMPORTING = threading.Lock()
"""Two models may be loaded at the same time."""

ALONE = threading.RLock()
"""For conversions and for the first calls of each graph. Two threads that enter the bindings for
the first time together can wait for each other for ever: one holds the interpreter and waits
for a static variable that the other initialises, and that one waits for the interpreter (seen
with OpenVINO 2026.4)."""


def import_openvino() -> Any:
    """The `openvino` package, without its converter.

    Importing the converter reports to its maker; and a query has no use for it.
    """
    with _IMPORTING:
        if "openvino" not in sys.modules:
            sys.modules["openvino.tools.ovc"] = None  # type: ignore[assignment]
            try:
                import openvino
            finally:
                del sys.modules["openvino.tools.ovc"]
    import openvino

    return openvino


@functools.cache
def native_precision() -> str:
    """`bf16` where the CPU multiplies bfloat16 natively, else `f32`."""
    capabilities = import_openvino().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return "bf16" if "BF16" in capabilities else "f32"


_CPU = Path("/proc/cpuinfo")


@functools.cache
def prefers_8_bits() -> bool:
    """Whether matrices in 8 bits are the faster ones, as far as is known of this CPU.

    One with tiles for bfloat16 (AMX), which multiply it many times faster, was not measured.
    """
    try:
        return "amx_tile" not in _CPU.read_text(encoding="utf-8")
    except OSError:
        # Servers alone have AMX, and those mostly run Linux.
        return True


QUANTISED_TOGETHER = "128"
"""Activations that share a scale, where a graph's matrices are in 8 bits; it divides the widths of
layers. The larger, the farther from the full precision."""


class OpenVinoGraph:
    """A graph, compiled for this CPU. One thread at a time may call it."""

    def __init__(
        self, path: Path, *, precision: str, threads: int | None, compiled_cache: Path | None
    ) -> None:
        """Compile a saved graph.

        Args:
            path: the `.xml`; the `.bin` lies beside it.
            precision: `bf16` or `f32`.
            threads: None for one a core.
            compiled_cache: where compiled graphs are kept between processes.
        """
        # One request on all cores. Two streams of one core each were measured no faster in
        # batches, and leave a core idle when there is one query.
        options: dict[str, object] = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": precision,
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": QUANTISED_TOGETHER,
        }
        if threads is not None:
            options["INFERENCE_NUM_THREADS"] = threads
        if compiled_cache is not None:
            # Without the weights, which are mapped from the graph's own file.
            options |= {"CACHE_DIR": str(compiled_cache), "CACHE_MODE": "OPTIMIZE_SIZE"}
        with ALONE:
            compiled = import_openvino().Core().compile_model(str(path), "CPU", options)
            self._names = frozenset(port.any_name for port in compiled.inputs)
            self._request = compiled.create_infer_request()
            # The first inference lays out the weights, which takes ten times as long as the rest
            # of it: here that may be beside something else, later somebody waits for an answer.
            one = np.zeros((1, 1), dtype=np.int64)
            self(PaddedBatch(one, np.ones_like(one), one))

    def __call__(self, batch: PaddedBatch) -> NDArray[np.float32]:
        """Run one batch; the result has a row for each input."""
        arrays = {
            "input_ids": batch.input_ids,
            "attention_mask": batch.attention_mask,
            "token_type_ids": batch.token_type_ids,
        }
        given = {name: array for name, array in arrays.items() if name in self._names}
        return np.asarray(self._request.infer(given, share_inputs=True)[0], dtype=np.float32)
