"""JSON Lines collections: each record is a document, read one at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from io import BufferedReader, TextIOWrapper
from pathlib import Path

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats.decoding import (
    clean,
    decode_line,
    looks_binary,
    unicode_encoding,
    with_line_feeds,
)
from bienc_cli.formats.json_source import members
from bienc_cli.types import Anchor, Document, Numbering, Skipped

_LONGEST_RECORD = 1 << 24
"""In characters; bounds memory."""

_PATIENCE = 100
"""A file that starts with this many broken records is not a collection."""


def read(path: Path, doc_id: str) -> Iterator[Document | Skipped]:
    """Read a collection.

    A record with `text` becomes that text, with its `title`; any other record becomes lines of
    `name: value`. Its id is `_id` or `id`; without one, or if the id is already taken, the line
    number makes it unique.

    Yields:
        Documents, and a `Skipped` for each record that cannot be read.

    Raises:
        UnreadableFile: it is binary, has no records, or is not JSON Lines at all.
    """
    taken: set[str] = set()
    broken = 0
    with path.open("rb") as binary:
        head = binary.read(8192)
        binary.seek(0)
        if looks_binary(head):
            raise UnreadableFile("binary", "binary data, not JSON lines")
        for number, line in _numbered_lines(binary, unicode_encoding(head)):
            where = f"{doc_id}:{number}"
            try:
                record = _parse(line)
                document = _document(record, line, doc_id, number)
            except UnreadableFile as error:
                broken += 1
                if not taken and broken >= _PATIENCE:
                    reason = f"not JSON lines: none of the first {broken} records can be read"
                    raise UnreadableFile("broken", reason) from error
                yield Skipped(where, error.code, error.reason)
                continue
            while document.doc_id in taken:
                document = replace(document, doc_id=f"{document.doc_id}#{number}")
            taken.add(document.doc_id)
            yield document
    if not taken and not broken:
        raise UnreadableFile("empty", "holds no records")


def _numbered_lines(binary: BufferedReader, encoding: str | None) -> Iterator[tuple[int, str]]:
    """Non-blank lines with their numbers, from 1; lines that are too long are cut.

    Args:
        binary: the file, at its start.
        encoding: the Unicode encoding that its first bytes show; None for any superset of ASCII.
    """
    lines = _wide_lines(binary, encoding) if encoding else _byte_lines(binary)
    for number, line in enumerate(lines, 1):
        if number == 1:
            line = line.removeprefix("\ufeff")
        if line and not line.isspace():
            yield number, line


def _wide_lines(binary: BufferedReader, encoding: str) -> Iterator[str]:
    stream = TextIOWrapper(binary, encoding=encoding, errors="replace", newline="\n")
    while line := stream.readline(_LONGEST_RECORD + 1):
        yield line
        while line and not line.endswith("\n"):
            line = stream.readline(_LONGEST_RECORD)


def _byte_lines(binary: BufferedReader) -> Iterator[str]:
    guessed: str | None = None
    while line := binary.readline(_LONGEST_RECORD + 1):
        following = b"" if guessed or line.isascii() else binary.peek()
        text, guessed = decode_line(line.strip(b"\0"), following, guessed)
        yield text
        while line and not line.endswith(b"\n"):
            line = binary.readline(_LONGEST_RECORD)


def _parse(line: str) -> object:
    if len(line) > _LONGEST_RECORD:
        raise UnreadableFile("too_large", f"a record of more than {_LONGEST_RECORD:,} characters")
    try:
        return json.loads(line)
    except RecursionError:
        raise UnreadableFile("bad_record", "nested too deeply") from None
    except json.JSONDecodeError as error:
        reason = f"not JSON: {error.msg} at column {error.colno}"
        raise UnreadableFile("bad_record", reason) from None
    except ValueError as error:
        raise UnreadableFile("bad_record", f"not JSON: {error}") from None


def _document(record: object, line: str, file_id: str, number: int) -> Document:
    if not isinstance(record, dict):
        reason = f"a JSON {_KINDS.get(type(record), 'value')}, not an object"
        raise UnreadableFile("bad_record", reason)
    title = record.get("title")
    title = title if isinstance(title, str) and title.strip() else None
    text = record.get("text")
    if not isinstance(text, str):
        text = "\n".join(f"{name}: {value}" for name, value in members(line))
    elif not text.strip():
        # In some collections, records have only a title.
        text = title or ""
    text = clean(with_line_feeds(text))
    if not text.strip():
        raise UnreadableFile("empty", "a record without text")
    return Document(
        _id(record) or f"{file_id}#{number}",
        text,
        "jsonl",
        title=title,
        numbering=Numbering("line", (Anchor(0, number),)),
    )


def _id(record: dict[str, object]) -> str | None:
    for name in ("_id", "id"):
        value = record.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            return clean(str(value))
    return None


_KINDS = {list: "array", str: "string", int: "number", float: "number", bool: "boolean"}
