"""`bienc info`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bienc_cli.cli import options as opt
from bienc_cli.cli.output import Output, OutputFormat

if TYPE_CHECKING:
    from bienc_cli.store import IndexPlace


def info(
    skipped: Annotated[
        bool,
        typer.Option(
            "--skipped",
            help="List every skipped file with its reason too.",
            rich_help_panel=opt.OUTPUT_PANEL,
        ),
    ] = False,
    settings: Annotated[
        bool,
        typer.Option(
            "--settings",
            help="Show instead what holds where no option is typed, and where it came from.",
            rich_help_panel=opt.OUTPUT_PANEL,
        ),
    ] = False,
    format_: opt.FormatOption = OutputFormat.table,
    index: opt.IndexOption = None,
) -> int:
    """Show what an index holds.

    Documents, passages, formats, model, chunking, sizes and age.
    """
    from bienc_cli.cli import environment
    from bienc_cli.render.info import InfoView
    from bienc_cli.store import exposed

    output = Output(format_)
    if settings:
        opt.refuse_without_effect(
            {"--skipped": skipped}, "settings are shown", "leave out one or the other"
        )
        return _show_settings(output, index)
    with environment.open_index(index) as reader:
        held = reader.info
        unread = tuple(reader.skipped()) if skipped else None
        for warning in reader.warnings:
            output.warn(_in_full(warning, held.directory))
    if environment.is_ours(held.directory) and (others := exposed(held.directory)):
        output.warn(
            f"others may read or change {others[0]}"
            + (f" and {len(others) - 1} more in it" if len(others) > 1 else "")
            + " (bienc index takes their rights away)"
        )
    output.show(InfoView(held, unread))
    return 0


def _in_full(warning: str, directory: IndexPlace) -> str:
    """What every search says in a line, with what can be done about it."""
    from bienc_cli.cli import environment
    from bienc_cli.store import FOREIGN_GRAPH

    if warning != FOREIGN_GRAPH:
        return warning
    remedy = (
        "`bienc check --repair` makes one of your own."
        if environment.can_be_written(directory)
        else "The index cannot be written here, so that it stays like that; a copy of it can be."
    )
    return (
        f"The graph of the index in {directory} was made by another user, or elsewhere, and is not "
        "used here; all vectors are compared instead, which is exact but slower for large indexes. "
        f"{remedy}"
    )


def _show_settings(output: Output, index: str | None) -> int:
    from bienc_cli.cli import environment
    from bienc_cli.cli.held_settings import held
    from bienc_cli.errors import IndexNotFound
    from bienc_cli.render.settings import SettingsView

    try:
        with environment.open_index(index) as reader:
            settings = held(reader.info, index)
    except IndexNotFound:
        if index is not None:
            raise
        settings = held(None)
    output.show(SettingsView(settings))
    return 0
