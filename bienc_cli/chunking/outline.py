"""Determines which headings are in force where, and the sections between them."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bienc_cli.chunking.cuts import last_of_word
from bienc_cli.types import Document, Heading


@dataclass(frozen=True, slots=True)
class Section:
    """A span of text under one trail of headings, perhaps preceded by bare ones."""

    start: int
    end: int


class Outline:
    """A document's headings, and where each is in force."""

    def __init__(self, headings: Sequence[Heading]) -> None:
        self._headings = headings
        self._starts = [heading.start for heading in headings]
        # The parent of each heading, -1 for none: storing whole trails would take too much space.
        self._around: list[int] = []
        open_: list[int] = []
        for index, heading in enumerate(headings):
            while open_ and (
                headings[open_[-1]].level >= heading.level
                or self._is_over(open_[-1], heading.start)
            ):
                open_.pop()
            self._around.append(open_[-1] if open_ else -1)
            open_.append(index)
        # The last requested chain is usually requested again.
        self._asked, self._answer = -1, list[Heading]()

    @property
    def cuts(self) -> Iterator[int]:
        """Offsets where another trail comes into force, in no particular order."""
        for heading in self._headings:
            yield heading.start
            if heading.end is not None:
                yield heading.end

    def at(self, position: int) -> Heading | None:
        """The innermost heading in force."""
        index = self._innermost(position)
        return self._headings[index] if index >= 0 else None

    def trail(self, position: int) -> tuple[str, ...]:
        """Titles in force at `position`, outermost first."""
        return tuple([heading.title for heading in self._chain(self._innermost(position))])

    def above(self, position: int) -> list[str]:
        """Titles in force at `position` that precede it, outermost first."""
        chain = self._chain(self._innermost(position))
        return [heading.title for heading in chain if heading.start < position]

    def _chain(self, index: int) -> list[Heading]:
        if index != self._asked:
            self._asked, self._answer = index, []
            while index >= 0:
                self._answer.append(self._headings[index])
                index = self._around[index]
            self._answer.reverse()
        return self._answer

    def _innermost(self, position: int) -> int:
        index = bisect.bisect_right(self._starts, position) - 1
        while index >= 0 and self._is_over(index, position):
            index = self._around[index]
        return index

    def _is_over(self, index: int, position: int) -> bool:
        end = self._headings[index].end
        return end is not None and end <= position


def sections(
    document: Document, outline: Outline, barriers: Sequence[int], longest_bare: int
) -> Iterator[Section]:
    """The sections of a document, with bare headings joined to the section after them.

    A section with any text of its own, even a short answer, stays separate. Nothing is joined
    across a barrier, or to the section of a higher heading: that is another subject.

    Args:
        document: the document to cut.
        outline: its headings.
        barriers: offsets across which nothing is joined, ascending.
        longest_bare: headings of this many characters or more are not joined.
    """
    pending: Section | None = None
    for section in _undivided(document, outline, barriers):
        if pending is not None:
            # By page number, not by start: a page may start with nothing but white space.
            apart = bisect.bisect_right(barriers, section.start) != bisect.bisect_right(
                barriers, pending.start
            )
            if apart or _level(outline, section.start) < _level(outline, pending.end - 1):
                yield pending
            else:
                section = Section(pending.start, section.end)
        pending = None
        if section.end - section.start < longest_bare and _is_bare(document, outline, section):
            pending = section
        else:
            yield section
    if pending is not None:
        yield pending


def _undivided(document: Document, outline: Outline, barriers: Sequence[int]) -> Iterator[Section]:
    """Spans between two cuts that contain a word, each with the empty ones after it."""
    text = document.text
    cuts = sorted({0, len(text), *barriers, *outline.cuts})
    pages = set(barriers)
    start: int | None = None
    for cut, following in itertools.pairwise(cuts):
        if start is not None and (cut in pages or last_of_word(text, cut, following) is not None):
            if text[start:cut].strip():
                yield Section(start, cut)
            start = None
        start = cut if start is None else start
    if start is not None and text[start:].strip():
        yield Section(start, len(text))


def _is_bare(document: Document, outline: Outline, section: Section) -> bool:
    """Whether a section consists of headings only: one line with words for each."""
    place = last_of_word(document.text, section.start, section.end)
    heading = outline.at(section.start if place is None else place)
    if heading is None or not section.start <= heading.start < section.end:
        return False
    if heading.end is not None and heading.end <= section.end:
        return False  # A scope of one line, complete here.
    lines = document.text[heading.start : section.end].split("\n")
    return sum(1 for line in lines if last_of_word(line, 0, len(line)) is not None) <= 1


def _level(outline: Outline, position: int) -> int:
    heading = outline.at(position)
    return heading.level if heading else 0
