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


class _ThreadState(threading.local):
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
        self._state = _ThreadState()

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

        state = self._state
        if warm := caller.warm():
            return warm.readers.get(self.place, caller.here(), self._open)
        if state.reader is not None and not self._is_current(state.reader):
            self.close()
        if state.reader is None:
            # Read before opening, so that an index replaced meanwhile is opened again.
            state.identity = identity_of(self.place)
            state.watch = state.watch or Stopwatch()
            with state.watch.stage("open index"):
                state.reader = self._open()
        return state.reader

    def _open(self) -> IndexReader:
        from bienc_cli.store import open_reader

        return open_reader(self.place, key_dir=variables.key_directory(), shown_from=caller.here())

    def _is_current(self, reader: IndexReader) -> bool:
        from bienc_cli.store import identity_of

        try:
            identity = identity_of(self.place)
            is_gone = self.outlasts and identity is None
            return is_gone or (identity == self._state.identity and reader.is_current())
        except BiencError:
            return self.outlasts

    def begin_freshness_check(self) -> FreshnessCheck | None:
        """Start comparing the index with its files in a thread; its `result` waits.

        None if fetching the recorded times would take longer than a query.
        """
        from bienc_cli.indexing.freshness import FreshnessCheck, is_worth_a_look

        reader = self.reader()
        return FreshnessCheck(reader) if is_worth_a_look(reader.info) else None

    def close_if_obsolete(self) -> None:
        """Close a reader whose generation is obsolete, so that the log can shrink."""
        if self._state.reader is not None and not self._is_current(self._state.reader):
            self.close()

    def _reader_and_watch(self) -> tuple[IndexReader, Stopwatch]:
        """The reader to answer a question from, with the time it took to open."""
        reader = self.reader()
        watch, self._state.watch = self._state.watch or Stopwatch(), None
        watch.add("open index", 0.0)
        return reader, watch

    def _note_waiting(self, holder: str) -> None:
        self.reporter.note(f"waiting for {holder}")

    def close(self) -> None:
        """Close the index's files; a later question opens them again.

        Closes those of this thread; those of other threads are closed when the threads end.
        """
        if self._state.reader is not None:
            self._state.reader.close()
            self._state.reader = None

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

    names = []
    for name in (formats,) if isinstance(formats, str) else formats:
        format_ = format_named(name)
        if format_ is None:
            raise UsageError(
                f"There is no format '{name}'.",
                f"give one of: {', '.join(sorted(FORMATS))}; or a suffix: md, htm, py",
            )
        names.append(format_)
    patterns = (paths,) if isinstance(paths, str) else tuple(paths)
    return Filter(patterns, tuple(dict.fromkeys(names)))


def several(names: str | Sequence[str]) -> Sequence[str]:
    """Names from a list, or from a string separated by commas, as commands take them."""
    return names.split(",") if isinstance(names, str) else names


def unknown(name: str) -> PathNotFound:
    """The error for a name that the index does not know."""
    return PathNotFound(
        f"The index holds no document called {name}.",
        "name one as answers do: by its path, its id or a citation",
    )
