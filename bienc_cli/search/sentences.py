"""Finds the sentence of a passage that answers best, for display."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bienc_cli.chunking.boundaries import lines, paragraphs, sentences
from bienc_cli.search.exact_names import numbers_in
from bienc_cli.search.result import Hit, Span
from bienc_cli.store import StoredPassage
from bienc_cli.store.folding import folded
from bienc_cli.types import BiEncoder

_LONGEST = 400
"""Code points from which a sentence without a full stop (a table, code) is split into lines."""

MOST_ENCODED = 4
LEAST_SHARE = 0.6
"""Limits on the sentences encoded per hit: the ones with most of the query's words, each with at
least this fraction of the best one's. Encoding more takes longer and finds the answer no more often
(`benchmarks/answer_sentences.py`)."""

_LONG_ENOUGH = 60
"""Code points from which a sentence is not a fragment."""

_STEM = 5
"""Leading letters of a word that are compared."""

_WORD = re.compile(r"\w+")
_NUMERAL = re.compile(r"\(?(?:\d{1,3}|\w)[.)]")


def best_sentences(
    query: str, query_vector: NDArray[np.float32], hits: Sequence[Hit], bi_encoder: BiEncoder
) -> list[Hit]:
    """Give each hit the sentence of its text that is most similar to the query.

    The likeliest sentences by the query's words are encoded, as passages, in one batch for all
    hits.

    Args:
        query: the query's text.
        query_vector: its vector, shape (dim,), length 1.
        hits: their `best` is to be filled in.
        bi_encoder: the model that encoded the query.
    """
    spans_by_hit = [split(hit.passage.passage.text, body_start(hit.passage)) for hit in hits]
    texts_by_hit = [
        [hit.passage.passage.text[span.start : span.end] for span in spans]
        for hit, spans in zip(hits, spans_by_hit, strict=True)
    ]
    likely_by_hit = likeliest(query, texts_by_hit)
    ambiguous = [i for i, likely in enumerate(likely_by_hit) if len(likely) > 1]
    encoded = [texts_by_hit[i][position] for i in ambiguous for position in likely_by_hit[i]]
    similarities = bi_encoder.encode_passages(encoded) @ query_vector
    nearest = {i: positions[0] for i, positions in enumerate(likely_by_hit)}
    offset = 0
    for hit_index in ambiguous:
        likely = likely_by_hit[hit_index]
        cosines = similarities[offset : offset + len(likely)]
        offset += len(likely)
        nearest[hit_index] = likely[int(np.argmax(cosines))]
    return [replace(hit, best=spans_by_hit[i][nearest[i]]) for i, hit in enumerate(hits)]


def likeliest(
    query: str,
    sentences_by_hit: Sequence[Sequence[str]],
    most: int = MOST_ENCODED,
    least: float = LEAST_SHARE,
) -> list[list[int]]:
    """Select each hit's sentences with most of the query's words, weighted by rarity.

    If any of a hit's sentences contain a number of the query, only those qualify: models hardly
    tell numbers apart.

    Args:
        query: the query's text.
        sentences_by_hit: the sentences of each hit.
        most: maximum number per hit.
        least: minimum weight, as a fraction of that of the hit's best sentence.

    Returns:
        For each hit, the positions of the selected sentences, ascending.
    """
    query_stems, numbers = _stems(query, asked=True), numbers_in(query)
    shared = [[query_stems & _stems(sentence) for sentence in texts] for texts in sentences_by_hit]
    frequencies = Counter(stem for by_text in shared for stems in by_text for stem in stems)
    total = sum(map(len, sentences_by_hit))

    def likelihood(sentence: str, stems: set[str]) -> tuple[float, int]:
        # Sorted, because a floating-point sum depends on the order.
        weight = sum(math.log1p(total / frequencies[stem]) for stem in sorted(stems))
        return weight, min(len(sentence), _LONG_ENOUGH)

    selected = []
    for hit_sentences, hit_stems in zip(sentences_by_hit, shared, strict=True):
        scores = [likelihood(*scored) for scored in zip(hit_sentences, hit_stems, strict=True)]
        order = sorted(range(len(hit_sentences)), key=lambda i: (*scores[i], -i))
        matches = [len(numbers & numbers_in(text)) if numbers else 0 for text in hit_sentences]
        # Before the limits below drop any.
        order = [i for i in order if matches[i] == max(matches)]
        enough = least * max((scores[i][0] for i in order), default=0.0)
        selected.append(sorted(i for i in order[-most:] if scores[i][0] >= enough))
    return selected


def _stems(text: str, *, asked: bool = False) -> set[str]:
    return {word[:_STEM] for word in _WORD.findall(folded(text, asked=asked).lower())}


def body_start(stored: StoredPassage) -> int:
    """Offset behind a first line that only repeats the heading; 0 if there is none."""
    text = stored.passage.text
    first_line, line_break, rest = text.partition("\n")
    titles = {*stored.passage.heading, stored.title}
    if not rest.strip() or first_line.strip(" #=*") not in titles:
        return 0
    start = len(first_line) + len(line_break)
    return start + len(rest) - len(rest.lstrip())


def split(text: str, start: int = 0) -> list[Span]:
    """The trimmed sentences of `text[start:]`, at least one; long ones are split into lines.

    A list number stays with its item.
    """
    spans: list[Span] = []
    for block in paragraphs(text, start, len(text)):
        numeral: int | None = None
        for first, last in sentences(text, *block):
            if _NUMERAL.fullmatch(text[first:last].strip()):
                numeral = first if numeral is None else numeral
                continue
            begin, numeral = first if numeral is None else numeral, None
            parts = [(begin, last)] if last - begin <= _LONGEST else list(lines(text, begin, last))
            spans.extend(_trimmed(text, *part) for part in parts)
        if numeral is not None:
            spans.append(_trimmed(text, numeral, block[1]))
    return [span for span in spans if span.end > span.start] or [Span(start, len(text))]


def _trimmed(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Span(start, end)
