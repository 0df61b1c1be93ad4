"""The index that a command is about, as the library has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bienc_cli.cli import environment
from bienc_cli.cli.output import Output
from bienc_cli.cli.progress import ShownOn
from bienc_cli.library.front_door import Index
from bienc_cli.library.shared_models import Models

if TYPE_CHECKING:
    from bienc_cli.cli.loading import ModelChoice
    from bienc_cli.store import IndexPlace


def opened(
    named: str | IndexPlace | None,
    output: Output,
    choice: ModelChoice | None = None,
    *,
    refresh: bool = False,
) -> Index:
    """The index to read: as named, or the nearest one upwards; brought up to date if asked for.

    Raises:
        IndexNotFound: there is none.
        IndexBusy: another process is writing to it, and goes on.
        IndexMismatch, IndexDamaged: it cannot be read.
    """
    models = None if choice is None else Models.by(choice)
    found = Index(environment.index_to_read(named), models, ShownOn(output))
    if refresh:
        from bienc_cli.render.index_report import as_sentence

        report = found.refresh()
        for warning in report.warnings:
            output.warn(warning)
        if report.result.committed:
            output.note(f"note: refreshed: {as_sentence(report.result)}")
    return found
