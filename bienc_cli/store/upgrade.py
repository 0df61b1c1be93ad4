"""Upgrades catalogs of earlier formats.

The next writer does it inside its transaction: until that commits, the old format stands unchanged.
Only derived data may be left for the commit to rebuild.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xxhash

from bienc_cli.store import schema
from bienc_cli.store.facts import VectorRows
from bienc_cli.store.meta import meta_checksum, read_meta, write_meta
from bienc_cli.store.rows import TEXT_COLUMNS, checksum_of, damaged, text_pieces
from bienc_cli.store.schema import FORMAT_VERSION, name_of
from bienc_cli.store.vectors import AT_ONCE, VectorFile
from bienc_cli.types import EncoderIdentity

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

_POSTINGS_OF_4 = """CREATE TABLE postings (
    block INTEGER NOT NULL,
    word TEXT NOT NULL,
    count INTEGER NOT NULL,
    postings BLOB NOT NULL,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (block, word)
) STRICT, WITHOUT ROWID"""

_VECTORS_OF_3 = """CREATE TABLE vectors (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    digest BLOB NOT NULL UNIQUE,
    vector BLOB,
    checksum INTEGER
) STRICT"""

_TEXTS_OF_3 = """CREATE TABLE texts (
    document_id INTEGER PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE,
    length INTEGER NOT NULL,
    text BLOB NOT NULL
) STRICT"""

_TOMBSTONES_OF_3 = "CREATE TABLE tombstones (vector_id INTEGER PRIMARY KEY) STRICT"

CODES_OF_3 = """CREATE TABLE codes (
    first_id INTEGER PRIMARY KEY,
    ids BLOB NOT NULL,
    codes BLOB NOT NULL,
    checksum INTEGER NOT NULL
) STRICT"""

_OTHERWISE_IN_3 = {
    schema.VECTORS: _VECTORS_OF_3,
    schema.TEXTS: _TEXTS_OF_3,
    schema.UNUSED: _TOMBSTONES_OF_3,
    schema.CODES: CODES_OF_3,
}

_STATEMENTS_OF_4 = tuple(
    _POSTINGS_OF_4 if statement == schema.POSTINGS else statement for statement in schema.STATEMENTS
)

_WORD_INDEX_OF_4 = tuple(
    _POSTINGS_OF_4 if statement == schema.POSTINGS else statement for statement in schema.WORD_INDEX
)

_STATEMENTS_OF_3 = tuple(
    _OTHERWISE_IN_3.get(statement, statement)
    for statement in _STATEMENTS_OF_4
    if statement != schema.RECENT
)

_OTHERWISE_IN_2 = {
    name_of(statement): statement for statement in (_PASSAGES_OF_2, schema.FILES.format(outcome=""))
}

_STATEMENTS_OF_2 = tuple(
    _OTHERWISE_IN_2.get(name_of(statement), statement) for statement in _STATEMENTS_OF_3
)

_WITHOUT_NUMBERS = ("docx", "html")
"""Formats whose line numbers, until format 2, counted lines of the extracted text instead of the
file."""


@dataclass(frozen=True, slots=True)
class EarlierFormat:
    """A format, and the steps that upgrade it to the next one.

    Attributes:
        statements: its exact tables.
        implied: tables that SQLite itself creates for those.
        steps: the upgrade steps, each called with the writer's connection and the index's
            directory.
    """

    statements: tuple[str, ...]
    implied: frozenset[str]
    steps: tuple[Callable[[sqlite3.Connection, Path], None], ...]


def _replace_full_text_table(connection: sqlite3.Connection, _: Path) -> None:
    """Format 1 kept the word index in an FTS5 table; the commit fills its replacement."""
    connection.execute("DROP TABLE passage_words")
    for statement in _WORD_INDEX_OF_4:
        connection.execute(statement)


def _add_codes(connection: sqlite3.Connection, _: Path) -> None:
    """Format 1 had no codes; the commit adds them if there are enough vectors."""
    connection.execute(CODES_OF_3)


def _add_outcomes(connection: sqlite3.Connection, _: Path) -> None:
    """Formats 1 and 2 considered every file whole, and identified it by size and time alone."""
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
            # A damaged row stays damaged.
            if checksum == checksum_of(*row)
        ],
    )


def _put_places(connection: sqlite3.Connection, _: Path) -> None:
    """Format 2 stored two line numbers and a page, and not always lines of the file itself."""
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
    placeholders = ", ".join("?" * 14)
    connection.executemany(
        f"INSERT INTO passages VALUES ({placeholders})", _with_places(connection, rows)
    )
    connection.execute("DROP TABLE passages_of_2")
    for index in indexes:
        connection.execute(index)


def _with_places(
    connection: sqlite3.Connection, rows: Iterable[tuple[Any, ...]]
) -> Iterator[tuple[Any, ...]]:
    document, line = None, 0
    for *row, checksum, format_ in rows:
        document_id, start, (first, last, page), heading = row[1], row[3], row[5:8], row[8]
        if format_ == "jsonl" and document_id != document:
            document, line = (
                document_id,
                first - _line_breaks_before(connection, document_id, start),
            )
        place: tuple[str, int | None, int | None, str]
        if page is not None:
            place = ("page", page, page, "")
        elif format_ == "jsonl":
            place = ("line", line, line, "")
        elif format_ in _WITHOUT_NUMBERS:
            title = _innermost_heading(heading)
            place = ("heading", None, None, title) if title else ("file", None, None, "")
        else:
            place = ("line", first, last, "")
        new = (*row[:5], *place, 0, *row[8:])
        # A damaged row stays damaged: it gets no valid checksum.
        yield *new, checksum_of(*new) if checksum_of(*row) == checksum else checksum


def _cut_texts(connection: sqlite3.Connection, _: Path) -> None:
    """Until format 3, a text was one value; damaged ones are left out, and so found missing."""
    connection.execute("ALTER TABLE texts RENAME TO texts_of_3")
    connection.execute(schema.TEXTS)
    for document_id, length, blob in connection.execute("SELECT * FROM texts_of_3"):
        with suppress(ValueError, TypeError, zlib.error):
            text = zlib.decompressobj().decompress(blob, length + 1).decode()
            connection.executemany(
                f"INSERT INTO texts ({TEXT_COLUMNS}) VALUES (?, ?, ?, ?)",
                text_pieces(document_id, text),
            )
    connection.execute("DROP TABLE texts_of_3")


def _move_vectors(connection: sqlite3.Connection, directory: Path) -> None:
    """Until format 3, vectors were rows of the catalog with gaps in their ids."""
    meta = read_meta(connection)
    try:
        encoder = EncoderIdentity(**meta["encoder"])
    except (KeyError, TypeError) as error:
        raise damaged("what it says of its encoder") from error
    is_whole = meta.get("checksum") == meta_checksum(connection, meta)
    file = VectorFile.create(directory, 1, encoder)
    moved, digests = _into_file(connection, file)
    file.sync()
    connection.execute("CREATE TEMP TABLE passages_of_3 AS SELECT * FROM passages")
    connection.execute("DROP TABLE passages")
    connection.execute("DROP TABLE vectors")
    connection.execute("DROP TABLE tombstones")
    connection.execute("DROP TABLE codes")
    for statement in (schema.VECTORS, *schema.PASSAGES, schema.UNUSED, schema.CODES):
        connection.execute(statement)
    connection.executemany("INSERT INTO vectors VALUES (?, ?)", enumerate(digests))
    rows = connection.execute("SELECT * FROM temp.passages_of_3 ORDER BY id")
    placeholders = ", ".join("?" * 14)
    connection.executemany(
        f"INSERT INTO passages VALUES ({placeholders})", (_renumbered(row, moved) for row in rows)
    )
    connection.execute("DROP TABLE temp.passages_of_3")
    del meta["vectors_checksum"]
    meta |= {
        "vectors": asdict(VectorRows(file.name, file.nonce, len(digests))),
        "unused_checksum": 0,
        "graph": None,
        "codes": None,
    }
    file.close()
    if is_whole:
        meta["checksum"] = meta_checksum(connection, meta)
    write_meta(connection, meta)


def _add_recent(connection: sqlite3.Connection, _: Path) -> None:
    """Format 3 had no `recent` changes beside the blocks; the commit rebuilds all words."""
    connection.execute(schema.RECENT)


def _give_postings_row_ids(connection: sqlite3.Connection, _: Path) -> None:
    """Until format 4, the postings were ordered by key, which made lookups slow."""
    connection.execute("ALTER TABLE postings RENAME TO postings_of_4")
    connection.execute(schema.POSTINGS)
    columns = "block, word, count, checksum, postings"
    connection.execute(
        f"INSERT INTO postings ({columns}) SELECT {columns} FROM postings_of_4 ORDER BY block, word"
    )
    connection.execute("DROP TABLE postings_of_4")


def _into_file(
    connection: sqlite3.Connection, file: VectorFile
) -> tuple[dict[int, int], list[bytes]]:
    """Write the vectors; returns old to new row numbers, and the texts' digests in order."""
    moved: dict[int, int] = {}
    digests: list[bytes] = []
    rows = connection.execute("SELECT id, digest, vector, checksum FROM vectors ORDER BY id")
    while part := rows.fetchmany(AT_ONCE):
        first = len(digests)
        vectors = np.zeros((len(part), file.dim), dtype="<f4")
        for position, (vector_id, digest, blob, checksum) in enumerate(part):
            moved[vector_id] = first + position
            digests.append(digest)
            hashed = xxhash.xxh3_64_intdigest(digest + (blob or b""), seed=vector_id) - (1 << 63)
            # A damaged one becomes a row of zeros, which no encoder produces.
            if hashed == checksum and len(blob) == file.dim * 4:
                vectors[position] = np.frombuffer(blob, dtype="<f4")
        numbers = np.arange(first, len(digests), dtype=np.int64)
        file.write(numbers, digests[first:], vectors)
    return moved, digests


