"""`bienc score`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bienc_cli.cli import options as opt
from bienc_cli.cli.output import Output
from bienc_cli.library.report_files import make_folder
from bienc_cli.render.view import OutputFormat


def score(
    texts: Annotated[
        list[str],
        typer.Argument(
            metavar="TEXT",
            help="A query and a passage; - reads pairs from standard input, as JSON lines like "
            '["A", "B"] or {"a": "A", "b": "B"}. Three or more are scored each with each.',
            show_default=False,
        ),
    ],
    with_: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="TEXT",
            help="A passage to score every TEXT with; repeatable.",
            show_default=False,
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report",
            metavar="FILE.html",
            help="Also write a page with the matrix as heat maps.",
            show_default=False,
        ),
    ] = None,
    format_: opt.FormatOption = OutputFormat.table,
    model: opt.ModelOption = None,
    cross_encoder: opt.CrossEncoderOption = None,
    runtime: opt.RuntimeOption = "auto",
    device: opt.DeviceOption = "auto",
    threads: opt.ThreadsOption = None,
    offline: opt.OfflineOption = False,
) -> int:
    """Score two texts with both encoders: similarity and relevance.

    A cross-encoder with several labels, such as an NLI model, gives all of them. Several texts
    against several are a matrix: a heat map on a terminal, and on a page (--report).
    """
    from bienc_cli.cli import standard_input
    from bienc_cli.cli.opening import models_for
    from bienc_cli.errors import EXIT_OK, EXIT_USAGE

    output = Output(format_)
    models = models_for(output, model, cross_encoder, runtime, device, threads, offline=offline)
    if with_ or len(texts) > 2:
        make_folder(report.parent if report else None)
        matrix = models.score(texts, with_ or texts)
        if report is not None:
            matrix.write_report(report)
        output.show(matrix.view())
        return EXIT_OK
    opt.refuse_without_effect(
        {"--report": report},
        "pairs are no matrix",
        "give three texts or more, or --with 'a passage'",
    )
    pairs, errors_by_line = standard_input.pairs(
        texts, "bienc score 'the query' 'the passage', or bienc score - < pairs.jsonl"
    )
    answer = models.score_pairs(pairs)
    if not output.machine:
        output.warn_all(error.message for error in errors_by_line.values())
    output.show(answer.view(errors_by_line))
    return EXIT_USAGE if errors_by_line else EXIT_OK
