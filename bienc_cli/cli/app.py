"""The table of commands."""

from __future__ import annotations

from typing import Annotated

import typer

from bienc_cli import __version__
from bienc_cli.cli.check import check
from bienc_cli.cli.classify import classify
from bienc_cli.cli.compare import compare
from bienc_cli.cli.help import HelpfulCommand, HelpfulGroup
from bienc_cli.cli.index import index
from bienc_cli.cli.info import info
from bienc_cli.cli.judge import judge
from bienc_cli.cli.mcp import mcp
from bienc_cli.cli.models import models
from bienc_cli.cli.output import Output, OutputFormat
from bienc_cli.cli.pairs import pairs
from bienc_cli.cli.query import query
from bienc_cli.cli.remove import remove
from bienc_cli.cli.score import score
from bienc_cli.cli.serve import serve
from bienc_cli.cli.similar import similar
from bienc_cli.cli.tune import tune

app = typer.Typer(
    name="bienc",
    cls=HelpfulGroup,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(asked: bool) -> None:
    if asked:
        Output(OutputFormat.plain).print_lines([f"bienc {__version__}"])
        raise typer.Exit


@app.callback()
def bienc(
    _version: Annotated[
        bool,
        typer.Option(
            "-V",
            "--version",
            callback=_print_version,
            is_eager=True,
            help="Show the version and exit.",
        ),
    ] = False,
) -> None:
    """Search document folders by meaning, locally.

    A bi-encoder finds candidates in an on-disk index, a cross-encoder reads them together
    with the query and puts them in order; `compare` shows what each gives and what it costs.
    """


for command in (
    index,
    query,
    similar,
    pairs,
    compare,
    judge,
    tune,
    score,
    classify,
    serve,
    mcp,
    info,
    models,
    check,
    remove,
):
    app.command(cls=HelpfulCommand)(command)
