"""Where an index is, and opening it: in a directory of its own, or in another place.

The pipelines and commands hold an `IndexPlace` and do not ask.
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
"""The index directory's name where none was given."""

IndexPlace: TypeAlias = "Path | RemotePlace"
"""Where an index is: its directory, absolute, or some other place."""


class RemotePlace(Protocol):
    """A place for an index that is no directory of its own; `str` of it is how it is typed.

    What the methods raise, and what they take, is as of the functions of the same names below.
    """

    @property
    def collection(self) -> str:
        """What its documents are called together."""

    @property
    def file(self) -> Path | None:
        """Where it is on this disk all the same; None for a server."""

    def open_reader(self, shown_from: Path | None) -> IndexReader:
        """Open the current generation for reading."""

    def open_writer(
        self, *, create: bool, wait: float, on_wait: Callable[[str], None]
    ) -> IndexWriter:
        """Open it for writing."""

    def check(self, on_stage: Callable[[str], None]) -> CheckReport:
        """Verify everything."""

    def repair(self, wait: float, on_stage: Callable[[str], None]) -> RepairReport:
        """Mend what can be mended."""


def find_index(start: Path, safe: Collection[str] = ()) -> Path | None:
    """The nearest index directory at or above `start`, begun or finished; None if none.

    Only those count that are this user's own, as git has it: who indexes in a folder below does
    not want to write into what somebody else has put above it.

    Args:
        start: absolute.
        safe: directories that count whoever owns them; `*` for all.
    """
    return next((one for one in _indexes_upwards(start) if is_own(one, safe)), None)


def find_foreign_index(start: Path, safe: Collection[str] = ()) -> Path | None:
    """The nearest index directory that `find_index` passes over."""
    return next((one for one in _indexes_upwards(start) if not is_own(one, safe)), None)


def _indexes_upwards(start: Path) -> Iterator[Path]:
    for folder in (start, *start.parents):
        directory = folder / INDEX_NAME
        with suppress(OSError):
            if holds_index(directory):
                yield directory


def holds_index(directory: Path) -> bool:
    """Whether a directory is an index, begun or finished."""
    return (directory / CATALOG).is_file() or any(directory.glob(VECTOR_FILES))


def is_finished(directory: Path) -> bool:
    """Whether a directory is an index that something was committed to."""
    return (directory / CATALOG).is_file()


def exposed(place: IndexPlace) -> list[Path]:
    """The directory and files of this user's own index that others may read or write."""
    return privacy.exposed(place) if isinstance(place, Path) and is_own(place) else []


def open_reader(place: IndexPlace, *, key_dir: Path, shown_from: Path | None = None) -> IndexReader:
    """Open the current generation of an index for reading.

    Args:
        place: of the index.
        key_dir: where this user's key for graph files lies.
        shown_from: paths below it are shown relative to it; by default the folder that holds
            the index, and for another place none.

    Raises:
        IndexNotFound: there is no index.
        IndexMismatch: it has a format that this version cannot read.
        IndexDamaged: it does not hold together.
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
        key_dir: where this user's key lies, or will.
        create: make the index if there is none.
        wait: seconds to wait for another writer.
        on_wait: told once who is waited for.
        ask: meanwhile ask a run that encodes for room, which it makes within seconds. In a
            folder only; on a server one waits.
        begun: what this process has begun in a new index, and goes on with: who is let in
            meanwhile does not begin it otherwise.

    Raises:
        IndexNotFound: there is no index, and none is to be made.
        IndexBusy: another process is writing.
        IndexMismatch: the place holds something else, or a format that cannot be written.
        IndexDamaged: the index does not hold together.
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
    """What tells an index from a later one in the same place, even of the same generation."""
    if not isinstance(place, Path):
        return None
    try:
        status = catalog_path(place).stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def let_in(place: IndexPlace) -> None:
    """Wait until a process that asked for room has it; a writer has just been closed for that."""
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
    """Mend what can be mended; see `verification.repair`."""
    if isinstance(place, Path):
        from bienc_cli.store import verification

        return verification.repair(place, key_dir=key_dir, wait=wait, on_stage=on_stage)
    return place.repair(wait, on_stage)


def lingers(place: IndexPlace) -> bool:
    """Whether what a compacting commit removed is still in the index's files."""
    return isinstance(place, Path) and not is_at_rest(catalog_path(place))


def parent_of(place: IndexPlace) -> Path:
    """The index's parent directory; `/` for a remote index."""
    return place.parent if isinstance(place, Path) else Path("/")
