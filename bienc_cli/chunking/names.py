"""Extracts words from the names of files and folders."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import PurePosixPath
from urllib.parse import unquote

from bienc_cli.types import Document

_BETWEEN_WORDS = re.compile(r"[\s_.+~-]+|(?<=[a-z])(?=[A-Z])")
_A_WORD = re.compile(r"[^\W\d_]{3}")
"""What makes a name meaningful: `0001` and `a` say nothing about the file."""

_DIGEST = re.compile(r"[0-9a-fA-F]{8,}(?:-[0-9a-fA-F]{4,})*\Z")


_RECORDS = "jsonl"
"""The format whose documents have their own ids instead of paths."""

_CODE = "code"
"""The format whose titles are sentences about a file instead of names."""

_RECENT = 16
"""Documents whose words are cached: they are needed for each of a document's passages."""


@lru_cache(_RECENT)
def name_words(doc_id: str, format_name: str) -> str:
    """The words of a file's name without its suffix; "" for records and for mere numbers.

    `Lease_Zebrowski.txt` gives "Lease Zebrowski".

    Args:
        doc_id: a document's.
        format_name: its format.
    """
    return _words(PurePosixPath(doc_id).stem) if format_name != _RECORDS else ""


def called(document: Document) -> str:
    """What stands in front of a document's passages: its title, or else the words of its name.

    Of source code the name comes first. Its title is a sentence of a docstring, and in front of
    a short function it hides what the function says (`benchmarks/code_passages.py`); BM25 has the
    words of both (`store/searched_text.py`).
    """
    name = name_words(document.doc_id, document.format)
    title = document.title or ""
    return name or title if document.format == _CODE else title or name


@lru_cache(_RECENT)
def folder_words(doc_id: str, format_name: str) -> str:
    """Likewise for the folders it is in, under the indexed root."""
    folders = PurePosixPath(doc_id).parts[:-1] if format_name != _RECORDS else ()
    return " ".join(filter(None, map(_words, folders)))


def _words(name: str) -> str:
    # Browsers save files under percent-encoded names.
    read = unquote(name)
    said = " ".join(filter(None, _BETWEEN_WORDS.split(name if "\ufffd" in read else read)))
    return said if _A_WORD.search(said) and not _DIGEST.match(name) else ""
