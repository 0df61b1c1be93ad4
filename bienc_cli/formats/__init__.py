"""Files to documents: one small module a format, one table that names them.

To add a format, write a module with a `read(path, doc_id)` (see `table.ReadFunction`) and
add its line to `table.FORMATS`.
"""

from bienc_cli.formats.binary import BINARY_SUFFIXES
from bienc_cli.formats.isolation import SourceFile, read_files
from bienc_cli.formats.ocr import check_languages, recogniser
from bienc_cli.formats.reading import format_of, read_documents
from bienc_cli.formats.refusal import why_binary
from bienc_cli.formats.table import (
    FORMATS,
    PDF_ENGINES,
    Format,
    ReadingOptions,
    format_by_file_name,
    format_named,
    formats_under,
    is_unreadable,
)
from bienc_cli.formats.worker_messages import Limits

__all__ = [
    "BINARY_SUFFIXES",
    "FORMATS",
    "PDF_ENGINES",
    "Format",
    "Limits",
    "ReadingOptions",
    "SourceFile",
    "check_languages",
    "format_by_file_name",
    "format_named",
    "format_of",
    "formats_under",
    "is_unreadable",
    "read_documents",
    "read_files",
    "recogniser",
    "why_binary",
]
