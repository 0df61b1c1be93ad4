"""Mailboxes: files with many messages, read one at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats.content import MAILBOX_LINE, MMDF_LINE
from bienc_cli.formats.message import message_documents
from bienc_cli.formats.reading import failures_of_one_file
from bienc_cli.types import Document, Skipped

_DELETED = re.compile(
    # Mozilla's flags are hexadecimal, and the fourth bit is set.
    rb"^(?:X-Mozilla-Status:[ \t]*[0-9a-f]{3}[89a-f]\b|X-Status:[ \t]*[AFRT]*D)",
    re.MULTILINE | re.IGNORECASE,
)
"""Marks of deleted messages, which mail programs hide and remove later."""

_END_OF_FIELDS = re.compile(rb"\r?\n\r?\n")
_ESCAPED = re.compile(rb">+From ")
_LARGEST_MESSAGE = 1 << 26
"""In bytes, with attachments; bounds memory."""

_LONGEST_LINE = 1 << 20


def read(path: Path, doc_id: str) -> Iterator[Document | Skipped]:
    """Read a mailbox; a message is cited by the line of the file at which it begins.

    Yields:
        The documents of each message, and a `Skipped` for each that cannot be read.

    Raises:
        UnreadableFile: there is no message in it besides deleted ones.
    """
    is_empty = True
    with path.open("rb") as stream:
        for count, (line, data) in enumerate(_messages(stream), 1):
            if _is_deleted(data):
                continue
            is_empty = False
            message_id = f"{doc_id}#{count}"
            try:
                if len(data) > _LARGEST_MESSAGE:
                    size = _LARGEST_MESSAGE >> 20
                    raise UnreadableFile("too_large", f"a message of more than {size} MiB")
                with failures_of_one_file():
                    yield from message_documents(data, message_id, "mbox", line)
            except UnreadableFile as error:
                yield Skipped(message_id, error.code, error.reason)
    if is_empty:
        raise UnreadableFile("empty", "holds no messages")


def _is_deleted(data: bytes) -> bool:
    fields = _END_OF_FIELDS.search(data)
    return _DELETED.search(data, 0, fields.start() if fields else len(data)) is not None


def _messages(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """First line, from 1, and content of each message; messages that are too large are cut."""
    message = bytearray()
    first = number = 1
    starts_line = True
    while piece := stream.readline(_LONGEST_LINE):
        if starts_line and (MAILBOX_LINE.match(piece) or piece.rstrip() == MMDF_LINE):
            if message.strip():
                yield first, bytes(message)
            message.clear()
            first = number
        elif len(message) <= _LARGEST_MESSAGE:
            message += piece[1:] if starts_line and _ESCAPED.match(piece) else piece
        starts_line = piece.endswith(b"\n")
        number += starts_line
    if message.strip():
        yield first, bytes(message)
