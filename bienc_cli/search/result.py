"""The result of a search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bienc_cli.search.joined import origin
from bienc_cli.search.query_syntax import ParsedQuery
from bienc_cli.stages import StageTime, total_seconds
from bienc_cli.store import IndexInfo, StoredPassage
from bienc_cli.strategy import Strategy
from bienc_cli.types import BiEncoder, CrossEncoder, CrossEncoderIdentity, EncoderIdentity


@dataclass(frozen=True, slots=True)
class Relevance:
    """The cross-encoder's score of one pair: its raw logit, and the sigmoid of it."""

    logit: float
    probability: float


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a passage's text; offsets in code points."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that the first stage proposes, not yet reranked.

    Attributes:
        rank: 1-based rank among the candidates.
        similarity: cosine of query and passage; None where vectors were not compared.
        similarity_rank: 1-based rank by similarity; None if not in that ranking.
        bm25: BM25 score; None where words were not looked up.
        bm25_rank: 1-based rank by BM25; None if not in that ranking.
        exact: how many rare names of the query (`exact_names.py`) it contains exactly.
    """

    passage_id: int
    rank: int
    similarity: float | None = None
    similarity_rank: int | None = None
    bm25: float | None = None
    bm25_rank: int | None = None
    exact: int = 0


@dataclass(frozen=True, slots=True)
class Hit:
    """One passage of the final ranking.

    Attributes:
        rank: 1-based, in the final order.
        candidate: its first-stage scores; None if the cross-encoder read every passage.
        relevance: None if it was not reranked.
        relevance_rank: 1-based rank among the reranked hits; None likewise.
        truncated: the passage was longer than the cross-encoder reads.
        best: the sentence closest to the query; None unless asked for.
    """

    rank: int
    passage: StoredPassage
    candidate: Candidate | None = None
    relevance: Relevance | None = None
    relevance_rank: int | None = None
    truncated: bool = False
    best: Span | None = None

    @property
    def rose(self) -> int:
        """Ranks gained by reranking; negative if it lost some."""
        return self.candidate.rank - self.rank if self.candidate else 0


@dataclass(frozen=True, slots=True)
class ModelUse:
    """A model and how it was run."""

    identity: EncoderIdentity | CrossEncoderIdentity
    runtime: str

    @classmethod
    def of(cls, model: BiEncoder | CrossEncoder) -> ModelUse:
        """Describe a loaded model."""
        return cls(model.identity, model.runtime)


@dataclass(frozen=True, slots=True)
class Budget:
    """How a token budget was used.

    Attributes:
        tokens: the budget.
        used: by the returned passages, with their citations.
        repeats: passages left out as near-duplicates of better ones.
        too_long: passages left out because they did not fit.
    """

    tokens: int
    used: int
    repeats: int
    too_long: int


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The answer to one query.

    Attributes:
        hits: at most `k`, best first, ordered by (-score, passage id).
        candidates: how many passages the first stage proposed.
        reranked: how many of them the cross-encoder read.
        truncated: how many of those were longer than it reads.
        query_tokens: length of the query in bi-encoder tokens, special tokens included; None
            without a bi-encoder.
        stages: wall time of each stage, in order.
        bi_encoder: None where the strategy compares no vectors.
        cross_encoder: None where nothing was reranked.
        parsed: the parsed query: required phrases and exclusions.
        left_out: the strategy's cross-encoder if it cannot read the query or most candidates; the
            answer is then that of the strategy without it.
        similarity_left_out: the bi-encoder can read neither the query nor its likely answers, so a
            blend was ordered by BM25 alone.
        similarity_guessed: the bi-encoder cannot read the query, or most of the index, whether or
            not its scores were used.
        words_left_out: the query is in another language than the index, so a blend was ordered by
            similarity alone.
        answered: whether a candidate seems to answer the query (`reranking.py`); None if unknown.
        spellings: the words of the query that no passage contains, each with the stems that BM25
            looked up instead.
        budget: the use of the token budget, if there was one; the hits are those that fit.
        indexes: the indexes, if several were searched as one; empty for a single one, which is
            `index`.
    """

    query: str
    strategy: Strategy
    k: int
    hits: tuple[Hit, ...]
    candidates: int
    reranked: int
    truncated: int
    query_tokens: int | None
    stages: tuple[StageTime, ...]
    index: IndexInfo
    bi_encoder: ModelUse | None
    cross_encoder: ModelUse | None
    parsed: ParsedQuery
    left_out: CrossEncoderIdentity | None = None
    similarity_left_out: bool = False
    similarity_guessed: bool = False
    words_left_out: bool = False
    answered: bool | None = None
    spellings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    budget: Budget | None = None
    indexes: tuple[IndexInfo, ...] = ()

    def origin(self, hit: Hit) -> tuple[IndexInfo, int]:
        """The index that a hit comes from, and its passage id there."""
        if not self.indexes:
            return self.index, hit.passage.passage_id
        index_number, own_id = origin(hit.passage.passage_id, len(self.indexes))
        return self.indexes[index_number], own_id

    @property
    def query_truncated(self) -> bool:
        """Whether the query is longer than the bi-encoder reads."""
        tokens, model = self.query_tokens, self.bi_encoder
        return tokens is not None and model is not None and tokens > model.identity.max_tokens

    @property
    def signals(self) -> tuple[str, ...]:
        """The scores that decided the order: `similarity`, `bm25`, `relevance`."""
        uses = {
            "similarity": self.strategy.needs_bi_encoder and not self.similarity_left_out,
            "bm25": self.strategy.needs_bm25 and not self.words_left_out,
            "relevance": self.cross_encoder is not None,
        }
        return tuple(name for name, used in uses.items() if used)

    @property
    def seconds(self) -> float:
        """Total wall time of all stages."""
        return total_seconds(self.stages)
