"""Stand-ins for models: deterministic, instant, and counting what they are asked.

    from fakes import FakeBiEncoder, FakeCrossEncoder

They satisfy the protocols of `bienc_cli.types`; texts with words in common are similar.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bienc_cli.types import CrossEncoderIdentity, EncoderIdentity, PairScores, Vectors

_TOKEN = re.compile(r"\w+|[^\w\s]")


class FakeTokenizer:
    """Words and punctuation marks as tokens, with exact spans; two special tokens."""

    special_tokens = 2

    def offsets(self, text: str) -> list[tuple[int, int]]:
        return [match.span() for match in _TOKEN.finditer(text)]

    def counts(self, texts: Sequence[str]) -> list[int]:
        return [len(self.offsets(text)) for text in texts]


class FakeBiEncoder:
    """Sums of one fixed random direction for each word, scaled to length 1.

    Attributes:
        calls: how often it was asked to encode, queries and passages together.
        passages_encoded: every passage it encoded, in order.
        queries_encoded: every query it encoded, in order.
    """

    def __init__(
        self,
        *,
        name: str = "fake",
        dim: int = 32,
        max_tokens: int = 64,
        query_prompt: str = "",
        passage_prompt: str = "",
    ) -> None:
        decisive = f"{name}/{dim}/{max_tokens}/{query_prompt}/{passage_prompt}"
        self._identity = EncoderIdentity(
            name=name,
            fingerprint=hashlib.sha256(decisive.encode()).hexdigest(),
            dim=dim,
            max_tokens=max_tokens,
            pooling="mean",
            query_prompt=query_prompt,
            passage_prompt=passage_prompt,
        )
        self._tokenizer = FakeTokenizer()
        self.runtime = "fake cpu fp32"
        self.notes: tuple[str, ...] = ()
        self.calls = 0
        self.passages_encoded: list[str] = []
        self.queries_encoded: list[str] = []

    @property
    def identity(self) -> EncoderIdentity:
        return self._identity

    @property
    def tokenizer(self) -> FakeTokenizer:
        return self._tokenizer

    @property
    def texts_encoded(self) -> list[str]:
        """Passages and queries together."""
        return self.passages_encoded + self.queries_encoded

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        self.calls += 1
        self.passages_encoded += texts
        return self._vectors([self._identity.passage_prompt + text for text in texts])

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        self.calls += 1
        self.queries_encoded += texts
        return self._vectors([self._identity.query_prompt + text for text in texts])

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        room = self._identity.max_tokens - self._tokenizer.special_tokens
        vectors = np.zeros((len(texts), self._identity.dim), dtype=np.float32)
        for row, text in enumerate(texts):
            words = _words(text)[:room] or ["<empty>"]
            for word in words:
                vectors[row] += _direction(word, self._identity.dim)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


class FakeCrossEncoder:
    """Scores by the share of the query's words that the passage has; one label.

    The logit is 8 x share - 4, less a little for each word of the passage, so that equal
    overlaps differ by length. Truncation is honoured as the protocol says.

    Attributes:
        calls: how often it was asked to score.
        pairs_scored: every pair it scored, in order.
    """

    def __init__(self, *, name: str = "fake-cross", max_tokens: int = 64) -> None:
        self._identity = CrossEncoderIdentity(
            name=name,
            fingerprint=hashlib.sha256(f"{name}/{max_tokens}".encode()).hexdigest(),
            max_tokens=max_tokens,
            labels=("relevance",),
        )
        self.runtime = "fake cpu fp32"
        self.notes: tuple[str, ...] = ()
        self.calls = 0
        self.pairs_scored: list[tuple[str, str]] = []

    @property
    def identity(self) -> CrossEncoderIdentity:
        return self._identity

    def score_pairs(self, pairs: Sequence[tuple[str, str]]) -> PairScores:
        self.calls += 1
        self.pairs_scored += pairs
        room = self._identity.max_tokens - 3
        logits = np.zeros((len(pairs), 1), dtype=np.float32)
        truncated = np.zeros(len(pairs), dtype=np.bool_)
        for row, (query, passage) in enumerate(pairs):
            wanted, given = _words(query), _words(passage)
            truncated[row] = len(wanted) + len(given) > room
            left = max(room - len(wanted), room // 4)
            seen = given[:left] if truncated[row] else given
            share = sum(word in set(seen) for word in wanted) / max(1, len(wanted))
            logits[row, 0] = 8 * share - 4 - 0.001 * len(seen)
        return PairScores(logits, truncated)


class MisledCrossEncoder(FakeCrossEncoder):
    """Is sure of the passages that have one word, whatever is asked, and that no other answers."""

    def __init__(self, lure: str) -> None:
        super().__init__(name=f"misled by {lure}")
        self._lure = lure

    def score_pairs(self, pairs: Sequence[tuple[str, str]]) -> PairScores:
        scores = super().score_pairs(pairs)
        sure = [[20.0 if self._lure in _words(passage) else -20.0] for _, passage in pairs]
        return PairScores(np.array(sure, dtype=np.float32), scores.truncated)


class FakeClassifier(FakeCrossEncoder):
    """Three labels: what says `not` contradicts what does not, and what has all words entails.

    (first, second) is entailed where `second` has no word that `first` has not, contradicted where
    only one of them says `not`, else neutral.
    """

    def __init__(self, *, name: str = "fake-nli", max_tokens: int = 64) -> None:
        super().__init__(name=name, max_tokens=max_tokens)
        self._identity = replace(self._identity, labels=("contradiction", "entailment", "neutral"))

    def score_pairs(self, pairs: Sequence[tuple[str, str]]) -> PairScores:
        self.calls += 1
        self.pairs_scored += pairs
        logits = np.zeros((len(pairs), 3), dtype=np.float32)
        for row, (first, second) in enumerate(pairs):
            known, said = set(_words(first)), set(_words(second))
            differ = ("not" in known) != ("not" in said)
            logits[row, 0 if differ else 1 if said <= known else 2] = 3.0
        return PairScores(logits, np.zeros(len(pairs), dtype=np.bool_))


def _words(text: str) -> list[str]:
    return [match.group().lower() for match in _TOKEN.finditer(text)]


@lru_cache(maxsize=10_000)
def _direction(word: str, dim: int) -> NDArray[np.float32]:
    # Not hash(): it differs between processes.
    seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "little")
    return np.random.default_rng(seed).standard_normal(dim).astype(np.float32)
