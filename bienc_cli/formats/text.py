"""Plain text: the file's own text; chunking finds its paragraphs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bienc_cli.formats.decoding import read_text
from bienc_cli.types import Document


def read(path: Path, doc_id: str) -> Iterator[Document]:
    """Read a plain text file; see `table.ReadFunction`."""
    yield Document(doc_id, read_text(path), "text")
