"""Progress bars: on a terminal's stderr, and nowhere else.

Rich animates one display at a time, and a model may be prepared in another thread while files are
being read. So all bars of a process are lines of one display, which exists while there is any bar.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from bienc_cli.cli import process
from bienc_cli.cli.output import Output
from bienc_cli.cli.time_left import SteadyTimeLeft, TimeLeft, rough_duration
from bienc_cli.library.reporting import Reporter

if TYPE_CHECKING:
    from rich.progress import Progress

    from bienc_cli.indexing.report import IndexObserver
    from bienc_cli.indexing.report import Progress as IndexProgress
    from bienc_cli.models import FirstUse

_TEXT_COLUMNS = 66
"""Columns beside a bar: `reading and encoding`, a rate and the time left."""
_SHORTEST_BAR, _LONGEST_BAR = 4, 24

_RESTORE_TERMINAL = b"\r\x1b[2K\x1b[?25h"
"""Clears the line and shows the cursor."""


class ProgressBar:
    """One line of the display."""

    def __init__(
        self, progress: Progress, description: str, total: int | None, detail: str
    ) -> None:
        self._progress = progress
        self._task = progress.add_task(description, total=total, detail=detail)
        progress.refresh()

    def update(self, **changes: Any) -> None:
        """Change `completed`, `total`, `description` or `detail`."""
        self._progress.update(self._task, **changes)

    def reset(self, **changes: Any) -> None:
        """Start over from zero."""
        self._progress.reset(self._task, **changes)

    def unmeasured(self, description: str, detail: str = "") -> None:
        """Continue with work of unknown length."""
        # Rich treats `total=None` as no change, so a full bar would stay full.
        self.remove()
        self._task = self._progress.add_task(description, total=None, detail=detail)
        self._progress.refresh()

    def remove(self) -> None:
        """Remove the line."""
        self._progress.remove_task(self._task)


class _Display:
    """The bars shown now."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._progress: Progress | None = None
        self._bars = 0

    @contextmanager
    def bar(
        self, output: Output, description: str, total: int | None = None, detail: str = ""
    ) -> Iterator[ProgressBar]:
        with self._lock:
            if self._progress is None:
                self._progress = _progress(output)
                self._progress.start()
            bar = ProgressBar(self._progress, description, total, detail)
            self._bars += 1
        try:
            with process.undone(_restore_terminal):
                yield bar
        finally:
            with self._lock:
                bar.remove()
                self._bars -= 1
                if not self._bars:
                    self._progress.stop()
                    self._progress = None


_DISPLAY = _Display()


@contextmanager
def waiting(output: Output, what: str, detail: str) -> Iterator[None]:
    """A bar for work of unknown length."""
    if not output.animated:
        yield
        return
    with _DISPLAY.bar(output, what, detail=detail):
        yield


@contextmanager
def counting(output: Output, what: str, total: int) -> Iterator[Callable[[], None]]:
    """A bar over `total` equal steps; each call of what it yields is one step."""
    if total < 2:
        yield lambda: None
        return
    done = 0
    with portions(output, what, "") as advance:

        def step() -> None:
            nonlocal done
            done += 1
            advance(done, total)

        yield step


@contextmanager
def portions(output: Output, what: str, of: str) -> Iterator[Callable[[int, int], None]]:
    """A bar whose yielded callback takes how many are done, and their total."""
    if not output.animated:
        yield lambda _done, _total: None
        return
    time_left = SteadyTimeLeft()
    with _DISPLAY.bar(output, what) as bar:

        def advance(done: int, total: int) -> None:
            time_left.learn(done, time.monotonic())
            details = [f"{total:,} {of}"] if of else []
            if (seconds := time_left.seconds(total)) is not None:
                details.append(f"{rough_duration(seconds)} left")
            bar.update(completed=done, total=total, detail=", ".join(details))

        yield advance


