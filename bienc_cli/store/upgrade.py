"""Catalogs of earlier formats: what they look like, and what makes them of this one.

The next writer does it, inside its transaction: until that commits the old format stands, and
what was in it is in no doubt. Only what is derived may be left for the commit to make.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from bienc_cli.store import schema
from bienc_cli.store.checksums import checksum_of
from bienc_cli.store.schema import FORMAT_VERSION


@dataclass(frozen=True, slots=True)
class EarlierFormat:
    """A format that can be brought up to the one after it.

    Attributes:
        statements: its tables, to the letter.
        implied: tables that SQLite makes by itself for those.
        steps: what brings it up, each given the writer's connection.
        refills_words: its steps leave the word index to be filled by the commit.
    """

    statements: tuple[str, ...]
    implied: frozenset[str]
    steps: tuple[Callable[[sqlite3.Connection], None], ...]
    refills_words: bool = False


def _replace_full_text_table(connection: sqlite3.Connection) -> None:
    """Format 1 had the word index in a table of FTS5; the commit fills those that replace it."""
    connection.execute("DROP TABLE passage_words")
    for statement in schema.WORD_INDEX:
        connection.execute(statement)


def _add_codes(connection: sqlite3.Connection) -> None:
    """Format 1 had no codes; the commit makes them where there are vectors enough."""
    connection.execute(schema.CODES)


def _add_outcomes(connection: sqlite3.Connection) -> None:
    """Formats 1 and 2 took every file for whole, and told it by size and time alone."""
    for column in schema.OUTCOME_COLUMNS:
        connection.execute(f"ALTER TABLE files ADD COLUMN {column}")
    rows = connection.execute(
        "SELECT id, root_id, path, size, mtime_ns, digest, reader, checksum FROM files"
    ).fetchall()
    connection.executemany(
        "UPDATE files SET checksum = ? WHERE id = ?",
        [
            (checksum_of(*row, 0, 0, "whole", "", 0), row[0])
            for *row, checksum in rows
            # A damaged row stays one.
            if checksum == checksum_of(*row)
        ],
    )


_FORMAT_2 = tuple(
    schema.FILES.format(outcome="") if one.startswith("CREATE TABLE files") else one
    for one in schema.STATEMENTS
)

EARLIER = {
    2: EarlierFormat(statements=_FORMAT_2, implied=schema.IMPLIED, steps=(_add_outcomes,)),
    1: EarlierFormat(
        statements=(
            *(one for one in _FORMAT_2 if one not in (*schema.WORD_INDEX, schema.CODES)),
            "CREATE VIRTUAL TABLE passage_words "
            "USING fts5(text, content='', tokenize='porter unicode61')",
        ),
        implied=schema.IMPLIED
        | {f"passage_words_{part}" for part in ("data", "idx", "docsize", "config")},
        steps=(_replace_full_text_table, _add_codes),
        refills_words=True,
    ),
}


def is_intact(connection: sqlite3.Connection, version: int) -> bool:
    """Whether the schema is the one of an earlier version, to the letter."""
    earlier = EARLIER[version]
    return schema.is_intact(connection, earlier.statements, earlier.implied)


def refills_words(version: int) -> bool:
    """Whether the word index has yet to be filled in what was of this version."""
    return any(EARLIER[earlier].refills_words for earlier in range(version, FORMAT_VERSION))


def upgrade(connection: sqlite3.Connection, version: int) -> None:
    """Bring an earlier version's tables up to this one; see `refills_words`."""
    for earlier in range(version, FORMAT_VERSION):
        for step in EARLIER[earlier].steps:
            step(connection)
    connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
