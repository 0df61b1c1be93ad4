"""Plain text: the file's own text; chunking finds its paragraphs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bienc_cli.formats.decoding import read_text
from bienc_cli.formats.encoded_data import without_data_in_xml
from bienc_cli.types import Document

_XML = frozenset({".xml", ".plist", ".fb2", ".opml", ".xsd", ".xsl", ".xslt", ".rss", ".atom"})
_WITH_ESCAPES = _XML | {".bib", ".po", ".pot", ".properties", ".toml", ".yaml", ".yml"}


def read(path: Path, doc_id: str) -> Iterator[Document]:
    """Read a plain text file; see `table.ReadFunction`."""
    text = read_text(path)
    suffix = path.suffix.lower()
    if text.startswith("<?xml"):
        suffix = ".xml"
    if suffix in _WITH_ESCAPES:
        text = _unescaped(text, suffix)
    yield Document(doc_id, text, "text")


def _unescaped(text: str, suffix: str) -> str:
    """A text with escaped letters replaced, in the way of files with this suffix."""
    # Imported on demand, because most texts need neither and are read faster than these load.
    from bienc_cli.formats import escapes
    from bienc_cli.formats.json_source import with_strings_read

    if suffix == ".bib":
        return escapes.with_bibtex_letters(text)
    if suffix == ".properties":
        return escapes.with_units(text)
    if suffix in _XML:
        return escapes.with_references(without_data_in_xml(text))
    return with_strings_read(text)
