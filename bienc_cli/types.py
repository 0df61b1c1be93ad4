"""The dataclasses of the domain; all frozen, with no behaviour beyond their own data.

Offsets are in Unicode code points of `Document.text`; lines, pages and rows are 1-based. Similarity
is a cosine in [-1, 1]; relevance is a logit (any real) and its sigmoid.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from bienc_cli.errors import UsageError

CHUNKING_VERSION = 4
"""Part of what makes a stored passage stale: increase it when the same text is chunked differently,
or gets another context. If only one format is affected, increase its `Format.version`."""

_SMALLEST_PASSAGE = 16
"""Tokens below which a passage could not hold a sentence and its context."""

Vectors = NDArray[np.float32]
"""Shape (n, dim), float32, each row of length 1."""


# ---------------------------------------------------------------- documents


PlaceKind = Literal["line", "page", "slide", "row", "cell", "heading", "file"]
"""How a person finds a passage: by the file's own numbers, else by heading, else by file."""

NumberingUnit = Literal["line", "page", "slide", "row", "cell"]
"""What a file's own numbers count."""


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a passage in its *file*, never in the text extracted from it.

    Attributes:
        kind: what `first` and `last` count.
        first: the first line, page, slide, row or cell; None for a heading or a file.
        last: the last one, `last >= first`.
        name: the sheet of a row, or the title of a heading; "" if there is none.
        recognised: the text was recognised in an image, so letters may be wrong.
    """

    kind: PlaceKind
    first: int | None = None
    last: int | None = None
    name: str = ""
    recognised: bool = False


@dataclass(frozen=True, slots=True)
class Anchor:
    """From the offset `start` on, the text is at `number` of the file.

    `name` and `recognised` are those of the `Place`.
    """

    start: int
    number: int
    name: str = ""
    recognised: bool = False


@dataclass(frozen=True, slots=True)
class Numbering:
    """Maps a document's text to places in its file.

    Attributes:
        unit: what the anchors count. No passage crosses a page or a slide, or spans several names,
            such as sheets.
        anchors: ascending by `start`, the first at 0.
        follows_lines: every line break after an anchor adds one, as in text that is the file's own.
            Otherwise an anchor's number is valid until the next one.
    """

    unit: NumberingUnit
    anchors: tuple[Anchor, ...]
    follows_lines: bool = False


LINES_OF_THE_FILE = Numbering("line", (Anchor(0, 1),), follows_lines=True)
"""Every line of the text is the same-numbered line of the file."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading at `start`, in force until the next one of its level or above (1 is highest).

    `end`, if the format knows it, is where its scope ends before that: a function's, with the code
    after it outside.
    """

    start: int
    level: int
    title: str
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A span that chunking keeps whole where it fits: a paragraph, list, table, code block, row.

    `header` is what heads the columns of a table, or what a record is called; it goes with the
    passages that begin further down in the block, as a heading does.
    """

    start: int
    end: int
    header: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """What a reader extracts from one file, or one record of a collection.

    Attributes:
        doc_id: path under the indexed root (POSIX), or the record's `_id`.
        text: the whole text; passages are exact slices of it.
        format: the reader's format name (`markdown`, `pdf`, ...), what `--type` selects.
        title: the document's own title where the format has one.
        headings: ascending by `start`.
        blocks: ascending and disjoint; if empty, chunking finds paragraphs itself.
        numbering: maps the text to places; None if the file has no numbers that a person could open
            it at, so that headings have to do.
    """

    doc_id: str
    text: str
    format: str
    title: str | None = None
    headings: tuple[Heading, ...] = ()
    blocks: tuple[Block, ...] = ()
    numbering: Numbering | None = LINES_OF_THE_FILE


@dataclass(frozen=True, slots=True)
class Passage:
    """The unit of retrieval: `text == document.text[start:end]`.

    `place` is where it stands in the file.
    `heading` is the trail in force, outermost first, the document's title not included; last of
    all the header of the block that the passage begins within.
    `context` is what is embedded in front of the text: the title, or else the words of the
    file's name, and those headings of the trail that do not stand in the text itself.
    """

    doc_id: str
    ordinal: int
    start: int
    end: int
    text: str
    place: Place
    heading: tuple[str, ...] = ()
    context: str = ""

    @property
    def embedded_text(self) -> str:
        """What the models read: the context, a line break, the text."""
        return f"{self.context}\n{self.text}" if self.context else self.text


