"""PDF with pypdf, page by page."""

from __future__ import annotations

import contextlib
import logging
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, cast

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats.accents import with_overprinted_accents
from bienc_cli.formats.bookmarks import Bookmark, flattened
from bienc_cli.formats.layout import TextRun, arranged, with_initials, with_raised_digits
from bienc_cli.formats.leftwards import with_lines_read
from bienc_cli.formats.pages import Page, paged_document
from bienc_cli.formats.pdf_annotations import fields_and_notes
from bienc_cli.formats.pdf_fonts import is_sheltered, named_fonts, prepared_fonts, unsheltered
from bienc_cli.formats.pdf_operators import Operators
from bienc_cli.formats.pdf_pen import Pen
from bienc_cli.formats.pdf_spacing import product
from bienc_cli.formats.scans import recognised_pdf
from bienc_cli.formats.word_gaps import with_words_apart
from bienc_cli.types import Document, Skipped

if TYPE_CHECKING:
    from pypdf import PageObject, PdfReader
    from pypdf.generic import Destination

_Used = TypeVar("_Used")

_AVERAGE_WIDTH = 0.5
"""In ems; pypdf does not report where a text ends."""


def read(path: Path, doc_id: str) -> Iterator[Document]:
    """Read a PDF; see `table.ReadFunction`.

    Files encrypted with an empty password, which any viewer opens, are read too.
    """

    def document(reader: PdfReader) -> Document:
        bookmarks = _bookmarks(reader)
        return paged_document(doc_id, _pages(reader), _title(reader), bookmarks=bookmarks)

    yield _with_reader(path, document)


def read_scans_too(
    path: Path, doc_id: str, languages: Sequence[str] = ()
) -> Iterator[Document | Skipped]:
    """Read a PDF, recognising the text of scanned pages; see `scans.recognised_pdf`."""
    pages, title, bookmarks = _with_reader(
        path, lambda reader: (list(_pages(reader)), _title(reader), _bookmarks(reader))
    )
    yield from recognised_pdf(path, doc_id, pages, title, bookmarks, languages)


def _with_reader(path: Path, use: Callable[[PdfReader], _Used]) -> _Used:
    from pypdf.errors import FileNotDecryptedError, PyPdfError, WrongPasswordError

    logger = logging.getLogger("pypdf")
    level = logger.level
    # pypdf's warnings about the content of a file help no user.
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
    """Open a PDF, decrypted if it needs no password.

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
    texts: list[str] = []
    runs: list[TextRun] = []
    wide_fonts = prepared_fonts(page)
    pen = Pen(named_fonts(page), wide_fonts)
    operators = Operators(_properties(page), wide_fonts, pen)

    def visit(text: str, cm: list[float], tm: list[float], _font: Any, size: float) -> None:
        if text:
            texts.append(text)
            text = text[1:] if text[0] == " " and pen.starts_inside_word() else text
            runs.append(_run(text, product(tm, cm), size, operators.shown_rise))

    drawn = page.extract_text(visitor_operand_before=operators.visit, visitor_text=visit)
    if "".join(texts) != drawn:
        # The position of the rest is unknown.
        return _resolved(unsheltered(drawn))
    if is_sheltered(drawn):
        runs = with_lines_read([replace(run, text=unsheltered(run.text)) for run in runs])
    return _resolved(arranged(with_raised_digits(with_initials(runs))))


def _resolved(text: str) -> str:
    """The text without the marks between characters."""
    return with_words_apart(with_overprinted_accents(text))


def _properties(page: PageObject) -> Any:
    with contextlib.suppress(Exception):
        return cast(Any, page["/Resources"])["/Properties"]
    return None


def _run(text: str, matrix: list[float], size: float, rise: float) -> TextRun:
    a, b, _, _, x, y = matrix
    scale = math.hypot(a, b) or 1.0
    along, across = (a * x + b * y) / scale, (a * y - b * x) / scale + rise * scale
    height = abs(size) * scale or 1.0
    width = _AVERAGE_WIDTH * height * len(text.strip())
    return TextRun(text, along, along + width, across, height)


def _bookmarks(reader: PdfReader) -> list[Bookmark]:
    bookmarks: list[Bookmark] = []
    # A damaged outline does not make the pages unreadable.
    with contextlib.suppress(Exception):
        for level, entry in flattened(reader.outline):
            with contextlib.suppress(Exception):
                destination = cast("Destination", entry)
                page = reader.get_destination_page_number(destination)
                # Some programs refer to a page by its index instead of the object.
                page = destination.get("/Page") if page is None else page
                if isinstance(page, int):
                    bookmarks.append(Bookmark(level, str(destination.title or ""), page))
    return bookmarks


def _title(reader: PdfReader) -> str | None:
    # Damaged metadata does not make the pages unreadable.
    with contextlib.suppress(Exception):
        metadata = reader.metadata
        return metadata.title if metadata is not None else None
    return None
