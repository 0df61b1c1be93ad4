"""Where each setting came from: flag > what the index recorded > environment > files > default.

A flag that contradicts the index is an error, never a silent choice: vectors of two models,
or passages cut in two ways, do not belong in one index.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Generic, TypeVar

from bienc_cli.errors import IndexMismatch

T = TypeVar("T")


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
class Setting(Generic[T]):
    """A value and who decided it.

    Attributes:
        where: the file or the variable, where there is one.
    """

    value: T
    source: Origin
    where: Path | str | None = None


def resolve(
    flag_name: str,
    *,
    flag: T | None,
    recorded: T | None,
    environment: T | None,
    default: T,
    remedy: str,
) -> Setting[T]:
    """Decide one setting.

    Args:
        flag_name: as the user types it, for the message: `--model`.
        flag: what was given on the command line.
        recorded: what the index was made with; None where there is no index yet.
        environment: what the environment says.
        default: what holds if nobody said anything.
        remedy: hint for a contradiction.

    Raises:
        IndexMismatch: the flag contradicts the index.
    """
    if recorded is not None:
        if flag is not None and flag != recorded:
            raise IndexMismatch(
                f"This index was made with {flag_name} {recorded}, not {flag}.", remedy
            )
        return Setting(recorded, Origin.FLAG if flag is not None else Origin.INDEX)
    if flag is not None:
        return Setting(flag, Origin.FLAG)
    if environment is not None:
        return Setting(environment, Origin.ENVIRONMENT)
    return Setting(default, Origin.DEFAULT)