@dataclass(frozen=True, slots=True)
class ChunkingParameters:
    """How documents are chunked; recorded in the index.

    Attributes:
        max_tokens: longest passage, context and special tokens included.
        overlap_tokens: how much of a passage its successor in the same section repeats.
        version: of the algorithm.
    """

    max_tokens: int
    overlap_tokens: int
    version: int = CHUNKING_VERSION

    def __post_init__(self) -> None:
        if self.max_tokens < _SMALLEST_PASSAGE:
            raise UsageError(
                f"A passage of {self.max_tokens} tokens is too short to hold a sentence.",
                f"give --passage-tokens {_SMALLEST_PASSAGE} or more",
            )
        if not 0 <= self.overlap_tokens <= self.max_tokens // 2:
            raise UsageError(
                f"An overlap of {self.overlap_tokens} tokens does not fit passages of "
                f"{self.max_tokens}.",
                f"give --overlap-tokens between 0 and {self.max_tokens // 2}",
            )


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was found but not indexed, with the reason."""

    path: str
    code: str
    reason: str


# ------------------------------------------------------------------- models


@dataclass(frozen=True, slots=True)
class EncoderIdentity:
    """Everything that determines a bi-encoder's vectors; part of the index.

    Attributes:
        name: what the user calls it: alias, hub id or directory.
        fingerprint: hex digest over weights, tokenizer, pooling, prompts, `max_tokens`, `dim`.
            Independent of runtime and device.
        dim: length of a vector.
        max_tokens: tokens the model reads, special tokens included.
        pooling: `cls`, `mean`, ...
        query_prompt: prefix of every query; "" for none.
        passage_prompt: prefix of every passage; "" for none.
    """

    name: str
    fingerprint: str
    dim: int
    max_tokens: int
    pooling: str
    query_prompt: str = ""
    passage_prompt: str = ""


Activation = Literal["softmax", "sigmoid"]
"""How a cross-encoder's logits become probabilities."""


@dataclass(frozen=True, slots=True)
class CrossEncoderIdentity:
    """Which cross-encoder computed a score.

    Attributes:
        labels: names of its outputs; a single label means relevance.
        activation: for several labels: `softmax` if exactly one applies, `sigmoid` if each may
            apply independently.
        english_only: known to read no other language.
    """

    name: str
    fingerprint: str
    max_tokens: int
    labels: tuple[str, ...]
    activation: Activation = "softmax"
    english_only: bool = False


@dataclass(frozen=True, slots=True)
class PairScores:
    """Raw outputs of a cross-encoder.

    Attributes:
        logits: shape (pairs, labels), float32.
        truncated: shape (pairs,), bool: the passage did not fit together with the query.
    """

    logits: NDArray[np.float32]
    truncated: NDArray[np.bool_]


class PassageTokenizer(Protocol):
    """The bi-encoder's tokenizer, as needed for chunking."""

    def offsets(self, text: str) -> Sequence[tuple[int, int]]:
        """Code-point span of every token of `text`, no special tokens, no truncation."""

    def counts(self, texts: Sequence[str]) -> list[int]:
        """Number of tokens of each text, no special tokens, no truncation."""

    @property
    def special_tokens(self) -> int:
        """How many special tokens the model adds around one text."""


class BiEncoder(Protocol):
    """Encodes queries and passages separately, to vectors of length 1."""

    @property
    def identity(self) -> EncoderIdentity:
        """What determines the vectors."""

    @property
    def runtime(self) -> str:
        """How it runs, for display: `torch cpu fp32`, `openvino cpu bf16`."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know about how it runs, as sentences."""

    @property
    def tokenizer(self) -> PassageTokenizer:
        """The tokenizer that chunking counts with."""

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Encode one batch, in order; texts beyond `max_tokens` are truncated."""

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Encode queries, in order; texts beyond `max_tokens` are truncated."""


class CrossEncoder(Protocol):
    """Scores query and passage together."""

    @property
    def identity(self) -> CrossEncoderIdentity:
        """Which model this is."""

    @property
    def runtime(self) -> str:
        """How it runs, for display."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know about how it runs, as sentences."""

    def score_pairs(self, pairs: Sequence[tuple[str, str]]) -> PairScores:
        """Score (query, passage) pairs, in order; the passage is truncated if both do not fit."""


# ------------------------------------------------------------------ ranking


@dataclass(frozen=True, slots=True)
class BlendWeights:
    """Weights of the signals in a blend; relevance, if present, has weight 1.

    Attributes:
        similarity: of the bi-encoder's cosine.
        bm25: of BM25.
    """

    similarity: float
    bm25: float

    def __post_init__(self) -> None:
        if not (0 <= self.similarity < math.inf and 0 <= self.bm25 < math.inf):
            raise ValueError(f"weights of a blend are finite and not negative, not {self}")


FUSION = "votes"


@dataclass(frozen=True, slots=True)
class TunedBlend:
    """Weights learned from the user's own judgments.

    Attributes:
        weights: with a cross-encoder.
        light_weights: without one.
        queries: number of judged queries they were learned from.
        fusion: what they weigh: `FUSION`, the votes of `search.fusion.pooled`. Earlier weights were
            for a sum of scores, and mean nothing here.
    """

    weights: BlendWeights
    light_weights: BlendWeights
    queries: int
    fusion: str = FUSION
