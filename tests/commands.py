"""Commands as the tests call them, in this process.

from commands import Run, feed, parsed
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., tuple[int, str, str]]
"""The fixture `run`: exit code, output and error output of `main(argv)` with fake models."""


def feed(monkeypatch: pytest.MonkeyPatch, text: str | bytes) -> None:
    """Let the next command read this from its standard input."""
    raw = text.encode() if isinstance(text, str) else text
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))


def parsed(result: tuple[int, str, str], code: int = 0) -> dict[str, Any]:
    """The JSON object that a command printed, and nothing else went wrong."""
    assert result[0] == code, result[2]
    document = json.loads(result[1])
    assert isinstance(document, dict)
    return document


def by_name(document: dict[str, Any]) -> dict[str, Any]:
    """What `compare` measured of each system."""
    return {one["name"]: one for one in document["systems"]}
