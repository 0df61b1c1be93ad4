"""Tokenizes texts, batches them by length within a budget, and checks a model's outputs.

A batch is padded to its longest member, so it costs the number of members times the longest;
grouping texts of similar length wastes least, and a limit on the product bounds memory and time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bienc_cli.errors import ModelUnavailable
from bienc_cli.types import Vectors

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer


PASSAGE_SHARE = 4
"""A passage keeps at least a `PASSAGE_SHARE`-th of the room, however long the query."""


@dataclass(frozen=True, slots=True)
class TokenIds:
    """One input of a model, special tokens included."""

    ids: Sequence[int]
    type_ids: Sequence[int]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class PaddedBatch:
    """Several inputs, padded at their ends; each array has shape (inputs, length), int64."""

    input_ids: NDArray[np.int64]
    attention_mask: NDArray[np.int64]
    token_type_ids: NDArray[np.int64]


class ModelTokenizer:
    """A model's tokenizer; satisfies `types.PassageTokenizer`."""

    def __init__(self, tokenizer: Tokenizer, *, pad_id: int) -> None:
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self._tokenizer = tokenizer
        self.pad_id = pad_id
        self._special_single = tokenizer.num_special_tokens_to_add(False)
        self._special_pair = tokenizer.num_special_tokens_to_add(True)

    @classmethod
    def from_file(cls, path: Path, *, pad_id: int) -> ModelTokenizer:
        """Load a tokenizer.json.

        Raises:
            ModelUnavailable: the file is damaged.
        """
        from tokenizers import Tokenizer

        try:
            tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises nothing narrower
            raise ModelUnavailable(
                f"The tokenizer {path} cannot be read: {error}.",
                "fetch the model again, or name another one: bienc models",
            ) from error
        return cls(tokenizer, pad_id=pad_id)

    @property
    def special_tokens(self) -> int:
        """How many special tokens the model adds around one text."""
        return self._special_single

    @property
    def vocabulary(self) -> int:
        """The number of tokens; ids are smaller than that."""
        return self._tokenizer.get_vocab_size()

    def offsets(self, text: str) -> list[tuple[int, int]]:
        """Code-point span of every token of `text`, no special tokens, no truncation."""
        return list(self._tokenizer.encode(text, add_special_tokens=False).offsets)

    def counts(self, texts: Sequence[str]) -> list[int]:
        """Number of tokens of each text, no special tokens, no truncation."""
        return [len(encoding) for encoding in self._encode(texts)]

    def encode(self, texts: Sequence[str], max_tokens: int) -> list[TokenIds]:
        """Inputs for a bi-encoder; texts beyond `max_tokens` are truncated."""
        room = max_tokens - self._special_single
        encodings = self._encode(texts)
        for encoding in encodings:
            encoding.truncate(room)
        return [_ids(self._tokenizer.post_process(encoding)) for encoding in encodings]

    def encode_pairs(
        self, pairs: Sequence[tuple[str, str]], max_tokens: int
    ) -> tuple[list[TokenIds], NDArray[np.bool_]]:
        """Inputs for a cross-encoder, and which pairs did not fit.

        The passage is truncated to fit beside the query. A query that would leave little of the
        passage is truncated too: the passage keeps a quarter of the room.
        """
        room = max_tokens - self._special_pair
        queries = list(dict.fromkeys(query for query, _ in pairs))
        encoded = dict(zip(queries, self._encode(queries), strict=True))
        passages = self._encode([passage for _, passage in pairs])
        inputs: list[TokenIds] = []
        truncated = np.zeros(len(pairs), dtype=np.bool_)
        for row, ((query, _), passage) in enumerate(zip(pairs, passages, strict=True)):
            query_encoding = encoded[query]
            truncated[row] = len(query_encoding) + len(passage) > room
            if truncated[row]:
                query_room = room - min(len(passage), room // PASSAGE_SHARE)
                if len(query_encoding) > query_room:
                    query_encoding = self._encode([query])[0]
                    query_encoding.truncate(query_room)
                passage.truncate(room - len(query_encoding))
            inputs.append(_ids(self._tokenizer.post_process(query_encoding, passage)))
        return inputs, truncated

    def pad(self, inputs: Sequence[TokenIds], *, multiple: int = 1, limit: int = 0) -> PaddedBatch:
        """Combine inputs into one batch.

        Args:
            inputs: at least one.
            multiple: the common length is rounded up to a multiple of it.
            limit: but not above this number of tokens, the model's `max_tokens`.
        """
        longest = max(map(len, inputs))
        width = max(longest, min(-(-longest // multiple) * multiple, limit))
        shape = len(inputs), width
        input_ids = np.full(shape, self.pad_id, dtype=np.int64)
        attention_mask = np.zeros(shape, dtype=np.int64)
        token_type_ids = np.zeros(shape, dtype=np.int64)
        for row, item in enumerate(inputs):
            input_ids[row, : len(item)] = item.ids
            attention_mask[row, : len(item)] = 1
            token_type_ids[row, : len(item)] = item.type_ids
        return PaddedBatch(input_ids, attention_mask, token_type_ids)

    def _encode(self, texts: Sequence[str]) -> list[Encoding]:
        # The fast variant omits offsets.
        return self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)


def _ids(encoding: Encoding) -> TokenIds:
    return TokenIds(encoding.ids, encoding.type_ids)


def token_budget_batches(
    lengths: Sequence[int], budget: int, overhead: int | None = None
) -> Iterator[NDArray[np.intp]]:
    """Split items into batches, longest first.

    Longest first, so that memory peaks at the start rather than at the end.

    Args:
        lengths: tokens of each item.
        budget: maximum tokens per batch, padding included; a longer item gets its own batch.
        overhead: fixed cost of a batch in tokens: a batch ends early if that saves more padding;
            None fills each batch as far as possible.

    Yields:
        Indices into `lengths`; every index exactly once.
    """
    tokens = np.asarray(lengths, dtype=np.int64)
    order = np.argsort(-tokens, kind="stable")
    start = 0
    while start < len(order):
        longest = max(1, int(tokens[order[start]]))
        batch = order[start : start + max(1, budget // longest)]
        while overhead is not None:
            saved = (longest - np.maximum(tokens[batch], 1)) * np.arange(len(batch), 0, -1)
            if saved.max() <= overhead:
                break
            batch = batch[: int(saved.argmax())]
        yield batch
        start += len(batch)


def finite(outputs: NDArray[np.float32], name: str) -> NDArray[np.float32]:
    """A model's outputs, after checking that they are finite numbers.

    Args:
        outputs: of any shape.
        name: the model's name.

    Raises:
        ModelUnavailable: a value is infinite or not a number.
    """
    if not np.isfinite(outputs).all():
        raise ModelUnavailable(
            f"The model {name} answers with values that are not numbers.",
            "its weights are damaged: fetch the model again, or name another one: bienc models",
        )
    return outputs


def unit_length(vectors: NDArray[np.float32]) -> Vectors:
    """Scale each row to length 1; a zero row stays zero."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-12), dtype=np.float32)
