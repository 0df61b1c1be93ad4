"""`bienc info`."""

from __future__ import annotations

from typing import Annotated

import typer

from bienc_cli.cli import options as opt
from bienc_cli.cli.output import Output
from bienc_cli.render.view import OutputFormat


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
    from bienc_cli.cli.opening import opened

    output = Output(format_)
    if settings:
        opt.refuse_without_effect(
            {"--skipped": skipped}, "settings are shown", "leave out one or the other"
        )
        return _show_settings(output, index)
    with opened(index, output) as asked:
        status = asked.status(skipped=skipped)
    for warning in status.warnings:
        output.warn(warning)
    output.show(status.view())
    return 0


def _show_settings(output: Output, index: str | None) -> int:
    from bienc_cli.cli.effective_settings import effective_settings
    from bienc_cli.cli.opening import opened
    from bienc_cli.errors import IndexNotFound
    from bienc_cli.render.settings import SettingsView

    try:
        with opened(index, output) as asked:
            settings = effective_settings(asked.info, index)
    except IndexNotFound:
        if index is not None:
            raise
        settings = effective_settings(None)
    output.show(SettingsView(settings))
    return 0
