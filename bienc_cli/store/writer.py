"""Writes the next generation of an index.

Everything happens in one transaction, begun when the writer opens and ended by `commit`; until then
readers see the old generation, and a crash leaves it in place. Vectors are expensive: they are
written to their file as they arrive, behind the rows that a generation counts, where the next run
finds them.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from bienc_cli.errors import StorageError
from bienc_cli.store import codes, failpoints, graph, lock, reclaim, words
from bienc_cli.store.catalog import (
    CATALOG,
    connect_to_write,
    decoded,
    is_empty,
    is_new,
    name_new,
    remove_new,
    translated,
)
from bienc_cli.store.contents import Contents, Tally
from bienc_cli.store.directory import (
    GITIGNORE,
    check_home,
    prepare,
    remove_earlier,
    remove_graphs,
    require_index,
    sync_directory,
    write_gitignore,
)
from bienc_cli.store.encoded import EncodedVectors
from bienc_cli.store.facts import Begun, CommitReport, IndexInfo, Root, check_agreement
from bienc_cli.store.graph_file import GraphFile
from bienc_cli.store.lock import remove_lock, writer_lock
from bienc_cli.store.meta import (
    graph_file,
    index_info,
    meta_checksum,
    model_to_seal,
    moved_from,
    read_meta,
    root_to_seal,
    vector_rows,
    write_meta,
)
from bienc_cli.store.postings import lengths_checksum
from bienc_cli.store.privacy import close_off
from bienc_cli.store.rows import NO_DOCUMENTS_TEXT
from bienc_cli.store.schema import FORMAT_VERSION
from bienc_cli.store.seal import Key, ensure_key, load_key
from bienc_cli.store.vectors import UsedVectors, remove_vectors
from bienc_cli.store.words import WordIndexChanges
from bienc_cli.types import ChunkingParameters, EncoderIdentity, TunedBlend


class CatalogWriter(Contents):
    """An `IndexWriter` over `catalog.sqlite`, a vector file and a graph file.

    Open it with `place.open_writer`.
    """

    _distrusted = False

    def __init__(
        self,
        directory: Path,
        key_dir: Path,
        *,
        create: bool = True,
        wait: float = 0.0,
        on_wait: Callable[[str], None] = lambda _: None,
        ask: bool = False,
        begun: Begun | None = None,
    ) -> None:
        self._directory = directory
        self._key_dir = key_dir
        if not create:
            require_index(directory)
        self._made_directory = prepare(directory)
        with ExitStack() as stack:
            self._lock = stack.enter_context(
                writer_lock(directory, wait, on_wait, ask=ask, begun=begun)
            )
            if not create:
                # It may have been an index that was never committed, removed meanwhile.
                require_index(directory)
            self._connection, version = connect_to_write(directory)
            stack.callback(self._disconnect)
            self._words = WordIndexChanges(self._connection)
            with decoded(directory):
                self._meta = read_meta(self._connection)
                self.info: IndexInfo | None = (
                    index_info(self._connection, self._meta, directory, load_key(key_dir))
                    if version
                    else None
                )
                if self.info is not None:
                    check_home(moved_from(self._connection, self._meta, directory), directory)
                if version:
                    self._words.begin_with(self._meta)
                    self._changed = self._words.stale
                if version not in (0, FORMAT_VERSION):
                    self._changed = True
                self._tally = Tally.recorded(self._meta)
                recorded = vector_rows(self._meta) if version else None
                self._encoded = EncodedVectors(
                    self._connection,
                    directory,
                    recorded,
                    self._meta.get("unused_checksum", 0),
                )
                stack.callback(self._encoded.close)
                if self.info is None:
                    write_gitignore(directory)
                close_off(directory)
                # Left by a process that was stopped between writing these files and committing.
                if version == FORMAT_VERSION and recorded is not None:
                    remove_graphs(directory, keep=graph_file(self._meta))
                    remove_vectors(directory, keep=recorded.name)
            self._stack = stack.pop_all()

    def begin(self, encoder: EncoderIdentity, chunking: ChunkingParameters) -> None:
        """Set the encoder and chunking; see `IndexWriter.begin`.

        Raises:
            IndexMismatch: the index has another model, or other chunking settings.
        """
        existing = self.info or lock.begun_by_who_waits(self._directory)
        if existing is not None:
            check_agreement(existing, encoder, chunking)
        # One model may have several names; the index keeps the first.
        recorded = self.info.encoder if self.info else encoder
        described: dict[str, Any] = {"encoder": asdict(recorded), "chunking": asdict(chunking)}
        # This user has loaded the model, and need not confirm its name again.
        key = ensure_key(self._key_dir)
        sealed_text = model_to_seal(described["encoder"])
        if not key.holds(sealed_text, str(self._meta.get("model_seal", ""))):
            described["model_seal"] = key.seal(sealed_text)
        if not described.items() <= self._meta.items():
            self._changed = True
            self._meta |= described
        with translated(self._directory):
            self._encoded.begin(encoder)

    @property
    def is_asked_for_room(self) -> bool:
        """Whether another process asks for room; see `IndexWriter.is_asked_for_room`."""
        return lock.is_asked_for(self._directory)

    def put_blend(self, blend: TunedBlend | None) -> None:
        """Record weights learned for this index; see `IndexWriter.put_blend`."""
        recorded = asdict(blend) if blend else None
        if self._meta.get("blend") != recorded:
            self._meta["blend"] = recorded
            self._changed = True

    def forget(self, file_ids: Iterable[int]) -> list[str]:
        """Remove files, even with damaged rows; returns their paths under their roots."""
        paths = []
        with translated(self._directory):
            for file_id in sorted(file_ids):
                row = self._connection.execute(
                    "SELECT path FROM files WHERE id = ?", (file_id,)
                ).fetchone()
                if row is not None:
                    paths.append(row[0])
                    self.remove_file(file_id)
        return paths

    def vouches_for(self, root: Root) -> bool:
        """Whether this user added the root; see `IndexWriter.vouches_for`."""
        if self._is_inside(root):
            return True
        key = load_key(self._key_dir)
        seal = self._meta.get("seals", {}).get(str(root.path), "")
        return key is not None and key.holds(root_to_seal(root), seal)

    def _is_inside(self, root: Root) -> bool:
        """Whether a root is inside the folder of the index, links resolved."""
        home = self._directory.parent
        return root.path.is_relative_to(home) and Path(os.path.realpath(root.path)).is_relative_to(
            os.path.realpath(home)
        )

    def vouch_for(self, root: Root) -> None:
        """Record that this user added the root; see `IndexWriter.vouch_for`."""
        if not self.vouches_for(root):
            seal = ensure_key(self._key_dir).seal(root_to_seal(root))
            self._meta["seals"] = {**self._meta.get("seals", {}), str(root.path): seal}
            self._changed = True

    @property
    def has_foreign_graph(self) -> bool:
        """Whether the graph is one that only another user can verify."""
        file = graph_file(self._meta)
        return file is not None and graph.is_foreign(file, self._directory, load_key(self._key_dir))

    def distrust(self) -> None:
        """Make the commit rebuild derived data and recount everything."""
        with translated(self._directory):
            self._tally = Tally.counted(self._connection)
            # Here, a vector that no passage uses can only be the result of damage.
            self._connection.execute(
                "INSERT OR IGNORE INTO temp.loose SELECT id FROM vectors "
                "WHERE id NOT IN (SELECT vector_id FROM passages)"
            )
            self._connection.execute(f"DELETE FROM texts WHERE {NO_DOCUMENTS_TEXT}")
            self._encoded.distrust()
        self._words.stale = self._distrusted = self._changed = True

    def commit(
        self,
        on_stage: Callable[[str], None] = lambda _: None,
        on_built: Callable[[int, int], None] = lambda _done, _total: None,
        *,
        compact: bool = False,
    ) -> CommitReport:
        """Make all changes visible at once; see `IndexWriter.commit`.

        The order makes it safe: the new graph is on the disk under its own name before the
        transaction names it, and the old one is deleted afterwards.
        """
        if not self._meta:
            raise RuntimeError("begin() comes before commit()")
        key = ensure_key(self._key_dir)
        self._lock.check()
        with translated(self._directory):
            if self._changed:
                self._encoded.settle()
            if self._encoded.awaited:
                raise RuntimeError(f"{self._encoded.awaited} texts have no vector yet")
            rewritten = self._reclaim(compact=compact)
            used = self._encoded.used()
            old = None if rewritten or self._distrusted else graph_file(self._meta)
            need, graph_record = graph.need(old, self._directory, used, key)
            idle = not (self._changed or compact or rewritten) and need in ("keep", "drop")
            if self.info is not None and idle:
                self._connection.execute("ROLLBACK")
                return CommitReport(self.info, graph_rebuilt=False, committed=False)
            self._words.flush(settle=compact or self.info is None)
            if self._words.stale:
                on_stage("words")
                words.rebuild(self._connection, self._words)
            self._meta["generation"] = self._meta.get("generation", 0) + 1
            if need in ("extend", "build"):
                on_stage("graph")
                graph_record = self._write_graph(
                    old if need == "extend" else None, used, key, on_built
                )
            on_stage("commit")
            self._meta["codes"] = codes.refresh(
                self._connection, used, self._meta.get("codes"), anew=rewritten or self._distrusted
            )
            self._describe(graph_record, len(used))
            self._publish()
        self._clean_up(graph_record, compact=compact)
        with translated(self._directory):
            # Only now, so that the sizes are those after the cleanup.
            self.info = index_info(self._connection, self._meta, self._directory, key)
        return CommitReport(self.info, graph_rebuilt=need in ("extend", "build"), committed=True)

    def _reclaim(self, *, compact: bool) -> bool:
        """Rewrite the vector file if that is due; returns whether it was."""
        rows = self._encoded.rows
        due = (self._distrusted and self._encoded.is_lost) or (
            (self._changed or compact) and reclaim.is_due(self._connection, rows, compact=compact)
        )
        if due:
            self._encoded.reclaim(EncoderIdentity(**self._meta["encoder"]))
            sync_directory(self._directory)
        return due

    def _write_graph(
        self,
        base: GraphFile | None,
        used: UsedVectors,
        key: Key,
        on_built: Callable[[int, int], None],
    ) -> GraphFile:
        """Write the next generation's graph file, extending `base` if there is one."""
        failpoints.reached("before graph")
        generation, total = self._meta["generation"], len(used)
        file = graph.write(
            base, self._directory, generation, used, key, lambda done: on_built(done, total)
        )
        sync_directory(self._directory)
        return file

    def _publish(self) -> None:
        """Commit the transaction, which makes it visible; a first catalog also gets its name."""
        failpoints.reached("before commit")
        self._lock.check()
        self._connection.execute("COMMIT")
        if is_new(self._directory):
            failpoints.reached("before the name")
            self._connection = name_new(self._connection, self._directory)
            sync_directory(self._directory)
        failpoints.reached("after commit")

    def _describe(self, graph_record: GraphFile | None, vectors: int) -> None:
        tally = self._tally
        now = time.time()
        (skips,) = self._connection.execute("SELECT count(*) FROM skips").fetchone()
        rows, unused = self._encoded.recorded()
        failpoints.reached("vectors synced")
        self._meta |= {
            "format": FORMAT_VERSION,
            "created": self._meta.get("created", now),
            "updated": now,
            "home": os.path.realpath(self._directory.parent),
            "graph": asdict(graph_record) if graph_record else None,
            "counts": {
                "files": tally.files,
                "documents": tally.documents,
                "passages": tally.passages,
                "vectors": vectors,
                "skipped": skips,
            },
            "vectors": asdict(rows),
            "unused_checksum": unused,
            **self._words.recorded(),
            "lengths_checksum": lengths_checksum(self._connection),
            "formats": [pair for pair in tally.formats.most_common() if pair[1]],
        }
        self._meta["checksum"] = meta_checksum(self._connection, self._meta)
        write_meta(self._connection, self._meta)

    def _clean_up(self, graph_record: GraphFile | None, *, compact: bool) -> None:
        """Delete what is obsolete. After the commit nothing may fail; the next writer retries."""
        with suppress(sqlite3.Error, OSError, StorageError):
            self._lock.check()
            if compact:
                self._connection.execute("VACUUM")
            else:
                # Readers of older generations still need the log; do not wait for them.
                self._connection.execute("PRAGMA busy_timeout = 0")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        failpoints.reached("after checkpoint")
        with suppress(OSError, StorageError):
            self._lock.check()
            remove_graphs(self._directory, keep=graph_record)
            remove_vectors(self._directory, keep=self._meta["vectors"]["name"])
            remove_earlier(self._directory)
        failpoints.reached("after removing files")

    def __enter__(self) -> Self:
        """The writer itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close; uncommitted changes are discarded, encoded vectors are kept."""
        with self._stack, suppress(sqlite3.Error, OSError, StorageError):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            # Files are deleted by name, and by now the names may belong to another index.
            self._lock.check()
            # Ask the catalog instead of trusting this object's state: an interrupt may fall
            # between the commit and the next statement.
            if is_new(self._directory) or is_empty(self._connection):
                self._remove_unborn()
                return
            meta = read_meta(self._connection)
            if "vectors" not in meta:
                # An uncommitted upgrade; until format 3 there was no vector file.
                remove_vectors(self._directory, keep=None)
                return
            remove_graphs(self._directory, keep=graph_file(meta))
            remove_vectors(self._directory, keep=meta["vectors"]["name"])

    def _disconnect(self) -> None:
        self._connection.close()

    def _remove_unborn(self) -> None:
        """Remove an index that was never committed, except for its encoded vectors."""
        remove_graphs(self._directory, keep=None)
        self._connection.close()
        remove_new(self._directory)
        for suffix in ("", "-wal", "-shm"):
            (self._directory / f"{CATALOG}{suffix}").unlink(missing_ok=True)
        if self._encoded.leaves_anything():
            return
        remove_vectors(self._directory, keep=None)
        (self._directory / GITIGNORE).unlink(missing_ok=True)
        remove_lock(self._directory)
        if self._made_directory:
            self._directory.rmdir()
