"""Whether an index is as new as the files it covers: a look that opens none of them."""

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
"""Seconds. Ten thousand files take less; a query takes longer even where models load fast."""

MOST_FETCHED = 10_000
"""Files of an index on a server up to which their times are fetched for it; more take longer
than the query."""


def is_worth_a_look(info: IndexInfo) -> bool:
    """Whether looking takes little beside a query."""
    return isinstance(info.directory, Path) or info.files <= MOST_FETCHED


@dataclass(frozen=True, slots=True)
class Staleness:
    """How the files differ from the index, by size and time.

    Attributes:
        new: files that the next run would read for the first time.
        changed: files whose size is not as recorded.
        touched: files that have the size, but not the time that is recorded: changed, or copied,
            or checked out anew. Only reading them tells.
        gone: files that the next run would forget.
        complete: everything was looked at. Where it was not, more may differ; files are
            counted as gone only in roots that were.
    """

    new: int = 0
    changed: int = 0
    touched: int = 0
    gone: int = 0
    complete: bool = True

    def __bool__(self) -> bool:
        return bool(self.new or self.changed or self.touched or self.gone)


def changed_since(passages: Iterable[StoredPassage]) -> tuple[str, ...]:
    """What a person should know of passages whose file is not as it was, as sentences.

    Takes a look at each file, which opens none.
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
    """Compares what an index covers with what is there, in a thread beside other work.

    Made in the thread that owns the reader, which it asks once, at the beginning. Roots that are
    not there say nothing: the next run would keep what is known of them.

    Args:
        reader: of the index.
        budget: seconds after which it stops.
    """

    def __init__(self, reader: IndexReader, budget: float = DEFAULT_BUDGET) -> None:
        self._deadline = time.monotonic() + budget
        self._roots = reader.file_times()
        # Only where there are several can one hold what another one finds too.
        several = len(self._roots) > 1
        self._owned = (
            {str(root.path / name) for root, known in self._roots for name in known}
            if several
            else set[str]()
        )
        self._found = Staleness(complete=False)
        # Daemonic: an interrupt does not wait for a slow disk.
        self._thread = threading.Thread(target=self._look, daemon=True, name="bienc-freshness")
        self._thread.start()

    def result(self) -> Staleness:
        """What was found; waits until it is there, or the time is over."""
        self._thread.join(max(0.0, self._deadline - time.monotonic()))
        return self._found

    def _look(self) -> None:
        for root, known in self._roots:
            try:
                whole = self._look_at(root, known)
            except (BiencError, OSError):
                # It is not there, or its patterns are no longer understood.
                continue
            if not whole:
                return
        self._add(complete=True)

    def _look_at(self, root: Root, known: dict[str, tuple[int, int]]) -> bool:
        """Look at one root; False where the time was over before its end."""
        left = dict(known)
        there: dict[str, int] = {}
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
            before = left.pop(item.doc_id, None)
            if before is None:
                if str(item.path) in self._owned:
                    # Another root's, where roots lie inside each other.
                    continue
                new.append(item.doc_id)
            elif before[0] != item.size:
                changed.append(item.doc_id)
            elif before[1] != item.mtime_ns:
                touched.append(item.doc_id)
            there[item.doc_id] = item.size
        missing = [path for path in left if not is_within(path, unreadable)]
        sizes = {path: size for path, (size, _) in known.items()}
        absent = tuple(absences(whereabouts_of(root), sizes, there, missing))
        kept = [one.place for one in absent]
        # The next run would let alone what lies there instead.
        others = [one.place for one in absent if one.another]
        self._add(
            new=_outside(others, new),
            changed=_outside(others, changed),
            touched=_outside(others, touched),
            gone=_outside(kept, missing),
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
        # One assignment, so that the thread that asks sees a whole result at any time.
        found = self._found
        self._found = Staleness(
            found.new + new,
            found.changed + changed,
            found.touched + touched,
            found.gone + gone,
            complete,
        )


def _outside(places: Collection[str], paths: Iterable[str]) -> int:
    """How many paths lie in none of some places."""
    return sum(not is_within(path, places) for path in paths)
