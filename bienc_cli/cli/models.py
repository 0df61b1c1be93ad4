"""`bienc models`."""

from __future__ import annotations

from typing import Annotated

import typer

from bienc_cli.cli import options as opt
from bienc_cli.cli.output import Output
from bienc_cli.render.view import OutputFormat


def models(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="MODEL",
            help="With `--prepare`: which ones; by default the two defaults.",
            show_default=False,
        ),
    ] = None,
    prepare: Annotated[
        bool,
        typer.Option(
            "--prepare", help="Make them ready for this machine, as their first use would."
        ),
    ] = False,
    format_: opt.FormatOption = OutputFormat.table,
) -> int:
    """List the models with short names, and whether they are available.

    Any hub id or local directory of a sentence-transformers bi-encoder or cross-encoder
    works too.
    """
    from bienc_cli.cli.opening import models_for
    from bienc_cli.library.shared_models import Models

    output = Output(format_)
    opt.refuse_without_effect(
        {"MODEL": bool(names) and not prepare}, "nothing is prepared", "add --prepare"
    )
    if prepare:
        models_for(output).prepare(names or ())
    output.show(Models.known().view())
    return 0
