"""The tables of `catalog.sqlite`, and the version of their shape.

`files` and everything below it hang together by foreign keys that cascade. Vectors are shared
by all passages with the same embedded text and are collected when the last of them is gone.
Their ids are never used twice, so a graph's label can go stale but cannot come to mean
another vector; `tombstones` tells a label that went stale from a row that was lost.

Rows from which answers are made carry a checksum of their own. SQLite notices when its
structure is broken, not when a number or a letter in it has changed.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Container, Iterable

FORMAT_VERSION = 3
"""Raised whenever an older program could not read, or would misread, what is written."""

APPLICATION_ID = 0x62696E63
"""`binc`: tells a catalog from any other SQLite file."""

WORD_INDEX = (
    """CREATE TABLE postings (
    block INTEGER NOT NULL,
    word TEXT NOT NULL,
    count INTEGER NOT NULL,
    postings BLOB NOT NULL,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (block, word)
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE lengths (
    block INTEGER PRIMARY KEY,
    count INTEGER NOT NULL,
    lengths BLOB NOT NULL,
    checksum INTEGER NOT NULL
) STRICT""",
)
"""Of `postings.py`; made from the texts."""

CODES = """CREATE TABLE codes (
    first_id INTEGER PRIMARY KEY,
    ids BLOB NOT NULL,
    codes BLOB NOT NULL,
    checksum INTEGER NOT NULL
) STRICT"""
"""Of `codes.py`; made from the vectors."""

PASSAGES = (
    """CREATE TABLE passages (
    id INTEGER PRIMARY KEY,
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    place TEXT NOT NULL,
    first INTEGER,
    last INTEGER,
    name TEXT NOT NULL,
    recognised INTEGER NOT NULL,
    heading TEXT NOT NULL,
    context TEXT NOT NULL,
    vector_id INTEGER NOT NULL REFERENCES vectors (id),
    checksum INTEGER NOT NULL
) STRICT""",
    "CREATE INDEX passages_of_document ON passages (document_id)",
    "CREATE INDEX passages_of_vector ON passages (vector_id)",
)
"""With where each stands in its file: the kind of place, its numbers, a sheet or a heading."""

STATEMENTS = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
    """CREATE TABLE roots (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('directory', 'file')),
    settings TEXT NOT NULL
) STRICT""",
    """CREATE TABLE files (
    id INTEGER PRIMARY KEY,
    root_id INTEGER NOT NULL REFERENCES roots (id) ON DELETE CASCADE,
    path TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    digest BLOB NOT NULL,
    reader TEXT NOT NULL,
    checksum INTEGER NOT NULL,
    UNIQUE (root_id, path)
) STRICT""",
    """CREATE TABLE skips (
    id INTEGER PRIMARY KEY,
    root_id INTEGER NOT NULL REFERENCES roots (id) ON DELETE CASCADE,
    file_id INTEGER REFERENCES files (id) ON DELETE CASCADE,
    path TEXT NOT NULL,
    code TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT""",
    "CREATE INDEX skips_of_file ON skips (file_id)",
    "CREATE INDEX skips_of_root ON skips (root_id)",
    """CREATE TABLE documents (
    id INTEGER PRIMARY KEY,
    file_id INTEGER NOT NULL REFERENCES files (id) ON DELETE CASCADE,
    doc_id TEXT NOT NULL,
    title TEXT,
    format TEXT NOT NULL,
    digest BLOB NOT NULL,
    checksum INTEGER NOT NULL
) STRICT""",
    "CREATE INDEX documents_of_file ON documents (file_id)",
    # Apart from `documents`, so that going through those does not drag the texts along.
    """CREATE TABLE texts (
    document_id INTEGER PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE,
    length INTEGER NOT NULL,
    text BLOB NOT NULL
) STRICT""",
    # A vector is NULL while its text waits to be encoded, never in a committed generation.
    """CREATE TABLE vectors (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    digest BLOB NOT NULL UNIQUE,
    vector BLOB,
    checksum INTEGER
) STRICT""",
    *PASSAGES,
    "CREATE TABLE tombstones (vector_id INTEGER PRIMARY KEY) STRICT",
    *WORD_INDEX,
    CODES,
)

IMPLIED = frozenset({"sqlite_sequence"})
"""What SQLite makes by itself for these statements."""


def create(connection: sqlite3.Connection) -> None:
    """Make the tables, inside the transaction that has been begun."""
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
    for statement in STATEMENTS:
        connection.execute(statement)


def is_intact(
    connection: sqlite3.Connection,
    statements: Iterable[str] = STATEMENTS,
    implied: Container[str] = IMPLIED,
) -> bool:
    """Whether the schema is this one, to the letter.

    A catalog may come from anywhere; one with a trigger or a view in it is not touched.
    """
    found = {
        name: sql
        for name, sql in connection.execute("SELECT name, sql FROM sqlite_master")
        if sql is not None and name not in implied
    }
    return found == {name_of(statement): statement for statement in statements}


def name_of(statement: str) -> str:
    """Of the table or index that a statement makes."""
    rest = statement.removeprefix("CREATE VIRTUAL ").removeprefix("CREATE ")
    return re.split(r"[ (]", rest)[1]
