"""The nouns of the domain, on one screen; all frozen, none with behaviour beyond itself.

Offsets are in Unicode code points of `Document.text`; lines and pages are 1-based.
Similarity is a cosine in [-1, 1]; relevance is a logit (any real) and its sigmoid.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""Shape (n, dim), float32, each row of length 1."""


# ---------------------------------------------------------------- documents


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading at `start`, in force until the next one of its level or above (1 is highest)."""

    start: int
    level: int
    title: str


@dataclass(frozen=True, slots=True)
class Block:
    """A span that chunking keeps whole where it fits: a paragraph, list, table, code block, row."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Document:
    """What a reader makes of one file, or of one record of a collection.

    Attributes:
        doc_id: path under the indexed root (POSIX), or the record's `_id`.
        text: the whole text; passages are exact slices of it.
        format: the reader's format name (`markdown`, `pdf`, ...), what `--type` selects.
        title: the document's own title where the format has one.
        headings: ascending by `start`.
        pages: offset where each page starts, ascending, `pages[0] == 0`; empty if unpaged.
        blocks: ascending and disjoint; chunking finds paragraphs itself where there are none.
        first_line: the line of the file at which `text` begins (a record of a `.jsonl`).
    """

    doc_id: str
    text: str
    format: str
    title: str | None = None
    headings: tuple[Heading, ...] = ()
    pages: tuple[int, ...] = ()
    blocks: tuple[Block, ...] = ()
    first_line: int = 1


@dataclass(frozen=True, slots=True)
class Passage:
    """The unit of retrieval: `text == document.text[start:end]`.

    `heading` is the trail in force, outermost first, the document's title not included.
    `line_start`..`line_end` and `page` are 1-based; `page` is None for unpaged formats.
    `context` is what is embedded in front of the text: title and those headings of the
    trail that do not stand in the text itself.
    """

    doc_id: str
    ordinal: int
    start: int
    end: int
    text: str
    line_start: int
    line_end: int
    page: int | None = None
    heading: tuple[str, ...] = ()
    context: str = ""

    @property
    def embedded_text(self) -> str:
        """What the models read: the context, a line break, the text."""
        return f"{self.context}\n{self.text}" if self.context else self.text


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was found and not indexed, and why."""

    path: str
    code: str
    reason: str


# ------------------------------------------------------------------- models


@dataclass(frozen=True, slots=True)
class EncoderIdentity:
    """All that decides a bi-encoder's vectors; part of the index.

    Attributes:
        name: what the user calls it: alias, hub id or directory.
        fingerprint: hex digest over weights, tokenizer, pooling, prompts, `max_tokens`, `dim`.
            Independent of runtime and device.
        dim: length of a vector.
        max_tokens: tokens the model reads, special tokens included.
        pooling: `cls`, `mean`, ...
        query_prompt: put in front of every query; "" for none.
        passage_prompt: put in front of every passage; "" for none.
    """

    name: str
    fingerprint: str
    dim: int
    max_tokens: int
    pooling: str
    query_prompt: str = ""
    passage_prompt: str = ""


@dataclass(frozen=True, slots=True)
class CrossEncoderIdentity:
    """Which cross-encoder scored. `labels` names its outputs; one label means relevance."""

    name: str
    fingerprint: str
    max_tokens: int
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PairScores:
    """Raw outputs of a cross-encoder.

    Attributes:
        logits: shape (pairs, labels), float32.
        truncated: shape (pairs,), bool: the passage did not fit beside the query.
    """

    logits: NDArray[np.float32]
    truncated: NDArray[np.bool_]


class PassageTokenizer(Protocol):
    """The bi-encoder's own tokenizer, as chunking needs it."""

    def offsets(self, text: str) -> Sequence[tuple[int, int]]:
        """Code-point span of every token of `text`, no special tokens, no truncation."""

    def counts(self, texts: Sequence[str]) -> list[int]:
        """Number of tokens of each text, no special tokens, no truncation."""

    @property
    def special_tokens(self) -> int:
        """How many special tokens the model adds around one text."""


class BiEncoder(Protocol):
    """Queries and passages to vectors of length 1, apart."""

    @property
    def identity(self) -> EncoderIdentity:
        """What decides the vectors."""

    @property
    def runtime(self) -> str:
        """How it runs, for people: `torch cpu fp32`, `openvino cpu bf16`."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know about how it runs, as sentences."""

    @property
    def tokenizer(self) -> PassageTokenizer:
        """The tokenizer that chunking counts with."""

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Encode one batch, in order; texts beyond `max_tokens` are cut at their end."""

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Encode queries, in order; texts beyond `max_tokens` are cut at their end."""


class CrossEncoder(Protocol):
    """Query and passage together to a score."""

    @property
    def identity(self) -> CrossEncoderIdentity:
        """Which model scores."""

    @property
    def runtime(self) -> str:
        """How it runs, for people."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know about how it runs, as sentences."""

    def score(self, query: str, passages: Sequence[str]) -> PairScores:
        """Score (query, passage) pairs; the passage is cut where both do not fit."""

    def score_pairs(self, pairs: Sequence[tuple[str, str]]) -> PairScores:
        """Score arbitrary pairs, in order."""


# ------------------------------------------------------------------ ranking


@dataclass(frozen=True, slots=True)
class BlendWeights:
    """Weights of the standardised scores in a blend; relevance has weight 1 where there is one.

    Attributes:
        similarity: of the bi-encoder's cosine.
        bm25: of BM25.
    """

    similarity: float
    bm25: float

    def __post_init__(self) -> None:
        if not (0 <= self.similarity < math.inf and 0 <= self.bm25 < math.inf):
            raise ValueError(f"weights of a blend are finite and not negative, not {self}")


@dataclass(frozen=True, slots=True)
class TunedBlend:
    """Weights learned from judgments of one's own.

    Attributes:
        weights: where a cross-encoder reads the candidates.
        light_weights: where none does.
        queries: how many judged queries they were learned from.
    """

    weights: BlendWeights
    light_weights: BlendWeights
    queries: int
