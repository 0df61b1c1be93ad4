"""JSON: the text as written, or indented anew if it was written on one line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bienc_cli.formats.decoding import read_text
from bienc_cli.formats.json_records import record_blocks
from bienc_cli.formats.json_source import laid_out, parsed, readable, with_strings_read
from bienc_cli.types import Document

_FEWEST_LINES = 4
"""Files with fewer lines were written for machines and are laid out anew."""


def read(path: Path, doc_id: str) -> Iterator[Document]:
    """Read a JSON file; one that is invalid or has several values is read as text."""
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
        blocks=record_blocks(text),
        numbering=numbering,
    )


def _title(value: object) -> str | None:
    title = value.get("title") if isinstance(value, dict) else None
    return title if isinstance(title, str) and title.strip() else None
