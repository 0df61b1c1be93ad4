"""Decodes the header fields of messages, in all the forms that mail programs write."""

from __future__ import annotations

import email.errors
import email.header
import re
from email.message import Message

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats.decoding import clean, decode

_LONGEST_NAME = 100
_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|\s]+')


def header(message: Message, name: str) -> str:
    """All fields of this name, decoded, as one line."""
    values = [value for key, value in message.raw_items() if key.lower() == name.lower()]
    return ", ".join(filter(None, (_decoded(str(value)) for value in values)))


def _decoded(value: str) -> str:
    """A field's encoded words (RFC 2047) or raw bytes as one line of text."""
    try:
        raw = value.encode("ascii", "surrogateescape")
        value = raw.decode("ascii") if value.isascii() else decode(raw)
        pieces = email.header.decode_header(value)
    except (email.errors.HeaderParseError, ValueError, UnreadableFile):
        pieces = [(value, None)]
    text = ""
    for piece, charset in pieces:
        if isinstance(piece, str):
            text += piece
            continue
        try:
            text += piece.decode(charset or "ascii")
        except (LookupError, ValueError):
            text += piece.decode("utf-8", "replace")
    return " ".join(clean(text).split())


def file_name(part: Message) -> str:
    """The name of an attachment as `safe_name` returns it; "" if it has none."""
    try:
        given = part.get_filename() or ""
    except (LookupError, ValueError, TypeError, AttributeError):
        return ""
    return safe_name(_decoded(given))


def safe_name(given: str) -> str:
    """A file name without folders and forbidden characters; "" if nothing is left."""
    name = _UNSAFE.sub(" ", clean(given).replace("\\", "/").rsplit("/", 1)[-1]).strip(" .")
    stem, dot, ending = name.rpartition(".")
    if len(name) > _LONGEST_NAME:
        name = stem[: _LONGEST_NAME - 12] + dot + ending[:10] if dot else name[:_LONGEST_NAME]
    return name
