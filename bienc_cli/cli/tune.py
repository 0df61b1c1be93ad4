"""`bienc tune`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bienc_cli.cli import options as opt
from bienc_cli.cli.output import Output
from bienc_cli.render.view import OutputFormat
from bienc_cli.settings import WAIT_SECONDS


def tune(
    queries: Annotated[
        Path | None,
        typer.Option(
            "--queries",
            metavar="FILE",
            help="Queries: text lines, JSON lines, TSV or TREC topics.",
            show_default=False,
        ),
    ] = None,
    qrels: Annotated[
        Path | None,
        typer.Option(
            "--qrels",
            metavar="FILE",
            help="Judgments: BEIR TSV, TREC qrels or JSON lines.",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Learn and report; leave the index as it is.")
    ] = False,
    reset: Annotated[bool, typer.Option("--reset", help="Go back to the default weights.")] = False,
    format_: opt.FormatOption = OutputFormat.table,
    quiet: opt.QuietOption = False,
    index: opt.IndexOption = None,
    wait: opt.WaitOption = WAIT_SECONDS,
    cross_encoder: opt.CrossEncoderOption = None,
    runtime: opt.RuntimeOption = "auto",
    device: opt.DeviceOption = "auto",
    threads: opt.ThreadsOption = None,
    offline: opt.OfflineOption = False,
) -> int:
    """Learn the weights of the blends from your own judgments.

    They are kept in the index. The gain is measured on queries that the weights were not
    learned from. Weights that do not help, or may help by chance only, are not kept; the exit
    code is then 1.
    """
    from bienc_cli.cli.opening import models_for, opened
    from bienc_cli.errors import EXIT_NO_RESULT, EXIT_OK, UsageError
    from bienc_cli.render.tuning import ResetView

    output = Output(format_, quiet=quiet)
    models = models_for(output, None, cross_encoder, runtime, device, threads, offline=offline)
    with opened(index, output, models) as opened_index:
        if reset:
            if queries or qrels:
                raise UsageError("--reset learns nothing.", "leave out --queries and --qrels")
            if dry_run:
                raise UsageError(
                    "--dry-run keeps what --reset takes away.", "leave out one of them"
                )
            output.show(ResetView(opened_index.reset_weights(wait=wait)))
            return EXIT_OK
        if queries is None or qrels is None:
            raise UsageError(
                "Learning takes queries and judgments.",
                "bienc tune --queries FILE --qrels FILE; bienc judge makes judgments",
            )
        answer = opened_index.tune(queries, qrels, dry_run=dry_run, wait=wait)
    output.show_answer(answer)
    return EXIT_OK if answer.result.kept is not None else EXIT_NO_RESULT
