"""Prepares a command: its models, its index, and the check for newer files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bienc_cli.cli.output import Output
from bienc_cli.cli.progress import ShownOn
from bienc_cli.environment import caller, index_places
from bienc_cli.library.shared_models import Models

if TYPE_CHECKING:
    from bienc_cli.indexing.freshness import Staleness
    from bienc_cli.library.front_door import Index
    from bienc_cli.store import IndexPlace

_ALIVE: list[Models] = []
"""Keeps models alive until the process exits: destroying a model takes as long as a search."""


def models_for(
    output: Output,
    model: str | None = None,
    cross_encoder: str | None = None,
    runtime: str = "auto",
    device: str = "auto",
    threads: int | None = None,
    *,
    offline: bool = False,
) -> Models:
    """The models the user asked for; reports progress while they load.

    Raises:
        UsageError: the runtime is unknown.
        Declined: this is a server whose models run differently.
    """
    models = Models(model, cross_encoder, runtime, device, threads, offline, ShownOn(output))
    if caller.warm() is None:
        _ALIVE.append(models)
    return models


def opened(
    named: str | IndexPlace | None,
    output: Output,
    models: Models | None = None,
    *,
    refresh: bool = False,
) -> Index:
    """The index to read: as named, or the nearest one upwards; updated first if requested.

    Raises:
        IndexNotFound: there is none.
        IndexBusy: another process is writing to it, and does not finish.
        IndexMismatch, IndexDamaged: it cannot be read.
    """
    # Not at the top: models start loading before this import.
    from bienc_cli.library.front_door import Index

    index = Index(index_places.index_to_read(named), models, ShownOn(output))
    if refresh:
        from bienc_cli.render.index_report import as_sentence

        report = index.refresh()
        output.warn_all(report.warnings)
        if report.result.committed:
            output.note(f"note: refreshed: {as_sentence(report.result)}")
    return index


@contextmanager
def staleness_noted(
    indexes: Sequence[Index], output: Output, *, check: bool = True
) -> Iterator[None]:
    """Check for changed files during the body, and report them on stderr afterwards."""
    if not check or output.quiet:
        yield
        return
    freshness_checks = [(index.place, index.begin_freshness_check()) for index in indexes]
    yield
    for place, pending in freshness_checks:
        if pending is not None and (staleness := pending.result()):
            prefix = f"{place}: " if len(indexes) > 1 else ""
            output.note(f"note: {prefix}{_sentence(staleness)}{_remedy(place)}")


def _sentence(staleness: Staleness) -> str:
    """The differences, claiming no more than is known."""
    qualifier = "" if staleness.complete else "at least "
    counts = [
        f"{count:,} {change}"
        for count, change in (
            (staleness.new, "new"),
            (staleness.changed, "changed"),
            (staleness.gone, "gone"),
            (staleness.touched, "of another time"),
        )
        if count
    ]
    if not (staleness.new or staleness.changed or staleness.gone):
        files = "1 file has" if staleness.touched == 1 else f"{staleness.touched:,} files have"
        return f"{qualifier}{files} another time than in the index, but the same size"
    return f"the index is older than its files: {qualifier}{', '.join(counts)}"


def _remedy(place: IndexPlace) -> str:
    """How to update the index, for users who may."""
    return " (bienc index, or query --refresh)" if index_places.can_be_written(place) else ""
