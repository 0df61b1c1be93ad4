"""Reads text files that a user provides, as UTF-8, with clear errors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bienc_cli.errors import PathNotFound, UsageError


def read_lines(path: Path) -> list[tuple[int, str]]:
    """Numbered lines, without line endings, byte order marks and blank lines.

    Raises:
        PathNotFound: the file does not exist.
        UsageError: it cannot be read, or is not UTF-8.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise PathNotFound.at(path) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"'{path}' is not UTF-8.", "convert it: iconv -t UTF-8") from error
    except OSError as error:
        raise UsageError(f"'{path}' cannot be read: {error.strerror}.") from error
    # Files joined by `cat` may each start with a byte order mark.
    lines = [line.removeprefix("\ufeff") for line in text.replace("\r\n", "\n").split("\n")]
    return [(number, line) for number, line in enumerate(lines, 1) if line.strip()]


def parse_json(text: str, what: str) -> Any:
    """Parse a line of JSON.

    Args:
        text: the line.
        what: how to refer to it in a message: `Line 3 of 'queries.jsonl'`.

    Raises:
        UsageError: it is not JSON; says at which character.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise UsageError(f"{what} is not valid JSON from character {error.pos + 1} on.") from error
    except RecursionError as error:
        raise UsageError(f"{what} is not valid JSON: it is nested too deeply.") from error
    except ValueError as error:
        raise UsageError(f"{what} is not valid JSON: {error}.") from error


def first_given(record: Mapping[str, object], *names: str) -> object:
    """The first of these fields that is present and not null; None if none is."""
    return next((record[name] for name in names if record.get(name) is not None), None)
