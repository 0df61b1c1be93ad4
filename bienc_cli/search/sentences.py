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
    spans = [split(hit.passage.passage.text, body_start(hit.passage)) for hit in hits]
    texts = [
        [hit.passage.passage.text[span.start : span.end] for span in its_spans]
        for hit, its_spans in zip(hits, spans, strict=True)
    ]
    places = likeliest(query, texts)
    several = [which for which, likely in enumerate(places) if len(likely) > 1]
    encoded = [texts[which][place] for which in several for place in places[which]]
    similarities = bi_encoder.encode_passages(encoded) @ query_vector
    nearest = {which: its[0] for which, its in enumerate(places)}
    position = 0
    for which in several:
        likely = places[which]
        own = similarities[position : position + len(likely)]
        position += len(likely)
        nearest[which] = likely[int(np.argmax(own))]
    return [replace(hit, best=spans[which][nearest[which]]) for which, hit in enumerate(hits)]


def likeliest(
    query: str,
    sentences: Sequence[Sequence[str]],
    most: int = MOST_ENCODED,
    least: float = LEAST_SHARE,
) -> list[list[int]]:
    """Select each hit's sentences with most of the query's words, weighted by rarity.

    If any of a hit's sentences contain a number of the query, only those qualify: models hardly
    tell numbers apart.

    Args:
        query: the query's text.
        sentences: the sentences of each hit.
        most: maximum number per hit.
        least: minimum weight, as a fraction of that of the hit's best sentence.

    Returns:
        For each hit, the positions of the selected sentences, ascending.
    """
    asked, numbers = _stems(query, asked=True), numbers_in(query)
    shared = [[asked & _stems(sentence) for sentence in its] for its in sentences]
    having = Counter(stem for its in shared for stems in its for stem in stems)
    total = sum(map(len, sentences))

    def likelihood(sentence: str, stems: set[str]) -> tuple[float, int]:
        # Sorted, because a floating-point sum depends on the order.
        weight = sum(math.log1p(total / having[stem]) for stem in sorted(stems))
        return weight, min(len(sentence), _LONG_ENOUGH)

    likely = []
    for texts, its in zip(sentences, shared, strict=True):
        scores = [likelihood(*one) for one in zip(texts, its, strict=True)]
        order = sorted(range(len(texts)), key=lambda place: (*scores[place], -place))
        named = [len(numbers & numbers_in(text)) if numbers else 0 for text in texts]
        # Before the limits below drop any.
        order = [place for place in order if named[place] == max(named)]
        enough = least * max((scores[place][0] for place in order), default=0.0)
        likely.append(sorted(place for place in order[-most:] if scores[place][0] >= enough))
    return likely


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
    found: list[Span] = []
    for block in paragraphs(text, start, len(text)):
        numeral: int | None = None
        for first, last in sentences(text, *block):
            if _NUMERAL.fullmatch(text[first:last].strip()):
                numeral = first if numeral is None else numeral
                continue
            begin, numeral = first if numeral is None else numeral, None
            parts = [(begin, last)] if last - begin <= _LONGEST else list(lines(text, begin, last))
            found.extend(_trimmed(text, *part) for part in parts)
        if numeral is not None:
            found.append(_trimmed(text, numeral, block[1]))
    return [span for span in found if span.end > span.start] or [Span(start, len(text))]


def _trimmed(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Span(start, end)
