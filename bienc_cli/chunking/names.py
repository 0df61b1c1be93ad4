"""Extracts words from the names of files and folders."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import PurePosixPath
from urllib.parse import unquote

from bienc_cli.types import Document

_BETWEEN_WORDS = re.compile(r"[\s_.+~-]+|(?<=[a-z])(?=[A-Z])")
_A_WORD = re.compile(r"[^\W\d_]{3}")
"""A name without this says nothing about the file: `0001`, `a`."""

_DATE = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d\d)(?:"
    r"(?P<between>[-_.]?)(?P<month>0[1-9]|1[0-2])(?P=between)(?P<day>0[1-9]|[12]\d|3[01])"
    r"|[-_.](?P<month_or_week>0[1-9]|1[0-2]|[wW][0-5]\d))(?!\.?\d|[^\W_])"
)
"""A day, as in names of a diary's notes, or a month or a week; a longer number is none."""

_DIGEST = re.compile(r"[0-9a-fA-F]{8,}(?:-[0-9a-fA-F]{4,})*\Z")

_RECORDS = "jsonl"
"""The format whose documents have their own ids instead of paths."""

_CODE = "code"
"""The format whose titles are sentences about a file instead of names."""

_RECENT = 16
"""Cached documents: each passage needs the words of its document."""


@lru_cache(_RECENT)
def name_words(doc_id: str, format_name: str) -> str:
    """The words of a file's name without its suffix; "" for records and for plain numbers.

    `Lease_Zebrowski.txt` gives "Lease Zebrowski"; dates are kept whole, as `2025-06-03`.

    Args:
        doc_id: id of the document.
        format_name: name of its format.
    """
    return _words(PurePosixPath(doc_id).stem) if format_name != _RECORDS else ""


def called(document: Document) -> str:
    """The name in front of a document's passages: its title, or else the words of its file name.

    For source code the file name comes first. The title is a sentence of a docstring, which would
    drown out a short function (`benchmarks/code_passages.py`); BM25 has the words of both
    (`store/searched_text.py`).
    """
    name = name_words(document.doc_id, document.format)
    title = document.title or ""
    return name or title if document.format == _CODE else title or name


@lru_cache(_RECENT)
def folder_words(doc_id: str, format_name: str) -> str:
    """The words of the folders between the indexed root and the file; see `name_words`."""
    folders = PurePosixPath(doc_id).parts[:-1] if format_name != _RECORDS else ()
    return " ".join(filter(None, map(_words, folders)))


def _words(name: str) -> str:
    # Browsers save files under percent-encoded names.
    decoded = unquote(name)
    readable = name if "\ufffd" in decoded else decoded
    parts, end = [], 0
    for date in _DATE.finditer(readable):
        parts += [*_BETWEEN_WORDS.split(readable[end : date.start()]), _iso(date)]
        end = date.end()
    words = " ".join(filter(None, [*parts, *_BETWEEN_WORDS.split(readable[end:])]))
    if _DIGEST.match(name) and not _DATE.fullmatch(name):
        return ""
    return words if parts or _A_WORD.search(words) else ""


def _iso(date: re.Match[str]) -> str:
    if date["day"]:
        return f"{date['year']}-{date['month']}-{date['day']}"
    return f"{date['year']}-{date['month_or_week'].upper()}"
