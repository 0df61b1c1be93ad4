"""What graphs are tried on before they count: some texts, and how far results lie apart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bienc_cli.models.openvino_runtime import OpenVinoGraph
from bienc_cli.models.registry import Role
from bienc_cli.models.resolve import ResolvedModel
from bienc_cli.models.tokenization import ModelTokenizer

SHORT = (
    "How many people live in Berlin?",
    "Berlin has a population of 3,520,031 registered inhabitants.",
    "a",
    "Größe, naïveté, 北京 and an emoji 🙂 are read as they stand.\n\n\tIndented.",
    "def square(x: float) -> float:\n    return x * x",
)
"""They run in a tenth of a second."""

ALL = (
    *SHORT,
    "The glacier retreats because summers melt more ice than winters restore. " * 12,
    "One word after another fills what the model reads, and then some more. " * 80,
)
"""With one text that fills much of what a model reads, and one that is cut."""


def pairs(texts: Sequence[str]) -> list[tuple[str, str]]:
    """The first text with each."""
    return [(texts[0], text) for text in texts]


def results(
    model: ResolvedModel,
    tokenizer: ModelTokenizer,
    graph: Path,
    precision: str,
    texts: Sequence[str],
) -> NDArray[np.float32]:
    """Run a graph as it will be run, one batch of unlike lengths: unit vectors, or logits.

    Raises:
        RuntimeError: the graph does not run.
    """
    limit = model.files.max_tokens
    compiled = OpenVinoGraph(graph, precision=precision, threads=None, compiled_cache=None)
    if model.files.role is Role.CROSS_ENCODER:
        inputs, _ = tokenizer.encode_pairs(pairs(texts), limit)
        found = compiled(tokenizer.pad(inputs, multiple=16, limit=limit))
        return found.reshape(len(texts), -1)
    found = compiled(tokenizer.pad(tokenizer.encode(texts, limit), multiple=16, limit=limit))
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), dtype=np.float32)


def difference(role: Role, found: NDArray[np.float32], expected: NDArray[np.float32]) -> float:
    """The largest one: cosine distance of unit vectors, or relative of logits."""
    if role is Role.BI_ENCODER:
        return float(np.max(1 - np.sum(found * expected, axis=1)))
    return float(np.max(np.abs(found - expected) / (1 + np.abs(expected))))
