"""What stands beside the core: other places for an index, other hands for the work.

Each wing is a package that the core does not know; it is named here, and imported when somebody
asks for it by its prefix or its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType

from bienc_cli.store import RemotePlace

PLACES = {"milvus+": "bienc_cli.milvus.address"}
"""Modules by how the addresses of their indexes begin; each has `place(text, base, variables)`."""

WORKERS = {"ray": "bienc_cli.ray"}
"""Modules by their name; each has what hires its workers."""


def remote_place(text: str, base: Path, variables: Mapping[str, str]) -> RemotePlace | None:
    """The place that an address names; None where it is the path of a directory.

    Args:
        text: as it was typed.
        base: relative paths are below it; absolute.
        variables: of the environment, for what a server asks for.

    Raises:
        UsageError: the address is malformed.
    """
    for prefix, module in PLACES.items():
        if text.startswith(prefix):
            found: RemotePlace = import_module(module).place(text, base, variables)
            return found
    return None


def workers(name: str) -> ModuleType:
    """The wing of some workers."""
    return import_module(WORKERS[name])
