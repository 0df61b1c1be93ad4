"""Is the index as new as its files? Said on stderr behind the answer, or seen to before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from bienc_cli.cli import caller, environment
from bienc_cli.cli.output import Output
from bienc_cli.server import Declined

if TYPE_CHECKING:
    from bienc_cli.cli.loading import ModelChoice
    from bienc_cli.indexing.freshness import Staleness
    from bienc_cli.search.joined import Joined
    from bienc_cli.store import IndexPlace, IndexReader

_WAIT_SECONDS = 60.0
"""For another writer, such as `bienc index --watch` in the midst of a batch."""


def open_index(
    named: str | IndexPlace | None, output: Output, choice: ModelChoice, *, refresh: bool
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
    named: str | IndexPlace | None, output: Output, choice: ModelChoice, *, refresh: bool
) -> AbstractContextManager[IndexReader]:
    """The index to read: held ready, or as `open_index` gives it."""
    if warm := caller.warm():
        place, here = environment.index_to_read(named), caller.here()
        return nullcontext(warm.readers.get(place, here, lambda: environment.open_index(place)))
    return open_index(named, output, choice, refresh=refresh)


@contextmanager
def all_held_or_opened(
    places: Sequence[IndexPlace], output: Output, choice: ModelChoice, *, refresh: bool
) -> Iterator[IndexReader | Joined]:
    """Several indexes as one; see `held_or_opened`.

    Raises:
        Declined: a server does not hold so many.
    """
    if len(places) == 1:
        with held_or_opened(places[0], output, choice, refresh=refresh) as reader:
            yield reader
        return
    from bienc_cli.search.joined import joined
    from bienc_cli.server.resident import MOST_READERS

    if caller.warm() is not None and len(places) > MOST_READERS:
        raise Declined(f"{len(places)} indexes are more than are held")
    with ExitStack() as stack:
        yield joined(
            [
                stack.enter_context(held_or_opened(place, output, choice, refresh=refresh))
                for place in places
            ]
        )


def _bring_up_to_date(directory: IndexPlace, output: Output, choice: ModelChoice) -> None:
    from bienc_cli.cli.progress import indexing as progress
    from bienc_cli.indexing.indexer import index_paths
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
            ask=True,
            check=choice.check_bi_encoder,
        )
    for warning in report.warnings:
        output.warn(warning)
    if report.committed:
        output.note(f"note: refreshed: {as_sentence(report)}")


@contextmanager
def noted(searched: IndexReader | Joined, output: Output, *, check: bool = True) -> Iterator[None]:
    """Look for changed files while the body runs, and say behind it if there are any."""
    if not check or output.quiet:
        yield
        return
    from bienc_cli.indexing import freshness
    from bienc_cli.search.joined import Joined

    readers = searched.readers if isinstance(searched, Joined) else (searched,)
    looking = [
        (reader.info.directory, freshness.FreshnessCheck(reader, freshness.DEFAULT_BUDGET))
        for reader in readers
        if freshness.is_worth_a_look(reader.info)
    ]
    yield
    for place, look in looking:
        if found := look.result():
            of = f"{place}: " if len(readers) > 1 else ""
            output.note(f"note: {of}{_sentence(found)}{_remedy(place)}")


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
