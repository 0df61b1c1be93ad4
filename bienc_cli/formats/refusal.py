"""Explains why a binary file is not read, and what would make it readable."""

from __future__ import annotations

from bienc_cli.formats.ocr import advice
from bienc_cli.formats.table import IMAGE

_KINDS = (
    (
        ".zip .gz .tgz .bz2 .tbz2 .xz .txz .zst .lz .lz4 .lzma .7z .rar .tar .cab",
        "an archive",
        "unpack it to have its files read",
    ),
    (".doc .dot", "a Word document from before 2007", "save it as .docx"),
    (".xls .xlt", "an Excel workbook from before 2007", "save it as .xlsx"),
    (".xlsb", "a binary Excel workbook", "save it as .xlsx"),
    (".ppt .pps", "a presentation from before 2007", "save it as .pptx"),
    (".msg", "an Outlook message", "save it as .eml"),
    (".pst .ost", "an Outlook mailbox", "export it as .mbox or .eml"),
    (".pages", "a Pages document", "export it as .docx"),
    (".numbers", "a Numbers spreadsheet", "export it as .xlsx"),
    (".mobi .azw .azw3", "a Kindle book", "convert it to .epub"),
)


def why_binary(suffix: str) -> str:
    """The reason for skipping a binary file with this suffix (lower case, with the dot)."""
    if suffix in IMAGE.suffixes:
        return f"a picture ({suffix}); {advice()}"
    return what_to_do(suffix) or f"a binary file ({suffix})"


def what_to_do(suffix: str) -> str | None:
    """What a file with this suffix is and how to make it readable; None if nothing helps."""
    for suffixes, kind, otherwise in _KINDS:
        if suffix in suffixes.split():
            return f"{kind} ({suffix}); {otherwise}"
    return None
