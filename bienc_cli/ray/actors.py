"""The code that runs on the nodes of a cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from bienc_cli import __version__
from bienc_cli.chunking.chunker import chunk
from bienc_cli.errors import ClusterUnavailable
from bienc_cli.formats.isolation import read_files
from bienc_cli.formats.table import ReadingOptions
from bienc_cli.formats.worker_messages import Limits
from bienc_cli.indexing.workers import CutDocument, NamedFile
from bienc_cli.types import ChunkingParameters, PassageTokenizer, Skipped, Vectors

if TYPE_CHECKING:
    from bienc_cli.ray.workers import ModelLoader

_PORTION_ITEMS = 64
_PORTION_CHARACTERS = 1_000_000

PORTIONS_AHEAD = 4
"""Portions of a task that may wait to be taken before the task pauses."""

Portion = list[tuple[int, CutDocument | Skipped]]
"""Items, each with the position of its file in the group."""


def read_and_cut(
    files: Sequence[NamedFile],
    tokenizer: PassageTokenizer,
    chunking: ChunkingParameters,
    options: ReadingOptions,
    version: str,
) -> Iterator[Portion]:
    """Read files and chunk their documents, in order, portion by portion.

    Raises:
        ClusterUnavailable: this node has another version of bienc than `version`.
    """
    _require(version)
    portion: Portion = []
    characters = 0
    results = read_files(files, workers=1, limits=Limits(), options=options)
    for number, (_, items) in enumerate(results):
        for item in items:
            if isinstance(item, Skipped):
                portion.append((number, item))
            else:
                passages = tuple(chunk(item, tokenizer, chunking))
                portion.append((number, CutDocument(item, passages)))
                characters += len(item.text)
            if len(portion) >= _PORTION_ITEMS or characters >= _PORTION_CHARACTERS:
                yield portion
                portion, characters = [], 0
    if portion:
        yield portion


def read_and_cut_at_once(
    files: Sequence[NamedFile],
    tokenizer: PassageTokenizer,
    chunking: ChunkingParameters,
    options: ReadingOptions,
    version: str,
) -> Portion:
    """The same in one portion, whatever its size."""
    portions = read_and_cut(files, tokenizer, chunking, options, version)
    return [item for portion in portions for item in portion]


class EncodingActor:
    """An actor that holds the model, loaded once."""

    def __init__(self, load: ModelLoader, name: str, device: str, threads: int) -> None:
        self._encoder = load(name, device=device, threads=threads)

    def state(self, version: str) -> tuple[str, str]:
        """The model's fingerprint, and how it runs.

        Raises:
            ClusterUnavailable: this node has another version of bienc than `version`.
        """
        _require(version)
        return self._encoder.identity.fingerprint, self._encoder.runtime

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode one batch."""
        return self._encoder.encode_passages(texts)


def _require(version: str) -> None:
    if version != __version__:
        raise ClusterUnavailable(
            f"A worker has bienc {__version__}, and this machine {version}.",
            "install the same version of bienc everywhere",
        )
