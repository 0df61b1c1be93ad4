"""Whether an index is as new as the files it covers: a look that opens none of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bienc_cli.errors import BiencError
from bienc_cli.indexing.coverage import is_below, is_transient, items_under
from bienc_cli.store import IndexInfo, IndexReader, Root
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
        changed: files whose size or time is not as recorded. Some may turn out to have the
            same content; only reading them tells.
        gone: files that the next run would forget.
        complete: everything was looked at. Where it was not, more may differ; files are
            counted as gone only in roots that were.
    """

    new: int = 0
    changed: int = 0
    gone: int = 0
    complete: bool = True

    def __bool__(self) -> bool:
        return bool(self.new or self.changed or self.gone)


def staleness(
    reader: IndexReader, budget: float = DEFAULT_BUDGET, excludes_file: Path | None = None
) -> Staleness:
    """Compare what an index covers with what is there, within a time.

    Roots that are not there say nothing: the next run would keep what is known of them.

    Args:
        reader: of the index.
        budget: seconds after which to stop.
        excludes_file: see `discovery.discover`.
    """
    return FreshnessCheck(reader, budget, excludes_file).result()


class FreshnessCheck:
    """A look that goes on beside other work, in a thread of its own.

    Made in the thread that owns the reader, which it asks once, at the beginning.
    """

    def __init__(
        self,
        reader: IndexReader,
        budget: float = DEFAULT_BUDGET,
        excludes_file: Path | None = None,
    ) -> None:
        self._deadline = time.monotonic() + budget
        self._excludes_file = excludes_file
        self._roots = reader.file_times()
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
        unreadable: list[str] = []
        for item in items_under(root, self._excludes_file):
            if time.monotonic() > self._deadline:
                return False
            if isinstance(item, Skipped):
                if is_transient(item):
                    unreadable.append(item.path)
                continue
            before = left.pop(item.doc_id, None)
            if before is None:
                self._add(new=1)
            elif before != (item.size, item.mtime_ns):
                self._add(changed=1)
        self._add(gone=sum(not _is_kept(path, unreadable) for path in left))
        return True

    def _add(
        self, *, new: int = 0, changed: int = 0, gone: int = 0, complete: bool = False
    ) -> None:
        # One assignment, so that the thread that asks sees a whole result at any time.
        found = self._found
        self._found = Staleness(
            found.new + new, found.changed + changed, found.gone + gone, complete
        )


def _is_kept(path: str, unreadable: Sequence[str]) -> bool:
    return any(place == "." or is_below(path, place) for place in unreadable)
