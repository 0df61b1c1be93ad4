"""Whether an index is what was written: everything, byte by byte; and what can be mended.

A query verifies what it uses. This looks at the rest too, and at how well the graph answers.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bienc_cli.errors import IndexDamaged
from bienc_cli.store import codes, maintenance, records, schema, vectors
from bienc_cli.store.catalog import REBUILD, connect_to_read, decoded, read_meta
from bienc_cli.store.graph import ForeignGraph, Graph, GraphFile, GraphUnusable, VerifiedFile
from bienc_cli.store.postings import WordIndexChanges, lengths_checksum
from bienc_cli.store.protocol import IndexInfo
from bienc_cli.store.seal import load_key
from bienc_cli.store.writer import open_writer

LEAST_RECALL = 0.9
"""Below it the graph is not merely unlucky; built as here it finds more than 0.99."""

_SAMPLE = 200
_K = 10


class Remedy(StrEnum):
    """What mends a problem."""

    REBUILD = "rebuild"
    """Made anew from what is whole, by `repair`."""
    READ_AGAIN = "read again"
    """`repair` forgets the file; the next run of `index` reads and encodes it again."""
    START_OVER = "start over"
    """Nothing; the index must be made again."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not what was written.

    Attributes:
        part: `catalog`, `texts`, `passages`, `vectors`, `words`, `codes` or `graph`.
        message: a sentence.
        file_ids: the files it concerns, where it concerns some.
    """

    part: str
    message: str
    remedy: Remedy
    file_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check found.

    Attributes:
        info: None where even that cannot be told.
        recall: mean share of the 10 nearest vectors that the graph finds, over a sample of the
            vectors; None where there is no graph to ask.
    """

    info: IndexInfo | None
    problems: tuple[Problem, ...]
    recall: float | None = None


@dataclass(frozen=True, slots=True)
class RepairReport:
    """What a repair did.

    Attributes:
        rebuilt: parts that were made anew.
        forgotten: files to be read again, as paths under their roots.
    """

    rebuilt: tuple[str, ...]
    forgotten: tuple[str, ...]


def check(
    directory: Path, *, key_dir: Path, on_stage: Callable[[str], None] = lambda _: None
) -> CheckReport:
    """Verify everything.

    Args:
        directory: of the index.
        key_dir: where this user's key lies.
        on_stage: told what is being looked at.

    Raises:
        IndexNotFound, IndexMismatch, StorageError: there is nothing that could be checked.
    """
    try:
        connection = connect_to_read(directory)
    except IndexDamaged as error:
        return CheckReport(None, (Problem("catalog", error.message, Remedy.START_OVER),))
    try:
        return _Check(connection, directory, key_dir, on_stage).run()
    except IndexDamaged as error:
        return CheckReport(None, (Problem("catalog", error.message, Remedy.START_OVER),))
    finally:
        connection.close()


