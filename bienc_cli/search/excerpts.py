"""Reads a document's text, or the lines around a place or a passage, from the index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bienc_cli.errors import UsageError
from bienc_cli.search.joined import Joined
from bienc_cli.search.subject import passages_named
from bienc_cli.store import IndexReader, StoredPassage

DEFAULT_AROUND = 20
"""Lines shown before and after a place."""

MOST_CHARACTERS = 20_000
"""Limit for one answer: about 5,000 tokens."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A document's text, or part of it.

    Attributes:
        stored: the first passage that was asked for.
        start: offset of `text` in the document's text, in code points.
        end: offset of its end, exclusive.
        length: of the document's text.
        line: 1-based line of the document's *text* that `text` starts on.
    """

    stored: StoredPassage
    start: int
    end: int
    length: int
    line: int
    text: str

    def __str__(self) -> str:
        return self.text


def read(
    index: IndexReader,
    names: Sequence[str],
    *,
    around: int = DEFAULT_AROUND,
    start: int | None = None,
    limit: int = MOST_CHARACTERS,
) -> Excerpt | None:
    """Read a document from the index, without opening any file.

    Args:
        index: opened for reading.
        names: alternative spellings of the name, as for `indexed_subject`.
        around: whole lines to include before and after a place, where the name is a citation.
        start: offset to start at, whichever place is named.
        limit: maximum number of characters; a place is shown even if it is longer.

    Returns:
        None if the index knows none of the names.

    Raises:
        UsageError: a collection of many documents, a place without a passage, or an offset
            behind the end.
    """
    if around < 0 or limit < 1:
        raise UsageError("Lines are not fewer than none, and characters at least one.")
    named = passages_named(index, names)
    if named is None:
        return None
    stored = named.passages[0]
    text = index.document_text(stored.document_id)
    if start is not None or named.place is None:
        first = start or 0
        if not 0 <= first <= len(text):
            raise UsageError(
                f"The text of {named.name} has {len(text):,} characters, and does not go on at "
                f"{first:,}.",
                "give the end of the last part",
            )
        last = min(len(text), first + limit)
    else:
        passages = [
            other.passage for other in named.passages if other.document_id == stored.document_id
        ]
        first = _lines_before(text, passages[0].start, around)
        last = min(
            _lines_behind(text, passages[-1].end, around), max(first + limit, passages[-1].end)
        )
    return Excerpt(
        stored=stored,
        start=first,
        end=last,
        length=len(text),
        line=text.count("\n", 0, first) + 1,
        text=text[first:last],
    )


def with_lines_around(
    index: IndexReader | Joined, passages: Sequence[StoredPassage], lines: int
) -> dict[int, str]:
    """Map passage ids to their text, extended by `lines` lines before and after.

    The passage's own first and last lines are completed.
    """
    widened = {}
    for stored in passages:
        text = index.document_text(stored.document_id)
        start = _lines_before(text, stored.passage.start, lines)
        end = _lines_behind(text, stored.passage.end, lines)
        widened[stored.passage_id] = text[start:end].strip("\n")
    return widened


def _lines_before(text: str, position: int, lines: int) -> int:
    start = text.rfind("\n", 0, position) + 1
    for _ in range(lines):
        if start == 0:
            break
        start = text.rfind("\n", 0, start - 1) + 1
    return start


def _lines_behind(text: str, position: int, lines: int) -> int:
    end = position
    for step in range(lines + 1):
        line_break = text.find("\n", end + (step > 0))
        if line_break < 0:
            return len(text)
        end = line_break
    return end
