"""The tables of `catalog.sqlite`, and the version of their format.

`files` and everything below it are linked by cascading foreign keys; only texts are deleted
explicitly with their document. A row of `vectors` maps an embedded text, which passages share, to
its row in the vector file. `unused` lists the rows of that file that no passage uses, until a
rewrite drops them.

Rows that answers are made from carry their own checksum. SQLite notices a broken structure, but not
a changed number or letter.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Container, Iterable

FORMAT_VERSION = 5
"""Increased whenever an older program could not read what is written, or would misread it."""

APPLICATION_ID = 0x62696E63
"""`binc`: distinguishes a catalog from any other SQLite file."""

POSTINGS = """CREATE TABLE postings (
    block INTEGER NOT NULL,
    word TEXT NOT NULL,
    count INTEGER NOT NULL,
    postings BLOB NOT NULL,
    checksum INTEGER NOT NULL,
    UNIQUE (block, word)
) STRICT"""
"""With row ids: in a table ordered by its key, a lookup reads every row it passes in full, and rows
are up to 300 KB long."""

WORD_INDEX = (
    POSTINGS,
    """CREATE TABLE lengths (
    block INTEGER PRIMARY KEY,
    count INTEGER NOT NULL,
    lengths BLOB NOT NULL,
    checksum INTEGER NOT NULL
) STRICT""",
)
"""Owned by `words.py`; derived from the texts."""

RECENT = """CREATE TABLE recent (
    word TEXT NOT NULL,
    passage INTEGER NOT NULL,
    frequency INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (word, passage)
) STRICT, WITHOUT ROWID"""
"""Owned by `words.py`: small changes since the blocks were written."""

CODES = """CREATE TABLE codes (
    block INTEGER PRIMARY KEY,
    codes BLOB NOT NULL,
    checksum INTEGER NOT NULL
) STRICT"""
"""Owned by `codes.py`; derived from the vectors."""

TEXTS = """CREATE TABLE texts (
    id INTEGER PRIMARY KEY,
    length INTEGER NOT NULL,
    text BLOB NOT NULL,
    checksum INTEGER NOT NULL
) STRICT"""
"""Pieces of texts; separate from `documents`, so that scanning those does not read the texts."""

VECTORS = """CREATE TABLE vectors (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE
) STRICT"""

UNUSED = """CREATE TABLE unused (
    vector_id INTEGER PRIMARY KEY,
    ahead INTEGER NOT NULL
) STRICT"""
"""`ahead`: encoded by an interrupted run, and not used by any commit yet."""

FILES = """CREATE TABLE files (
    id INTEGER PRIMARY KEY,
    root_id INTEGER NOT NULL REFERENCES roots (id) ON DELETE CASCADE,
    path TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    digest BLOB NOT NULL,
    reader TEXT NOT NULL,
    checksum INTEGER NOT NULL{outcome},
    UNIQUE (root_id, path)
) STRICT"""

OUTCOME_COLUMNS = (
    "inode INTEGER NOT NULL DEFAULT 0",
    "ctime_ns INTEGER NOT NULL DEFAULT 0",
    "outcome TEXT NOT NULL DEFAULT 'whole'",
    "code TEXT NOT NULL DEFAULT ''",
    "attempts INTEGER NOT NULL DEFAULT 0",
)
"""Columns of `files` since format 3, in the order an upgrade adds them, so that there is only one
layout."""

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
"""Includes the place in the file: kind, numbers, and the sheet or heading."""

STATEMENTS = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
    """CREATE TABLE roots (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('directory', 'file')),
    settings TEXT NOT NULL
) STRICT""",
    FILES.format(outcome="".join(f", {column}" for column in OUTCOME_COLUMNS)),
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
    TEXTS,
    VECTORS,
    *PASSAGES,
    UNUSED,
    *WORD_INDEX,
    RECENT,
    CODES,
)

IMPLIED = frozenset({"sqlite_sequence"})
"""Created by SQLite itself for statements of earlier formats, and never removed."""


def create(connection: sqlite3.Connection) -> None:
    """Create the tables, inside the current transaction."""
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
    for statement in STATEMENTS:
        connection.execute(statement)


def is_intact(
    connection: sqlite3.Connection,
    statements: Iterable[str] = STATEMENTS,
    implied: Container[str] = IMPLIED,
) -> bool:
    """Whether the schema is exactly this one.

    A catalog may come from anywhere; one with an added trigger or view is not touched.
    """
    created = {
        name: sql
        for name, sql in connection.execute("SELECT name, sql FROM sqlite_master")
        if sql is not None and name not in implied
    }
    return created == {name_of(statement): statement for statement in statements}


def name_of(statement: str) -> str:
    """The name of the table or index that a statement creates."""
    rest = statement.removeprefix("CREATE VIRTUAL ").removeprefix("CREATE ")
    return re.split(r"[ (]", rest)[1]
