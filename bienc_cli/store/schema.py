"""The tables of `catalog.sqlite`, and the version of their shape.

`files` and everything below it hang together by foreign keys that cascade: forgetting a file
forgets its documents, texts and passages. Vectors are shared by all passages with the same
embedded text and are collected when the last of them is gone. Their ids are never used
twice, so a graph's label can go stale but cannot come to mean another vector.
"""

from __future__ import annotations

FORMAT_VERSION = 1
"""Raised whenever an older program could not read, or would misread, what is written."""

APPLICATION_ID = 0x62696E63
"""`binc`: tells a catalog from any other SQLite file."""

TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE roots (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,
    settings TEXT NOT NULL
) STRICT;

CREATE TABLE files (
    id INTEGER PRIMARY KEY,
    root_id INTEGER NOT NULL REFERENCES roots (id) ON DELETE CASCADE,
    path TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    digest BLOB NOT NULL,
    reader TEXT NOT NULL,
    UNIQUE (root_id, path)
) STRICT;

CREATE TABLE skips (
    id INTEGER PRIMARY KEY,
    root_id INTEGER NOT NULL REFERENCES roots (id) ON DELETE CASCADE,
    file_id INTEGER REFERENCES files (id) ON DELETE CASCADE,
    path TEXT NOT NULL,
    code TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT;
CREATE INDEX skips_of_file ON skips (file_id);
CREATE INDEX skips_of_root ON skips (root_id);

CREATE TABLE documents (
    id INTEGER PRIMARY KEY,
    file_id INTEGER NOT NULL REFERENCES files (id) ON DELETE CASCADE,
    doc_id TEXT NOT NULL,
    title TEXT,
    format TEXT NOT NULL,
    digest BLOB NOT NULL
) STRICT;
CREATE INDEX documents_of_file ON documents (file_id);

CREATE TABLE texts (
    document_id INTEGER PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE,
    text BLOB NOT NULL
) STRICT;

CREATE TABLE vectors (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    digest BLOB NOT NULL UNIQUE,
    vector BLOB
) STRICT;

CREATE TABLE passages (
    id INTEGER PRIMARY KEY,
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    line_start INTEGER NOT NULL,
    line_end INTEGER NOT NULL,
    page INTEGER,
    heading TEXT NOT NULL,
    context TEXT NOT NULL,
    vector_id INTEGER NOT NULL REFERENCES vectors (id)
) STRICT;
CREATE INDEX passages_of_document ON passages (document_id);
CREATE INDEX passages_of_vector ON passages (vector_id);
"""
