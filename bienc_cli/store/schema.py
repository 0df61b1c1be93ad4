"""The tables of `catalog.sqlite`, and the version of their shape.

`files` and everything below it hang together by foreign keys that cascade; texts are deleted with
their document by hand. A row of `vectors` says at which row of the file of vectors the vector of a
text is, shared by all passages with the same embedded text. `unused` has the rows of that file that
no passage uses, until they are left behind when the file is written anew.

Rows from which answers are made carry a checksum of their own. SQLite notices when its
structure is broken, not when a number or a letter in it has changed.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Container, Iterable

FORMAT_VERSION = 5
"""Raised whenever an older program could not read, or would misread, what is written."""

APPLICATION_ID = 0x62696E63
"""`binc`: tells a catalog from any other SQLite file."""

POSTINGS = """CREATE TABLE postings (
    block INTEGER NOT NULL,
    word TEXT NOT NULL,
    count INTEGER NOT NULL,
    postings BLOB NOT NULL,
    checksum INTEGER NOT NULL,
    UNIQUE (block, word)
) STRICT"""
"""With row ids: in a table that is ordered by its key, a look for a word reads all of each row that
it passes, and rows are up to 300 KB long."""

WORD_INDEX = (
    POSTINGS,
    """CREATE TABLE lengths (
    block INTEGER PRIMARY KEY,
    count INTEGER NOT NULL,
    lengths BLOB NOT NULL,
    checksum INTEGER NOT NULL
) STRICT""",
)
"""Of `words.py`; made from the texts."""

RECENT = """CREATE TABLE recent (
    word TEXT NOT NULL,
    passage INTEGER NOT NULL,
    frequency INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (word, passage)
) STRICT, WITHOUT ROWID"""
"""Of `words.py`: what has changed in few passages since the blocks were written."""

CODES = """CREATE TABLE codes (
    block INTEGER PRIMARY KEY,
    codes BLOB NOT NULL,
    checksum INTEGER NOT NULL
) STRICT"""
"""Of `codes.py`; made from the vectors."""

TEXTS = """CREATE TABLE texts (
    id INTEGER PRIMARY KEY,
    length INTEGER NOT NULL,
    text BLOB NOT NULL,
    checksum INTEGER NOT NULL
) STRICT"""
"""Pieces of texts; apart from `documents`, so that going through those does not drag them along."""

VECTORS = """CREATE TABLE vectors (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE
) STRICT"""

UNUSED = """CREATE TABLE unused (
    vector_id INTEGER PRIMARY KEY,
    ahead INTEGER NOT NULL
) STRICT"""
"""`ahead`: encoded by a run that was interrupted, and not used by any commit yet."""

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
"""Of `files`, since format 3; where an upgrade puts them, so that there is one shape of it."""

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
"""What SQLite made by itself for statements of earlier formats, and never lets go of."""


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
