"""The reference runtime: sentence-transformers on torch, for any model and device."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from bienc_cli.errors import BiencError, ModelUnavailable, UsageError
from bienc_cli.models.registry import Role
from bienc_cli.models.resolve import ResolvedModel
from bienc_cli.models.tokenization import ModelTokenizer, finite, token_budget_batches, unit_length
from bienc_cli.types import CrossEncoderIdentity, EncoderIdentity, PairScores, Vectors

if TYPE_CHECKING:
    import torch

CPU_TOKEN_BUDGET = 4_096
GPU_TOKEN_BUDGET = 65_536
"""Tokens per batch, padding included; the larger budget keeps a GPU busy."""


class _OnTorch:
    """A sentence-transformers module with its tokenizer.

    Attributes:
        notes, runtime, tokenizer: as of `types.BiEncoder`.
    """

    def __init__(
        self,
        model: ResolvedModel,
        *,
        device: str,
        threads: int | None,
        notes: tuple[str, ...] = (),
    ) -> None:
        self.notes = notes
        self._resolved = model
        self._device = _device(device, threads)
        self._model = load_module(model, str(self._device))
        half = _to_half(self._model, self._device)
        self.tokenizer = model_tokenizer(model, self._model)
        self.runtime = f"torch {self._device.type} {'fp16' if half else 'fp32'}"
        self._budget = CPU_TOKEN_BUDGET if self._device.type == "cpu" else GPU_TOKEN_BUDGET


class TorchBiEncoder(_OnTorch):
    """A bi-encoder on torch; satisfies `types.BiEncoder`."""

    @property
    def identity(self) -> EncoderIdentity:
        """What determines the vectors."""
        return self._resolved.encoder_identity

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Encode passages, shape (n, dim), in order; texts beyond `max_tokens` are cut."""
        return self._encode(texts, self.identity.passage_prompt)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Encode queries, shape (n, dim), in order; texts beyond `max_tokens` are cut."""
        return self._encode(texts, self.identity.query_prompt)

    def _encode(self, texts: Sequence[str], prompt: str) -> Vectors:
        vectors = np.empty((len(texts), self.identity.dim), dtype=np.float32)
        if not texts:
            return vectors
        limit = self.identity.max_tokens
        overhead = self.tokenizer.special_tokens + self.tokenizer.counts([prompt])[0]
        lengths = [min(count + overhead, limit) for count in self.tokenizer.counts(texts)]
        for rows in token_budget_batches(lengths, self._budget):
            vectors[rows] = self._model.encode(
                [texts[row] for row in rows],
                # Passed even if empty, or the model would choose a default.
                prompt=prompt,
                batch_size=len(rows),
                show_progress_bar=False,
                convert_to_numpy=True,
            )
        return unit_length(finite(vectors, self._resolved.name))


class TorchCrossEncoder(_OnTorch):
    """A sequence-classification cross-encoder on torch; satisfies `types.CrossEncoder`."""

    @property
    def identity(self) -> CrossEncoderIdentity:
        """Which model scores."""
        return self._resolved.cross_encoder_identity

    def score_pairs(self, pairs: Sequence[tuple[str, str]]) -> PairScores:
        """Score (query, passage) pairs, in order; logits have shape (pairs, labels)."""
        import torch

        inputs, truncated = self.tokenizer.encode_pairs(pairs, self.identity.max_tokens)
        logits = np.empty((len(pairs), len(self.identity.labels)), dtype=np.float32)
        takes_type_ids = "token_type_ids" in self._model.tokenizer.model_input_names
        for rows in token_budget_batches([len(item) for item in inputs], self._budget):
            batch = self.tokenizer.pad([inputs[row] for row in rows])
            arrays = {"input_ids": batch.input_ids, "attention_mask": batch.attention_mask}
            if takes_type_ids:
                arrays["token_type_ids"] = batch.token_type_ids
            features = {k: torch.from_numpy(v).to(self._device) for k, v in arrays.items()}
            with torch.inference_mode():
                scores = self._model(features)["scores"]
            logits[rows] = scores.float().cpu().numpy().reshape(len(rows), -1)
        return PairScores(finite(logits, self._resolved.name), truncated)


def load_module(model: ResolvedModel, device: str) -> Any:
    """The `sentence_transformers` module for a model's role, in evaluation mode.

    Raises:
        ModelUnavailable: the library cannot load it.
    """
    with silence(), _loading(model):
        from sentence_transformers import CrossEncoder, SentenceTransformer

        module_class = SentenceTransformer if model.files.role is Role.BI_ENCODER else CrossEncoder
        loaded: Any = module_class(str(model.directory), device=device, local_files_only=True)
        _require_all_weights(model, loaded)
    loaded.max_seq_length = model.files.max_tokens
    loaded.eval()
    return loaded


def _device(name: str, threads: int | None) -> torch.device:
    import torch

    if threads is not None:
        torch.set_num_threads(threads)
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    # Torch raises these for devices that it does not know, was built without, or (the last)
    # has no kernels for.
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise UsageError(f"There is no device {name!r} here.", "--device cpu works") from error
    return device


def _to_half(model: torch.nn.Module, device: torch.device) -> bool:
    half = device.type in {"cuda", "mps"}
    if half:
        model.half()
    return half


def model_tokenizer(model: ResolvedModel, loaded: Any) -> ModelTokenizer:
    """The tokenizer of a loaded model: its tokenizer.json, else the library's conversion.

    Raises:
        ModelUnavailable: the model's tokenizer is not from the `tokenizers` library.
    """
    pad_id = int(loaded.tokenizer.pad_token_id or 0)
    if model.files.tokenizer_json is not None:
        return ModelTokenizer.from_file(model.files.tokenizer_json, pad_id=pad_id)
    backend = getattr(loaded.tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise ModelUnavailable(
            f"The model {model.name} has no fast tokenizer, which bienc needs.",
            "name another one: bienc models",
        )
    # A copy, because our settings must not affect the one that the model itself uses.
    return ModelTokenizer(type(backend).from_str(backend.to_str()), pad_id=pad_id)


def _require_all_weights(model: ResolvedModel, loaded: Any) -> None:
    """Refuse an incomplete checkpoint: the library would fill it with random weights."""
    network = loaded.transformers_model
    root = model.directory / model.files.weight_files[0].parent
    # Load it again, a tenth of a second for a small model: the report is not kept anywhere.
    _, report = type(network).from_pretrained(str(root), output_loading_info=True)
    # A head over the first token, which pooling does not use and many bi-encoders lack.
    unused = ("pooler.",) if model.files.role is Role.BI_ENCODER else ()
    missing = sorted(name for name in report["missing_keys"] if not name.startswith(unused))
    if missing:
        raise ModelUnavailable(
            f"The weights of {model.name} in {model.directory} are incomplete:"
            f" {len(missing)} are missing, among them {missing[0]}.",
            "fetch the model again, or name another one: bienc models",
        )


@contextmanager
def _loading(model: ResolvedModel) -> Iterator[None]:
    try:
        yield
    except (BiencError, MemoryError):
        raise
    except Exception as error:
        # Each format of weights and of tokenizers has its own exceptions for damage.
        detail = next(iter(str(error).strip().splitlines()), repr(error))
        raise ModelUnavailable(
            f"The model {model.name} in {model.directory} cannot be loaded: {detail}",
            "fetch the model again, or name another one: bienc models",
        ) from error


@contextmanager
def silence() -> Iterator[None]:
    """Keep the libraries from printing while they load: stdout is for data, stderr is ours."""
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from transformers.utils import logging as transformers_logging

            transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
            transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
            yield
    finally:
        logging.disable(disabled)
