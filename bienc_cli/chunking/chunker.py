"""Cuts documents into passages that the bi-encoder can read whole.

A passage never crosses a page, follows headings, and is cut where the least is lost: between
blocks, else sentences, else lines. A section that must be cut becomes passages of about equal
length (a scrap of ten tokens embeds badly), each repeating the last sentences of the previous one
as overlap. Lengths are in the encoder's own tokens, and a passage is counted as the encoder will
read it: with its context in front and special tokens around it.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

from bienc_cli.chunking.block_headers import BlockHeaders
from bienc_cli.chunking.boundaries import (
    PARTS_OF_ENDLESS_WORD,
    Atom,
    Strength,
    TokenCounts,
    atoms,
)
from bienc_cli.chunking.cuts import (
    is_inside_character,
    is_inside_word,
    last_cut,
    last_of_word,
    whole_characters,
)
from bienc_cli.chunking.names import called
from bienc_cli.chunking.outline import Outline, Section, sections
from bienc_cli.chunking.places import Places
from bienc_cli.types import ChunkingParameters, Document, Passage, PassageTokenizer

_EDGE_TOKENS = 8
"""More tokens than the edges of a span and the line break after the context can add to the sum of
the counts of the parts."""

_REPEATED = 32
"""Code points of a split word that are repeated after the cut, so that anything shorter stays whole
in one passage."""

_WINDOW = 1 << 16
"""Code points tokenized at a time, so that memory does not grow with the document."""


def chunk(
    document: Document, tokenizer: PassageTokenizer, parameters: ChunkingParameters
) -> Iterator[Passage]:
    """Cut a document into passages.

    Args:
        document: what a reader returned.
        tokenizer: that of the bi-encoder.
        parameters: lengths in its tokens.

    Yields:
        Passages in the order of the text. Every character that is not white space is in
        at least one of them, and none, with its context and special tokens, is longer than
        `parameters.max_tokens`.
    """
    text = document.text
    places = Places(document)
    outline = Outline(document.headings)
    name = called(document)
    room = _Room(tokenizer, parameters)
    headers = BlockHeaders(document.blocks)
    ordinal = 0
    for section in sections(document, outline, places.barriers, parameters.max_tokens):
        widest = headers.widest(section.start, section.end)
        for start, end, tokens in _pack(document, name, outline, section, room, widest):
            header = headers.header_at(start)
            context = room.innermost(_context_of(text, name, outline, start, end, header))
            for piece_start, piece_end in room.fitting(context, text, start, end, tokens):
                heading = outline.trail(_position_of_content(text, piece_start, piece_end))
                yield Passage(
                    doc_id=document.doc_id,
                    ordinal=ordinal,
                    start=piece_start,
                    end=piece_end,
                    text=text[piece_start:piece_end],
                    place=places.of(piece_start, piece_end, heading),
                    heading=(*heading, header) if header else heading,
                    context=context,
                )
                ordinal += 1


class _Room:
    """What fits into a passage beside its context and special tokens."""

    def __init__(self, tokenizer: PassageTokenizer, parameters: ChunkingParameters) -> None:
        self.tokenizer = tokenizer
        self.overlap = parameters.overlap_tokens
        self._capacity = parameters.max_tokens - tokenizer.special_tokens
        # The context may take up a third; if it is longer, its innermost part is kept.
        self._context_limit = self._capacity // 3
        # Passages of a section share their context, and sections their ancestors.
        self._count = lru_cache(maxsize=1024)(lambda text: tokenizer.counts([text])[0])

    def beside(self, context: str) -> int:
        """Tokens left for the text."""
        if not context:
            return self._capacity
        # In some vocabularies, the line break between context and text is a token.
        return self._capacity - min(self._count(context), self._context_limit) - 1

    def holds_surely(self, context: str, text: str) -> bool:
        """Whether both certainly fit, without counting: most sections are short."""
        beside = min(_tokens_at_most(context), self._context_limit)
        left = self._capacity - beside - _EDGE_TOKENS
        return len(text) <= left and _tokens_at_most(text) <= left

    def innermost(self, context: str) -> str:
        """The end of the context that fits: the part nearest to the passage."""
        if _tokens_at_most(context) <= self._context_limit:
            return context
        if self._count(context) <= self._context_limit:
            return context
        offsets = self.tokenizer.offsets(context)
        return context[offsets[-self._context_limit][0] :].strip()

    def fitting(
        self, context: str, text: str, start: int, end: int, tokens: int
    ) -> Iterator[tuple[int, int]]:
        """Trim white space, and split a span whose parts counted fewer tokens than the whole has.

        Token counts are not additive: some vocabularies merge across a boundary and others do not,
        so a passage is counted again as it will be read, unless its `tokens` are far enough below
        the limit.
        """
        left = self._capacity - tokens - _EDGE_TOKENS
        if _tokens_at_most(context) <= left or self._count(context) <= left:
            yield from _trimmed(text, start, end)
            return
        for first, last in _trimmed(text, start, end):
            embedded = f"{context}\n{text[first:last]}" if context else text[first:last]
            if self.tokenizer.counts([embedded])[0] <= self._capacity or last - first == 1:
                yield first, last
                continue
            middle, following = _halves(text, first, last)
            yield from self.fitting(context, text, first, middle, self._capacity)
            yield from self.fitting(context, text, following, last, self._capacity)


def _tokens_at_most(text: str) -> int:
    """A cheap upper bound: a token covers at least one byte of the normalised text.

    No vocabulary expands a character beyond its compatibility decomposition.
    """
    return len(text) if text.isascii() else len(unicodedata.normalize("NFKD", text).encode())


def _context_of(text: str, name: str, outline: Outline, start: int, end: int, header: str) -> str:
    headings = outline.above(start)
    # A title that is also a heading is already in the text or among the headings above.
    named = name in outline.trail(_position_of_content(text, start, end))
    parts = headings if named else [name, *headings]
    return " > ".join([part for part in [*parts, header] if part])


def _position_of_content(text: str, start: int, end: int) -> int:
    """The position whose headings are the passage's own: bare ones may precede it."""
    place = last_of_word(text, start, end)
    return start if place is None else place


