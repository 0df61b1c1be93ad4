"""PDF with PDFium, many times faster than pypdf; needs the extra `pdfium`."""

from __future__ import annotations

import io
import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats.bookmarks import MOST, Bookmark
from bienc_cli.formats.cleaning import RAISED
from bienc_cli.formats.layout import (
    BIG,
    TextRun,
    arranged,
    has_columns,
    is_initial,
    is_spaced_out,
    with_initials,
)
from bienc_cli.formats.leftwards import LEFTWARDS, lines_read
from bienc_cli.formats.pages import Page, paged_document
from bienc_cli.formats.pdf_annotations import fields_and_notes
from bienc_cli.formats.pdfium_accents import on_their_letters
from bienc_cli.formats.pdfium_gaps import marked_gaps
from bienc_cli.formats.pdfium_places import Places
from bienc_cli.formats.scans import recognised_pdf
from bienc_cli.formats.word_gaps import with_words_apart
from bienc_cli.types import Document, Skipped

if TYPE_CHECKING:
    from pypdf import PdfReader
    from pypdfium2 import PdfDocument, PdfPage, PdfTextPage

_PASSWORD_NEEDED = 4
"""FPDF_ERR_PASSWORD"""

_EVERYWHERE = (-1e6, -1e6, 1e6, 1e6)
"""In points: text outside the page's box too, because the box changes when the page is rotated."""

_NO_NOTES = frozenset({2, 16})
"""FPDF_ANNOT_LINK and FPDF_ANNOT_POPUP"""

_SAMPLES = 12
"""Lines of a page that are sampled to decide whether the geometry of all is needed."""

_LONG_LINE = 40
"""In characters; two columns side by side have more."""

_WIDE_GAP = 1.0
"""In ems, as in `layout`."""

_CLOSE = 0.2
"""Largest distance between a word and the hyphen after it, in ems."""

_INITIAL = re.compile(r"^[^\W\d_a-z]\r?$", re.MULTILINE)
"""A line with one letter, which may be a drop cap."""

_DIGITS_BEHIND = re.compile(r"(?<=[^\W\d_])\d{1,3}(?:[,–-]\d{1,3}){0,3}(?!\w)")
"""Digits that may be superscript: a note's number after a word, or an exponent."""

_HYPHEN_ALONE = re.compile(r"(?<=[^\W\d_])(?: |\r\n)(?=[-\u2010](?:\r\n|\Z))")
"""Space before a hyphen that is drawn separately, as some programs do at line ends."""

_DIGITS_IN_FRONT = re.compile(r"(?:^|(?<=[\x02\ufffe]))\d{1,3}(?=[^\W\d_])", re.MULTILINE)
"""A note's number before the note, at the start of a line or after a hyphen that ends one."""

_SPACED = re.compile(r"(?<!\w)(?:[^\W\d_a-z]{1,2} ){3,}[^\W\d_a-z](?!\w)")
"""Capitals separated by spaces, which may be one letter-spaced word."""


def read(path: Path, doc_id: str) -> Iterator[Document]:
    """Read a PDF; see `table.ReadFunction`."""
    pages, title, bookmarks = _read(path)
    yield paged_document(doc_id, pages, title, bookmarks=bookmarks)


def read_scans_too(
    path: Path, doc_id: str, languages: Sequence[str] = ()
) -> Iterator[Document | Skipped]:
    """Read a PDF, recognising the text of scanned pages; see `scans.recognised_pdf`."""
    yield from recognised_pdf(path, doc_id, *_read(path), languages)


def _read(path: Path) -> tuple[list[Page], str | None, list[Bookmark]]:
    from pypdfium2 import PdfDocument, PdfiumError

    # PDFium takes only paths in UTF-8, but any bytes.
    content = path.read_bytes()
    try:
        document = PdfDocument(content)
        try:
            pages = list(_pages(document, content))
            return pages, document.get_metadata_value("Title"), list(_bookmarks(document))
        finally:
            document.close()
    except PdfiumError as error:
        # The code may be left over from an earlier file, so look for encryption too.
        if error.err_code == _PASSWORD_NEEDED and b"/Encrypt" in content:
            raise UnreadableFile("encrypted", "encrypted, needs a password") from error
        raise UnreadableFile("broken", f"a broken PDF ({error})") from error


def _bookmarks(document: PdfDocument) -> Iterator[Bookmark]:
    for bookmark in itertools.islice(document.get_toc(), MOST):
        destination = bookmark.get_dest()
        page = None if destination is None else destination.get_index()
        if page is not None:
            yield Bookmark(bookmark.level + 1, bookmark.get_title(), page)


