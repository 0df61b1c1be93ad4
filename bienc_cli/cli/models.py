"""`bienc models`."""

from __future__ import annotations

from typing import Annotated

import typer

from bienc_cli.cli import options as opt
from bienc_cli.cli.output import Output, OutputFormat


def models(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="MODEL",
            help="With `--prepare`: which ones; the two defaults unless named.",
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
    """List the models that have short names, and whether they are here.

    Any hub id or local directory of a sentence-transformers bi-encoder or cross-encoder
    works too.
    """
    from bienc_cli.cli import environment
    from bienc_cli.models import known_models
    from bienc_cli.render.models import ModelsView

    output = Output(format_)
    opt.refuse_without_effect(
        {"MODEL": bool(names) and not prepare}, "nothing is prepared", "add --prepare"
    )
    if prepare:
        _prepare(names, output)
    output.show(ModelsView(known_models(environment.cache_directory())))
    return 0


def _prepare(names: list[str] | None, output: Output) -> None:
    from bienc_cli.cli.loading import ModelChoice
    from bienc_cli.errors import UsageError
    from bienc_cli.models import DEFAULT_BI_ENCODER, DEFAULT_CROSS_ENCODER, KNOWN_MODELS, Role

    roles = {model.alias: model.role for model in KNOWN_MODELS}
    wanted = names or [DEFAULT_BI_ENCODER, DEFAULT_CROSS_ENCODER]
    unknown = next((name for name in wanted if name not in roles), None)
    if unknown is not None:
        raise UsageError(
            f"There is no model of the short name '{unknown}'.", "the known ones: bienc models"
        )
    for name in wanted:
        if roles[name] is Role.BI_ENCODER:
            ModelChoice(name, None, "auto", "auto", None, False, output).load_bi_encoder(None)
        else:
            ModelChoice(None, name, "auto", "auto", None, False, output).load_cross_encoder()
