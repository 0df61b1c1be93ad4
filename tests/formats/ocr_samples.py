"""Scans and pictures for tests of what is recognised."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats import ocr
from bienc_cli.formats.reading import read_documents
from bienc_cli.formats.table import ReadingOptions
from bienc_cli.types import Document

WORDS = "the kestrel hovers"
WITH_OCR = ReadingOptions(ocr=True)
needs_tesseract = pytest.mark.skipif(ocr.missing() is not None, reason="tesseract is not installed")


@dataclass(frozen=True)
class File:
    path: Path
    doc_id: str
    size: int


def picture_of(text: str, size: tuple[int, int] = (700, 120)) -> Image.Image:
    made = Image.new("L", size, 255)
    ImageDraw.Draw(made).text((30, 30), text, fill=0, font=ImageFont.load_default(40))
    return made


def saved(made: Image.Image, format_: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    made.save(buffer, format_, **options)
    return buffer.getvalue()


def scan(*pages: str) -> bytes:
    first, *others = [picture_of(page, (800, 400)) for page in pages]
    return saved(first, "PDF", save_all=True, append_images=others, resolution=150)


def bomb(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(10**5))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def pages(document: Document) -> list[tuple[int, str, bool]]:
    """Each page with its number, its text, and whether that was recognised."""
    assert document.numbering is not None
    anchors = document.numbering.anchors
    ends = [*(anchor.start for anchor in anchors[1:]), len(document.text)]
    return [
        (anchor.number, document.text[anchor.start : end].strip(), anchor.recognised)
        for anchor, end in zip(anchors, ends, strict=True)
    ]


def refusal_of(path: Path, options: ReadingOptions = WITH_OCR) -> UnreadableFile:
    with pytest.raises(UnreadableFile) as refusal:
        list(read_documents(path, path.name, options))
    return refusal.value


def written(tmp_path: Path, name: str, content: bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path
