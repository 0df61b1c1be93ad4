"""Names the optional packages: other places for an index, other workers.

The core knows none of them; each is named here, and imported when somebody asks for it by prefix or
name.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType

from bienc_cli.store import RemotePlace

PLACES = {"milvus+": "bienc_cli.milvus.address"}
"""Modules by the prefix of their indexes' addresses; each has `place(text, base, variables)`."""

WORKERS = {"ray": "bienc_cli.ray"}
"""Modules by name; each can start its workers."""


def remote_place(text: str, base: Path, variables: Mapping[str, str]) -> RemotePlace | None:
    """The place that an address names; None if it is the path of a directory.

    Args:
        text: as it was typed.
        base: absolute; relative paths are below it.
        variables: environment variables, for a server's credentials.

    Raises:
        UsageError: the address is malformed.
    """
    for prefix, module in PLACES.items():
        if text.startswith(prefix):
            place: RemotePlace = import_module(module).place(text, base, variables)
            return place
    return None


def workers(name: str) -> ModuleType:
    """The module of some workers."""
    return import_module(WORKERS[name])
