"""A setting and its origin: flag > what the index recorded > environment > files > default.

A flag that contradicts the index is an error, never a silent choice: vectors of two models, or
passages with two lengths, must not be mixed in one index.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Generic, TypeVar

Value = TypeVar("Value")

WAIT_SECONDS = 30.0
"""How long to wait for another writer. A run that encodes makes room within a few seconds; anything
longer is worth telling the user."""


class Origin(StrEnum):
    """Where a setting comes from."""

    FLAG = "flag"
    INDEX = "index"
    ENVIRONMENT = "environment"
    FOLDER = "folder"
    """The settings file in the folder, or above it."""
    USER = "user"
    """The user's own settings file."""
    FOUND = "found"
    """Found here, or in a folder above."""
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Setting(Generic[Value]):
    """A value and its origin.

    Attributes:
        where: the file or variable, if there is one.
    """

    value: Value
    source: Origin
    where: Path | str | None = None
