"""An error as JSON."""

from __future__ import annotations

from typing import Any

from bienc_cli.render.printable import visible

SCHEMA = "bienc.error/1"


def error_as_json(code: str, message: str, hint: str | None) -> dict[str, Any]:
    """The envelope that every command prints when it fails."""
    return {
        "schema": SCHEMA,
        "error": {"code": code, "message": visible(message), "hint": hint and visible(hint)},
    }
