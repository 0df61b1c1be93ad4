"""Runs a compiled OpenVINO graph on the CPU: token ids in, one row per input out."""

from __future__ import annotations

import functools
import hashlib
import json
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bienc_cli.background import Background
from bienc_cli.errors import ModelUnavailable
from bienc_cli.models.cache import FirstUse, Preparation, Watch, publish, unwatched
from bienc_cli.models.resolve import ResolvedModel
from bienc_cli.models.tokenization import (
    ModelTokenizer,
    PaddedBatch,
    TokenIds,
    finite,
    token_budget_batches,
    unit_length,
)
from bienc_cli.types import CrossEncoderIdentity, EncoderIdentity, PairScores, Vectors

_IMPORTING = threading.Lock()
"""Two models may be loaded at the same time."""

ALONE = threading.RLock()
"""Held during conversions and the first calls of each graph. Two threads that enter the bindings
for the first time together can deadlock: one holds the interpreter lock and waits for a static
variable that the other is initialising, which waits for the interpreter lock (seen with OpenVINO
2026.4)."""


def import_openvino() -> Any:
    """Import the `openvino` package without its converter.

    The converter sends telemetry when imported; and a query does not need it.
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
    """`bf16` if the CPU multiplies bfloat16 natively, else `f32`."""
    capabilities = import_openvino().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return "bf16" if "BF16" in capabilities else "f32"


_CPU = Path("/proc/cpuinfo")


@functools.cache
def prefers_8_bits() -> bool:
    """Whether 8-bit matrices are faster, as far as is known for this CPU.

    CPUs with bfloat16 tiles (AMX), which multiply those many times faster, were not measured.
    """
    try:
        return "amx_tile" not in _CPU.read_text(encoding="utf-8")
    except OSError:
        # Only servers have AMX, and those mostly run Linux.
        return True


QUANTISED_TOGETHER = "128"
"""Activations that share a scale if a graph's matrices are in 8 bits; it must divide the widths of
layers. The larger it is, the less precise the result."""


class OpenVinoGraph:
    """A graph compiled for this CPU; not thread-safe."""

    def __init__(
        self, path: Path, *, precision: str, threads: int | None, compiled_cache: Path | None
    ) -> None:
        """Compile a saved graph.

        Args:
            path: the `.xml`; the `.bin` is beside it.
            precision: `bf16` or `f32`.
            threads: None for one per core.
            compiled_cache: directory that keeps compiled graphs between processes.
        """
        # One request on all cores. Two streams of one core each were measured to be no faster in
        # batches, and leave a core idle when there is one query.
        options: dict[str, object] = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": precision,
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": QUANTISED_TOGETHER,
        }
        if threads is not None:
            options["INFERENCE_NUM_THREADS"] = threads
        if compiled_cache is not None:
            # Exclude the weights, which are mapped from the graph's own file.
            options |= {"CACHE_DIR": str(compiled_cache), "CACHE_MODE": "OPTIMIZE_SIZE"}
        with ALONE:
            compiled = import_openvino().Core().compile_model(str(path), "CPU", options)
            self._names = frozenset(port.any_name for port in compiled.inputs)
            self._request = compiled.create_infer_request()
            # The first inference lays out the weights, which takes ten times as long as the rest
            # of it: here that may be beside something else, later somebody waits for an answer.
            token_ids = np.zeros((1, 1), dtype=np.int64)
            self(PaddedBatch(token_ids, np.ones_like(token_ids), token_ids))

    def __call__(self, batch: PaddedBatch) -> NDArray[np.float32]:
        """Run one batch; the result has one row per input."""
        arrays = {
            "input_ids": batch.input_ids,
            "attention_mask": batch.attention_mask,
            "token_type_ids": batch.token_type_ids,
        }
        inputs = {name: array for name, array in arrays.items() if name in self._names}
        return np.asarray(self._request.infer(inputs, share_inputs=True)[0], dtype=np.float32)


TOKEN_BUDGET = 4_096
"""Tokens per batch, padding included. Measured from 512 to 16,384: larger batches gain nothing."""

PAD_MULTIPLE = 16
"""Lengths are rounded up to a multiple of this: the CPU's matrix tiles have 16 rows, and odd
lengths cost more than the padding (a tenth of the speed)."""

BATCH_OVERHEAD = 100
"""The cost of starting a batch, in tokens: about 30, and more for a length new to the process."""


GRAPH_VERSION = 4
"""Increased whenever the same model would be converted to another graph."""

GRAPH = "model.xml"
VERDICT = "verdict.json"


@dataclass(frozen=True, slots=True)
class ConversionOutcome:
    """The result of a conversion.

    Attributes:
        accepted: the graph computes the same as torch.
        reason: why not, as a clause.
        precision: `bf16` or `f32`, the fastest that is close enough.
        pad_id: the padding token.
        quantised: whether its matrices are in 8 bits.
    """

    accepted: bool
    reason: str = ""
    precision: str = "f32"
    pad_id: int = 0
    quantised: bool = False


def converted_graph(
    model: ResolvedModel, cache_dir: Path, on_first_use: Watch = unwatched
) -> tuple[Path, ConversionOutcome]:
    """The directory of a model's graph and the verdict on it, converting it now if necessary.

    Args:
        model: the model to convert.
        cache_dir: directory of converted models.
        on_first_use: called for a conversion, which may take seconds; see `Watch`.

    Raises:
        ModelUnavailable: torch cannot load the model either.
        StorageError: the cache cannot be written.
    """
    openvino = import_openvino()
    precision = native_precision()
    arithmetic = f"{precision}/int8" if prefers_8_bits() else precision
    versions = f"{model.fingerprint}/{GRAPH_VERSION}/{openvino.__version__}/{arithmetic}"
    key = hashlib.sha256(versions.encode()).hexdigest()[:24]

    def make(empty: Path) -> None:
        from bienc_cli.models.openvino_conversion import convert

        size = sum((model.directory / file).stat().st_size for file in model.files.weight_files)
        with on_first_use(FirstUse(model.name, Preparation.CONVERTING, size)):
            convert(model, precision, empty)

    directory = publish(
        cache_dir / "openvino" / key,
        valid=lambda candidate: _read_verdict(candidate) is not None,
        make=make,
    )
    verdict = _read_verdict(directory)
    assert verdict is not None, "publish returns what is valid"  # noqa: S101
    return directory, verdict


def _read_verdict(directory: Path) -> ConversionOutcome | None:
    try:
        content = json.loads((directory / VERDICT).read_bytes())
        complete = all(
            (directory / name).stat().st_size == size for name, size in content["files"].items()
        )
        return ConversionOutcome(**content["verdict"]) if complete else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


class _OnOpenVino:
    """Tokenizer, graph, and the batching between them; not thread-safe.

    Attributes:
        notes, runtime, tokenizer: as of `types.BiEncoder`.
    """

    notes: tuple[str, ...] = ()

    def __init__(
        self,
        model: ResolvedModel,
        directory: Path,
        verdict: ConversionOutcome,
        *,
        threads: int | None,
    ) -> None:
        assert model.files.tokenizer_json is not None, "it was needed to convert"  # noqa: S101
        self._model = model
        precision = "bf16" if verdict.precision == "bf16" else "fp32"
        self.runtime = f"openvino cpu {'int8' if verdict.quantised else precision}"
        # Compiling releases the interpreter lock; reading a tokenizer takes as long, and does not.
        graph = Background(
            lambda: OpenVinoGraph(
                directory / GRAPH,
                precision=verdict.precision,
                threads=threads,
                compiled_cache=directory / "compiled",
            )
        )
        self.tokenizer = ModelTokenizer.from_file(model.files.tokenizer_json, pad_id=verdict.pad_id)
        self._graph = graph.result()

    def _run(self, inputs: Sequence[TokenIds]) -> Vectors:
        """Rows in the order of `inputs`, which has at least one."""
        rows = np.empty(0, dtype=np.float32)
        limit = self._model.files.max_tokens
        padded_lengths = [-(-len(item) // PAD_MULTIPLE) * PAD_MULTIPLE for item in inputs]
        for batch in token_budget_batches(padded_lengths, TOKEN_BUDGET, BATCH_OVERHEAD):
            padded = self.tokenizer.pad(
                [inputs[i] for i in batch], multiple=PAD_MULTIPLE, limit=limit
            )
            outputs = self._graph(padded).reshape(len(batch), -1)
            if rows.size == 0:
                rows = np.empty((len(inputs), outputs.shape[1]), dtype=np.float32)
            rows[batch] = outputs
        return finite(rows, self._model.name)


class OpenVinoBiEncoder(_OnOpenVino):
    """A bi-encoder on OpenVINO; satisfies `types.BiEncoder`."""

    @property
    def identity(self) -> EncoderIdentity:
        """What determines the vectors."""
        return self._model.encoder_identity

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Encode passages, shape (n, dim), in order; texts beyond `max_tokens` are cut."""
        return self._encode(texts, self.identity.passage_prompt)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Encode queries, shape (n, dim), in order; texts beyond `max_tokens` are cut."""
        return self._encode(texts, self.identity.query_prompt)

    def _encode(self, texts: Sequence[str], prompt: str) -> Vectors:
        dim = self.identity.dim
        if not texts:
            return np.empty((0, dim), dtype=np.float32)
        prompted = [prompt + text for text in texts] if prompt else texts
        inputs = self.tokenizer.encode(prompted, self.identity.max_tokens)
        # The first `dim` values: a model may be trained to be truncated there.
        return unit_length(self._run(inputs)[:, :dim])


class OpenVinoCrossEncoder(_OnOpenVino):
    """A cross-encoder on OpenVINO; satisfies `types.CrossEncoder`."""

    @property
    def identity(self) -> CrossEncoderIdentity:
        """Which model scores."""
        return self._model.cross_encoder_identity

    def score_pairs(self, pairs: Sequence[tuple[str, str]]) -> PairScores:
        """Score (query, passage) pairs, in order; logits have shape (pairs, labels)."""
        label_count = len(self.identity.labels)
        if not pairs:
            return PairScores(
                np.empty((0, label_count), dtype=np.float32), np.empty(0, dtype=np.bool_)
            )
        inputs, truncated = self.tokenizer.encode_pairs(pairs, self.identity.max_tokens)
        logits = self._run(inputs)
        if logits.shape[1] != label_count:
            raise ModelUnavailable(
                f"The model {self.identity.name} gives {logits.shape[1]} scores, and its "
                f"config.json says {label_count}.",
                "name its labels there, as id2label",
            )
        return PairScores(logits, truncated)