def _pages(document: PdfDocument, content: bytes) -> Iterator[Page]:
    # pypdf reads the annotations for both engines.
    annotated: PdfReader | None = None
    for index in range(len(document)):
        page = document[index]
        text = _text(page)
        if _is_annotated(page):
            annotated = annotated or _opened_by_pypdf(content)
            yield Page(text, *_annotations(annotated, index))
        else:
            yield Page(text)
        page.close()


def _text(page: PdfPage) -> str:
    text_page = page.get_textpage()
    upright = _is_upright(text_page)
    if upright != (page.get_rotation() in {0, 180}):
        # PDFium only orders lines correctly if the page is rotated like its text.
        page.set_rotation(0 if upright else 90)
        text_page.close()
        text_page = page.get_textpage()
    text = _drawn(text_page)
    places = Places(text_page)
    changes = on_their_letters(places, text)
    changes |= dict(_marks_in_front(text_page, text))
    changes |= dict.fromkeys(_needless_breaks(text_page, text), "")
    changes = dict(marked_gaps(places, text)) | changes
    looked_at = not upright or _INITIAL.search(text) or _may_have_columns(text_page, text)
    runs = list(_runs(text_page, changes)) if looked_at else []
    joined = with_initials(runs)
    if LEFTWARDS.search(text):
        text = arranged(lines_read(list(_characters(text_page))))
    elif runs and (not upright or joined != runs or has_columns(runs)):
        text = arranged(joined)
    else:
        text = _with_raised_digits(text_page, text)
        changes |= dict.fromkeys(_needless_spaces(text_page, text), "")
        if changes:
            text = "".join(changes.get(index, character) for index, character in enumerate(text))
    text_page.close()
    text = with_words_apart(text)
    return text.replace("\r\n", "\n").replace("\x02", "-\n").replace("\ufffe", "-\n")


def _drawn(text_page: PdfTextPage) -> str:
    """The text in PDFium's order.

    Of its two functions, one drops line breaks at the end of a page, which glues words together;
    the other drops characters beyond U+FFFF.
    """
    everywhere: str = text_page.get_text_bounded(*_EVERYWHERE)
    if not everywhere or max(everywhere) > "\uffff":
        return everywhere
    return str(text_page.get_text_range())


