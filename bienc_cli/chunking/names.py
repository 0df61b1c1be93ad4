"""What the name of a file and its folders say in words."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from bienc_cli.types import Document

_BETWEEN_WORDS = re.compile(r"[\s_.+~-]+|(?<=[a-z0-9])(?=[A-Z])")
_A_WORD = re.compile(r"[^\W\d_]{3}")
"""What a name says something with: `0001` and `a` tell nobody what is in the file."""

_DIGEST = re.compile(r"[0-9a-fA-F]{8,}(?:-[0-9a-fA-F]{4,})*\Z")


def name_words(document: Document) -> str:
    """The words of the file's name without its suffix; "" for records and for mere numbers.

    `Lease_Zebrowski.txt` is "Lease Zebrowski".
    """
    return _words(PurePosixPath(document.doc_id).stem) if _is_file(document) else ""


def folder_words(document: Document) -> str:
    """Likewise of the folders that it lies in, under the indexed root."""
    folders = PurePosixPath(document.doc_id).parts[:-1] if _is_file(document) else ()
    return " ".join(filter(None, map(_words, folders)))


def _is_file(document: Document) -> bool:
    # The records of a collection have ids of their own.
    return document.format != "jsonl"


def _words(name: str) -> str:
    said = " ".join(filter(None, _BETWEEN_WORDS.split(name)))
    return said if _A_WORD.search(said) and not _DIGEST.match(name) else ""
