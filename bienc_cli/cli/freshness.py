"""Is the index as new as its files? Said on stderr behind the answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bienc_cli.cli.output import Output
from bienc_cli.environment import index_places

if TYPE_CHECKING:
    from bienc_cli.indexing.freshness import Staleness
    from bienc_cli.store import IndexPlace, IndexReader


@contextmanager
def noted(readers: Sequence[IndexReader], output: Output, *, check: bool = True) -> Iterator[None]:
    """Look for changed files while the body runs, and say behind it if there are any."""
    if not check or output.quiet:
        yield
        return
    from bienc_cli.indexing import freshness

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
    return " (bienc index, or query --refresh)" if index_places.can_be_written(place) else ""
