"""A filter, resolved against one generation: the documents and vectors that count."""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

from bienc_cli.errors import UsageError
from bienc_cli.store import records
from bienc_cli.store.protocol import Filter

if TYPE_CHECKING:
    from pathspec import PathSpec

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Selection:
    """What a filter lets through, in temporary tables of one connection.

    Attributes:
        documents: name of a table of their ids (`id`).
        vectors: name of a table of the ids of their passages' vectors (`id`).
        passage_count: how many passages count.
        vector_count: how many vectors.
    """

    documents: str
    vectors: str
    passage_count: int
    vector_count: int

    @property
    def of_passages(self) -> str:
        """An SQL condition on a row of `passages`."""
        return f"passages.document_id IN (SELECT id FROM {self.documents})"

    @property
    def of_vectors(self) -> str:
        """An SQL condition on a row of `vectors`."""
        return f"vectors.id IN (SELECT id FROM {self.vectors})"


def select(
    connection: sqlite3.Connection,
    where: Filter,
    names: Callable[[str, str, str], Sequence[str]],
    formats: Sequence[tuple[str, int]],
) -> Selection:
    """Resolve a filter.

    Args:
        connection: for reading; temporary tables are made on it.
        where: the filter.
        names: (root's path, root's kind, file's path) to the paths that the file may be named
            by from where people are.
        formats: documents by format, as the index records it.

    Raises:
        IndexDamaged: what the filter reads is not what was written.
        UsageError: a pattern is malformed.
    """
    number = next(_numbers)
    documents, vectors = f"temp.selected_documents_{number}", f"temp.selected_vectors_{number}"
    conditions: list[str] = []
    parameters: list[Any] = []
    if where.formats:
        _check_formats(connection, formats)
        conditions.append("format IN (SELECT value FROM json_each(?))")
        parameters.append(json.dumps(where.formats))
    if where.paths:
        conditions.append("file_id IN (SELECT value FROM json_each(?))")
        parameters.append(json.dumps(_files(connection, where.paths, names)))
    connection.execute(f"CREATE TABLE {documents} (id INTEGER PRIMARY KEY)")
    connection.execute(
        f"INSERT INTO {documents} SELECT id FROM documents WHERE {' AND '.join(conditions)}",
        parameters,
    )
    connection.execute(f"CREATE TABLE {vectors} (id INTEGER PRIMARY KEY, uses INTEGER NOT NULL)")
    connection.execute(
        f"INSERT INTO {vectors} SELECT vector_id, count(*) FROM passages "
        f"WHERE document_id IN (SELECT id FROM {documents}) GROUP BY vector_id"
    )
    vector_count, passage_count = connection.execute(
        f"SELECT count(*), coalesce(sum(uses), 0) FROM {vectors}"
    ).fetchone()
    return Selection(documents, vectors, passage_count, vector_count)


def _files(
    connection: sqlite3.Connection,
    patterns: Sequence[str],
    names: Callable[[str, str, str], Sequence[str]],
) -> list[int]:
    matches = path_matcher(patterns)
    roots = {
        root_id: (path, kind)
        for root_id, path, kind in connection.execute("SELECT id, path, kind FROM roots")
    }
    states = (
        (roots[row[1]], records.file_state(row))
        for row in connection.execute(f"SELECT {records.FILE_COLUMNS} FROM files")
    )
    return [
        state.file_id
        for root, state in states
        if matches(state.path, *(name.lstrip("/") for name in names(*root, state.path)))
    ]


def _check_formats(connection: sqlite3.Connection, recorded: Sequence[tuple[str, int]]) -> None:
    """A format that has changed would leave its document out without a word."""
    found = connection.execute("SELECT format, count(*) FROM documents GROUP BY format")
    if dict(found) != dict(recorded):
        raise records.damaged("the format of a document")


def path_matcher(patterns: Sequence[str]) -> Callable[[str, str], bool]:
    """Whether a document counts, by its path under its root and by the path that is shown.

    Composed and decomposed letters are the same: systems and keyboards differ in them.

    Raises:
        UsageError: a pattern is malformed.
    """
    wanted = _spec([one for one in patterns if not one.startswith("!")] or ["*"])
    unwanted = _spec([one.removeprefix("!") for one in patterns if one.startswith("!")])

    def matches(*names: str) -> bool:
        composed = [normalize("NFC", name) for name in names]
        return any(map(wanted.match_file, composed)) and not any(map(unwanted.match_file, composed))

    return matches


def _spec(patterns: Sequence[str]) -> PathSpec[Any]:
    from pathspec import GitIgnoreSpec

    try:
        return GitIgnoreSpec.from_lines(
            [normalize("NFC", pattern.removeprefix("./")) for pattern in patterns]
        )
    except ValueError as error:
        raise UsageError(
            f"{' '.join(patterns)} is no pattern: {error}.", "give, say, --path 'docs/*.md'"
        ) from error
