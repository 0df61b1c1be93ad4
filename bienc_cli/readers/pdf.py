"""PDF through pypdf, page by page."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bienc_cli.errors import UnreadableFile
from bienc_cli.readers.pages import paged_document
from bienc_cli.types import Document

if TYPE_CHECKING:
    from pypdf import PdfReader


def read(path: Path, doc_id: str) -> Iterator[Document]:
    """Read a PDF; see `table.ReadFunction`.

    Files encrypted with an empty password, which any viewer opens, are just read.
    """
    from pypdf import PdfReader
    from pypdf.errors import FileNotDecryptedError, PyPdfError, WrongPasswordError

    logger = logging.getLogger("pypdf")
    level = logger.level
    # What pypdf says about other people's files helps nobody here.
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reader = PdfReader(path)
            if reader.is_encrypted and not reader.decrypt(""):
                raise UnreadableFile("encrypted", "encrypted, needs a password")
            document = paged_document(doc_id, _pages(reader), _title(reader))
    except (FileNotDecryptedError, WrongPasswordError) as error:
        raise UnreadableFile("encrypted", "encrypted, needs a password") from error
    except PyPdfError as error:
        raise UnreadableFile("broken", f"a broken PDF ({error})") from error
    finally:
        logger.setLevel(level)
    yield document


def _pages(reader: PdfReader) -> Iterator[str]:
    """The text of each page; a page that cannot be read is empty, unless all are."""
    failure: Exception | None = None
    read = 0
    for page in reader.pages:
        try:
            text = page.extract_text()
            read += 1
        except MemoryError:
            raise
        except Exception as error:
            failure, text = error, ""
        yield text
    if failure is not None and not read:
        raise failure


def _title(reader: PdfReader) -> str | None:
    # Damaged metadata does not make the pages unreadable.
    with contextlib.suppress(Exception):
        metadata = reader.metadata
        return metadata.title if metadata is not None else None
    return None