def _is_upright(text_page: PdfTextPage) -> bool:
    """Whether most of the text is horizontal, judging by samples."""
    places = Places(text_page)
    count = text_page.count_chars()
    samples = range(0, count, max(count // _SAMPLES, 1))
    vertical = sum(abs(math.sin(places.angle(index))) > math.sqrt(0.5) for index in samples)
    return vertical * 2 <= len(samples)


def _may_have_columns(text_page: PdfTextPage, text: str) -> bool:
    """Whether most long lines contain a wide gap, judging by samples."""
    places = Places(text_page)
    lines = [line.span() for line in re.finditer(r"[^\r\n]+", text)]
    lines = [(start, end) for start, end in lines if end - start >= _LONG_LINE]
    samples = lines[:: max(len(lines) // _SAMPLES, 1)]
    return bool(samples) and sum(
        _has_gap(places, text, start, end) for start, end in samples
    ) * 2 >= len(samples)


def _has_gap(places: Places, text: str, start: int, end: int) -> bool:
    shift = places.of_text(start) - start
    for index in range(start + 1, end - 1):
        if text[index] != " ":
            continue
        right, _ = places.end(index - 1 + shift)
        left, _ = places.origin(index + 1 + shift)
        if left - right > _WIDE_GAP * places.size(index + 1 + shift):
            return True
    return False


def _with_raised_digits(text_page: PdfTextPage, text: str) -> str:
    """Replace raised digits after a word by superscript characters."""
    places = Places(text_page)

    def written(digits: re.Match[str]) -> str:
        index = places.of_text(digits.start())
        raised = index > 0 and places.is_raised(index, index - 1)
        return digits.group().translate(RAISED) if raised else digits.group()

    return _DIGITS_BEHIND.sub(written, text)


def _marks_in_front(text_page: PdfTextPage, text: str) -> Iterator[tuple[int, str]]:
    """Replacements for raised digits before a line: superscript characters and a space."""
    places = Places(text_page)
    for digits in _DIGITS_IN_FRONT.finditer(text):
        first, last = places.of_text(digits.start()), places.of_text(digits.end() - 1)
        if first >= 0 and places.is_raised(first, last + 1):
            written = digits.group().translate(RAISED)
            yield from zip(range(*digits.span()), [*written[:-1], f"{written[-1]} "], strict=True)


def _needless_breaks(text_page: PdfTextPage, text: str) -> Iterator[int]:
    """Indices of spaces and line breaks that PDFium put before the hyphens of divided words."""
    places = Places(text_page)
    for gap in _HYPHEN_ALONE.finditer(text):
        letter, hyphen = places.of_text(gap.start() - 1), places.of_text(gap.end())
        (x, y), (right, _) = places.origin(hyphen), places.end(letter)
        size = places.size(hyphen)
        if abs(x - right) < _CLOSE * size and abs(y - places.origin(letter)[1]) < _CLOSE * size:
            yield from range(*gap.span())


def _needless_spaces(text_page: PdfTextPage, text: str) -> Iterator[int]:
    """Indices of spaces that PDFium put between letter-spaced capitals."""
    if not (words := list(_SPACED.finditer(text))):
        return
    places = Places(text_page)
    for match in words:
        for index in range(match.start() + 1, match.end() - 1):
            if text[index] != " ":
                continue
            space = places.of_text(index)
            pitch = places.origin(space + 1)[0] - places.origin(space - 1)[0]
            ems = pitch / places.size(space + 1)
            if places.is_generated(space) and is_spaced_out(text[index - 1], text[index + 1], ems):
                yield index


def _runs(text_page: PdfTextPage, changes: Mapping[int, str]) -> Iterator[TextRun]:
    """All characters, divided at line breaks and wide gaps.

    Args:
        text_page: the page with the characters.
        changes: replacements for some of them, by index in the text.
    """
    places = Places(text_page)
    changed = {places.of_text(index): written for index, written in changes.items()}
    piece: list[str] = []
    left = right = baseline = 0.0
    size = 1.0
    for index in range(text_page.count_chars()):
        character = changed.get(index, places.character(index))
        if character in "\r\n" or (character == " " and not piece):
            continue
        if character == " ":
            piece.append(character)
            continue
        angle = places.angle(index)
        along, across = math.cos(angle), math.sin(angle)
        x, y = places.origin(index)
        start, line = x * along + y * across, y * along - x * across
        height = places.size(index)
        if piece:
            same_line = abs(line - baseline) < 0.5 * max(size, height) and start > left
            same_line &= not (size >= BIG * height and is_initial("".join(piece)))
            if not same_line or start - right > _WIDE_GAP * size:
                yield TextRun(_ended(piece, same_line), left, right, baseline, size)
                piece = []
        if not piece:
            left, baseline, size = start, line, height
        if piece and character.isdecimal():
            # Further digits of a number have the same height as the first one.
            behind_raised = piece[-1].isdigit() and not piece[-1].isdecimal()
            if behind_raised or (piece[-1].isalpha() and places.is_raised(index, index - 1)):
                character = character.translate(RAISED)
        piece.append(character)
        x, y = places.end(index)
        right = x * along + y * across
    if piece:
        yield TextRun(_ended(piece, same_line=False), left, right, baseline, size)


def _characters(text_page: PdfTextPage) -> Iterator[TextRun]:
    """One run for each character except line breaks."""
    places = Places(text_page)
    for index in range(text_page.count_chars()):
        character = places.character(index)
        if character in "\r\n":
            continue
        angle = places.angle(index)
        along, across = math.cos(angle), math.sin(angle)
        (x, y), (end_x, end_y) = places.origin(index), places.end(index)
        left, right = x * along + y * across, end_x * along + end_y * across
        yield TextRun(character, left, right, y * along - x * across, places.size(index))


def _ended(piece: list[str], same_line: bool) -> str:
    return "".join(piece).rstrip(" ") + (" " if same_line else "\n")


def _is_annotated(page: PdfPage) -> bool:
    from pypdfium2 import raw

    for index in range(raw.FPDFPage_GetAnnotCount(page.raw)):
        annotation = raw.FPDFPage_GetAnnot(page.raw, index)
        kind = raw.FPDFAnnot_GetSubtype(annotation)
        raw.FPDFPage_CloseAnnot(annotation)
        if kind not in _NO_NOTES:
            return True
    return False


def _opened_by_pypdf(content: bytes) -> PdfReader | None:
    """The same file opened with pypdf; None if only PDFium can read it."""
    from bienc_cli.formats.pdf import opened

    try:
        return opened(io.BytesIO(content))
    except MemoryError:
        raise
    except Exception:
        return None


def _annotations(reader: PdfReader | None, index: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    try:
        return fields_and_notes(reader.pages[index]) if reader else ((), ())
    except MemoryError:
        raise
    except Exception:
        return (), ()
