"""PDF through pypdf, page by page."""

from __future__ import annotations

import contextlib
import logging
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, cast

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats.bookmarks import Bookmark, flattened
from bienc_cli.formats.layout import TextRun, arranged, with_raised_digits
from bienc_cli.formats.pages import Page, paged_document
from bienc_cli.formats.pdf_annotations import fields_and_notes
from bienc_cli.formats.scans import recognised_pdf
from bienc_cli.types import Document, Skipped

if TYPE_CHECKING:
    from pypdf import PageObject, PdfReader
    from pypdf.generic import Destination

_Used = TypeVar("_Used")

_AVERAGE_WIDTH = 0.5
"""Ems; pypdf does not say where a text ends."""

_SHOWING = frozenset({b"Tj", b"TJ", b"'", b'"'})
_MOVING = frozenset({b"Td", b"TD", b"Tm", b"T*", b"BT", b"cm"})


def read(path: Path, doc_id: str) -> Iterator[Document]:
    """Read a PDF; see `table.ReadFunction`.

    Files encrypted with an empty password, which any viewer opens, are just read.
    """

    def document(reader: PdfReader) -> Document:
        bookmarks = _bookmarks(reader)
        return paged_document(doc_id, _pages(reader), _title(reader), bookmarks=bookmarks)

    yield _with_reader(path, document)


def read_scans_too(
    path: Path, doc_id: str, languages: Sequence[str] = ()
) -> Iterator[Document | Skipped]:
    """Read a PDF, and recognise the text of pages that are pictures."""
    pages, title, bookmarks = _with_reader(
        path, lambda reader: (list(_pages(reader)), _title(reader), _bookmarks(reader))
    )
    yield from recognised_pdf(path, doc_id, pages, title, bookmarks, languages)


def _with_reader(path: Path, use: Callable[[PdfReader], _Used]) -> _Used:
    from pypdf.errors import FileNotDecryptedError, PyPdfError, WrongPasswordError

    logger = logging.getLogger("pypdf")
    level = logger.level
    # What pypdf says about other people's files helps nobody here.
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return use(opened(path))
    except (FileNotDecryptedError, WrongPasswordError) as error:
        raise UnreadableFile("encrypted", "encrypted, needs a password") from error
    except PyPdfError as error:
        raise UnreadableFile("broken", f"a broken PDF ({error})") from error
    finally:
        logger.setLevel(level)


def opened(source: Path | BinaryIO) -> PdfReader:
    """A PDF, decrypted if any viewer opens it.

    Raises:
        UnreadableFile: it needs a password.
    """
    from pypdf import PdfReader

    reader = PdfReader(source)
    if reader.is_encrypted and not reader.decrypt(""):
        raise UnreadableFile("encrypted", "encrypted, needs a password")
    return reader


def _pages(reader: PdfReader) -> Iterator[Page]:
    """The text of each page; a page that cannot be read is empty, unless all are."""
    failure: Exception | None = None
    read = 0
    for page in reader.pages:
        try:
            text = _text(page)
            read += 1
        except MemoryError:
            raise
        except Exception as error:
            failure, text = error, ""
        yield Page(text, *fields_and_notes(page))
    if failure is not None and not read:
        raise failure


def _text(page: PageObject) -> str:
    runs: list[TextRun] = []

    def visit(text: str, cm: list[float], tm: list[float], _font: Any, size: float) -> None:
        if text:
            runs.append(_run(text, _product(tm, cm), size))

    drawn = page.extract_text(visitor_operand_before=_Doubles().visit, visitor_text=visit)
    # Should the runs not tell all of it, nothing is known of where the rest stands.
    return (
        arranged(with_raised_digits(runs)) if "".join(run.text for run in runs) == drawn else drawn
    )


def _run(text: str, matrix: list[float], size: float) -> TextRun:
    a, b, _, _, x, y = matrix
    scale = math.hypot(a, b) or 1.0
    along, across = (a * x + b * y) / scale, (a * y - b * x) / scale
    height = abs(size) * scale or 1.0
    width = _AVERAGE_WIDTH * height * len(text.strip())
    return TextRun(text, along, along + width, across, height)


def _product(first: list[float], second: list[float]) -> list[float]:
    """Two transformations (a, b, c, d, e, f), one after the other."""
    a, b, c, d, e, f = first
    g, h, i, j, k, m = second
    return [
        *(a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j),
        *(e * g + f * i + k, e * h + f * j + m),
    ]


class _Doubles:
    """Takes out what is drawn a second time at the same place, to look bold or to cast a shadow.

    pypdf calls `visit` before each operation, and goes on with the operands as it leaves them.
    """

    _TOLERANCE = 0.12
    """Ems; the narrowest letters that may stand twice in a row are twice as wide."""

    def __init__(self) -> None:
        self._drawn: set[tuple[str, int, int]] = set()
        self._size = 1.0
        self._moved = False

    def visit(self, operator: bytes, operands: list[Any], cm: list[float], tm: list[float]) -> None:
        """Empty the operands of an operation that repeats an earlier one."""
        if operator == b"Tf" and len(operands) > 1 and isinstance(operands[1], (int, float)):
            self._size = abs(float(operands[1])) or 1.0
        elif operator in _MOVING:
            self._moved = True
        elif operator in _SHOWING and operands:
            # What follows a text without a move stands behind it, not on it.
            if self._moved and self._is_repeated(operands[-1], _product(tm, cm)):
                operands[-1] = type(operands[-1])()
            self._moved = False

    def _is_repeated(self, operand: Any, matrix: list[float]) -> bool:
        step = self._TOLERANCE * self._size * (math.hypot(matrix[0], matrix[1]) or 1.0)
        if not (math.isfinite(matrix[4] / step) and math.isfinite(matrix[5] / step)):
            return False
        text = repr(operand)
        column, row = round(matrix[4] / step), round(matrix[5] / step)
        near = ((text, column + i, row + j) for i in (0, -1, 1) for j in (0, -1, 1))
        if any(place in self._drawn for place in near):
            return True
        self._drawn.add((text, column, row))
        return False


def _bookmarks(reader: PdfReader) -> list[Bookmark]:
    found: list[Bookmark] = []
    # Nor does a damaged outline.
    with contextlib.suppress(Exception):
        for level, entry in flattened(reader.outline):
            with contextlib.suppress(Exception):
                destination = cast("Destination", entry)
                page = reader.get_destination_page_number(destination)
                # Some programs name a page by its index, not by what it is.
                page = destination.get("/Page") if page is None else page
                if isinstance(page, int):
                    found.append(Bookmark(level, str(destination.title or ""), page))
    return found


def _title(reader: PdfReader) -> str | None:
    # Damaged metadata does not make the pages unreadable.
    with contextlib.suppress(Exception):
        metadata = reader.metadata
        return metadata.title if metadata is not None else None
    return None
