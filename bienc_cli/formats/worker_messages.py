"""Messages between `isolation` and its workers: a line of JSON each way for every file.

JSON, not pickle, so that answers are safe to parse even if a hostile file took over the worker.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats.table import ReadingOptions
from bienc_cli.types import Anchor, Block, Document, Heading, Numbering, Skipped

PART_DONE = b"null\n"
"""Not an answer: a part of the file has been read, and the next one is begun."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits on reading one file.

    Attributes:
        seconds: wall-clock time for a file in a worker process; for a collection, per record, and
            with OCR, per page.
        memory: bytes of address space of the worker.
        characters: of text, over all documents of a file that is not streamed.
    """

    seconds: float = 300.0
    memory: int = 2 << 30
    characters: int = 64_000_000


@dataclass(frozen=True, slots=True)
class FileRequest:
    """One file to read."""

    path: Path
    doc_id: str
    options: ReadingOptions

    def encode(self) -> bytes:
        """The request as one line; names that are not UTF-8 survive as escaped surrogates."""
        fields = [os.fspath(self.path), self.doc_id, astuple(self.options)]
        return json.dumps(fields).encode() + b"\n"

    @classmethod
    def decode(cls, line: bytes) -> FileRequest:
        """Inverse of `encode`."""
        path, doc_id, (engine, ocr, languages) = json.loads(line)
        return cls(Path(path), doc_id, ReadingOptions(engine, ocr, tuple(languages)))


def encode_items(items: Sequence[Document | Skipped]) -> bytes:
    """An answer as one line."""
    return json.dumps([_fields(item) for item in items]).encode() + b"\n"


def encode_refusal(error: UnreadableFile) -> bytes:
    """A verdict on the whole file as one line."""
    return json.dumps({"code": error.code, "reason": error.reason}).encode() + b"\n"


def decode_answer(line: bytes) -> list[Document | Skipped]:
    """Inverse of `encode_items`.

    Raises:
        UnreadableFile: inverse of `encode_refusal`.
    """
    answer = json.loads(line)
    if isinstance(answer, dict):
        raise UnreadableFile(answer["code"], answer["reason"])
    return [_item(fields) for fields in answer]


def _fields(item: Document | Skipped) -> list[Any]:
    if isinstance(item, Skipped):
        return [item.path, item.code, item.reason]
    return [
        item.doc_id,
        item.text,
        item.format,
        item.title,
        [(heading.start, heading.level, heading.title, heading.end) for heading in item.headings],
        [(block.start, block.end, block.header) for block in item.blocks],
        item.numbering and _numbering_fields(item.numbering),
    ]


def _item(fields: list[Any]) -> Document | Skipped:
    if len(fields) == 3:
        return Skipped(*fields)
    doc_id, text, format_name, title, headings, blocks, numbering = fields
    return Document(
        doc_id,
        text,
        format_name,
        title=title,
        headings=tuple(Heading(*heading) for heading in headings),
        blocks=tuple(Block(*block) for block in blocks),
        numbering=numbering and _numbering(*numbering),
    )


def _numbering_fields(numbering: Numbering) -> list[Any]:
    anchors = [
        (anchor.start, anchor.number, anchor.name, anchor.recognised)
        for anchor in numbering.anchors
    ]
    return [numbering.unit, anchors, numbering.follows_lines]


def _numbering(unit: Any, anchors: list[Any], follows_lines: bool) -> Numbering:
    return Numbering(unit, tuple(Anchor(*anchor) for anchor in anchors), follows_lines)
