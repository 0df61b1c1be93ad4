"""Is the index as new as its files? Said on stderr behind the answer, or seen to before it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from bienc_cli.cli import caller, environment
from bienc_cli.cli.output import Output

if TYPE_CHECKING:
    from bienc_cli.cli.loading import ModelChoice
    from bienc_cli.indexing.freshness import Staleness
    from bienc_cli.store import IndexPlace, IndexReader

_WAIT_SECONDS = 60.0
"""For another writer, such as `bienc index --watch` in the midst of a batch."""


def open_index(
    named: str | None, output: Output, choice: ModelChoice, *, refresh: bool
) -> IndexReader:
    """The index to read, opened; brought up to date before that if asked for.

    Raises:
        IndexNotFound: there is none.
        IndexBusy: another process is writing to it, and goes on.
        IndexMismatch, IndexDamaged: it cannot be read.
    """
    if refresh:
        _bring_up_to_date(environment.index_to_read(named), output, choice)
    return environment.open_index(named)


def held_or_opened(
    named: str | None, output: Output, choice: ModelChoice, *, refresh: bool
) -> AbstractContextManager[IndexReader]:
    """The index to read: held ready, or as `open_index` gives it."""
    if warm := caller.warm():
        place, here = environment.index_to_read(named), caller.here()
        return nullcontext(warm.readers.get(place, here, lambda: environment.open_index(place)))
    return open_index(named, output, choice, refresh=refresh)


def _bring_up_to_date(directory: IndexPlace, output: Output, choice: ModelChoice) -> None:
    from bienc_cli.cli.progress import indexing as progress
    from bienc_cli.indexing import index_paths
    from bienc_cli.render.index_report import as_sentence

    with progress(output) as observer:
        report = index_paths(
            [],
            directory=directory,
            base=Path.cwd(),
            load_encoder=choice.load_bi_encoder,
            key_dir=environment.key_directory(),
            observer=observer,
            wait=_WAIT_SECONDS,
            on_wait=lambda holder: output.note(f"waiting for {holder}"),
            check=choice.check_bi_encoder,
        )
    for warning in report.warnings:
        output.warn(warning)
    if report.committed:
        output.note(f"note: refreshed: {as_sentence(report)}")


@contextmanager
def noted(reader: IndexReader, output: Output, *, check: bool = True) -> Iterator[None]:
    """Look for changed files while the body runs, and say behind it if there are any."""
    if not check or output.quiet:
        yield
        return
    from bienc_cli.indexing import freshness

    if not freshness.is_worth_a_look(reader.info):
        yield
        return
    looking = freshness.FreshnessCheck(reader, freshness.DEFAULT_BUDGET)
    yield
    if found := looking.result():
        output.note(f"note: {_sentence(found)}{_remedy(reader.info.directory)}")


def _sentence(found: Staleness) -> str:
    """What differs, and no more than is known of it."""
    least = "" if found.complete else "at least "
    counts = [
        f"{number:,} {what}"
        for number, what in (
            (found.new, "new"),
            (found.changed, "changed"),
            (found.gone, "gone"),
            (found.touched, "of another time"),
        )
        if number
    ]
    if not (found.new or found.changed or found.gone):
        files = "1 file has" if found.touched == 1 else f"{found.touched:,} files have"
        return f"{least}{files} another time than in the index, but the same size"
    return f"the index is older than its files: {least}{', '.join(counts)}"


def _remedy(place: IndexPlace) -> str:
    """What brings it up to date, for those who may."""
    return " (bienc index, or query --refresh)" if environment.can_be_written(place) else ""
