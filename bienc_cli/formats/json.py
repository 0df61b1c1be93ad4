"""JSON: the text as it was written, or a readable layout of what was written on one line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from bienc_cli.formats.decoding import read_text
from bienc_cli.formats.json_source import laid_out, parsed, readable, with_strings_read
from bienc_cli.formats.lines import spans_to_blocks
from bienc_cli.types import Block, Document

_FEWEST_LINES = 4
"""Files with fewer lines were written for machines, and are laid out anew."""

_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{},]', re.DOTALL)


def read(path: Path, doc_id: str) -> Iterator[Document]:
    """Read a JSON file; one that does not parse, or holds several values, is text."""
    text = read_text(path)
    try:
        value = parsed(text)
    except (ValueError, RecursionError):
        yield Document(doc_id, with_strings_read(text), "json")
        return
    few = text.strip().count("\n") + 1 < _FEWEST_LINES
    text, numbering = laid_out(text) if few else readable(text)
    yield Document(
        doc_id,
        text,
        "json",
        title=_title(value),
        blocks=_members(text),
        numbering=numbering,
    )


def _title(value: object) -> str | None:
    title = value.get("title") if isinstance(value, dict) else None
    return title if isinstance(title, str) and title.strip() else None


def _members(text: str) -> tuple[Block, ...]:
    """A block for each member of the outermost object or array of valid JSON."""
    cuts: list[int] = []
    end = len(text)
    depth = 0
    for found in _STRUCTURE.finditer(text):
        mark = found.group()
        if mark in "[{":
            depth += 1
        elif mark in "]}":
            depth -= 1
            end = found.start() if depth == 0 else end
        if depth == 1 and mark in ("[", "{", ",") and not (mark != "," and cuts):
            cuts.append(found.end())
    return spans_to_blocks(text, cuts, end)
