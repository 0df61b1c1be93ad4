"""The checksum that rows of the catalog carry."""

from __future__ import annotations

import xxhash


def checksum_of(*values: int | str | bytes | None) -> int:
    """xxh3_64 of a row's values, as SQLite stores integers (signed)."""
    return xxhash.xxh3_64_intdigest(repr(values).encode()) - (1 << 63)
