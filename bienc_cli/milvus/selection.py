"""A filter, resolved against one generation: the condition on the passages that count."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from bienc_cli.milvus.schema import all_of, among
from bienc_cli.patterns import PathFilter
from bienc_cli.store.protocol import Filter

NOTHING = "id in []"
"""The condition that no passage meets; it is not asked, only recognised."""

Placed = tuple[int, tuple[str, ...]]
"""A file's id, and the paths that it may be named by: under its root, and from where people are."""


def condition(alive: str, where: Filter | None, files: Callable[[], Iterable[Placed]]) -> str:
    """The condition that a passage counts.

    Patterns mean what they mean in `.gitignore`, which no condition of Milvus can say; so they
    are matched here, against the list of files, and Milvus is given the files that match, or
    those that do not where they are fewer.

    Args:
        alive: that it belongs to the generation.
        where: the filter.
        files: gives all files; asked only where paths are filtered.

    Raises:
        UsageError: a pattern is malformed.
    """
    if not where:
        return alive
    parts = [alive]
    if where.formats:
        parts.append(among("format", where.formats))
    if where.paths:
        asked = PathFilter(where.paths)
        inside: list[int] = []
        outside: list[int] = []
        for file_id, names in files():
            named = asked.matches(name.lstrip("/") for name in names)
            (inside if named else outside).append(file_id)
        if not inside:
            return NOTHING
        if outside and len(inside) <= len(outside):
            parts.append(among("file_id", inside))
        elif outside:
            parts.append(among("file_id", outside, out=True))
    return all_of(*parts)
