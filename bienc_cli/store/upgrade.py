"""Catalogs of earlier formats: what they look like, and what makes them of this one.

The next writer does it, inside its transaction: until that commits the old format stands, and
what was in it is in no doubt. Only what is derived may be left for the commit to make.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from bienc_cli.store import schema
from bienc_cli.store.schema import FORMAT_VERSION


@dataclass(frozen=True, slots=True)
class EarlierFormat:
    """A format that can be brought up to the one after it.

    Attributes:
        statements: its tables, to the letter.
        implied: tables that SQLite makes by itself for those.
        steps: what brings it up, each given the writer's connection.
    """

    statements: tuple[str, ...]
    implied: frozenset[str]
    steps: tuple[Callable[[sqlite3.Connection], None], ...]


def _replace_full_text_table(connection: sqlite3.Connection) -> None:
    """Format 1 had the word index in a table of FTS5; the commit fills those that replace it."""
    connection.execute("DROP TABLE passage_words")
    for statement in schema.WORD_INDEX:
        connection.execute(statement)


def _add_codes(connection: sqlite3.Connection) -> None:
    """Format 1 had no codes; the commit makes them where there are vectors enough."""
    connection.execute(schema.CODES)


EARLIER = {
    1: EarlierFormat(
        statements=(
            *(one for one in schema.STATEMENTS if one not in (*schema.WORD_INDEX, schema.CODES)),
            "CREATE VIRTUAL TABLE passage_words "
            "USING fts5(text, content='', tokenize='porter unicode61')",
        ),
        implied=schema.IMPLIED
        | {f"passage_words_{part}" for part in ("data", "idx", "docsize", "config")},
        steps=(_replace_full_text_table, _add_codes),
    ),
}


def is_intact(connection: sqlite3.Connection, version: int) -> bool:
    """Whether the schema is the one of an earlier version, to the letter."""
    earlier = EARLIER[version]
    return schema.is_intact(connection, earlier.statements, earlier.implied)


def upgrade(connection: sqlite3.Connection, version: int) -> None:
    """Bring an earlier version's tables up to this one; the word index has yet to be filled."""
    for earlier in range(version, FORMAT_VERSION):
        for step in EARLIER[earlier].steps:
            step(connection)
    connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
