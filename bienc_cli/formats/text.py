"""Plain text: the file's own text; chunking finds its paragraphs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from bienc_cli.formats.decoding import read_text
from bienc_cli.formats.escapes import with_bibtex_letters, with_references, with_units
from bienc_cli.formats.json_source import with_strings_read
from bienc_cli.types import Document

_WRITINGS: Mapping[str, Callable[[str], str]] = {
    ".bib": with_bibtex_letters,
    ".properties": with_units,
    ".toml": with_strings_read,
    ".xml": with_references,
    ".yaml": with_strings_read,
    ".yml": with_strings_read,
}
"""How letters are written in files that end so."""


def read(path: Path, doc_id: str) -> Iterator[Document]:
    """Read a plain text file; see `table.ReadFunction`."""
    text = read_text(path)
    if writing := _WRITINGS.get(path.suffix.lower()):
        text = writing(text)
    yield Document(doc_id, text, "text")
