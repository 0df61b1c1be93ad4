"""Progress bars: on a terminal's stderr, and nowhere else."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bienc_cli.cli.output import Output
from bienc_cli.cli.time_left import TimeLeft, rough_duration

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from bienc_cli.indexing import IndexObserver
    from bienc_cli.indexing import Progress as IndexProgress


@contextmanager
def counting(output: Output, what: str, total: int) -> Iterator[Callable[[], None]]:
    """A bar over `total` equal steps; calling what it yields is one step."""
    if not output.animated or total < 2:
        yield lambda: None
        return
    with _progress(output) as progress:
        task = progress.add_task(what, total=total, detail="")
        yield lambda: progress.advance(task)


@contextmanager
def portions(output: Output, what: str, of: str) -> Iterator[Callable[[int, int], None]]:
    """A bar that is told how many are done, of how many, as they are done."""
    if not output.animated:
        yield lambda _done, _total: None
        return
    with _progress(output) as progress:
        task = progress.add_task(what, total=None, detail="")
        yield lambda done, total: progress.update(
            task, completed=done, total=total, detail=f"{total:,} {of}"
        )


@contextmanager
def measuring(output: Output, total: int) -> Iterator[Callable[[str, int], None]]:
    """A bar over rankings to be made; what it yields is told whose, and how many more.

    They take from no time to minutes each, so that nothing is said of the time that is left.
    """
    if not output.animated:
        yield lambda _name, _queries: None
        return
    with _progress(output) as progress:
        task = progress.add_task("reading", total=total, detail="")

        def advance(name: str, queries: int) -> None:
            if queries:
                progress.update(task, advance=queries, description="ranking", detail=name)
            else:
                progress.update(task, total=None, description="timing", detail=name)

        yield advance


@contextmanager
def indexing(output: Output) -> Iterator[IndexObserver]:
    """A bar over the bytes of the files to read, with the rate of encoding and what is left."""
    from bienc_cli.indexing import SilentObserver

    if not output.animated:
        yield SilentObserver()
        return
    with _progress(output) as progress:
        yield _IndexBar(progress)


class _IndexBar:
    """An `IndexObserver` that moves a bar."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._left = TimeLeft(0, time.monotonic())
        self._task: TaskID = progress.add_task("looking for files", total=None, detail="")

    def discovered(self, files: int, total_bytes: int) -> None:
        """The bar gets its length."""
        self._left = TimeLeft(total_bytes, time.monotonic())
        self._progress.reset(
            self._task, description="reading and encoding", total=max(total_bytes, 1)
        )
        self._progress.update(self._task, detail=f"{files:,} files")

    def progressed(self, progress: IndexProgress) -> None:
        """The bar moves."""
        self._left.learn(progress, time.monotonic())
        elapsed = self._progress.tasks[0].elapsed or 0.0
        encoded = progress.encoded
        details = [f"{encoded / elapsed:,.0f} passages/s"] if encoded and elapsed > 0 else []
        if (left := self._left.seconds()) is not None:
            details.append(f"{rough_duration(left)} left")
        self._progress.update(self._task, completed=progress.done_bytes, detail=", ".join(details))

    def stage(self, name: str) -> None:
        """The bar is full; what follows has no measure."""
        self._progress.update(self._task, description=name, total=None, detail="")


def _progress(output: Output) -> Progress:
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TextColumn("{task.fields[detail]}", markup=False),
        console=output.stderr_console(),
        transient=True,
    )
