"""Encodes texts in windows: long enough to sort by length, short enough for memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bienc_cli.indexing.workers import Workers
from bienc_cli.stages import Stopwatch
from bienc_cli.store import IndexWriter

_WINDOW_TEXTS = 1024
_WINDOW_CHARACTERS = 1_000_000
"""Limits of the texts that wait to be encoded together, for each batch encoded in parallel. Sorting
by length needs many texts; memory, few."""

_SHARE = 128
"""Texts passed to the encoder at once: the most work an interrupt can lose."""


@dataclass(frozen=True, slots=True)
class EncodingTotals:
    """Totals so far.

    Attributes:
        encoded: distinct texts encoded by the model.
        reused: texts encoded before, in this run or an earlier one.
        tokens: tokens of the encoded texts, including special tokens but not padding.
        weight: progress over all finished texts; see `Encoding.add`.
        encoded_weight: the part of it due to encoded texts.
    """

    encoded: int = 0
    reused: int = 0
    tokens: int = 0
    weight: float = 0.0
    encoded_weight: float = 0.0

    def after(self, earlier: EncodingTotals) -> EncodingTotals:
        """Combine two attempts at the same texts, where the second reused the first's vectors."""
        return replace(
            self,
            encoded=self.encoded + earlier.encoded,
            reused=max(0, self.reused - earlier.encoded),
            tokens=self.tokens + earlier.tokens,
        )


class Encoding:
    """Collects embedded texts and encodes those without a known vector.

    Args:
        writer: of the index.
        workers: they do the encoding.
        watch: collects the time of the stage `encode`.
        on_progress: called with the totals so far.
        on_rest: called when all encoded vectors are stored; it may end the run.
    """

    def __init__(
        self,
        writer: IndexWriter,
        workers: Workers,
        watch: Stopwatch,
        on_progress: Callable[[EncodingTotals], None],
        on_rest: Callable[[], None] = lambda: None,
    ) -> None:
        self._writer = writer
        self._workers = workers
        self._watch = watch
        self._on_progress = on_progress
        self._on_rest = on_rest
        self._waiting: dict[str, float] = {}
        self._characters = 0
        self.totals = EncodingTotals()

    def add(self, texts: Sequence[str], weight: float) -> None:
        """Queue texts whose passages are already in the index.

        Args:
            texts: embedded texts.
            weight: how much progress it is to finish all of them.
        """
        repeated = 0
        for text in texts:
            repeated += text in self._waiting
            self._waiting[text] = self._waiting.get(text, 0.0) + weight / len(texts)
            self._characters += len(text)
        self._advance(reused=repeated)
        width = self._workers.width
        if (
            len(self._waiting) >= _WINDOW_TEXTS * width
            or self._characters >= _WINDOW_CHARACTERS * width
        ):
            self.flush()
        elif self.totals.encoded:
            self._on_rest()

    def flush(self) -> None:
        """Encode everything that is queued."""
        waiting, self._waiting, self._characters = self._waiting, {}, 0
        missing = self._writer.without_vector(list(waiting))
        known = waiting.keys() - set(missing)
        self._advance(reused=len(known), weight=sum(waiting[text] for text in known))
        with self._watch.stage("encode"):
            tokenizer = self._workers.encoder.tokenizer
            special_tokens = tokenizer.special_tokens
            lengths = [count + special_tokens for count in tokenizer.counts(missing)]
            # Batch texts of similar length together, to minimise padding.
            order = sorted(range(len(missing)), key=lambda i: -lengths[i])
            shares = [order[start : start + _SHARE] for start in range(0, len(order), _SHARE)]
            batches = [[missing[i] for i in share] for share in shares]
            for positions, texts, vectors in zip(
                shares, batches, self._workers.encode(batches), strict=True
            ):
                self._writer.add_vectors(texts, vectors)
                self._advance(
                    encoded=len(texts),
                    tokens=sum(lengths[i] for i in positions),
                    weight=sum(waiting[text] for text in texts),
                )
                self._on_rest()

    def _advance(
        self, *, encoded: int = 0, reused: int = 0, tokens: int = 0, weight: float = 0.0
    ) -> None:
        before = self.totals
        self.totals = EncodingTotals(
            before.encoded + encoded,
            before.reused + reused,
            before.tokens + tokens,
            before.weight + weight,
            before.encoded_weight + (weight if encoded else 0.0),
        )
        self._on_progress(self.totals)
