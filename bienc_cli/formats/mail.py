"""Mail: a file with one message."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats.message import message_documents
from bienc_cli.types import Document, Skipped


def read(path: Path, doc_id: str) -> Iterator[Document | Skipped]:
    """Read a message; see `table.ReadFunction`."""
    data = path.read_bytes()
    if path.suffix.lower() == ".emlx":
        # Apple Mail puts the message's length before it and properties after it.
        length, _, rest = data.partition(b"\n")
        if length.strip().isdigit() and len(length) < 16:
            data = rest[: int(length)]
    if not data.strip():
        raise UnreadableFile("empty", "holds no text")
    yield from message_documents(data, doc_id, "mail")
