"""Finds and opens an index, in a directory or in a remote place.

The pipelines and commands hold an `IndexPlace` and need not know which kind it is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from bienc_cli.store import privacy
from bienc_cli.store.catalog import CATALOG, VECTOR_FILES, catalog_path, is_at_rest
from bienc_cli.store.privacy import is_own

if TYPE_CHECKING:
    from bienc_cli.store.facts import Begun, CheckReport, RepairReport
    from bienc_cli.store.protocol import IndexReader, IndexWriter

INDEX_NAME = ".bienc"
"""The default name of an index directory."""

IndexPlace: TypeAlias = "Path | RemotePlace"
"""Where an index is: the absolute path of its directory, or a remote place."""


class RemotePlace(Protocol):
    """A place for an index other than a local directory; `str` gives its address as typed.

    Arguments and errors of the methods are those of the functions of the same names below.
    """

    @property
    def collection(self) -> str:
        """The name of the collection that holds its documents."""

    @property
    def file(self) -> Path | None:
        """Its file, if it is on this disk after all; None for a server."""

    def open_reader(self, shown_from: Path | None) -> IndexReader:
        """Open the current generation for reading."""

    def open_writer(
        self, *, create: bool, wait: float, on_wait: Callable[[str], None]
    ) -> IndexWriter:
        """Open it for writing."""

    def check(self, on_stage: Callable[[str], None]) -> CheckReport:
        """Verify everything."""

    def repair(self, wait: float, on_stage: Callable[[str], None]) -> RepairReport:
        """Repair what can be repaired."""


def find_index(start: Path, safe: Collection[str] = ()) -> Path | None:
    """The nearest index directory at or above `start`, committed or not; None if there is none.

    Like git, it only accepts directories that this user owns: somebody indexing a folder does not
    want to write into an index that somebody else put above it.

    Args:
        start: an absolute path.
        safe: directories to accept whoever owns them; `*` for all.
    """
    return next(
        (directory for directory in _indexes_upwards(start) if is_own(directory, safe)), None
    )


def find_foreign_index(start: Path, safe: Collection[str] = ()) -> Path | None:
    """The nearest index directory that `find_index` skips because of its owner."""
    return next(
        (directory for directory in _indexes_upwards(start) if not is_own(directory, safe)), None
    )


def _indexes_upwards(start: Path) -> Iterator[Path]:
    for folder in (start, *start.parents):
        directory = folder / INDEX_NAME
        with suppress(OSError):
            if holds_index(directory):
                yield directory


def holds_index(directory: Path) -> bool:
    """Whether a directory holds an index, committed or not."""
    return (directory / CATALOG).is_file() or any(directory.glob(VECTOR_FILES))


def is_finished(directory: Path) -> bool:
    """Whether a directory holds an index with at least one commit."""
    return (directory / CATALOG).is_file()


def exposed(place: IndexPlace) -> list[Path]:
    """The directory and files of this user's own index that others may read or write."""
    return privacy.exposed(place) if isinstance(place, Path) and is_own(place) else []


def open_reader(place: IndexPlace, *, key_dir: Path, shown_from: Path | None = None) -> IndexReader:
    """Open the current generation of an index for reading.

    Args:
        place: of the index.
        key_dir: directory of this user's key for graph files.
        shown_from: paths below it are displayed relative to it; by default the folder that contains
            the index, or none for a remote place.

    Raises:
        IndexNotFound: there is no index.
        IndexMismatch: this version cannot read its format.
        IndexDamaged: it is damaged.
        StorageError: it cannot be opened, or the server does not answer.
    """
    if isinstance(place, Path):
        from bienc_cli.store.reader import CatalogReader

        return CatalogReader(place, key_dir, shown_from or place.parent)
    return place.open_reader(shown_from)


def open_writer(
    place: IndexPlace,
    *,
    key_dir: Path,
    create: bool = True,
    wait: float = 0.0,
    on_wait: Callable[[str], None] = lambda _: None,
    ask: bool = False,
    begun: Begun | None = None,
) -> IndexWriter:
    """Open an index for writing.

    Args:
        place: of the index.
        key_dir: directory of this user's key, existing or to be created.
        create: create the index if there is none.
        wait: seconds to wait for another writer.
        on_wait: called once with a description of the other writer.
        ask: while waiting, ask a run that encodes to make room, which it does within seconds. Local
            indexes only; on a server, this waits.
        begun: the settings with which this process started a new index and will continue: a writer
            that is let in meanwhile keeps to them.

    Raises:
        IndexNotFound: there is no index, and `create` is False.
        IndexBusy: another process is writing.
        IndexMismatch: the place holds something else, or a format that cannot be written.
        IndexDamaged: the index is damaged.
        StorageError: it cannot be written, or the server does not answer.
    """
    if isinstance(place, Path):
        from bienc_cli.store.writer import CatalogWriter

        return CatalogWriter(
            place,
            key_dir,
            create=create,
            wait=wait,
            on_wait=on_wait,
            ask=ask,
            begun=begun,
        )
    return place.open_writer(create=create, wait=wait, on_wait=on_wait)


def identity_of(place: IndexPlace) -> Hashable:
    """Distinguishes an index from a later one in the same place, even of the same generation."""
    if not isinstance(place, Path):
        return None
    try:
        status = catalog_path(place).stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def let_in(place: IndexPlace) -> None:
    """Wait until the process that asked for room has the lock; call after closing the writer."""
    if isinstance(place, Path):
        from bienc_cli.store import lock

        lock.let_in(place)


def check(
    place: IndexPlace, *, key_dir: Path, on_stage: Callable[[str], None] = lambda _: None
) -> CheckReport:
    """Verify everything; see `verification.check`."""
    if isinstance(place, Path):
        from bienc_cli.store import verification

        return verification.check(place, key_dir=key_dir, on_stage=on_stage)
    return place.check(on_stage)


def repair(
    place: IndexPlace,
    *,
    key_dir: Path,
    wait: float = 0.0,
    on_stage: Callable[[str], None] = lambda _: None,
) -> RepairReport:
    """Repair what can be repaired; see `verification.repair`."""
    if isinstance(place, Path):
        from bienc_cli.store import verification

        return verification.repair(place, key_dir=key_dir, wait=wait, on_stage=on_stage)
    return place.repair(wait, on_stage)


def lingers(place: IndexPlace) -> bool:
    """Whether the index's files still contain data that a compacting commit removed."""
    return isinstance(place, Path) and not is_at_rest(catalog_path(place))


def parent_of(place: IndexPlace) -> Path:
    """The index's parent directory; `/` for a remote index."""
    return place.parent if isinstance(place, Path) else Path("/")
