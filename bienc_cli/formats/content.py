"""What a file is, by how it begins and ends, where its name does not say it or is wrong."""

from __future__ import annotations

import os
import re
from typing import BinaryIO

from bienc_cli.formats.binary import OLD_OFFICE_SUFFIXES
from bienc_cli.formats.decoding import looks_binary
from bienc_cli.formats.table import FORMATS, Format, ReadingOptions, pdf_format

_SNIFFED = 8192
"""Bytes looked at to tell text from binary: as many as git looks at."""

_DIRECTORY = 1 << 16
"""Bytes at the end of an archive, where the names of its parts stand."""

MAILBOX_LINE = re.compile(
    rb"From \S[^\n]*\s(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),?\s[^\n]*\d{1,2}:\d\d[^\n]*\d{4}"
)
"""The line in front of a message in a mailbox: a sender and a time. Bodies have lines like
"From here on"."""

MMDF_LINE = b"\1\1\1\1"
"""The line in front of a message and behind it in a mailbox of MMDF."""

_MESSAGE_START = re.compile(
    rb"(?:return-path|received|delivered-to|message-id|from|to|date|subject|mime-version"
    rb"|dkim-signature|authentication-results|x-[\w-]+):[ \t]",
    re.IGNORECASE,
)
_MESSAGE_FIELD = re.compile(rb"^(?:message-id|mime-version):[ \t]", re.IGNORECASE | re.MULTILINE)
"""Together, how a message begins that has no suffix, as in a folder of mail."""

MANUAL_PAGE = re.compile(rb"\s*(?=[.'])(?:[^\n]*\n)*?\.(?:TH|Dd|Dt)[ \t]")
"""How a manual page begins, whatever its suffix: `.1` is an old log's as well."""

_JSON = re.compile(rb'[\[{]\s*["{\[]')
_PAGE = tuple(f"<{name}".encode() for name in "!doctype html head body table meta".split())
_WHOLE_PAGE = (b"<!doctype html", b"<html")

_PACKAGES = (
    (b"word/document", "docx"),
    (b"xl/workbook", "xlsx"),
    (b"ppt/presentation", "pptx"),
)
# The first part of an archive, not packed: its header, its name, and what is in it.
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
    """The format of what a stream holds; None where it is binary.

    Args:
        stream: at its start.
        suffix: of the file, lower case; columns that are called a spreadsheet are one.
        options: how it is read where there is a choice.

    Raises:
        OSError: it cannot be read.
        UsageError: no such PDF engine.
    """
    head = stream.read(_SNIFFED)
    # A log that was cut off while a program went on writing begins with a hole.
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
    """What a file that is called some sort of text is instead, as nothing else begins like that.

    Args:
        stream: at its start.
        called: the format that its name calls for.
        options: how it is read where there is a choice.

    Raises:
        OSError: it cannot be read.
        UsageError: no such PDF engine.
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
    found = _MEDIA_TYPE.match(head)
    if found is not None:
        name = _MEDIA_TYPES.get(found[1])
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
