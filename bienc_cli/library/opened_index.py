"""An open index: its current generation, its models, and what its documents are named by."""

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
    """What a thread has open of an index: a reader is for one."""

    reader: IndexReader | None = None
    identity: Hashable = None
    watch: Stopwatch | None = None


class OpenedIndex:
    """What everything that is done with an index needs.

    Attributes:
        outlasts: an index that is gone, or is being made anew, is answered from as it was.
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
        """Whether it is there already, in whatever state; one on a server counts as that."""
        from bienc_cli.store import is_finished

        return not isinstance(self.place, Path) or is_finished(self.place)

    @property
    def info(self) -> IndexInfo:
        """What the index holds now."""
        return self.reader().info

    def reader(self) -> IndexReader:
        """The generation that is current now; closed when a later one is asked for.

        Raises:
            IndexNotFound: the index is gone.
            IndexMismatch, IndexDamaged: it cannot be read.
        """
        from bienc_cli.store import identity_of

        mine = self._mine
        if warm := caller.warm():
            return warm.readers.get(self.place, caller.here(), self._open)
        if mine.reader is not None and not self._is_current(mine.reader):
            self.close()
        if mine.reader is None:
            # Before it is opened: what is replaced meanwhile is then opened once more.
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
        """Compare the index with its files, in a thread beside other work; its `result` waits.

        None where to fetch what is known of them would take longer than a query.
        """
        from bienc_cli.indexing.freshness import FreshnessCheck, is_worth_a_look

        reader = self.reader()
        return FreshnessCheck(reader) if is_worth_a_look(reader.info) else None

    def let_go(self) -> None:
        """Give up a generation that is over, whose log would be kept for it."""
        if self._mine.reader is not None and not self._is_current(self._mine.reader):
            self.close()

    def _asked(self) -> tuple[IndexReader, Stopwatch]:
        """What a question is answered from, with what it took to open since the last one."""
        reader = self.reader()
        watch, self._mine.watch = self._mine.watch or Stopwatch(), None
        watch.add("open index", 0.0)
        return reader, watch

    def _waiting(self, holder: str) -> None:
        self.reporter.note(f"waiting for {holder}")

    def close(self) -> None:
        """Let go of the index's files; a later question opens them again.

        Those that this thread has open; another's are let go of when it ends.
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
    """The documents that match; patterns as they are: nothing is looked up on the disk for them.

    Raises:
        UsageError: there is no such format.
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
    """Names as commands take them, with commas between them, or in a list."""
    return named.split(",") if isinstance(named, str) else named


def unknown(named: str) -> PathNotFound:
    """Nothing of the index is called so."""
    return PathNotFound(
        f"The index holds no document called {named}.",
        "name one as answers do: by its path, its id or a citation",
    )
