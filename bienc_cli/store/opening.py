"""Opening an index, wherever it is: in a directory of its own, or in another place.

The pipelines and commands hold an `IndexPlace` and do not ask.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from pathlib import Path

from bienc_cli.store import reader, room, verification
from bienc_cli.store.catalog import catalog_path, is_at_rest
from bienc_cli.store.check_report import CheckReport, RepairReport
from bienc_cli.store.place import IndexPlace
from bienc_cli.store.protocol import IndexReader, IndexWriter
from bienc_cli.store.writer import CatalogWriter


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
        return reader.open_reader(place, key_dir=key_dir, shown_from=shown_from)
    return place.open_reader(shown_from)


def open_writer(
    place: IndexPlace,
    *,
    key_dir: Path,
    create: bool = True,
    wait: float = 0.0,
    on_wait: Callable[[str], None] = lambda _: None,
    ask: bool = False,
    begun: room.Begun | None = None,
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
    """What another index in the same place does not share, though its generation be the same."""
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
        room.let_in(place)


def check(
    place: IndexPlace, *, key_dir: Path, on_stage: Callable[[str], None] = lambda _: None
) -> CheckReport:
    """Verify everything; see `verification.check`."""
    if isinstance(place, Path):
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
        return verification.repair(place, key_dir=key_dir, wait=wait, on_stage=on_stage)
    return place.repair(wait, on_stage)


def lingers(place: IndexPlace) -> bool:
    """Whether what a compacting commit removed is still in the index's files."""
    return isinstance(place, Path) and not is_at_rest(catalog_path(place))


def home_of(place: IndexPlace) -> Path:
    """The folder that an index is beside; the root of all for one that is beside none."""
    return place.parent if isinstance(place, Path) else Path("/")
