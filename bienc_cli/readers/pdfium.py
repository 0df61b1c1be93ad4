"""PDF through PDFium, many times faster than pypdf; needs the extra `pdfium`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bienc_cli.errors import UnreadableFile
from bienc_cli.readers.pages import paged_document
from bienc_cli.types import Document

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

_PASSWORD_NEEDED = 4
"""FPDF_ERR_PASSWORD"""


def read(path: Path, doc_id: str) -> Iterator[Document]:
    """Read a PDF; see `table.ReadFunction`."""
    from pypdfium2 import PdfDocument, PdfiumError

    # A path that is no UTF-8 cannot be handed to PDFium; bytes always can.
    content = path.read_bytes()
    try:
        document = PdfDocument(content)
        try:
            yield paged_document(doc_id, _pages(document), document.get_metadata_value("Title"))
        finally:
            document.close()
    except PdfiumError as error:
        # The code may be left over from an earlier file: only what is encrypted needs a password.
        if error.err_code == _PASSWORD_NEEDED and b"/Encrypt" in content:
            raise UnreadableFile("encrypted", "encrypted, needs a password") from error
        raise UnreadableFile("broken", f"a broken PDF ({error})") from error


def _pages(document: PdfDocument) -> Iterator[str]:
    for index in range(len(document)):
        page = document[index]
        text_page = page.get_textpage()
        yield text_page.get_text_bounded()
        text_page.close()
        page.close()
