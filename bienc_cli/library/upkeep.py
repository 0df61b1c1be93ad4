"""How an index is kept: made, brought up to date, looked at, verified, made to forget."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bienc_cli.arguments import errors_in_arguments
from bienc_cli.environment import index_places, variables
from bienc_cli.environment.index_places import possible
from bienc_cli.library.opened_index import OpenedIndex
from bienc_cli.settings import WAIT_SECONDS

if TYPE_CHECKING:
    from bienc_cli.indexing.report import IndexOptions, IndexReport
    from bienc_cli.indexing.workers import StartWorkers
    from bienc_cli.library.upkeep_answers import (
        BuildAnswer,
        CheckAnswer,
        RemoveAnswer,
        StatusAnswer,
    )
    from bienc_cli.store import Root


class Upkeep(OpenedIndex):
    """The methods of `Index` that make, change and verify it."""

    @errors_in_arguments()
    def refresh(
        self,
        paths: str | Path | Iterable[str | Path] = (),
        *,
        listed: Sequence[str | Path] | None = None,
        options: IndexOptions | None = None,
        wait: float = WAIT_SECONDS,
        workers: StartWorkers | None = None,
    ) -> BuildAnswer:
        """Bring the index up to date with all that it covers, or with folders and files.

        Args:
            paths: what it covers from now on too, or is brought up to date alone; all if empty.
            listed: files from a list instead, which takes the place of the last one.
            options: what to cover and how to cut it.
            wait: seconds for another process that is writing to the index.
            workers: who reads and encodes; this process by default.

        Raises:
            PathNotFound: something that was named is not there.
            IndexBusy: another process is writing to it, and goes on.
            IndexMismatch: another model, or other lengths, than it was made with.
            StorageError: it cannot be written.
        """
        from bienc_cli.library.upkeep_answers import BuildAnswer

        return BuildAnswer(
            self._run(
                absolute(paths),
                None if listed is None else absolute(listed),
                options,
                wait=wait,
                workers=workers,
            )
        )

    def _run(
        self,
        paths: Sequence[Path] = (),
        listed: Sequence[Path] | None = None,
        options: IndexOptions | None = None,
        *,
        wait: float,
        workers: StartWorkers | None = None,
    ) -> IndexReport:
        from bienc_cli.indexing.indexer import index_paths
        from bienc_cli.indexing.report import IndexOptions

        with self.reporter.indexing() as observer:
            return index_paths(
                paths,
                listed=listed,
                directory=self.place,
                base=Path.cwd(),
                load_encoder=self.models.load_bi_encoder,
                key_dir=variables.key_directory(),
                options=options or IndexOptions(excludes_file=variables.excludes_file()),
                observer=observer,
                wait=wait,
                on_wait=self._waiting,
                ask=True,
                start_workers=workers,
                check=self.models.check_bi_encoder,
            )

    def follow(
        self,
        stop: threading.Event | None = None,
        on_failure: Callable[[Exception, float], None] = lambda _error, _pause: None,
    ) -> Iterator[BuildAnswer]:
        """Keep the index up to date whenever files change; an answer for each batch.

        Args:
            stop: set to end within a second.
            on_failure: told what failed, such as for a full disk, and after how many seconds it
                is tried again.

        Raises:
            StorageError: the system cannot watch that many folders.
            IndexMismatch, IndexDamaged: somebody put another index in the place of this one.
        """
        from bienc_cli.indexing.watching import follow
        from bienc_cli.library.upkeep_answers import BuildAnswer

        def covered() -> Sequence[Root]:
            # No snapshot is held while nothing happens.
            with self:
                return self.info.roots

        def update() -> IndexReport:
            return self._run(wait=float("inf"))

        for report in follow(update, covered, self.place, stop, on_failure):
            yield BuildAnswer(report)

    @errors_in_arguments()
    def remove(
        self, paths: str | Path | Iterable[str | Path], *, wait: float = WAIT_SECONDS
    ) -> RemoveAnswer:
        """Have the index forget files, folders or roots; the files themselves stay.

        Args:
            paths: as they are shown or as they lie on the disk.
            wait: seconds for another process that is writing to the index.

        Returns:
            What is gone; `unmatched` are paths of which it knows nothing.

        Raises:
            IndexBusy: another process is writing to it, and goes on.
            StorageError: it cannot be written.
        """
        from bienc_cli.indexing.forget import remove_paths
        from bienc_cli.library.upkeep_answers import RemoveAnswer

        with self.reporter.indexing() as observer:
            report = remove_paths(
                absolute(paths),
                directory=self.place,
                key_dir=variables.key_directory(),
                observer=observer,
                wait=wait,
                on_wait=self._waiting,
            )
        return RemoveAnswer(report)

    @errors_in_arguments()
    def check(self, *, mend: bool = False) -> CheckAnswer:
        """Verify the index to the last byte: every text, passage and vector, words and graph.

        Args:
            mend: first make anew what can be made of what is whole, and forget files whose texts
                are damaged; the next `refresh` reads them again.

        Returns:
            `problems`: what is wrong; empty where nothing is.

        Raises:
            IndexBusy: another process is writing to it, where it is to be mended.
        """
        from bienc_cli.library.upkeep_answers import CheckAnswer
        from bienc_cli.store import check, repair

        keys = variables.key_directory()
        repaired = repair(self.place, key_dir=keys) if mend else None
        return CheckAnswer(check(self.place, key_dir=keys), repaired)

    def status(self, *, skipped: bool = False) -> StatusAnswer:
        """What the index holds, and what is to be said of it.

        Args:
            skipped: with every file that was passed over, and why.

        Raises:
            IndexNotFound, IndexMismatch, IndexDamaged: it cannot be read.
        """
        from bienc_cli.library.upkeep_answers import StatusAnswer
        from bienc_cli.store import exposed

        reader = self.reader()
        return StatusAnswer(
            reader.info,
            tuple(reader.skipped()) if skipped else None,
            warnings=tuple(reader.warnings),
            exposed=tuple(exposed(self.place)),
            writable=index_places.can_be_written(self.place),
        )


def absolute(paths: str | Path | Iterable[str | Path]) -> list[Path]:
    """Paths as they were named, from here.

    Raises:
        PathNotFound: no file can be called so.
    """
    named = [paths] if isinstance(paths, str | Path) else paths
    return [_without_dots(Path(possible(path)).expanduser().absolute()) for path in named]


def _without_dots(path: Path) -> Path:
    """A path without `..`, which behind a link is the folder above what that leads to.

    What is named behind the last of them stays what it was named, links and all.
    """
    parts = path.parts
    if os.pardir not in parts:
        return path
    last = len(parts) - parts[::-1].index(os.pardir)
    return Path(os.path.realpath(Path(*parts[:last])), *parts[last:])
