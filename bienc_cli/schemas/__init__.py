"""JSON schemas (draft 2020-12) of everything that the commands print as JSON.

A schema is named like the `schema` field of the documents it describes. Each file stands for
itself, so what several commands print stands in several files.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from bienc_cli.errors import UsageError


def names() -> tuple[str, ...]:
    """All schemas: `bienc.check/1`, `bienc.compare/3`, ..."""
    shipped = (file.name for file in files(__name__).iterdir())
    stems = sorted(name.removesuffix(".json") for name in shipped if name.endswith(".json"))
    parts = (stem.rpartition("-") for stem in stems)
    return tuple(f"bienc.{command}/{version}" for command, _, version in parts)


def load(name: str) -> dict[str, Any]:
    """One schema.

    Args:
        name: `bienc.query/1`, say.

    Raises:
        UsageError: there is none of that name.
    """
    known = names()
    if name not in known:
        raise UsageError(f"There is no schema '{name}'.", f"give one of: {', '.join(known)}")
    file = files(__name__) / f"{name.removeprefix('bienc.').replace('/', '-')}.json"
    schema: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return schema