class _Check:
    """One check of one generation."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        directory: Path,
        key_dir: Path,
        on_stage: Callable[[str], None],
    ) -> None:
        self._connection = connection
        self._directory = directory
        self._key_dir = key_dir
        self._on_stage = on_stage
        self._recall: float | None = None

    def run(self) -> CheckReport:
        """Every part, in order; later parts rest on earlier ones."""
        with decoded(self._directory):
            self._on_stage("catalog")
            broken = tuple(self._structure())
            meta = read_meta(self._connection)
            info = records.index_info(self._connection, meta, self._directory)
            if broken:
                return CheckReport(info, broken)
            problems = [*self._counts(info)]
            self._on_stage("texts")
            problems += self._documents()
            self._on_stage("vectors")
            problems += self._vectors(info, meta["vectors_checksum"])
            if not problems:
                self._on_stage("words")
                problems += self._words(meta.get("lengths_checksum", 0))
                problems += self._codes(info, meta.get("codes"))
                self._on_stage("graph")
                problems += self._graph(info, records.graph_file(meta))
        return CheckReport(info, tuple(problems), self._recall)

    def _structure(self) -> Iterator[Problem]:
        for statement in ("PRAGMA integrity_check(20)", "PRAGMA foreign_key_check"):
            for row in self._connection.execute(statement):
                if row[0] != "ok":
                    message = f"SQLite: {', '.join(map(str, row))}."
                    yield Problem("catalog", message, Remedy.START_OVER)

    def _counts(self, info: IndexInfo) -> Iterator[Problem]:
        for table, recorded in (
            ("files", info.files),
            ("documents", info.documents),
            ("passages", info.passages),
            ("skips", info.skipped),
        ):
            (found,) = self._connection.execute(f"SELECT count(*) FROM {table}").fetchone()
            if found != recorded:
                yield Problem(
                    "catalog",
                    f"There are {found:,} {table}, not {recorded:,} as recorded.",
                    Remedy.REBUILD,
                )

    def _documents(self) -> Iterator[Problem]:
        """Files, documents, texts and passages, each against its checksum and each other."""
        for row in self._rows("files", records.FILE_COLUMNS):
            yield from _if_damaged("catalog", row[0], partial(records.file_state, row))
        documents = self._connection.execute(
            f"SELECT {_of('documents', records.DOCUMENT_COLUMNS)}, texts.length, texts.text "
            "FROM documents LEFT JOIN texts ON texts.document_id = documents.id"
        )
        for row in documents:
            yield from _if_damaged("texts", row[1], partial(self._document, row))

    def _document(self, row: tuple[Any, ...]) -> None:
        document_id, _, doc_id, _, _, digest = records.checked(row[:7], "document")
        length, blob = row[7:]
        if blob is None:
            raise records.damaged(f"the text of {doc_id}")
        text = records.unpacked_text(length, blob, digest)
        for passage_row in self._connection.execute(
            f"SELECT {_of('passages', records.PASSAGE_COLUMNS)}, vectors.digest FROM passages "
            "LEFT JOIN vectors ON vectors.id = passages.vector_id WHERE document_id = ?",
            (document_id,),
        ):
            passage = records.passage_from(passage_row[:-1], doc_id, text)
            if records.digest_of(passage.embedded_text) != passage_row[-1]:
                raise records.damaged(f"which vector belongs to passage {passage_row[0]}")

    def _vectors(self, info: IndexInfo, checksum: int) -> Iterator[Problem]:
        count = combined = 0
        bad = []
        for row in self._rows("vectors", "id, digest, vector, checksum"):
            count += 1
            combined ^= row[3] or 0
            try:
                records.unpacked_vectors([row], info.encoder.dim)
            except IndexDamaged:
                bad.append(row[0])
        if bad:
            yield Problem(
                "vectors",
                f"{len(bad):,} of {count:,} vectors are not what was written.",
                Remedy.READ_AGAIN,
                self._files_with(bad),
            )
        elif (count, combined) != (info.vectors, checksum):
            yield Problem(
                "vectors",
                f"There are {count:,} vectors, not the {info.vectors:,} that were written.",
                Remedy.REBUILD,
            )
        (unused,) = self._connection.execute(
            "SELECT count(*) FROM vectors WHERE id NOT IN (SELECT vector_id FROM passages)"
        ).fetchone()
        if unused:
            yield Problem("vectors", f"{unused:,} vectors belong to no passage.", Remedy.REBUILD)

    def _files_with(self, vector_ids: Iterable[int]) -> tuple[int, ...]:
        found: set[int] = set()
        for vector_id in vector_ids:
            rows = self._connection.execute(
                "SELECT file_id FROM documents JOIN passages ON document_id = documents.id "
                "WHERE vector_id = ?",
                (vector_id,),
            )
            found.update(row[0] for row in rows)
        return tuple(sorted(found))

    def _words(self, recorded: int) -> Iterator[Problem]:
        """The word index against one that is made from the texts for comparison."""
        for statement in schema.WORD_INDEX:
            self._connection.execute(statement.replace("CREATE TABLE ", "CREATE TABLE temp.", 1))
        maintenance.rebuild_words(self._connection, WordIndexChanges(self._connection, "temp"))
        if lengths_checksum(self._connection) != recorded or any(
            self._differs(table, key, values)
            for table, key, values in (
                ("postings", "block, word", ("count", "postings", "checksum")),
                ("lengths", "block", ("count", "lengths", "checksum")),
            )
        ):
            yield Problem("words", "The word index does not agree with the texts.", Remedy.REBUILD)

    def _differs(self, table: str, key: str, values: Sequence[str]) -> bool:
        """Whether a table is another than the temporary one of the same name."""
        held, expected = (
            self._connection.execute(f"SELECT count(*) FROM {database}.{table}").fetchone()
            for database in ("main", "temp")
        )
        differing = self._connection.execute(
            f"SELECT 1 FROM temp.{table} AS expected LEFT JOIN main.{table} AS held "
            f"USING ({key}) WHERE "
            + " OR ".join(f"held.{value} IS NOT expected.{value}" for value in values)
            + " LIMIT 1"
        )
        return bool(held != expected or differing.fetchone())

    def _codes(self, info: IndexInfo, recorded: dict[str, Any] | None) -> Iterator[Problem]:
        try:
            differ = codes.differ(self._connection, info.encoder.dim, info.vectors, recorded)
        except IndexDamaged:
            differ = True
        if differ:
            yield Problem("codes", "The codes do not agree with the vectors.", Remedy.REBUILD)

    def _graph(self, info: IndexInfo, file: GraphFile | None) -> Iterator[Problem]:
        if file is None:
            if info.vectors:
                yield Problem("graph", "There is no graph.", Remedy.REBUILD)
            return
        try:
            with VerifiedFile(self._directory, file, load_key(self._key_dir)) as verified:
                graph = verified.load()
        except ForeignGraph:
            # Nobody can tell here; that is no fault of the index.
            return
        except GraphUnusable as error:
            yield Problem("graph", f"The graph cannot be used: {error}.", Remedy.REBUILD)
            return
        dead = {row[0] for row in self._connection.execute("SELECT vector_id FROM tombstones")}
        expected = dead | {
            row[0]
            for row in self._connection.execute(
                "SELECT id FROM vectors WHERE id <= ?", (file.last_vector_id,)
            )
        }
        if set(graph.labels()) != expected or graph.elements != len(expected):
            yield Problem("graph", "The graph is of other vectors.", Remedy.REBUILD)
            return
        differing = 0
        covered = f"id <= {file.last_vector_id}"
        for block in vectors.blocks(self._connection, info.encoder.dim, covered):
            held = graph.vectors(block.ids.tolist())
            differing += int((held != block.vectors).any(axis=1).sum())
        if differing:
            yield Problem("graph", f"{differing:,} vectors differ in the graph.", Remedy.REBUILD)
            return
        self._recall = self._measured_recall(graph, info.encoder.dim, covered, dead)
        if self._recall is not None and self._recall < LEAST_RECALL:
            yield Problem(
                "graph",
                f"The graph finds {self._recall:.0%} of the nearest vectors only.",
                Remedy.REBUILD,
            )

    def _measured_recall(
        self, graph: Graph, dim: int, covered: str, dead: set[int]
    ) -> float | None:
        ids = [
            row[0] for row in self._connection.execute(f"SELECT id FROM vectors WHERE {covered}")
        ]
        if not ids:
            return None
        sample = np.array(ids[:: max(1, len(ids) // _SAMPLE)], dtype=np.int64)
        queries = vectors.by_id(self._connection, dim, sample).vectors
        best = [vectors.NOTHING] * len(queries)
        for block in vectors.blocks(self._connection, dim, covered):
            compared = block.compared(queries, _K)
            best = [a.and_also(b).best(_K) for a, b in zip(best, compared, strict=True)]
        labels, _ = graph.nearest(queries, _K + len(dead))
        return float(
            np.mean([_share(found, near) for found, near in zip(labels, best, strict=True)])
        )

    def _rows(self, table: str, columns: str) -> Iterator[tuple[Any, ...]]:
        return self._connection.execute(f"SELECT {columns} FROM {table}")


def _share(found: np.ndarray[Any, Any], exact: vectors.Scored) -> float:
    nearest = exact.ids[:_K].tolist()
    return len(set(found.tolist()) & set(nearest)) / len(nearest)


def _of(table: str, columns: str) -> str:
    return ", ".join(f"{table}.{name.strip()}" for name in columns.split(","))


def _if_damaged(part: str, file_id: int, look: Callable[[], object]) -> Iterator[Problem]:
    try:
        look()
    except IndexDamaged as error:
        yield Problem(part, error.message, Remedy.READ_AGAIN, (file_id,))


def repair(
    directory: Path,
    *,
    key_dir: Path,
    wait: float = 0.0,
    on_stage: Callable[[str], None] = lambda _: None,
) -> RepairReport:
    """Make anew what is derived, and forget the files of what is not and is damaged.

    What is forgotten is not lost: the next run of `index` reads it again.

    Raises:
        IndexDamaged: the catalog itself does not hold together; only a new index helps.
        IndexBusy, IndexNotFound, IndexMismatch, StorageError: as for a writer.
    """
    with open_writer(directory, key_dir=key_dir, create=False, wait=wait) as writer:
        report = check(directory, key_dir=key_dir, on_stage=on_stage)
        for problem in report.problems:
            if problem.remedy is Remedy.START_OVER:
                raise IndexDamaged(problem.message, REBUILD)
        if not (report.problems or writer.has_foreign_graph):
            return RepairReport((), ())
        forgotten = writer.forget({one for problem in report.problems for one in problem.file_ids})
        writer.distrust(words=True, graph=True)
        writer.commit(on_stage)
        return RepairReport(("words", "graph"), tuple(forgotten))
