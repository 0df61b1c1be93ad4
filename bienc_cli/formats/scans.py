"""Recognises PDF pages that are pictures; needs the extra `ocr` and Tesseract."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats.bookmarks import Bookmark
from bienc_cli.formats.ocr import MOST_PIXELS, Picture, recognise
from bienc_cli.formats.pages import Page, paged_document
from bienc_cli.formats.patience import part_done
from bienc_cli.types import Document, Skipped

if TYPE_CHECKING:
    from pypdfium2 import PdfBitmap, PdfDocument, PdfPage

_DPI = 300
"""The resolution that Tesseract was trained for."""

_POINTS = 72

_MOST_DECODED = 200_000_000
"""In pixels: a larger picture on a page is a bomb, or a map at best."""

_STAMP = 200
"""Letters and digits that a stamp, a page number and a scanner's own line have together; a page
with more has text."""

_SHARE = 0.5
"""One picture covers more than this fraction of a scanned page."""

_MOST_PAGES = 20_000


def recognised_pdf(
    path: Path,
    doc_id: str,
    pages: Sequence[Page],
    title: str | None,
    bookmarks: Sequence[Bookmark],
    languages: Sequence[str],
) -> Iterator[Document | Skipped]:
    """A PDF as its engine read it, with recognised text on its scanned pages.

    Args:
        path: the file.
        doc_id: see `table.ReadFunction`.
        pages: all pages, as the engine read them.
        title: of the document; None for none.
        bookmarks: of the document.
        languages: see `ocr.recognise`.

    Yields:
        The document, then a `Skipped` with the path `doc_id p.3` for each page on which Tesseract
        failed.

    Raises:
        UnreadableFile: there is no text, and none was recognised.
    """
    from pypdfium2 import PdfDocument

    failed: list[Skipped] = []
    # PDFium takes only paths in UTF-8, but any bytes.
    document = PdfDocument(path.read_bytes())
    try:
        read = list(_recognised(document, doc_id, pages, languages, failed))
    finally:
        document.close()
    if failed and not any(page.text.strip() for page in read):
        raise UnreadableFile(failed[0].code, failed[0].reason)
    no_text = "no text in it, and none was recognised"
    yield paged_document(doc_id, read, title, bookmarks=bookmarks, no_text=no_text)
    yield from failed


def _recognised(
    document: PdfDocument,
    doc_id: str,
    pages: Sequence[Page],
    languages: Sequence[str],
    failed: list[Skipped],
) -> Iterator[Page]:
    for index, page in enumerate(pages):
        text = ""
        if index < min(len(document), _MOST_PAGES):
            try:
                text = _text_of_scan(document[index], page.text, languages)
            except UnreadableFile as error:
                failed.append(Skipped(f"{doc_id} p.{index + 1}", error.code, error.reason))
            part_done()
        whole = "\n\n".join(part for part in (page.text.strip(), text) if part)
        yield replace(page, text=whole, recognised=True) if text else page


def _text_of_scan(page: PdfPage, text: str, languages: Sequence[str]) -> str:
    """The recognised text of a scanned page; "" for a page that has text."""
    try:
        if sum(map(str.isalnum, text)) > _STAMP or not _is_scan(page, text):
            return ""
        return recognise(_drawn(page), languages)
    finally:
        page.close()


def _is_scan(page: PdfPage, text: str) -> bool:
    """Whether a page with little or no text shows a picture.

    Raises:
        UnreadableFile: a picture on it is too large to decode.
    """
    from pypdfium2 import PdfImage

    width, height = page.get_size()
    drawn = False
    largest = 0.0
    for part in page.get_objects(max_depth=3):
        drawn = True
        if isinstance(part, PdfImage):
            across, down = part.get_px_size()
            if across * down > _MOST_DECODED:
                raise UnreadableFile("too_large", f"a picture of {across:,} x {down:,} pixels")
            left, bottom, right, top = part.get_bounds()
            largest = max(largest, (right - left) * (top - bottom))
    if any(map(str.isalnum, text)):
        return bool(largest > _SHARE * width * height)
    return drawn


def _drawn(page: PdfPage) -> Picture:
    width, height = page.get_size()
    if not (0 < width < math.inf and 0 < height < math.inf):
        raise UnreadableFile("broken", "a page without a size")
    scale = min(_DPI / _POINTS, math.sqrt(MOST_PIXELS / (width * height)))
    if min(width, height) * scale < 1:
        raise UnreadableFile("broken", "a page without a size")
    bitmap: PdfBitmap = page.render(scale=scale, grayscale=True, fill_color=(255, 255, 255, 255))
    try:
        return Picture(bitmap.width, bitmap.height, _rows(bitmap), round(scale * _POINTS))
    finally:
        bitmap.close()


def _rows(bitmap: PdfBitmap) -> bytes:
    """The pixels without the padding of each row."""
    padded = ctypes.string_at(bitmap.buffer, bitmap.stride * bitmap.height)
    if bitmap.stride == bitmap.width:
        return padded
    starts = range(0, len(padded), bitmap.stride)
    return b"".join(padded[start : start + bitmap.width] for start in starts)
