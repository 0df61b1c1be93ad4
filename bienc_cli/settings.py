"""A setting and where it came from: flag > what the index recorded > environment > files > default.

A flag that contradicts the index is an error, never a silent choice: vectors of two models,
or passages cut in two ways, do not belong in one index.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Generic, TypeVar

Value = TypeVar("Value")

WAIT_SECONDS = 30.0
"""For another writer. A run that encodes makes room within a few; what takes longer is worth a
word."""


class Origin(StrEnum):
    """Who decided."""

    FLAG = "flag"
    INDEX = "index"
    ENVIRONMENT = "environment"
    FOLDER = "folder"
    """A file of settings in the folder, or above it."""
    USER = "user"
    """The user's own file of settings."""
    FOUND = "found"
    """Nobody: it lies here, or above."""
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Setting(Generic[Value]):
    """A value and who decided it.

    Attributes:
        where: the file or the variable, where there is one.
    """

    value: Value
    source: Origin
    where: Path | str | None = None
