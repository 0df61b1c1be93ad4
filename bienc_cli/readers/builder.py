"""Composing a document's text from pieces, for formats whose source is not readable text."""

from __future__ import annotations

from bienc_cli.readers.decoding import clean, require_text
from bienc_cli.types import Block, Document, Heading


class DocumentBuilder:
    """Collects headings and blocks and keeps their offsets; a blank line between any two."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._headings: list[Heading] = []
        self._blocks: list[Block] = []

    def heading(self, level: int, title: str) -> None:
        """Add a heading on a line of its own; level 1 is highest."""
        title = " ".join(clean(title).split())
        if title:
            self._headings.append(Heading(self._append(title), level, title))

    def block(self, body: str) -> None:
        """Add what belongs together: a paragraph, or the lines of a list or table."""
        body = clean(body).strip()
        if body:
            start = self._append(body)
            self._blocks.append(Block(start, start + len(body)))

    def build(self, doc_id: str, format_name: str, title: str | None) -> Document:
        """The document so far.

        Raises:
            UnreadableFile: nothing was added.
        """
        return Document(
            doc_id,
            require_text("".join(self._pieces)),
            format_name,
            title=title,
            headings=tuple(self._headings),
            blocks=tuple(self._blocks),
        )

    def _append(self, body: str) -> int:
        start = self._length
        self._pieces += (body, "\n\n")
        self._length += len(body) + 2
        return start
