"""Documents to passages that the bi-encoder can read whole.

A passage never crosses a page, follows headings, and is cut where least is lost: between
blocks, else sentences, else lines. A section that must be cut is cut into passages of about
equal length (a scrap of ten tokens embeds badly), each taking up the last sentences of the
one before as overlap. Lengths are in tokens of the encoder's own tokenizer, and a passage is
counted as it will be read: context in front, special tokens around.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from bienc_cli.chunking.boundaries import Atom, Strength, TokenCounts, atoms
from bienc_cli.chunking.names import name_words
from bienc_cli.chunking.places import Places
from bienc_cli.errors import UsageError
from bienc_cli.types import Document, Heading, Passage, PassageTokenizer

CHUNKING_VERSION = 2
"""Part of what makes a stored passage stale: raise it when the same text is cut otherwise, or
another context put in front."""

_SMALLEST_PASSAGE = 16
"""Tokens below which a passage could not hold a sentence beside its context."""

_EDGE_TOKENS = 8
"""More than a vocabulary can make of the two edges of a span and the break behind the context
beyond what their parts were counted as."""

_WINDOW = 1 << 16
"""Code points tokenized at a time, so that memory does not grow with the document."""


@dataclass(frozen=True, slots=True)
class ChunkingParameters:
    """How documents were cut; recorded in the index.

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
class _Section:
    """A span of text between two headings or page starts."""

    start: int
    end: int


class _Outline:
    """The document's headings, and which of them are in force where."""

    def __init__(self, headings: Sequence[Heading]) -> None:
        self._headings = headings
        self._starts = [heading.start for heading in headings]
        self._trails: list[tuple[Heading, ...]] = []
        trail: tuple[Heading, ...] = ()
        for heading in headings:
            trail = (*(above for above in trail if above.level < heading.level), heading)
            self._trails.append(trail)

    def level(self, position: int) -> int:
        """Level of the innermost heading in force at `position`; 0 above the first."""
        trail = self._in_force(position)
        return trail[-1].level if trail else 0

    def above(self, start: int) -> list[str]:
        """Titles in force at `start` that stand in front of it, outermost first."""
        return [heading.title for heading in self._in_force(start) if heading.start < start]

    def of(self, start: int, end: int) -> tuple[str, ...]:
        """The trail of a passage: what is in force at its start and what it opens right there."""
        trail = self._in_force(start)
        if not trail:
            return ()
        for heading in self._headings[bisect.bisect_right(self._starts, start) :]:
            if heading.start >= end or heading.level <= trail[-1].level:
                break
            trail = (*trail, heading)
        return tuple(heading.title for heading in trail)

    def _in_force(self, position: int) -> tuple[Heading, ...]:
        index = bisect.bisect_right(self._starts, position) - 1
        return self._trails[index] if index >= 0 else ()


def chunk(
    document: Document, tokenizer: PassageTokenizer, parameters: ChunkingParameters
) -> Iterator[Passage]:
    """Cut a document into passages.

    Args:
        document: what a reader made.
        tokenizer: the bi-encoder's own.
        parameters: lengths in its tokens.

    Yields:
        Passages in the order of the text. Every character that is not white space is in
        at least one of them, and none, with its context and special tokens, is longer than
        `parameters.max_tokens`.
    """
    text = document.text
    places = Places(document)
    outline = _Outline(document.headings)
    capacity = parameters.max_tokens - tokenizer.special_tokens
    # The context may take a third; beyond that, its innermost part is kept.
    context_limit = capacity // 3
    lengths = {"": 0}
    ordinal = 0
    # What has no title of its own is called by its file's name.
    called = document.title or name_words(document.doc_id, document.format)
    for section in _merge_small(document, outline, places.barriers, tokenizer, parameters):
        widest = _context(called, outline.above(section.end))
        context_tokens = min(tokenizer.counts([widest])[0], context_limit) if widest else 0
        # The line break between context and text is a token in some vocabularies.
        budget = capacity - context_tokens - (1 if context_tokens else 0)
        packed = _pack(document, section, tokenizer, budget, parameters.overlap_tokens)
        for start, end, tokens in packed:
            # A title that is a heading too stands in the text or among the headings above.
            title = None if called in outline.of(start, end) else called
            context = _context(title, outline.above(start))
            context = _innermost(context, tokenizer, context_limit)
            # Counted in parts and far enough from the limit, it need not be counted whole.
            if context not in lengths:
                lengths[context] = tokenizer.counts([context])[0]
            sure = tokens + lengths[context] + _EDGE_TOKENS <= capacity
            fitting = _trimmed if sure else partial(_fitting, context, tokenizer, capacity)
            pieces = fitting(text, start, end)
            for piece_start, piece_end in pieces:
                heading = outline.of(piece_start, piece_end)
                yield Passage(
                    doc_id=document.doc_id,
                    ordinal=ordinal,
                    start=piece_start,
                    end=piece_end,
                    text=text[piece_start:piece_end],
                    place=places.of(piece_start, piece_end, heading),
                    heading=heading,
                    context=context,
                )
                ordinal += 1


def _sections(document: Document, barriers: Sequence[int]) -> Iterator[_Section]:
    cuts = sorted({0, *barriers, *(heading.start for heading in document.headings)})
    for start, end in itertools.pairwise([*cuts, len(document.text)]):
        if document.text[start:end].strip():
            yield _Section(start, end)


