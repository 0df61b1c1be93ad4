"""Maintains an index: building, updating, removing, verifying, and its status."""

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
    """The methods of `Index` that build, change and verify it."""

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
        """Update the index with everything that it covers, or with the given folders and files.

        Args:
            paths: folders and files to cover from now on, or to update alone; everything covered if
                empty.
            listed: files from a list instead, replacing the previous list.
            options: what to cover and how to chunk it.
            wait: seconds to wait for another process that is writing to the index.
            workers: what reads and encodes; this process by default.

        Raises:
            PathNotFound: a named path does not exist.
            IndexBusy: the other process was still writing after that.
            IndexMismatch: the index was made with another model, or other lengths.
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
                on_wait=self._note_waiting,
                ask=True,
                start_workers=workers,
                check=self.models.check_bi_encoder,
            )

    def follow(
        self,
        stop: threading.Event | None = None,
        on_failure: Callable[[Exception, float], None] = lambda _error, _pause: None,
    ) -> Iterator[BuildAnswer]:
        """Update the index whenever files change; yields an answer for each batch.

        Args:
            stop: set it to stop within a second.
            on_failure: called with a temporary error, such as a full disk, and the number of
                seconds until the next attempt.

        Raises:
            StorageError: the system cannot watch that many folders.
            IndexMismatch, IndexDamaged: another index was put in the place of this one.
        """
        from bienc_cli.indexing.watching import follow
        from bienc_cli.library.upkeep_answers import BuildAnswer

        def covered() -> Sequence[Root]:
            # Hold no snapshot while idle.
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
        """Remove files, folders or roots from the index; the files themselves stay.

        Args:
            paths: as displayed, or as they are on the disk.
            wait: seconds to wait for another process that is writing to the index.

        Returns:
            What was removed; `unmatched` are paths that the index knows nothing about.

        Raises:
            IndexBusy: the other process was still writing after that.
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
                on_wait=self._note_waiting,
            )
        return RemoveAnswer(report)

    @errors_in_arguments()
    def check(self, *, mend: bool = False) -> CheckAnswer:
        """Verify the index to the last byte: every text, passage and vector, words and graph.

        Args:
            mend: first rebuild what can be rebuilt from undamaged data, and remove files whose
                texts are damaged; the next `refresh` reads them again.

        Returns:
            An answer with `problems`, empty if there are none.

        Raises:
            IndexBusy: another process is writing to the index, which was to be repaired.
        """
        from bienc_cli.library.upkeep_answers import CheckAnswer
        from bienc_cli.store import check, repair

        keys = variables.key_directory()
        repaired = repair(self.place, key_dir=keys) if mend else None
        return CheckAnswer(check(self.place, key_dir=keys), repaired)

    def status(self, *, skipped: bool = False) -> StatusAnswer:
        """What the index holds, with warnings about it.

        Args:
            skipped: include every file that was skipped, with the reason.

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
    """The given paths, made absolute.

    Raises:
        PathNotFound: a path is not a valid file name.
    """
    path_list = [paths] if isinstance(paths, str | Path) else paths
    return [_without_dots(Path(possible(path)).expanduser().absolute()) for path in path_list]


def _without_dots(path: Path) -> Path:
    """A path with `..` resolved; after a link, `..` is the parent of the link's target.

    The part after the last `..` keeps its links.
    """
    parts = path.parts
    if os.pardir not in parts:
        return path
    after_dots = len(parts) - parts[::-1].index(os.pardir)
    return Path(os.path.realpath(Path(*parts[:after_dots])), *parts[after_dots:])
