"""Titles of documents: which ones mean something, and which heading stands in for a missing one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bienc_cli.types import Heading

_MEANINGLESS = re.compile(
    r"untitled.*|.*\bpowerpoint\b.*|microsoft word.*|presentation\s*\d*|word document"
    r"|document\s*\d*|book\s*\d*|title|.*\.(?:docx?|dotx?|pptx?|potx?|xlsx?)",
    re.IGNORECASE,
)
"""Titles that programs write where a person wrote none."""


def says_something(title: str) -> bool:
    """Whether a title in a document's properties was written by a person."""
    return bool(title.strip()) and not _MEANINGLESS.fullmatch(title.strip())


def title_of(headings: Sequence[Heading]) -> str | None:
    """The first heading, if its level is 1."""
    return headings[0].title if headings and headings[0].level == 1 else None
