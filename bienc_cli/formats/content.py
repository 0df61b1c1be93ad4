"""Detects a file's format by its first and last bytes where its name does not tell or is wrong."""

from __future__ import annotations

import os
import re
from typing import BinaryIO

from bienc_cli.formats.binary import OLD_OFFICE_SUFFIXES
from bienc_cli.formats.decoding import looks_binary
from bienc_cli.formats.table import FORMATS, Format, ReadingOptions, pdf_format

_SNIFFED = 8192
"""Bytes examined to tell text from binary, the number that git uses."""

_DIRECTORY = 1 << 16
"""Bytes at the end of a ZIP archive, where the names of its parts are."""

MAILBOX_LINE = re.compile(
    rb"From \S[^\n]*\s(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),?\s[^\n]*\d{1,2}:\d\d[^\n]*\d{4}"
)
"""The line before a message in a mailbox: a sender and a time. Bodies have lines like
"From here on"."""

MMDF_LINE = b"\1\1\1\1"
"""The line before and after each message in an MMDF mailbox."""

_MESSAGE_START = re.compile(
    rb"(?:return-path|received|delivered-to|message-id|from|to|date|subject|mime-version"
    rb"|dkim-signature|authentication-results|x-[\w-]+):[ \t]",
    re.IGNORECASE,
)
_MESSAGE_FIELD = re.compile(rb"^(?:message-id|mime-version):[ \t]", re.IGNORECASE | re.MULTILINE)
"""Both together identify a message without a suffix, as in a mail folder."""

MANUAL_PAGE = re.compile(rb"\s*(?=[.'])(?:[^\n]*\n)*?\.(?:TH|Dd|Dt)[ \t]")
"""The start of a manual page, whatever its suffix: an old log may end in `.1` too."""

_JSON = re.compile(rb'[\[{]\s*["{\[]')
_PAGE = tuple(f"<{name}".encode() for name in "!doctype html head body table meta".split())
_WHOLE_PAGE = (b"<!doctype html", b"<html")

_PACKAGES = (
    (b"word/document", "docx"),
    (b"xl/workbook", "xlsx"),
    (b"ppt/presentation", "pptx"),
)
# The first part of an archive, stored uncompressed: its header, name and content.
_MEDIA_TYPE = re.compile(
    rb"PK\x03\x04.{26}mimetype(application/[\w.+-]+?)(?:-template)?PK", re.DOTALL
)
_MEDIA_TYPES = {
    b"application/epub+zip": "epub",
    b"application/vnd.oasis.opendocument.text": "odt",
    b"application/vnd.oasis.opendocument.spreadsheet": "ods",
    b"application/vnd.oasis.opendocument.presentation": "odp",
    b"application/vnd.oasis.opendocument.graphics": "odp",
}


def content_format(stream: BinaryIO, suffix: str, options: ReadingOptions) -> Format | None:
    """The format of a stream's content; None if it is binary.

    Args:
        stream: positioned at its start.
        suffix: of the file, lower case; tab-separated text named like a spreadsheet is a table.
        options: select among readers of one format.

    Raises:
        OSError: it cannot be read.
        UsageError: there is no such PDF engine.
    """
    head = stream.read(_SNIFFED)
    # A log truncated while its program goes on writing begins with NULs.
    while head and not head.strip(b"\0"):
        head = stream.read(_SNIFFED)
    if head.startswith(b"%PDF-"):
        return pdf_format(options)
    if head.startswith(b"PK\3\4"):
        return _packed(head, stream)
    if (name := _name_of_mail(head)) is not None:
        return FORMATS[name]
    if looks_binary(head):
        return None
    return FORMATS[_name_of_text(head, suffix)]


def disguised_format(stream: BinaryIO, called: Format, options: ReadingOptions) -> Format | None:
    """The format of a file whose name suggests text but whose start identifies another format.

    Args:
        stream: positioned at its start.
        called: the format that the name suggests.
        options: select among readers of one format.

    Returns:
        None if the start identifies no other format.

    Raises:
        OSError: it cannot be read.
        UsageError: there is no such PDF engine.
    """
    head = stream.read(_SNIFFED)
    if head.startswith(b"%PDF-"):
        return pdf_format(options)
    if head.startswith(b"PK\3\4"):
        return _packed(head, stream)
    if head.startswith(b"{\\rtf"):
        return FORMATS["rtf"]
    if called.name != "text":
        return None
    if (name := _name_of_mail(head)) is not None:
        return FORMATS[name]
    return FORMATS["html"] if _text_start(head).startswith(_WHOLE_PAGE) else None


def _packed(head: bytes, stream: BinaryIO) -> Format | None:
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(size - _DIRECTORY, 0))
    parts = head + stream.read()
    media_type = _MEDIA_TYPE.match(head)
    if media_type is not None:
        name = _MEDIA_TYPES.get(media_type[1])
    else:
        name = next((name for part, name in _PACKAGES if part in parts), None)
    return None if name is None else FORMATS[name]


def _name_of_mail(head: bytes) -> str | None:
    if MAILBOX_LINE.match(head) or head.startswith(MMDF_LINE):
        return "mbox"
    return "mail" if _MESSAGE_START.match(head) and _MESSAGE_FIELD.search(head) else None


def _text_start(head: bytes) -> bytes:
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()


def _name_of_text(head: bytes, suffix: str) -> str:
    if MANUAL_PAGE.match(head):
        return "man"
    start = _text_start(head)
    if start.startswith(b"{\\rtf"):
        return "rtf"
    if start.startswith(_PAGE) or (
        start.startswith(b"<?xml") and any(mark in start for mark in _WHOLE_PAGE)
    ):
        return "html"
    if start.startswith(b"<?xml") and b"<office:document" in start:
        return "odt"
    if _JSON.match(start):
        return "json"
    if start.startswith(b"#!"):
        return "code"
    return "csv" if suffix in OLD_OFFICE_SUFFIXES and b"\t" in head else "text"