def _merge_small(
    document: Document,
    outline: _Outline,
    barriers: Sequence[int],
    tokenizer: PassageTokenizer,
    parameters: ChunkingParameters,
) -> Iterator[_Section]:
    """Join a section of a few words to the next one: a bare heading to what it heads.

    Never across one of `barriers`, nor into a section of a higher heading: another subject.
    """
    smallest = parameters.max_tokens // 8
    held: _Section | None = None
    for section in _sections(document, barriers):
        if held is not None:
            rises = outline.level(section.start) < outline.level(held.start)
            # By number, not by where it starts: a page may begin with nothing but white space.
            apart = bisect.bisect_right(barriers, section.start) != bisect.bisect_right(
                barriers, held.start
            )
            if apart or rises:
                yield held
            else:
                section = _Section(held.start, section.end)
        # A token is about four characters: a long section need not be tokenized here.
        span = document.text[section.start : section.end]
        small = len(span) < smallest * 8 and tokenizer.counts([span])[0] < smallest
        held = section if small else None
        if not small:
            yield section
    if held is not None:
        yield held


def _pack(
    document: Document,
    section: _Section,
    tokenizer: PassageTokenizer,
    budget: int,
    overlap: int,
) -> Iterator[tuple[int, int, int]]:
    """Spans of about `budget` tokens at most that together cover the section, with their tokens."""
    for start, end in _windows(document.text, section.start, section.end):
        counts = TokenCounts(tokenizer.offsets(document.text[start:end]), start)
        pieces = list(atoms(document.text, start, end, document.blocks, counts, budget))
        yield from _pack_atoms(pieces, budget, overlap)


def _windows(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > _WINDOW:
        stop = text.rfind("\n", start + _WINDOW // 2, start + _WINDOW) + 1
        if stop == 0:
            stop = text.rfind(" ", start + _WINDOW // 2, start + _WINDOW) + 1
        stop = stop or start + _WINDOW
        yield start, stop
        start = stop
    yield start, end


def _pack_atoms(
    pieces: Sequence[Atom], budget: int, overlap: int
) -> Iterator[tuple[int, int, int]]:
    first = 0
    remaining = sum(atom.tokens for atom in pieces)
    while first < len(pieces):
        if remaining <= budget:
            yield pieces[first].start, pieces[-1].end, remaining
            return
        # Each passage but the last hands `overlap` tokens on, so holds that much less.
        passages = math.ceil((remaining - overlap) / max(budget - overlap, 1))
        aim = min(budget, math.ceil((remaining - overlap) / passages) + overlap)
        last = _best_cut(pieces, first, aim, budget)
        taken = sum(atom.tokens for atom in pieces[first : last + 1])
        yield pieces[first].start, pieces[last].end, taken
        if last == len(pieces) - 1:
            return
        following = last + 1
        repeated = 0
        while (
            following - 1 > first
            and repeated + pieces[following - 1].tokens <= overlap
            # What is repeated must leave room for something new.
            and repeated + pieces[following - 1].tokens + pieces[last + 1].tokens <= budget
        ):
            following -= 1
            repeated += pieces[following].tokens
        remaining -= taken - repeated
        first = following


def _best_cut(pieces: Sequence[Atom], first: int, aim: int, budget: int) -> int:
    """Index of the atom to end with: the strongest boundary near `aim` tokens."""
    best = first
    best_key: tuple[Strength, int] | None = None
    filled = 0
    for index in range(first, len(pieces)):
        filled += pieces[index].tokens
        if filled > budget:
            break
        if best_key is None and filled <= aim:
            best = index
        if 0.75 * aim <= filled <= 1.25 * aim:
            key = (pieces[index].strength, -abs(filled - aim))
            if best_key is None or key > best_key:
                best, best_key = index, key
    return best


def _fitting(
    context: str, tokenizer: PassageTokenizer, capacity: int, text: str, start: int, end: int
) -> Iterator[tuple[int, int]]:
    """Trim white space, and halve what turns out longer than its parts were counted.

    Token counts do not add up exactly: some vocabularies merge across a boundary and some
    do not, so the passage is counted once more as it will be read.
    """
    for first, last in _trimmed(text, start, end):
        embedded = f"{context}\n{text[first:last]}" if context else text[first:last]
        if tokenizer.counts([embedded])[0] <= capacity or last - first == 1:
            yield first, last
            continue
        middle = _middle(text, first, last)
        yield from _fitting(context, tokenizer, capacity, text, first, middle)
        yield from _fitting(context, tokenizer, capacity, text, middle, last)


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The span without white space around it, if anything is left."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield start, end


def _middle(text: str, start: int, end: int) -> int:
    half = (start + end) // 2
    quarter = (end - start) // 4
    for mark in ("\n", " "):
        found = text.rfind(mark, half - quarter, half + quarter)
        if found > start:
            return found
    return half


def _context(title: str | None, headings: Sequence[str]) -> str:
    parts = [title, *headings] if title else headings
    return " > ".join(part for part in parts if part)


def _innermost(context: str, tokenizer: PassageTokenizer, limit: int) -> str:
    """The end of the context that fits; its end is what is nearest to the passage."""
    if not context:
        return context
    offsets = tokenizer.offsets(context)
    if len(offsets) <= limit:
        return context
    return context[offsets[-limit][0] :].strip()