def _renumbered(row: Sequence[Any], moved: Mapping[int, int]) -> tuple[Any, ...]:
    *values, vector_id, checksum = row
    new = (*values, moved[vector_id])
    # A damaged row stays damaged.
    return (*new, checksum_of(*new) if checksum_of(*row[:-1]) == checksum else checksum)


def _innermost_heading(heading: str) -> str:
    try:
        trail = json.loads(heading)
        return str(trail[-1]) if trail else ""
    except (ValueError, TypeError, LookupError):
        return ""


def _line_breaks_before(connection: sqlite3.Connection, document_id: int, end: int) -> int:
    """Line breaks before a document's first passage; 0 if its text is damaged."""
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
            *(
                statement
                for statement in _STATEMENTS_OF_2
                if statement not in (*_WORD_INDEX_OF_4, CODES_OF_3)
            ),
            "CREATE VIRTUAL TABLE passage_words "
            "USING fts5(text, content='', tokenize='porter unicode61')",
        ),
        implied=schema.IMPLIED
        | {f"passage_words_{part}" for part in ("data", "idx", "docsize", "config")},
        steps=(_replace_full_text_table, _add_codes),
    ),
    2: EarlierFormat(
        statements=_STATEMENTS_OF_2, implied=schema.IMPLIED, steps=(_put_places, _add_outcomes)
    ),
    3: EarlierFormat(
        statements=_STATEMENTS_OF_3,
        implied=schema.IMPLIED,
        steps=(_cut_texts, _move_vectors, _add_recent),
    ),
    4: EarlierFormat(
        statements=_STATEMENTS_OF_4, implied=schema.IMPLIED, steps=(_give_postings_row_ids,)
    ),
}


def is_intact(connection: sqlite3.Connection, version: int) -> bool:
    """Whether the schema is exactly that of an earlier version."""
    earlier = EARLIER[version]
    return schema.is_intact(connection, earlier.statements, earlier.implied)


def upgrade(connection: sqlite3.Connection, version: int, directory: Path) -> None:
    """Upgrade an earlier version's tables to the current format, except for derived data.

    Raises:
        IndexDamaged: the record of the index's encoder is not what was written.
        OSError: the file of vectors cannot be written.
    """
    for earlier in range(version, FORMAT_VERSION):
        for step in EARLIER[earlier].steps:
            step(connection, directory)
    connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
