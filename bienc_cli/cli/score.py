"""`bienc score`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bienc_cli.cli import options as opt
from bienc_cli.cli.output import Output, OutputFormat, make_folder, write_page

if TYPE_CHECKING:
    from bienc_cli.cli.loading import ModelChoice
    from bienc_cli.errors import UsageError


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
    from bienc_cli.cli.loading import ModelChoice
    from bienc_cli.errors import EXIT_OK, EXIT_USAGE, UsageError
    from bienc_cli.evaluation.pair_scores import score_pairs
    from bienc_cli.render.scores import ScoresView

    output = Output(format_)
    choice = ModelChoice(model, cross_encoder, runtime, device, threads, offline, output)
    if with_ or len(texts) > 2:
        return _matrix(texts, with_ or texts, output, choice, report)
    opt.refuse_without_effect(
        {"--report": report},
        "pairs are no matrix",
        "give three texts or more, or --with 'a passage'",
    )
    numbers = [1]
    refused: dict[int, UsageError] = {}
    if texts == ["-"]:
        found, refused = standard_input.pairs()
        pairs, numbers = list(found.values()), list(found)
    elif len(texts) == 2:
        pairs = [(texts[0], texts[1])]
    else:
        raise UsageError(
            f"Two texts make a pair, not {len(texts)}.",
            "bienc score 'the query' 'the passage', or bienc score - < pairs.jsonl",
        )
    scoring = score_pairs(pairs, choice.load_bi_encoder(None), choice.load_cross_encoder(), numbers)
    if not output.machine:
        for error in refused.values():
            output.warn(error.message)
    output.show(ScoresView(scoring, refused))
    return EXIT_USAGE if refused else EXIT_OK


def _matrix(
    queries: list[str],
    passages: list[str],
    output: Output,
    choice: ModelChoice,
    report: Path | None,
) -> int:
    from datetime import UTC, datetime

    from bienc_cli.evaluation.matrix import score_matrix
    from bienc_cli.render.matrix import MatrixView

    make_folder(report.parent if report else None)
    matrix = score_matrix(
        queries, passages, choice.load_bi_encoder(None), choice.load_cross_encoder()
    )
    if report is not None:
        from bienc_cli.render.report import matrix_as_html

        write_page(report, matrix_as_html(matrix, created=datetime.now(UTC)))
    output.show(MatrixView(matrix))
    return 0
