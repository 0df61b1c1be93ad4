"""Where a text may be cut, and how good each place is.

A section's text is divided into *atoms*: contiguous spans that are never split when packing
passages. Each atom ends at a boundary of some strength: the best place to cut is the end of a
block, then the end of a sentence, then the end of a line, and a gap between words only if a single
line is longer than a passage. A word is only split if it alone is longer.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from bienc_cli.chunking.cuts import is_inside_word, last_cut
from bienc_cli.types import Block


class Strength(IntEnum):
    """How good a cut at the end of an atom is."""

    CHARACTER = 0
    WORD = 1
    LINE = 2
    SENTENCE = 3
    BLOCK = 4


@dataclass(frozen=True, slots=True)
class Atom:
    """A span of the document's text with its length in tokens."""

    start: int
    end: int
    tokens: int
    strength: Strength


_LONGEST_TOKEN = 16

PARTS_OF_ENDLESS_WORD = 8
"""How many atoms a passage's worth of an endless word is split into, so that the next passage can
repeat one of them."""

_PARAGRAPH_GAP = re.compile(r"\n[^\S\n]*(?:\n[^\S\n]*)+")
# A full stop ends a sentence if white space and a possible start of a sentence follow;
# ideographic stops need no white space.
_SENTENCE_END = re.compile(r"""[.!?…]["'”’)\]]*\s+(?=["'“‘(\[]?[^\Wa-z_])|[。！？]["'”’）」]*\s*""")
_ABBREVIATION = re.compile(
    r"(?:\b(?:[A-Za-z]|Mr|Mrs|Ms|Dr|Prof|St|vs|etc|e\.g|i\.e|cf|al|Fig|No|Nos|Eq|Sec|Inc|Ltd|Co|"
    r"Corp|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec|approx|ca|pp|vol))\.$"
)
_NUMBER_OF_ITEM = re.compile(
    r"^[ \t>(]*(?:\d{1,4}(?:\.\d{1,4}){0,5}|[ivxlcdm]{1,7}|[IVXLCDM]{1,7})\.$", re.MULTILINE
)
"""The number of a list item, whose full stop ends no sentence."""


def paragraphs(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Spans of `text[start:end]` between blank lines, without gaps."""
    position = start
    for gap in _PARAGRAPH_GAP.finditer(text, start, end):
        if gap.end() > position and gap.start() > start:
            yield position, gap.end()
            position = gap.end()
    if position < end:
        yield position, end


def sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Spans of `text[start:end]` that end with a sentence, without gaps."""
    position = start
    for stop in _SENTENCE_END.finditer(text, start, end):
        if text[stop.start()] == "." and _ends_no_sentence(text, position, stop.start() + 1):
            continue
        if stop.end() < end:
            yield position, stop.end()
            position = stop.end()
    if position < end:
        yield position, end


def _ends_no_sentence(text: str, start: int, stop: int) -> bool:
    """Whether the full stop before `stop` belongs to an abbreviation or a list item."""
    if _ABBREVIATION.search(text, start, stop):
        return True
    line = text.rfind("\n", start, stop) + 1
    return _NUMBER_OF_ITEM.match(text, line or start, stop) is not None


def lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Spans of `text[start:end]` that end after a line break, without gaps."""
    position = start
    while position < end:
        line_break = text.find("\n", position, end)
        stop = end if line_break < 0 else line_break + 1
        yield position, stop
        position = stop


def blocks_within(
    blocks: Sequence[Block], text: str, start: int, end: int
) -> Iterator[tuple[int, int]]:
    """Spans of `text[start:end]` that end with a block, without gaps.

    Text between two blocks belongs to the earlier one, so that nothing is lost. If the reader found
    no blocks, paragraphs are used.
    """
    first = bisect.bisect_right(blocks, start, key=lambda block: block.start) - 1
    position = start
    has_blocks = False
    # By index: slicing for each section would take quadratic time.
    for index in range(max(first, 0), len(blocks)):
        block = blocks[index]
        if block.start >= end:
            break
        if block.start > position and text[position : block.start].strip():
            # Unclaimed text before a block is a block of its own.
            yield position, block.start
            position = block.start
            has_blocks = True
        if block.end > position:
            has_blocks = True
            stop = min(block.end, end)
            while stop < end and text[stop].isspace():
                stop += 1
            yield position, stop
            position = stop
    if not has_blocks:
        yield from paragraphs(text, start, end)
    elif position < end:
        yield position, end


class TokenCounts:
    """Counts tokens in any span of one window of text, by binary search.

    Some vocabularies encode any unknown word, however long, as one token; to keep passages
    readable, at least one token is counted for every `_LONGEST_TOKEN` characters.
    """

    def __init__(self, offsets: Sequence[tuple[int, int]], base: int) -> None:
        # A white space token may have an empty span, but the model still reads it.
        self._starts = [base + start for start, _ in offsets]

    def within(self, start: int, end: int) -> int:
        """How many tokens start in [start, end)."""
        tokens = bisect.bisect_left(self._starts, end) - bisect.bisect_left(self._starts, start)
        return max(tokens, (end - start) // _LONGEST_TOKEN)

    def end_of(self, start: int, tokens: int, end: int) -> int:
        """The furthest position up to `end` with at most `tokens` tokens after `start`."""
        index = bisect.bisect_left(self._starts, start) + tokens
        stop = self._starts[index] if index < len(self._starts) else end
        return min(stop, start + tokens * _LONGEST_TOKEN, end)


def atoms(
    text: str,
    start: int,
    end: int,
    blocks: Sequence[Block],
    counts: TokenCounts,
    largest: int,
) -> Iterator[Atom]:
    """Divide `text[start:end]` into atoms of at most `largest` tokens, without gaps."""
    for block_start, block_end in blocks_within(blocks, text, start, end):
        for sentence_start, sentence_end in sentences(text, block_start, block_end):
            ends_block = sentence_end == block_end
            strength = Strength.BLOCK if ends_block else Strength.SENTENCE
            tokens = counts.within(sentence_start, sentence_end)
            # A long "sentence" with line breaks is a table, a list or code: split it into lines.
            if tokens <= largest // 4 or "\n" not in text[sentence_start : sentence_end - 1]:
                yield from _words(sentence_start, sentence_end, strength, text, counts, largest)
                continue
            for line_start, line_end in lines(text, sentence_start, sentence_end):
                yield from _words(
                    line_start,
                    line_end,
                    strength if line_end == sentence_end else Strength.LINE,
                    text,
                    counts,
                    largest,
                )


def _words(
    start: int,
    end: int,
    strength: Strength,
    text: str,
    counts: TokenCounts,
    largest: int,
) -> Iterator[Atom]:
    part = max(largest // PARTS_OF_ENDLESS_WORD, 1)
    inside = is_inside_word(text, start)
    while counts.within(start, end) > (part if inside else largest):
        furthest = counts.end_of(start, largest, end)
        stop = furthest if inside else last_cut(text, start, furthest)
        if inside or is_inside_word(text, stop):
            stop = last_cut(text, start, counts.end_of(start, part, end), furthest)
        if not start < stop < end:
            break
        inside = is_inside_word(text, stop)
        weakest = Strength.CHARACTER if inside else Strength.WORD
        yield Atom(start, stop, counts.within(start, stop), weakest)
        start = stop
    yield Atom(start, end, counts.within(start, end), strength)
