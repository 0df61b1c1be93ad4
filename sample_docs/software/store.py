"""The local store of water levels: one SQLite file, one row a reading."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS reading (
    station TEXT NOT NULL,
    taken_at INTEGER NOT NULL,  -- seconds since 1970, universal time
    level REAL NOT NULL,        -- metres above chart datum
    PRIMARY KEY (station, taken_at)
) WITHOUT ROWID
"""


@dataclass(frozen=True)
class Reading:
    """One measurement of one gauge."""

    station: str
    taken_at: datetime
    level: float


class Store:
    """Readings on disk.

    Safe for one writer and any number of readers; SQLite does the locking.
    """

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path)
        self._connection.execute(_SCHEMA)

    def add(self, readings: Iterable[Reading]) -> int:
        """Keep readings; one that is there already is replaced, since gauges send corrections.

        Returns:
            How many rows were written.
        """
        rows = [(r.station, int(r.taken_at.timestamp()), r.level) for r in readings]
        with self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO reading VALUES (?, ?, ?)", rows)
        return len(rows)

    def between(self, station: str, start: datetime, end: datetime) -> list[Reading]:
        """Readings of a station from `start` up to but not including `end`, oldest first."""
        query = (
            "SELECT taken_at, level FROM reading "
            "WHERE station = ? AND taken_at >= ? AND taken_at < ? ORDER BY taken_at"
        )
        bounds = (station, int(start.timestamp()), int(end.timestamp()))
        with closing(self._connection.execute(query, bounds)) as rows:
            return [Reading(station, datetime.fromtimestamp(at, UTC), level) for at, level in rows]

    def forget_older_than(self, days: int, now: datetime) -> int:
        """Delete readings that are more than `days` days old, and give the space back.

        Returns:
            How many rows were deleted.
        """
        limit = int((now - timedelta(days=days)).timestamp())
        with self._connection:
            deleted = self._connection.execute(
                "DELETE FROM reading WHERE taken_at < ?", (limit,)
            ).rowcount
        if deleted:
            self._connection.execute("VACUUM")
        return deleted

    def close(self) -> None:
        """Close the file; the store is of no use afterwards."""
        self._connection.close()
