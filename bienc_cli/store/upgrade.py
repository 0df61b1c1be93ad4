"""Catalogs of earlier formats: what they look like, and what makes them of this one.

The next writer does it, inside its transaction: until that commits the old format stands, and
what was in it is in no doubt. Only what is derived may be left for the commit to make.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from bienc_cli.store import schema
from bienc_cli.store.schema import FORMAT_VERSION, name_of

_PASSAGES_OF_2 = """CREATE TABLE passages (
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
    vector_id INTEGER NOT NULL REFERENCES vectors (id),
    checksum INTEGER NOT NULL
) STRICT"""

_OTHERWISE_IN_2 = {name_of(statement): statement for statement in (_PASSAGES_OF_2,)}

_STATEMENTS_OF_2 = tuple(
    _OTHERWISE_IN_2.get(name_of(statement), statement) for statement in schema.STATEMENTS
)

_WITHOUT_NUMBERS = ("docx", "html")
"""Formats whose lines, until format 2, were those of the text that was taken out of the file."""


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


def _put_places(connection: sqlite3.Connection) -> None:
    """Format 2 had two lines and a page, and in some files these lines were none of the file's."""
    for index in ("passages_of_document", "passages_of_vector"):
        connection.execute(f"DROP INDEX {index}")
    connection.execute("ALTER TABLE passages RENAME TO passages_of_2")
    table, *indexes = schema.PASSAGES
    connection.execute(table)
    rows = connection.execute(
        "SELECT passages_of_2.*, documents.format FROM passages_of_2 "
        "LEFT JOIN documents ON documents.id = passages_of_2.document_id "
        "ORDER BY passages_of_2.document_id, passages_of_2.id"
    )
    places = ", ".join("?" * 14)
    connection.executemany(f"INSERT INTO passages VALUES ({places})", _placed(connection, rows))
    connection.execute("DROP TABLE passages_of_2")
    for index in indexes:
        connection.execute(index)


def _placed(
    connection: sqlite3.Connection, rows: Iterable[tuple[Any, ...]]
) -> Iterator[tuple[Any, ...]]:
    # Here, because `records` needs `catalog`, and that needs this module.
    from bienc_cli.store.records import checksum_of

    document, line = None, 0
    for *row, checksum, format_ in rows:
        document_id, start, (first, last, page), heading = row[1], row[3], row[5:8], row[8]
        if format_ == "jsonl" and document_id != document:
            document, line = document_id, first - _breaks(connection, document_id, start)
        place: tuple[str, int | None, int | None, str]
        if page is not None:
            place = ("page", page, page, "")
        elif format_ == "jsonl":
            place = ("line", line, line, "")
        elif format_ in _WITHOUT_NUMBERS:
            title = _innermost(heading)
            place = ("heading", None, None, title) if title else ("file", None, None, "")
        else:
            place = ("line", first, last, "")
        new = (*row[:5], *place, 0, *row[8:])
        # A row that was damaged stays so: its checksum does not become right.
        yield *new, checksum_of(*new) if checksum_of(*row) == checksum else checksum


def _innermost(heading: str) -> str:
    try:
        trail = json.loads(heading)
        return str(trail[-1]) if trail else ""
    except (ValueError, TypeError, LookupError):
        return ""


def _breaks(connection: sqlite3.Connection, document_id: int, end: int) -> int:
    """Line breaks in front of a document's first passage; none where its text is damaged."""
    if end == 0:
        return 0
    row = connection.execute(
        "SELECT length, text FROM texts WHERE document_id = ?", (document_id,)
    ).fetchone()
    try:
        length, text = row
        return zlib.decompressobj().decompress(text, length).decode()[:end].count("\n")
    except (ValueError, TypeError, zlib.error):
        return 0


EARLIER = {
    1: EarlierFormat(
        statements=(
            *(one for one in _STATEMENTS_OF_2 if one not in (*schema.WORD_INDEX, schema.CODES)),
            "CREATE VIRTUAL TABLE passage_words "
            "USING fts5(text, content='', tokenize='porter unicode61')",
        ),
        implied=schema.IMPLIED
        | {f"passage_words_{part}" for part in ("data", "idx", "docsize", "config")},
        steps=(_replace_full_text_table, _add_codes),
    ),
    2: EarlierFormat(statements=_STATEMENTS_OF_2, implied=schema.IMPLIED, steps=(_put_places,)),
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
