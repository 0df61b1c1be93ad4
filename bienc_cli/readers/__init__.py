"""Files to documents: one small module a format, one table that names them.

To add a format, write a module with a `read(path, doc_id)` (see `table.ReadFunction`) and
add its line to `table.FORMATS`.
"""

from bienc_cli.readers.isolation import SourceFile, read_files
from bienc_cli.readers.reading import read_documents, reader_for
from bienc_cli.readers.refusal import why_binary
from bienc_cli.readers.table import (
    BINARY_SUFFIXES,
    FORMATS,
    PDF_ENGINES,
    Reader,
    format_named,
    reader_named,
)
from bienc_cli.readers.wire import Limits

__all__ = [
    "BINARY_SUFFIXES",
    "FORMATS",
    "PDF_ENGINES",
    "Limits",
    "Reader",
    "SourceFile",
    "format_named",
    "read_documents",
    "read_files",
    "reader_for",
    "reader_named",
    "why_binary",
]
