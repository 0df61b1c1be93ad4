"""What the name of a file and its folders say in words."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import PurePosixPath

_BETWEEN_WORDS = re.compile(r"[\s_.+~-]+|(?<=[a-z])(?=[A-Z])")
_A_WORD = re.compile(r"[^\W\d_]{3}")
"""What a name says something with: `0001` and `a` tell nobody what is in the file."""

_DIGEST = re.compile(r"[0-9a-fA-F]{8,}(?:-[0-9a-fA-F]{4,})*\Z")


_RECORDS = "jsonl"
"""The format whose documents have ids of their own, not paths."""

_RECENT = 16
"""Documents whose words are remembered: those of one are asked for with each of its passages."""


@lru_cache(_RECENT)
def name_words(doc_id: str, format_name: str) -> str:
    """The words of a file's name without its suffix; "" for records and for mere numbers.

    `Lease_Zebrowski.txt` is "Lease Zebrowski".

    Args:
        doc_id: a document's.
        format_name: its format.
    """
    return _words(PurePosixPath(doc_id).stem) if format_name != _RECORDS else ""


@lru_cache(_RECENT)
def folder_words(doc_id: str, format_name: str) -> str:
    """Likewise of the folders that it lies in, under the indexed root."""
    folders = PurePosixPath(doc_id).parts[:-1] if format_name != _RECORDS else ()
    return " ".join(filter(None, map(_words, folders)))


def _words(name: str) -> str:
    said = " ".join(filter(None, _BETWEEN_WORDS.split(name)))
    return said if _A_WORD.search(said) and not _DIGEST.match(name) else ""