def _pack(
    document: Document, name: str, outline: Outline, section: Section, room: _Room, header: str
) -> Iterator[tuple[int, int, int]]:
    """Spans that fit beside their context and together cover the section.

    Yields:
        Start, end, and the sum of its atoms' tokens; 0 if it fits for sure and was not counted.
    """
    text = document.text
    trail = outline.trail(_position_of_content(text, section.start, section.end))
    widest = " > ".join([name, *trail])
    span = text[section.start : section.end]
    if room.holds_surely(widest, span):
        yield section.start, section.end, 0
        return
    budget = room.beside(f"{widest} > {header}" if header else widest)
    for start, end in _windows(text, section.start, section.end):
        counts = TokenCounts(room.tokenizer.offsets(text[start:end]), start)
        pieces = list(atoms(text, start, end, document.blocks, counts, budget))
        yield from _pack_atoms(pieces, budget, room.overlap)


def _windows(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > _WINDOW:
        stop = text.rfind("\n", start + _WINDOW // 2, start + _WINDOW) + 1
        stop = stop or last_cut(text, start + _WINDOW // 2, start + _WINDOW)
        yield start, stop
        start = _repeated_from(text, start, stop)
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
        # Each passage but the last repeats `overlap` tokens in the next, so adds that much less.
        passages = math.ceil((remaining - overlap) / max(budget - overlap, 1))
        aim = min(budget, math.ceil((remaining - overlap) / passages) + overlap)
        last = _best_cut(pieces, first, aim, budget)
        taken = sum(atom.tokens for atom in pieces[first : last + 1])
        yield pieces[first].start, pieces[last].end, taken
        if last == len(pieces) - 1:
            return
        following = last + 1
        repeated = 0
        if pieces[last].strength is Strength.CHARACTER:
            # Even if none is requested, so that text cut inside a word is whole in one part.
            overlap_here = max(overlap, budget // PARTS_OF_ENDLESS_WORD)
        else:
            overlap_here = overlap
        while (
            following - 1 > first
            and repeated + pieces[following - 1].tokens <= overlap_here
            # The overlap must leave room for something new.
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


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The span without surrounding white space, if anything is left."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield start, end


def _halves(text: str, start: int, end: int) -> tuple[int, int]:
    """The end of the first half and the start of the second; equal unless a word is split."""
    half = (start + end) // 2
    quarter = (end - start) // 4
    for mark in ("\n", " "):
        after_mark = text.rfind(mark, half - quarter, half + quarter) + 1
        if start < after_mark < end:
            return after_mark, after_mark
    for distance in range(half - start):
        for place in (half - distance, half + distance):
            if (
                start < place < end
                and not is_inside_word(text, place)
                and not is_inside_character(text, place)
            ):
                return place, place
    middle = whole_characters(text, start, half, end - 1)
    return middle, _repeated_from(text, start, middle)


def _repeated_from(text: str, start: int, cut: int) -> int:
    """Where to continue after a cut: slightly before it, if it splits a word."""
    if not is_inside_word(text, cut):
        return cut
    wanted = cut - min(_REPEATED, (cut - start) // 4)
    again = whole_characters(text, start, wanted, cut) if wanted > start else cut
    return again if again < cut else cut
