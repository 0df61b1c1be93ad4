"""Composing a document's text from pieces, for formats whose source is not readable text."""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from dataclasses import replace

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats.decoding import clean, require_text
from bienc_cli.types import Anchor, Block, Document, Heading, Numbering, NumberingUnit

_MOST_CHARACTERS = 100_000_000
"""More than any document needs: a small file can repeat one long text a million times."""


class DocumentBuilder:
    """Collects headings and blocks, separated by blank lines, and records their offsets.

    Args:
        unit: what `stand_at` counts; None for a format without numbers, whose passages are located
            by their headings.
        follows_lines: see `Numbering`.
    """

    def __init__(self, unit: NumberingUnit | None = None, *, follows_lines: bool = False) -> None:
        self._unit = unit
        self._follows_lines = follows_lines
        self._pieces: list[str] = []
        self._length = 0
        self._headings: list[Heading] = []
        # Indices of the headings that have not ended.
        self._open: list[int] = []
        # For each open aside, how many headings preceded it, and the level of the one in force.
        self._asides: list[tuple[int, int]] = []
        self._blocks: list[Block] = []
        self._anchors: list[Anchor] = []

    def stand_at(self, number: int, name: str = "") -> None:
        """Place what is added from here on at this page, line or row of the file; see `Anchor`."""
        if self._anchors and self._anchors[-1].start == self._length:
            # Nothing was added at the previous number.
            self._anchors.pop()
        start = self._length if self._anchors else 0
        self._anchors.append(Anchor(start, number, " ".join(clean(name).split())))

    def heading(self, level: int, title: str) -> None:
        """Add a heading on a line of its own; level 1 is highest."""
        title = " ".join(clean(title).split())
        if title:
            if self._asides:
                level = max(level, self._asides[-1][1] + 1)
            self._add_heading(Heading(self._append(title, "\n\n"), level, title))

    def headed_block(self, level: int, title: str, body: str) -> None:
        """Add a block that is also the heading of what follows, as the first row of a table is."""
        title = " ".join(clean(title).split())
        if title and body.strip():
            self._add_heading(Heading(self._length, level, title))
        self.row(body)

    def block(self, body: str, header: str = "") -> None:
        """Add a paragraph, or the lines of a list or table; see `Block`."""
        self._add_block(body, "\n\n", " ".join(clean(header).split()))

    def row(self, body: str) -> None:
        """Add a block without a blank line after it: a row of a long table."""
        self._add_block(body, "\n")

    def include(self, document: Document, below: int = 0) -> None:
        """Add another document's text and blocks, and its headings `below` levels lower."""
        body = document.text.rstrip()
        start = self._append(body, "\n\n")
        for heading in document.headings:
            if heading.start < len(body):
                end = None if heading.end is None else start + min(heading.end, len(body))
                self._add_heading(
                    Heading(start + heading.start, heading.level + below, heading.title, end)
                )
        blocks = document.blocks or (Block(0, len(body)),)
        self._blocks += [
            replace(block, start=start + block.start, end=start + min(block.end, len(body)))
            for block in blocks
            if block.start < len(body)
        ]

    @property
    def headings(self) -> int:
        """Number of headings so far."""
        return len(self._headings)

    @property
    def blocks(self) -> int:
        """Number of blocks so far, without headings."""
        return len(self._blocks)

    def begin_aside(self) -> None:
        """Start an aside (a note, a box): its headings are below the one in force."""
        level = self._headings[self._open[-1]].level if self._open else 0
        self._asides.append((len(self._headings), level))

    @property
    def in_aside(self) -> bool:
        """Whether an aside is open."""
        return bool(self._asides)

    def end_aside(self) -> int:
        """End the last aside.

        Returns:
            How many headings preceded it.
        """
        return self._asides.pop()[0]

    def end_headings(self, first: int = 0) -> None:
        """End the headings from index `first` on: what is added next is under none of them."""
        while self._open and self._open[-1] >= first:
            index = self._open.pop()
            self._headings[index] = replace(self._headings[index], end=self._length)

    def resume_heading(self, index: int, below: int) -> bool:
        """Resume a heading that ended right here, if one of level `below` would be under it.

        Returns:
            Whether it was resumed.
        """
        heading = self._headings[index]
        if heading.level >= below or heading.end != self._length:
            return False
        self._headings[index] = replace(heading, end=None)
        bisect.insort(self._open, index)
        return True

    def end_matter(self, texts: Iterable[str]) -> None:
        """Add texts without a place, such as headers and footers: each once, under no heading."""
        self.end_headings()
        for text in dict.fromkeys(texts):
            self.block(text)

    def build(self, doc_id: str, format_name: str, title: str | None) -> Document:
        """The document so far.

        Raises:
            UnreadableFile: nothing was added.
        """
        if len(self._anchors) > 1 and self._anchors[-1].start == self._length:
            self._anchors.pop()
        numbering = (
            Numbering(self._unit, tuple(self._anchors), self._follows_lines) if self._unit else None
        )
        return Document(
            doc_id,
            require_text("".join(self._pieces)),
            format_name,
            title=title,
            headings=tuple(self._headings),
            blocks=tuple(self._blocks),
            numbering=numbering,
        )

    def _add_heading(self, heading: Heading) -> None:
        if heading.end is None:
            self._open.append(len(self._headings))
        self._headings.append(heading)

    def _add_block(self, body: str, gap: str, header: str = "") -> None:
        body = clean(body).strip()
        if body:
            start = self._append(body, gap)
            self._blocks.append(Block(start, start + len(body), header))

    def _append(self, body: str, gap: str) -> int:
        if self._length + len(body) > _MOST_CHARACTERS:
            raise UnreadableFile(
                "too_large", f"holds more than {_MOST_CHARACTERS:,} characters of text"
            )
        start = self._length
        self._pieces += (body, gap)
        self._length += len(body) + len(gap)
        return start
