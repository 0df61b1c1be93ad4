"""The models and the index that a command is about, as the library has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bienc_cli.cli.output import Output
from bienc_cli.cli.progress import ShownOn
from bienc_cli.environment import caller, index_places
from bienc_cli.library.shared_models import Models

if TYPE_CHECKING:
    from bienc_cli.library.front_door import Index
    from bienc_cli.store import IndexPlace

_ALIVE: list[Models] = []
"""To the end of the process: to take a model apart takes as long as a search."""


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
    """What the user said about models; what goes on while they are loaded is shown.

    Raises:
        UsageError: there is no such runtime.
        Declined: a server that is asked has models that run otherwise.
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
    """The index to read: as named, or the nearest one upwards; brought up to date if asked for.

    Raises:
        IndexNotFound: there is none.
        IndexBusy: another process is writing to it, and goes on.
        IndexMismatch, IndexDamaged: it cannot be read.
    """
    # Not at the top: models begin to load before.
    from bienc_cli.library.front_door import Index

    found = Index(index_places.index_to_read(named), models, ShownOn(output))
    if refresh:
        from bienc_cli.render.index_report import as_sentence

        report = found.refresh()
        for warning in report.warnings:
            output.warn(warning)
        if report.result.committed:
            output.note(f"note: refreshed: {as_sentence(report.result)}")
    return found
