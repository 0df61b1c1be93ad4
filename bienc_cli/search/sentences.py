"""The sentence of a passage that answers best: what a person reads first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bienc_cli.chunking.boundaries import lines, paragraphs, sentences
from bienc_cli.search.result import Hit, Span
from bienc_cli.store import StoredPassage
from bienc_cli.types import BiEncoder

_LONGEST = 400
"""Code points beyond which a sentence without a full stop (a table, code) is taken by lines."""


def best_sentences(
    query_vector: NDArray[np.float32], hits: Sequence[Hit], bi_encoder: BiEncoder
) -> list[Hit]:
    """Give each hit the sentence of its text that is most similar to the query.

    All sentences of all hits are encoded together, as passages, in one batch.

    Args:
        query_vector: shape (dim,), length 1.
        hits: whose `best` is to be filled.
        bi_encoder: that made the query vector.
    """
    spans = [split(hit.passage.passage.text, body_start(hit.passage)) for hit in hits]
    texts = [
        hit.passage.passage.text[span.start : span.end]
        for hit, its_spans in zip(hits, spans, strict=True)
        for span in its_spans
    ]
    similarities = bi_encoder.encode_passages(texts) @ query_vector
    chosen = []
    position = 0
    for hit, its_spans in zip(hits, spans, strict=True):
        own = similarities[position : position + len(its_spans)]
        position += len(its_spans)
        chosen.append(replace(hit, best=its_spans[int(np.argmax(own))]))
    return chosen


def body_start(stored: StoredPassage) -> int:
    """Where a passage goes on behind a first line that only repeats its heading; 0 if none."""
    text = stored.passage.text
    first_line, line_break, rest = text.partition("\n")
    titles = {*stored.passage.heading, stored.title}
    if not rest.strip() or first_line.strip(" #=*") not in titles:
        return 0
    start = len(first_line) + len(line_break)
    return start + len(rest) - len(rest.lstrip())


def split(text: str, start: int = 0) -> list[Span]:
    """Sentences of `text[start:]`, trimmed; long ones without an end by lines; at least one."""
    found: list[Span] = []
    for block in paragraphs(text, start, len(text)):
        for first, last in sentences(text, *block):
            parts = [(first, last)] if last - first <= _LONGEST else list(lines(text, first, last))
            found.extend(_trimmed(text, *part) for part in parts)
    return [span for span in found if span.end > span.start] or [Span(start, len(text))]


def _trimmed(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Span(start, end)
