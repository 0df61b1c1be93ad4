"""Texts that no index holds: a file by its path, or a text by itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bienc_cli.errors import PathNotFound, UsageError

if TYPE_CHECKING:
    from bienc_cli.types import Document


@dataclass(frozen=True, slots=True)
class _File:
    """A `SourceFile`."""

    path: Path
    doc_id: str
    size: int


def documents_in(named: str) -> list[Document]:
    """The documents of a file.

    Raises:
        PathNotFound: there is no such file.
        UsageError: it cannot be read, and why.
    """
    from bienc_cli.formats.isolation import read_files
    from bienc_cli.formats.worker_messages import Limits
    from bienc_cli.types import Document

    path = Path(named)
    if named and path.is_dir():
        raise UsageError(f"{named} is a folder, and no document.", "name one of those in it")
    if not path.is_file():
        raise PathNotFound(
            f"There is neither a document of the index nor a file called '{named}'.",
            "bienc info says what the index covers; - reads a text from standard input",
        )
    file = _File(path.absolute(), path.name, path.stat().st_size)
    found: list[Document] = []
    for _, items in read_files([file], workers=1, limits=Limits()):
        for item in items:
            if isinstance(item, Document):
                found.append(item)
            elif item.path == file.doc_id and not found:
                raise UsageError(f"{named} cannot be read: {item.reason}.")
    return found


def document_of(text: str) -> Document:
    """The document that a text by itself is."""
    from bienc_cli.formats.cleaning import clean
    from bienc_cli.types import Document

    # Without a name, which would be embedded as if it were a title.
    return Document("-", clean(text), "text")
