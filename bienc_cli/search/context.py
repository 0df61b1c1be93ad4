"""Shows a passage with some lines of its document around it."""

from __future__ import annotations

from collections.abc import Sequence

from bienc_cli.search.joined import Joined
from bienc_cli.store import IndexReader, StoredPassage


def with_lines_around(
    index: IndexReader | Joined, passages: Sequence[StoredPassage], lines: int
) -> dict[int, str]:
    """Map passage ids to their text, extended by `lines` lines before and after.

    The passage's own first and last lines are completed.
    """
    widened = {}
    for stored in passages:
        text = index.document_text(stored.document_id)
        start = text.rfind("\n", 0, stored.passage.start) + 1
        end = _line_end(text, stored.passage.end)
        for _ in range(lines):
            if start == 0 and end == len(text):
                break
            start = text.rfind("\n", 0, max(start - 1, 0)) + 1
            end = _line_end(text, min(end + 1, len(text)))
        widened[stored.passage_id] = text[start:end].strip("\n")
    return widened


def _line_end(text: str, position: int) -> int:
    line_break = text.find("\n", position)
    return line_break if line_break >= 0 else len(text)
