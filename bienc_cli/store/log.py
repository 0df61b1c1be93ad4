"""The write-ahead log of a catalog, which is to be no longer than the last commits are."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from bienc_cli.store.catalog import catalog_path, is_at_rest
from bienc_cli.store.privacy import is_own


def take_in_log(directory: Path) -> None:
    """Have a reader that lets go take into the catalog what the log was kept for.

    A commit leaves in the log what somebody reads meanwhile; where a reader is held that follows
    each commit, there would always be one, and the log would grow without end. Nobody is waited
    for, and nothing written to what is not this user's own.
    """
    path = catalog_path(directory)
    # Where it fails, the next one to let go does it, or the next writer.
    with suppress(sqlite3.Error, OSError):
        if is_at_rest(path) or not is_own(directory):
            return
        address = f"{path.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(address, uri=True, timeout=0)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
