"""Pools: the documents that several strategies find for a query, for a person to judge.

Documents outside the pool count as not relevant, so a pool must include the top documents of every
strategy to be compared (Sparck Jones and van Rijsbergen 1975; TREC does the same).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bienc_cli.errors import UsageError
from bienc_cli.evaluation.qrels import JudgedIndex
from bienc_cli.evaluation.queries import Query
from bienc_cli.evaluation.results import MEASURED_BY_DEFAULT
from bienc_cli.search.pipeline import search
from bienc_cli.search.request import DEFAULT_CANDIDATES, SearchOptions
from bienc_cli.search.result import Hit
from bienc_cli.store import IndexReader, StoredPassage
from bienc_cli.strategy import Source, Strategy
from bienc_cli.types import BiEncoder, CrossEncoder, CrossEncoderIdentity, PairScores

DEFAULT_DEPTH = 5

_PASSAGES_PER_DOCUMENT = 20
"""Passages retrieved per wanted document, because one document may hold many of the best; with a
cross-encoder, as many as it reads for `compare`."""


@dataclass(frozen=True, slots=True)
class PoolOptions:
    """What to include in a pool.

    Attributes:
        strategies: all that `compare` measures by default.
        depth: documents taken from each strategy.
        exhaustive: let the cross-encoder read any number of passages.
    """

    strategies: tuple[Strategy, ...] = MEASURED_BY_DEFAULT
    depth: int = DEFAULT_DEPTH
    exhaustive: bool = False

    def __post_init__(self) -> None:
        if self.depth < 1:
            raise UsageError(f"--depth {self.depth} pools nothing.", "give --depth 1 or more")
        if not self.strategies:
            raise UsageError("There is no strategy to pool.", "give --strategies bm25, say")


@dataclass(frozen=True, slots=True)
class PooledDocument:
    """A document to be judged.

    Attributes:
        document: its name in the judgments.
        passages: every passage that some strategy ranks above the document's others, most frequent
            first.
    """

    document: str
    passages: tuple[StoredPassage, ...]


class _ReadsOnce:
    """Caches a cross-encoder's scores for strategies that read the same passages."""

    def __init__(self, model: CrossEncoder) -> None:
        self._model = model
        self._read: dict[tuple[str, str], tuple[NDArray[np.float32], np.bool_]] = {}

    @property
    def identity(self) -> CrossEncoderIdentity:
        return self._model.identity

    @property
    def runtime(self) -> str:
        return self._model.runtime

    @property
    def notes(self) -> tuple[str, ...]:
        return self._model.notes

    def score_pairs(self, pairs: Sequence[tuple[str, str]]) -> PairScores:
        if new := [pair for pair in dict.fromkeys(pairs) if pair not in self._read]:
            scores = self._model.score_pairs(new)
            self._read.update(
                zip(new, zip(scores.logits, scores.truncated, strict=True), strict=True)
            )
        labels = len(self.identity.labels)
        logits = np.array([self._read[pair][0] for pair in pairs], dtype=np.float32)
        truncated = np.array([self._read[pair][1] for pair in pairs], dtype=np.bool_)
        return PairScores(logits.reshape(len(pairs), labels), truncated)


@dataclass(slots=True)
class _Votes:
    """How strategies rank one document's passages, by passage id."""

    passages: dict[int, StoredPassage] = field(default_factory=dict)
    voters: Counter[int] = field(default_factory=Counter)
    best_rank: dict[int, int] = field(default_factory=dict)

    def add(self, hit: Hit) -> None:
        passage_id = hit.passage.passage_id
        self.passages[passage_id] = hit.passage
        self.voters[passage_id] += 1
        self.best_rank[passage_id] = min(hit.rank, self.best_rank.get(passage_id, hit.rank))

    def in_order(self) -> tuple[StoredPassage, ...]:
        order = sorted(
            self.passages,
            key=lambda passage_id: (
                -self.voters[passage_id],
                self.best_rank[passage_id],
                passage_id,
            ),
        )
        return tuple(self.passages[passage_id] for passage_id in order)


def pool(
    index: IndexReader,
    query: Query,
    judged: JudgedIndex,
    bi_encoder: BiEncoder | None,
    cross_encoder: CrossEncoder | None,
    options: PoolOptions | None = None,
) -> tuple[PooledDocument, ...]:
    """The top documents of every strategy, in an order that reveals nothing.

    Args:
        index: opened for reading.
        query: what is looked for.
        judged: knows the documents' names in judgments; its unit is the document.
        bi_encoder: the index's model; None where no strategy compares vectors.
        cross_encoder: with one label; None where no strategy reranks.
        options: which strategies, and how deep.

    Returns:
        Documents without repeats, ordered by a digest of query and name: the same in every
        session, and independent of any rank.

    Raises:
        UsageError: an empty query, or a strategy without its model.
        IndexMismatch: the index was made with another model.
    """
    options = options or PoolOptions()
    cached_encoder = _ReadsOnce(cross_encoder) if cross_encoder is not None else None
    votes: dict[str, _Votes] = {}
    for strategy in options.strategies:
        reads_some = strategy.needs_cross_encoder and strategy.source is not Source.ALL
        search_options = SearchOptions(
            strategy=strategy,
            k=(
                max(DEFAULT_CANDIDATES, options.depth)
                if reads_some
                else _PASSAGES_PER_DOCUMENT * options.depth
            ),
            exhaustive=options.exhaustive,
        )
        hits = search(index, query.text, bi_encoder, cached_encoder, search_options).hits
        for document, hit in _by_document(hits, judged, options.depth):
            votes.setdefault(document, _Votes()).add(hit)
    return tuple(
        PooledDocument(document, votes[document].in_order())
        for document in sorted(votes, key=lambda name: _digest(query.text, name))
    )


def _by_document(hits: Sequence[Hit], judged: JudgedIndex, depth: int) -> list[tuple[str, Hit]]:
    """The first `depth` documents of a ranking, each with its best passage."""
    first: dict[str, Hit] = {}
    for hit in hits:
        (document,) = judged.items_of(hit.passage)
        first.setdefault(document, hit)
    return list(first.items())[:depth]


def _digest(query: str, document: str) -> bytes:
    text = f"{query}\n{document}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
