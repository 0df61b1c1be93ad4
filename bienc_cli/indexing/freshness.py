"""Checks whether the files an index covers have changed, without opening any of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from bienc_cli.errors import BiencError
from bienc_cli.indexing.absence import absences, is_transient, is_within, whereabouts_of
from bienc_cli.indexing.discovery import items_under
from bienc_cli.store import IndexInfo, IndexReader, Root, StoredPassage
from bienc_cli.types import Skipped

DEFAULT_BUDGET = 0.25
"""Seconds. Ten thousand files take less, and a query takes longer even with models that load
fast."""

MOST_FETCHED = 10_000
"""Most files of a remote index whose times are fetched; more would take longer than the query."""


def is_worth_a_look(info: IndexInfo) -> bool:
    """Whether the check takes little time compared with a query."""
    return isinstance(info.directory, Path) or info.files <= MOST_FETCHED


@dataclass(frozen=True, slots=True)
class Staleness:
    """How the files differ from the index, by size and time.

    Attributes:
        new: files that the next run would read for the first time.
        changed: files whose size differs from the record.
        touched: files whose size is the same but whose time differs: changed, copied, or checked
            out again. Only reading them tells.
        gone: files that the next run would remove.
        complete: everything was examined. Otherwise there may be more differences; missing files
            are only counted in roots that were examined whole.
    """

    new: int = 0
    changed: int = 0
    touched: int = 0
    gone: int = 0
    complete: bool = True

    def __bool__(self) -> bool:
        return bool(self.new or self.changed or self.touched or self.gone)


def changed_since(passages: Iterable[StoredPassage]) -> tuple[str, ...]:
    """Warnings about passages whose file has changed since it was indexed, as sentences.

    Checks the metadata of each file, without opening any.
    """
    sentences: dict[Path, str] = {}
    for stored in passages:
        stamp = stored.file
        if stamp is None or stamp.path in sentences:
            continue
        try:
            status = stamp.path.stat()
        except FileNotFoundError:
            sentences[stamp.path] = f"{stored.path} is gone since it was indexed"
        except OSError:
            continue
        else:
            if status.st_size != stamp.size:
                sentences[stamp.path] = f"{stored.path} has changed since it was indexed"
            elif status.st_mtime_ns != stamp.mtime_ns:
                sentences[stamp.path] = f"{stored.path} may have changed since it was indexed"
    return tuple(sentences.values())


class FreshnessCheck:
    """Compares an index with the files it covers, in a thread beside other work.

    Create it in the thread that owns the reader, which it queries once, at the start. Missing roots
    are ignored: the next run would keep what is known of them.

    Args:
        reader: of the index.
        budget: seconds after which it stops.
    """

    def __init__(self, reader: IndexReader, budget: float = DEFAULT_BUDGET) -> None:
        self._deadline = time.monotonic() + budget
        self._roots = reader.file_times()
        # With a single root, no file can be found by two.
        several = len(self._roots) > 1
        self._owned = (
            {str(root.path / name) for root, known in self._roots for name in known}
            if several
            else set[str]()
        )
        self._staleness = Staleness(complete=False)
        # Daemonic: an interrupt does not wait for a slow disk.
        self._thread = threading.Thread(target=self._look, daemon=True, name="bienc-freshness")
        self._thread.start()

    def result(self) -> Staleness:
        """The differences found; waits until the check has finished or run out of time."""
        self._thread.join(max(0.0, self._deadline - time.monotonic()))
        return self._staleness

    def _look(self) -> None:
        for root, known in self._roots:
            try:
                completed = self._look_at(root, known)
            except (BiencError, OSError):
                # It does not exist, or its patterns are no longer valid.
                continue
            if not completed:
                return
        self._add(complete=True)

    def _look_at(self, root: Root, known: dict[str, tuple[int, int]]) -> bool:
        """Examine one root; returns False if time ran out."""
        unseen = dict(known)
        existing: dict[str, int] = {}
        new: list[str] = []
        changed: list[str] = []
        touched: list[str] = []
        unreadable: set[str] = set()
        for item in items_under(root):
            if time.monotonic() > self._deadline:
                self._add(new=len(new), changed=len(changed), touched=len(touched))
                return False
            if isinstance(item, Skipped):
                if is_transient(item):
                    unreadable.add(item.path)
                continue
            recorded = unseen.pop(item.doc_id, None)
            if recorded is None:
                if str(item.path) in self._owned:
                    # It belongs to another root nested in this one.
                    continue
                new.append(item.doc_id)
            elif recorded[0] != item.size:
                changed.append(item.doc_id)
            elif recorded[1] != item.mtime_ns:
                touched.append(item.doc_id)
            existing[item.doc_id] = item.size
        missing = [path for path in unseen if not is_within(path, unreadable)]
        sizes = {path: size for path, (size, _) in known.items()}
        absent = tuple(absences(whereabouts_of(root), sizes, existing, missing))
        kept_places = [absence.place for absence in absent]
        # The next run would ignore what is there instead.
        replaced_places = [absence.place for absence in absent if absence.another]
        self._add(
            new=_outside(replaced_places, new),
            changed=_outside(replaced_places, changed),
            touched=_outside(replaced_places, touched),
            gone=_outside(kept_places, missing),
        )
        return True

    def _add(
        self,
        *,
        new: int = 0,
        changed: int = 0,
        touched: int = 0,
        gone: int = 0,
        complete: bool = False,
    ) -> None:
        # A single assignment, so that the other thread always sees a consistent result.
        so_far = self._staleness
        self._staleness = Staleness(
            so_far.new + new,
            so_far.changed + changed,
            so_far.touched + touched,
            so_far.gone + gone,
            complete,
        )


def _outside(places: Collection[str], paths: Iterable[str]) -> int:
    """How many paths are in none of the places."""
    return sum(not is_within(path, places) for path in paths)
