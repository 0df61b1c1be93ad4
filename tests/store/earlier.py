"""Makes indexes of earlier formats out of one of today's."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import xxhash

from bienc_cli.store import StoredPassage, open_reader, upgrade
from bienc_cli.store.meta import meta_checksum, read_meta, vector_rows, write_meta
from bienc_cli.store.rows import checksum_of
from bienc_cli.store.schema import OUTCOME_COLUMNS, WORD_INDEX, name_of
from bienc_cli.store.vectors import VectorFile

Numbers = tuple[int, int, int | None]


def numbers_of(stored: StoredPassage) -> Numbers:
    """Lines and page as a passage of format 2 had them, where its lines are the file's."""
    place = stored.passage.place
    if place.kind == "page":
        return 1, 1, place.first
    return place.first or 1, place.last or 1, None


def make_format_4(directory: Path) -> None:
    """What format 4 was: postings in a table that is ordered by its key."""
    connection = sqlite3.connect(directory / "catalog.sqlite", isolation_level=None)
    connection.execute("BEGIN")
    _order_postings_by_key(connection)
    connection.execute("PRAGMA user_version = 4")
    meta = read_meta(connection) | {"format": 4}
    write_meta(connection, meta | {"checksum": meta_checksum(connection, meta)})
    connection.execute("COMMIT")
    connection.close()


def _order_postings_by_key(connection: sqlite3.Connection) -> None:
    rows = connection.execute("SELECT block, word, count, postings, checksum FROM postings")
    held = rows.fetchall()
    connection.execute("DROP TABLE postings")
    for statement in upgrade.EARLIER[4].statements:
        if name_of(statement) == "postings":
            connection.execute(statement)
    connection.executemany("INSERT INTO postings VALUES (?, ?, ?, ?, ?)", held)


def make_format_3(directory: Path) -> None:
    """What format 3 was: whole texts, and vectors as rows whose ids have gaps."""
    with open_reader(directory, key_dir=directory) as index:
        texts = {
            one.document_id: index.document_text(one.document_id) for one in index.iter_passages()
        }
    with _rewritten(directory, 3) as connection:
        _order_postings_by_key(connection)
        recorded = vector_rows(read_meta(connection))
        file = VectorFile.open_recorded(directory, recorded)
        ids = np.array([row[0] for row in connection.execute("SELECT id FROM vectors ORDER BY 1")])
        digests, vectors = file.read_rows(ids)
        file.close()
        moved = {one: 10 + 3 * one for one in ids.tolist()}
        passages = connection.execute("SELECT * FROM passages").fetchall()
        for table in ("texts", "passages", "vectors", "unused", "recent", "codes"):
            connection.execute(f"DROP TABLE {table}")
        for statement in upgrade.EARLIER[3].statements:
            if name_of(statement).startswith(("texts", "passages", "vectors", "tomb", "codes")):
                connection.execute(statement)
        for document_id, text in texts.items():
            packed = zlib.compress(text.encode())
            connection.execute(
                "INSERT INTO texts VALUES (?, ?, ?)", (document_id, len(text.encode()), packed)
            )
        for row, digest, vector in zip(ids.tolist(), digests, vectors, strict=True):
            held = vector.astype("<f4").tobytes()
            checksum = xxhash.xxh3_64_intdigest(digest + held, seed=moved[row]) - (1 << 63)
            connection.execute(
                "INSERT INTO vectors VALUES (?, ?, ?, ?)", (moved[row], digest, held, checksum)
            )
        for *values, vector_id, _ in passages:
            new = (*values, moved[vector_id])
            connection.execute(
                f"INSERT INTO passages VALUES ({', '.join('?' * 14)})", (*new, checksum_of(*new))
            )
    (directory / recorded.name).unlink()


def make_format_2(
    directory: Path, numbers: Callable[[StoredPassage], Numbers] = numbers_of
) -> None:
    """What format 2 was: two lines and a page for every passage."""
    with open_reader(directory, key_dir=directory) as index:
        old = {one.passage_id: (one, numbers(one)) for one in index.iter_passages()}
    make_format_3(directory)
    with _rewritten(directory, 2) as connection:
        _drop_outcomes(connection)
        vectors = dict(connection.execute("SELECT id, vector_id FROM passages"))
        connection.execute("DROP TABLE passages")
        for statement in upgrade.EARLIER[2].statements:
            if name_of(statement).startswith("passages"):
                connection.execute(statement)
        for passage_id, (stored, (first, last, page)) in old.items():
            passage = stored.passage
            row = (
                passage_id,
                stored.document_id,
                passage.ordinal,
                passage.start,
                passage.end,
                first,
                last,
                page,
                json.dumps(passage.heading, ensure_ascii=False),
                passage.context,
                vectors[passage_id],
            )
            connection.execute(
                f"INSERT INTO passages VALUES ({', '.join('?' * 12)})",
                (*row, checksum_of(*row)),
            )


def _drop_outcomes(connection: sqlite3.Connection) -> None:
    """Formats 1 and 2 knew a file by its size and time alone, and took each for whole."""
    for column in OUTCOME_COLUMNS:
        connection.execute(f"ALTER TABLE files DROP COLUMN {column.split()[0]}")
    rows = connection.execute(
        "SELECT id, root_id, path, size, mtime_ns, digest, reader FROM files"
    ).fetchall()
    for row in rows:
        checksum = checksum_of(*row)
        connection.execute("UPDATE files SET checksum = ? WHERE id = ?", (checksum, row[0]))


def make_format_1(directory: Path) -> None:
    """What format 1 was: the words in a table of FTS5 besides, and no codes."""
    with open_reader(directory, key_dir=directory) as index:
        texts = [(one.passage_id, one.passage.embedded_text) for one in index.iter_passages()]
    make_format_2(directory)
    with _rewritten(directory, 1) as connection:
        for statement in (*WORD_INDEX, upgrade.CODES_OF_3):
            connection.execute(statement.replace("CREATE", "DROP", 1).partition("(")[0])
        connection.execute(upgrade.EARLIER[1].statements[-1])
        connection.executemany("INSERT INTO passage_words (rowid, text) VALUES (?, ?)", texts)


@contextmanager
def _rewritten(directory: Path, version: int) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(directory / "catalog.sqlite", isolation_level=None)
    connection.execute("BEGIN")
    yield connection
    connection.execute(f"PRAGMA user_version = {version}")
    meta = read_meta(connection) | {"format": version}
    for name in ("vectors", "unused_checksum", "words"):
        meta.pop(name, None)
    meta |= {"vectors_checksum": 0, "graph": None, "codes": None}
    if version == 1:
        del meta["lengths_checksum"], meta["codes"]
    write_meta(connection, meta | {"checksum": meta_checksum(connection, meta)})
    connection.execute("COMMIT")
    connection.close()
