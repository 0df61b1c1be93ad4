"""What a search answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bienc_cli.search.joined import origin
from bienc_cli.search.query_syntax import Asked
from bienc_cli.stages import StageTime
from bienc_cli.store import IndexInfo, StoredPassage
from bienc_cli.strategy import Strategy
from bienc_cli.types import BiEncoder, CrossEncoder, CrossEncoderIdentity, EncoderIdentity


@dataclass(frozen=True, slots=True)
class Relevance:
    """The cross-encoder's opinion of one pair: its raw logit and the sigmoid of it."""

    logit: float
    probability: float


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a passage's text, in code points of that text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that the first stage proposes, not yet read.

    Attributes:
        rank: 1-based, in the order of the proposals.
        similarity: cosine of query and passage; None where no vector was compared.
        similarity_rank: 1-based rank in the bi-encoder's ranking; None where it is not in it.
        bm25: BM25 score; None where no word was looked up.
        bm25_rank: 1-based rank in BM25's ranking; None where it is not in it.
        exact: rare names of the query (`exactness.py`) that it has as they are meant.
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
    """One passage of a ranking.

    Attributes:
        rank: 1-based, in the final order.
        candidate: how the first stage saw it; None where every passage was read.
        relevance: None where the passage was not reranked.
        relevance_rank: 1-based rank among the reranked; None likewise.
        truncated: the cross-encoder could not read the passage to its end.
        best: the sentence nearest to the query; None where nobody asked for it.
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
        """Ranks gained over the order of the candidates; negative where it fell."""
        return self.candidate.rank - self.rank if self.candidate else 0


@dataclass(frozen=True, slots=True)
class ModelUse:
    """A model and how it ran."""

    identity: EncoderIdentity | CrossEncoderIdentity
    runtime: str

    @classmethod
    def of(cls, model: BiEncoder | CrossEncoder) -> ModelUse:
        """That a model was used as it is loaded."""
        return cls(model.identity, model.runtime)


@dataclass(frozen=True, slots=True)
class Budget:
    """What became of a budget.

    Attributes:
        tokens: that there were.
        used: by the passages that were taken, with their citations.
        repeats: passages left out because a better one says nearly the same.
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
        truncated: how many of those it could not read to the end.
        query_tokens: length of the query for the bi-encoder, special tokens included; None
            where there was none.
        stages: wall time of each stage, in order.
        bi_encoder: None where the strategy compares no vectors.
        cross_encoder: None where nothing was reranked.
        asked: the query, understood: what had to be there and what must not.
        left_out: a cross-encoder that the strategy has, and that cannot read the query or most
            of what was proposed; the answer is that of the strategy without it.
        similarity_left_out: the bi-encoder cannot read the query nor what may answer it, so that
            a blend is ordered by BM25.
        similarity_guessed: the bi-encoder cannot read the query, or most of the index, whether or
            not it has a say.
        words_left_out: the query is in another language than the index, so that a blend is ordered
            by similarity.
        answered: whether something of what was proposed seems to answer (`reranking.py`); None
            where nobody knows.
        spellings: words of the query that no passage has, each with the stems that BM25 looked
            up in its place.
        budget: of tokens, where there was one; the hits are those that fit.
        indexes: that were searched as one; none where there was one, which is `index`.
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
    asked: Asked
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
        """The index that a hit is of, and the id of its passage there."""
        if not self.indexes:
            return self.index, hit.passage.passage_id
        which, own = origin(hit.passage.passage_id, len(self.indexes))
        return self.indexes[which], own

    @property
    def query_truncated(self) -> bool:
        """Whether the query is longer than the bi-encoder reads."""
        tokens, model = self.query_tokens, self.bi_encoder
        return tokens is not None and model is not None and tokens > model.identity.max_tokens

    @property
    def signals(self) -> tuple[str, ...]:
        """What had a say in the order: `similarity`, `bm25`, `relevance`."""
        said = {
            "similarity": self.strategy.needs_bi_encoder and not self.similarity_left_out,
            "bm25": self.strategy.needs_bm25 and not self.words_left_out,
            "relevance": self.cross_encoder is not None,
        }
        return tuple(name for name, spoke in said.items() if spoke)

    @property
    def seconds(self) -> float:
        """Wall time of all stages together."""
        return sum(stage.seconds for stage in self.stages)
