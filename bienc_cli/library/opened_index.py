"""An open index: its current generation, its models, and the names of its documents."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

from bienc_cli.environment import caller, variables
from bienc_cli.errors import BiencError, PathNotFound, UsageError
from bienc_cli.library.reporting import Reporter
from bienc_cli.library.shared_models import Models
from bienc_cli.stages import Stopwatch

if TYPE_CHECKING:
    from bienc_cli.indexing.freshness import FreshnessCheck
    from bienc_cli.store import Filter, IndexInfo, IndexPlace, IndexReader


class _Opened(threading.local):
    """What a thread has open of an index; readers are not shared between threads."""

    reader: IndexReader | None = None
    identity: Hashable = None
    watch: Stopwatch | None = None


class OpenedIndex:
    """The base of all operations on an index.

    Attributes:
        outlasts: keep answering from the open generation after the index is deleted or while it is
            rebuilt.
    """

    outlasts = False

    def __init__(
        self, place: IndexPlace, models: Models | None = None, reporter: Reporter | None = None
    ) -> None:
        """Use `open` or `build`."""
        self.place = place
        self.models = models or Models()
        self.reporter = reporter or Reporter()
        self._mine = _Opened()

    @property
    def exists(self) -> bool:
        """Whether it exists, in whatever state; one on a server counts as existing."""
        from bienc_cli.store import is_finished

        return not isinstance(self.place, Path) or is_finished(self.place)

    @property
    def info(self) -> IndexInfo:
        """A summary of what the index holds now."""
        return self.reader().info

    def reader(self) -> IndexReader:
        """A reader of the current generation; closed when a later one is requested.

        Raises:
            IndexNotFound: the index no longer exists.
            IndexMismatch, IndexDamaged: it cannot be read.
        """
        from bienc_cli.store import identity_of

        mine = self._mine
        if warm := caller.warm():
            return warm.readers.get(self.place, caller.here(), self._open)
        if mine.reader is not None and not self._is_current(mine.reader):
            self.close()
        if mine.reader is None:
            # Read before opening, so that an index replaced meanwhile is opened again.
            mine.identity = identity_of(self.place)
            mine.watch = mine.watch or Stopwatch()
            with mine.watch.stage("open index"):
                mine.reader = self._open()
        return mine.reader

    def _open(self) -> IndexReader:
        from bienc_cli.store import open_reader

        return open_reader(self.place, key_dir=variables.key_directory(), shown_from=caller.here())

    def _is_current(self, reader: IndexReader) -> bool:
        from bienc_cli.store import identity_of

        try:
            there = identity_of(self.place)
            gone = self.outlasts and there is None
            return gone or (there == self._mine.identity and reader.is_current())
        except BiencError:
            return self.outlasts

    def begin_freshness_check(self) -> FreshnessCheck | None:
        """Start comparing the index with its files in a thread; its `result` waits.

        None if fetching the recorded times would take longer than a query.
        """
        from bienc_cli.indexing.freshness import FreshnessCheck, is_worth_a_look

        reader = self.reader()
        return FreshnessCheck(reader) if is_worth_a_look(reader.info) else None

    def let_go(self) -> None:
        """Close a reader whose generation is obsolete, so that the log can shrink."""
        if self._mine.reader is not None and not self._is_current(self._mine.reader):
            self.close()

    def _asked(self) -> tuple[IndexReader, Stopwatch]:
        """The reader to answer a question from, with the time it took to open."""
        reader = self.reader()
        watch, self._mine.watch = self._mine.watch or Stopwatch(), None
        watch.add("open index", 0.0)
        return reader, watch

    def _waiting(self, holder: str) -> None:
        self.reporter.note(f"waiting for {holder}")

    def close(self) -> None:
        """Close the index's files; a later question opens them again.

        Closes those of this thread; those of other threads are closed when the threads end.
        """
        if self._mine.reader is not None:
            self._mine.reader.close()
            self._mine.reader = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        try:
            info = self.info
        except BiencError as error:
            return f"Index({str(self.place)!r}: {error.message})"
        return (
            f"Index({str(self.place)!r}: {info.documents:,} documents, "
            f"{info.passages:,} passages, {info.encoder.name})"
        )


def documents_of(paths: str | Sequence[str], formats: str | Sequence[str]) -> Filter:
    """The filter for these patterns and formats; no pattern is looked up on the disk.

    Raises:
        UsageError: a format is unknown.
    """
    from bienc_cli.formats.table import FORMATS, format_named
    from bienc_cli.store import Filter

    meant = []
    for name in (formats,) if isinstance(formats, str) else formats:
        format_ = format_named(name)
        if format_ is None:
            raise UsageError(
                f"There is no format '{name}'.",
                f"give one of: {', '.join(sorted(FORMATS))}; or a suffix: md, htm, py",
            )
        meant.append(format_)
    patterns = (paths,) if isinstance(paths, str) else tuple(paths)
    return Filter(patterns, tuple(dict.fromkeys(meant)))


def several(named: str | Sequence[str]) -> Sequence[str]:
    """Names from a list, or from a string separated by commas, as commands take them."""
    return named.split(",") if isinstance(named, str) else named


def unknown(named: str) -> PathNotFound:
    """The error for a name that the index does not know."""
    return PathNotFound(
        f"The index holds no document called {named}.",
        "name one as answers do: by its path, its id or a citation",
    )
