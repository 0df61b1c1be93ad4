"""The fast runtime on a CPU: OpenVINO graphs and the `tokenizers` library, without torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bienc_cli.background import Background
from bienc_cli.errors import ModelUnavailable
from bienc_cli.models.batching import finite, token_budget_batches, unit_length
from bienc_cli.models.openvino_conversion import GRAPH, ConversionOutcome
from bienc_cli.models.openvino_graph import OpenVinoGraph
from bienc_cli.models.resolve import ResolvedModel
from bienc_cli.models.tokenization import ModelTokenizer, TokenIds
from bienc_cli.types import CrossEncoderIdentity, EncoderIdentity, PairScores, Vectors

TOKEN_BUDGET = 4_096
"""Tokens a batch, padding included. Measured from 512 to 16,384: nothing is gained beyond."""

PAD_MULTIPLE = 16
"""Lengths are rounded up to it: the CPU's matrix tiles have 16 rows, and odd lengths cost more
than the padding (a tenth of the speed)."""

BATCH_OVERHEAD = 100
"""Tokens in whose time a batch is begun: some 30, and more for a length new to the process."""


class OpenVinoBiEncoder:
    """A bi-encoder on OpenVINO; satisfies `types.BiEncoder`. For one thread at a time."""

    def __init__(
        self,
        model: ResolvedModel,
        directory: Path,
        verdict: ConversionOutcome,
        *,
        threads: int | None,
    ) -> None:
        self.notes: tuple[str, ...] = ()
        self._identity = model.encoder_identity
        self._runner = _Runner(model, directory, verdict, threads=threads)

    @property
    def identity(self) -> EncoderIdentity:
        """What decides the vectors."""
        return self._identity

    @property
    def runtime(self) -> str:
        """How it runs, for people."""
        return self._runner.description

    @property
    def tokenizer(self) -> ModelTokenizer:
        """The tokenizer that chunking counts with."""
        return self._runner.tokenizer

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Encode passages, shape (n, dim), in order; texts beyond `max_tokens` are cut."""
        return self._encode(texts, self._identity.passage_prompt)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Encode queries, shape (n, dim), in order; texts beyond `max_tokens` are cut."""
        return self._encode(texts, self._identity.query_prompt)

    def _encode(self, texts: Sequence[str], prompt: str) -> Vectors:
        dim = self._identity.dim
        if not texts:
            return np.empty((0, dim), dtype=np.float32)
        prompted = [prompt + text for text in texts] if prompt else texts
        inputs = self._runner.tokenizer.encode(prompted, self._identity.max_tokens)
        # The first `dim`: a model may be trained to be cut there.
        return unit_length(self._runner.run(inputs)[:, :dim])


class OpenVinoCrossEncoder:
    """A cross-encoder on OpenVINO; satisfies `types.CrossEncoder`. For one thread at a time."""

    def __init__(
        self,
        model: ResolvedModel,
        directory: Path,
        verdict: ConversionOutcome,
        *,
        threads: int | None,
    ) -> None:
        self.notes: tuple[str, ...] = ()
        self._identity = model.cross_encoder_identity
        self._runner = _Runner(model, directory, verdict, threads=threads)

    @property
    def identity(self) -> CrossEncoderIdentity:
        """Which model scores."""
        return self._identity

    @property
    def runtime(self) -> str:
        """How it runs, for people."""
        return self._runner.description

    def score(self, query: str, passages: Sequence[str]) -> PairScores:
        """Score (query, passage) pairs; the passage is cut where both do not fit."""
        return self.score_pairs([(query, passage) for passage in passages])

    def score_pairs(self, pairs: Sequence[tuple[str, str]]) -> PairScores:
        """Score arbitrary pairs, in order; logits have shape (pairs, labels)."""
        if not pairs:
            shape = 0, len(self._identity.labels)
            return PairScores(np.empty(shape, dtype=np.float32), np.empty(0, dtype=np.bool_))
        inputs, truncated = self._runner.tokenizer.encode_pairs(pairs, self._identity.max_tokens)
        logits, named = self._runner.run(inputs), len(self._identity.labels)
        if logits.shape[1] != named:
            raise ModelUnavailable(
                f"The model {self._identity.name} gives {logits.shape[1]} scores, and its "
                f"config.json says {named}.",
                "name its labels there, as id2label",
            )
        return PairScores(logits, truncated)


class _Runner:
    """Tokenizer and graph, and the batching between them."""

    def __init__(
        self,
        model: ResolvedModel,
        directory: Path,
        verdict: ConversionOutcome,
        *,
        threads: int | None,
    ) -> None:
        assert model.files.tokenizer_json is not None, "it was needed to convert"  # noqa: S101
        self._name = model.name
        precision = "bf16" if verdict.precision == "bf16" else "fp32"
        self.description = f"openvino cpu {'int8' if verdict.quantised else precision}"
        self._max_tokens = model.files.max_tokens
        # Compiling leaves the interpreter to others; reading a tokenizer, as long, does not.
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

    def run(self, inputs: Sequence[TokenIds]) -> Vectors:
        """Rows in the order of `inputs`, which has at least one."""
        rows = np.empty(0, dtype=np.float32)
        padded_lengths = [-(-len(item) // PAD_MULTIPLE) * PAD_MULTIPLE for item in inputs]
        for batch in token_budget_batches(padded_lengths, TOKEN_BUDGET, BATCH_OVERHEAD):
            padded = self.tokenizer.pad(
                [inputs[i] for i in batch], multiple=PAD_MULTIPLE, limit=self._max_tokens
            )
            found = self._graph(padded).reshape(len(batch), -1)
            if rows.size == 0:
                rows = np.empty((len(inputs), found.shape[1]), dtype=np.float32)
            rows[batch] = found
        return finite(rows, self._name)