@contextmanager
def measuring(
    output: Output, total: int, per_strategy: int
) -> Iterator[Callable[[str, int], None]]:
    """A bar over rankings; the yielded callback takes a strategy and how many more it has made.

    It is called with 0 when a strategy starts, and again while it is timed. Rankings take from no
    time to minutes each, so the time left is that of the strategy at work, whose rankings take
    equally long.

    Args:
        output: of the command.
        total: number of rankings to make.
        per_strategy: number of rankings per strategy.
    """
    if not output.animated:
        yield lambda _name, _queries: None
        return
    with _DISPLAY.bar(output, "reading", total) as bar:
        done: dict[str, int] = {}
        times_left: dict[str, SteadyTimeLeft] = {}

        def advance(name: str, queries: int) -> None:
            if done.get(name, 0) >= per_strategy:
                bar.unmeasured("timing", name)
                return
            done[name] = done.get(name, 0) + queries
            times_left.setdefault(name, SteadyTimeLeft()).learn(done[name], time.monotonic())
            seconds = times_left[name].seconds(per_strategy)
            suffix = f", {rough_duration(seconds)} left of it" if seconds else ""
            bar.update(
                total=total,
                completed=sum(done.values()),
                description="ranking",
                detail=f"{name}{suffix}",
                refresh=not queries,
            )

        yield advance


@contextmanager
def indexing(output: Output) -> Iterator[IndexObserver]:
    """A bar over the bytes of the files to read, with the encoding rate and the time left."""
    from bienc_cli.indexing.report import SilentObserver

    if not output.animated:
        yield SilentObserver()
        return
    with _DISPLAY.bar(output, "looking for files") as bar:
        yield _IndexBar(bar)


class ShownOn(Reporter):
    """Shows progress on a command's stderr."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._prepared: set[str] = set()

    def note(self, sentence: str) -> None:
        """Print a line, unless the command is quiet."""
        self._output.note(sentence)

    @contextmanager
    def preparing(self, use: FirstUse) -> Iterator[None]:
        """A bar while it lasts; without animation, one line per model."""
        megabytes = f"{max(use.size / 1e6, 1):.0f} MB, " if use.size else ""
        if not self._output.animated and use.model not in self._prepared:
            self._output.note(f"note: {use.work} {use.model} ({megabytes}only this once)")
        self._prepared.add(use.model)
        with waiting(self._output, f"{use.work} {use.model}", f"{megabytes}only this once"):
            yield

    def indexing(self) -> AbstractContextManager[IndexObserver]:
        """See `indexing`."""
        return indexing(self._output)

    def measuring(
        self, total: int, per_strategy: int
    ) -> AbstractContextManager[Callable[[str, int], None]]:
        """See `measuring`."""
        return measuring(self._output, total, per_strategy)

    def portions(self, what: str, of: str) -> AbstractContextManager[Callable[[int, int], None]]:
        """See `portions`."""
        return portions(self._output, what, of)

    def counting(self, what: str, total: int) -> AbstractContextManager[Callable[[], None]]:
        """See `counting`."""
        return counting(self._output, what, total)


class _IndexBar:
    """An `IndexObserver` that updates a bar."""

    def __init__(self, bar: ProgressBar) -> None:
        self._bar = bar
        self._began = time.monotonic()
        self._left = TimeLeft(0, self._began)

    def discovered(self, files: int, total_bytes: int) -> None:
        """Set the bar's length."""
        self._began = time.monotonic()
        self._left = TimeLeft(total_bytes, self._began)
        self._bar.reset(description="reading and encoding", total=max(total_bytes, 1))
        self._bar.update(detail=f"{files:,} files")

    def progressed(self, progress: IndexProgress) -> None:
        """Update the bar."""
        now = time.monotonic()
        self._left.learn(progress, now)
        encoded = progress.encoded
        details = [f"{encoded / (now - self._began):,.0f} passages/s"] if encoded else []
        if (seconds := self._left.seconds()) is not None:
            details.append(f"{rough_duration(seconds)} left")
        self._bar.update(completed=progress.done_bytes, detail=", ".join(details))

    def stage(self, name: str) -> None:
        """Show a stage of unknown length; the bar is full."""
        self._bar.unmeasured(name)


def _progress(output: Output) -> Progress:
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
    )

    console = output.stderr_console()
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=min(max(console.width - _TEXT_COLUMNS, _SHORTEST_BAR), _LONGEST_BAR)),
        TaskProgressColumn(),
        TextColumn("{task.fields[detail]}", markup=False),
        console=console,
        transient=True,
        # Data printed meanwhile belongs on stdout.
        redirect_stdout=False,
    )


def _restore_terminal() -> None:
    # Bypass rich, whose lock the drawing thread may hold.
    with suppress(OSError):
        os.write(2, _RESTORE_TERMINAL)
