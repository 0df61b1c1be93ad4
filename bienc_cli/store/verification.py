"""Verifies that all of an index is what was written, and repairs it.

A query verifies what it uses. This also verifies the rest, and measures the graph's recall.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bienc_cli.errors import IndexDamaged
from bienc_cli.store import codes, graph, schema, words
from bienc_cli.store.catalog import MAKE_AGAIN, connect_to_read, decoded
from bienc_cli.store.exact import NOTHING, Scored
from bienc_cli.store.facts import CheckReport, IndexInfo, Problem, Remedy, RepairReport, VectorRows
from bienc_cli.store.graph import Graph, VerifiedFile
from bienc_cli.store.graph_file import ForeignGraph, GraphFile, GraphUnusable
from bienc_cli.store.meta import graph_file, index_info, read_meta, vector_rows
from bienc_cli.store.postings import (
    LENGTH,
    Postings,
    lengths_checksum,
    read_lengths,
    read_postings,
)
from bienc_cli.store.rows import (
    DOCUMENT_COLUMNS,
    FILE_COLUMNS,
    NO_DOCUMENTS_TEXT,
    PASSAGE_COLUMNS,
    DocumentText,
    checked,
    damaged,
    digest_of,
    file_state,
    passage_from,
    qualified,
)
from bienc_cli.store.seal import load_key
from bienc_cli.store.vectors import AT_ONCE, UsedVectors, VectorFile, read_unused
from bienc_cli.store.words import WordIndexChanges
from bienc_cli.store.writer import CatalogWriter

LEAST_RECALL = 0.9
"""Below this, the graph is broken and not just unlucky; the graphs built here exceed 0.99."""

_SAMPLE = 200
_K = 10


def check(
    directory: Path, *, key_dir: Path, on_stage: Callable[[str], None] = lambda _: None
) -> CheckReport:
    """Verify everything.

    Args:
        directory: of the index.
        key_dir: where this user's key lies.
        on_stage: called with the name of each stage.

    Raises:
        IndexNotFound, IndexMismatch, StorageError: there is nothing to check.
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
        """Check every part in order; later parts rely on earlier ones."""
        with decoded(self._directory):
            self._on_stage("catalog")
            broken = tuple(self._structure())
            meta = read_meta(self._connection)
            info = index_info(self._connection, meta, self._directory)
            if broken:
                return CheckReport(info, broken)
            problems = [*self._counts(info)]
            self._on_stage("texts")
            problems += self._documents()
            self._on_stage("vectors")
            used, vector_problems = self._vectors(info, vector_rows(meta), meta["unused_checksum"])
            problems += vector_problems
            if used is None:
                return CheckReport(info, tuple(problems))
            try:
                if not problems:
                    self._on_stage("words")
                    problems += self._words(meta.get("lengths_checksum", 0), info)
                    problems += self._codes(used, meta.get("codes"))
                    self._on_stage("graph")
                    problems += self._graph(used, graph_file(meta))
            finally:
                used.file.close()
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
            (counted,) = self._connection.execute(f"SELECT count(*) FROM {table}").fetchone()
            if counted != recorded:
                yield Problem(
                    "catalog",
                    f"There are {counted:,} {table}, not {recorded:,} as recorded.",
                    Remedy.REBUILD,
                )

        (texts,) = self._connection.execute(
            f"SELECT count(*) FROM texts WHERE {NO_DOCUMENTS_TEXT}"
        ).fetchone()
        if texts:
            message = f"There are {texts:,} pieces of texts that belong to no document."
            yield Problem("texts", message, Remedy.REBUILD)

    def _documents(self) -> Iterator[Problem]:
        """Check files, documents, texts and passages against checksums and each other."""
        for row in self._rows("files", FILE_COLUMNS):
            yield from _if_damaged("catalog", row[0], partial(file_state, row))
        for row in self._rows("documents", DOCUMENT_COLUMNS):
            yield from _if_damaged("texts", row[1], partial(self._document, row))

    def _document(self, row: tuple[Any, ...]) -> None:
        document_id, _, doc_id, _, _, digest = checked(row, "document")
        text = DocumentText(self._connection, document_id).whole(digest)
        for passage_row in self._connection.execute(
            f"SELECT {qualified('passages', PASSAGE_COLUMNS)}, vectors.digest FROM passages "
            "LEFT JOIN vectors ON vectors.id = passages.vector_id WHERE document_id = ?",
            (document_id,),
        ):
            passage = passage_from(passage_row[:-1], doc_id, lambda start, end: text[start:end])
            if digest_of(passage.embedded_text) != passage_row[-1]:
                raise damaged(f"which vector belongs to passage {passage_row[0]}")

    def _vectors(
        self, info: IndexInfo, recorded: VectorRows, unused_checksum: int
    ) -> tuple[UsedVectors | None, list[Problem]]:
        """The vectors if their file is readable, and the problems found."""
        try:
            file = VectorFile.open_recorded(self._directory, recorded)
        except IndexDamaged as error:
            all_files = tuple(row[0] for row in self._rows("documents", "DISTINCT file_id"))
            return None, [Problem("vectors", error.message, Remedy.READ_AGAIN, all_files)]
        try:
            unused = read_unused(self._connection, unused_checksum)
        except IndexDamaged as error:
            file.close()
            return None, [Problem("vectors", error.message, Remedy.REBUILD)]
        used = UsedVectors(file, recorded.rows, unused)
        bad = file.bad(used.ids)
        if not bad:
            stored_digests = dict(self._rows("vectors", "id, digest"))
            for start in range(0, len(used), AT_ONCE):
                part = used.ids[start : start + AT_ONCE]
                digests, _ = file.read_rows(part)
                bad += [
                    vector_id
                    for vector_id, digest in zip(part.tolist(), digests, strict=True)
                    if stored_digests.get(vector_id) != digest
                ]
        problems = []
        if bad:
            message = f"{len(bad):,} of {len(used):,} vectors are not what was written."
            problems.append(Problem("vectors", message, Remedy.READ_AGAIN, self._files_with(bad)))
        (unneeded,) = self._connection.execute(
            "SELECT count(*) FROM vectors WHERE id NOT IN (SELECT vector_id FROM passages) "
            "AND id NOT IN (SELECT vector_id FROM unused)"
        ).fetchone()
        if unneeded or len(used) != info.vectors:
            message = f"There are {len(used):,} vectors, {unneeded:,} of them of no passage."
            problems.append(Problem("vectors", message, Remedy.REBUILD))
        return used, problems

    def _files_with(self, vector_ids: Iterable[int]) -> tuple[int, ...]:
        file_ids: set[int] = set()
        for vector_id in vector_ids:
            rows = self._connection.execute(
                "SELECT file_id FROM documents JOIN passages ON document_id = documents.id "
                "WHERE vector_id = ?",
                (vector_id,),
            )
            file_ids.update(row[0] for row in rows)
        return tuple(sorted(file_ids))

    def _words(self, recorded: int, info: IndexInfo) -> Iterator[Problem]:
        """Compare the word index and languages with ones rebuilt from the texts."""
        for statement in (*schema.WORD_INDEX, schema.RECENT):
            self._connection.execute(statement.replace("CREATE TABLE ", "CREATE TABLE temp.", 1))
        expected = WordIndexChanges(self._connection, "temp")
        words.rebuild(self._connection, expected)
        try:
            differs = (
                expected.languages != Counter(dict(info.languages))
                or lengths_checksum(self._connection) != recorded
                or self._blocks_differ()
                or self._recent_differs()
            )
        except IndexDamaged:
            differs = True
        if differs:
            yield Problem("words", "The word index does not agree with the texts.", Remedy.REBUILD)

    def _blocks_differ(self) -> bool:
        """Whether words without recent changes occur elsewhere than expected."""
        settled = "word NOT IN (SELECT word FROM main.recent)"
        stored, expected = (
            self._connection.execute(
                f"SELECT count(*) FROM {database}.postings WHERE {settled}"
            ).fetchone()
            for database in ("main", "temp")
        )
        differing = self._connection.execute(
            "SELECT 1 FROM temp.postings AS expected LEFT JOIN main.postings AS held "
            f"USING (block, word) WHERE {settled} AND (held.count IS NOT expected.count "
            "OR held.postings IS NOT expected.postings OR held.checksum IS NOT expected.checksum) "
            "LIMIT 1"
        )
        return bool(stored != expected or differing.fetchone())

    def _recent_differs(self) -> bool:
        """Whether words with recent changes, or passage lengths, differ from what is expected."""
        stored, expected = (
            {
                block: np.trim_zeros(lengths, "b").tolist()
                for block, lengths in lengths_by_block.items()
            }
            for lengths_by_block in (
                read_lengths(self._connection),
                read_lengths(self._connection, schema="temp"),
            )
        )
        if {block: lengths for block, lengths in stored.items() if lengths} != expected:
            return True
        recent = [
            row[0]
            for row in self._connection.execute(
                "SELECT DISTINCT word FROM main.recent WHERE word <> ?", (LENGTH,)
            )
        ]
        return any(
            _packed(read_postings(self._connection, recent, block))
            != _packed(read_postings(self._connection, recent, block, "temp"))
            for block in stored
        )

    def _codes(self, used: UsedVectors, recorded: dict[str, Any] | None) -> Iterator[Problem]:
        try:
            differ = codes.differ(self._connection, used, recorded)
        except IndexDamaged:
            differ = True
        if differ:
            yield Problem("codes", "The codes do not agree with the vectors.", Remedy.REBUILD)

    def _graph(self, used: UsedVectors, file: GraphFile | None) -> Iterator[Problem]:
        if file is None:
            if len(used) >= graph.FEWEST:
                yield Problem("graph", "There is no graph.", Remedy.REBUILD)
            return
        try:
            with VerifiedFile(self._directory, file, load_key(self._key_dir)) as verified:
                loaded = verified.load(used)
        except ForeignGraph:
            # This user cannot verify it; that is no fault of the index.
            return
        except GraphUnusable as error:
            yield Problem("graph", f"The graph cannot be used: {error}.", Remedy.REBUILD)
            return
        covered = used.ids[used.ids < loaded.end]
        labels = np.sort(np.array(loaded.labels(), dtype=np.int64))
        if not np.isin(covered, labels).all() or len(labels) != loaded.elements:
            yield Problem("graph", "The graph is of other vectors.", Remedy.REBUILD)
            return
        differing = sum(
            int((loaded.vectors(block.ids.tolist()) != block.vectors).any(axis=1).sum())
            for block in used.blocks(covered)
        )
        if differing:
            yield Problem("graph", f"{differing:,} vectors differ in the graph.", Remedy.REBUILD)
            return
        self._recall = self._measured_recall(loaded, used, covered)
        if self._recall is not None and self._recall < LEAST_RECALL:
            yield Problem(
                "graph",
                f"The graph finds {self._recall:.0%} of the nearest vectors only.",
                Remedy.REBUILD,
            )

    def _measured_recall(
        self, loaded: Graph, used: UsedVectors, covered: NDArray[np.int64]
    ) -> float | None:
        if not len(covered):
            return None
        queries = used.file.read(covered[:: max(1, len(covered) // _SAMPLE)])
        best = [NOTHING] * len(queries)
        for block in used.blocks(covered):
            compared = block.compared(queries, _K)
            best = [
                so_far.and_also(in_block).best(_K)
                for so_far, in_block in zip(best, compared, strict=True)
            ]
        labels, _ = loaded.nearest(queries, _K + loaded.elements - len(covered))
        return float(
            np.mean(
                [_recall_of(in_graph, exact) for in_graph, exact in zip(labels, best, strict=True)]
            )
        )

    def _rows(self, table: str, columns: str) -> Iterator[tuple[Any, ...]]:
        return self._connection.execute(f"SELECT {columns} FROM {table}")


def _recall_of(labels: np.ndarray[Any, Any], exact: Scored) -> float:
    nearest = exact.ids[:_K].tolist()
    return len(set(labels.tolist()) & set(nearest)) / len(nearest)


def _packed(postings: dict[str, Postings]) -> dict[str, bytes]:
    return {word: word_postings.packed() for word, word_postings in postings.items()}


def _if_damaged(part: str, file_id: int, read: Callable[[], object]) -> Iterator[Problem]:
    try:
        read()
    except IndexDamaged as error:
        yield Problem(part, error.message, Remedy.READ_AGAIN, (file_id,))


def repair(
    directory: Path,
    *,
    key_dir: Path,
    wait: float = 0.0,
    on_stage: Callable[[str], None] = lambda _: None,
) -> RepairReport:
    """Rebuild derived data, and remove files whose primary data is damaged.

    Nothing is lost by this: the next run of `index` reads those files again.

    Raises:
        IndexDamaged: the catalog itself is damaged; only a new index helps.
        IndexBusy, IndexNotFound, IndexMismatch, StorageError: as for a writer.
    """
    with CatalogWriter(directory, key_dir, create=False, wait=wait, ask=True) as writer:
        report = check(directory, key_dir=key_dir, on_stage=on_stage)
        if lost := report.beyond_repair:
            raise IndexDamaged(lost.message, MAKE_AGAIN)
        if not (report.problems or writer.has_foreign_graph):
            return RepairReport((), ())
        forgotten = writer.forget(report.file_ids)
        writer.distrust()
        writer.commit(on_stage)
        return RepairReport(("words", "graph"), tuple(forgotten))
