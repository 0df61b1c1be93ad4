"""`bienc compare`."""

from __future__ import annotations

from typing import Annotated

import typer

from bienc_cli.cli import options as opt
from bienc_cli.cli.output import Format, Output


def compare(
    queries: Annotated[
        list[str],
        typer.Argument(
            metavar="QUERY",
            help="Queries, each one argument; - reads them from standard input, one a line.",
            show_default=False,
        ),
    ],
    k: opt.KOption = 10,
    candidates: opt.CandidatesOption = None,
    exhaustive: Annotated[
        bool | None,
        typer.Option(
            "--exhaustive/--no-exhaustive",
            help="Measure the cross-encoder over all passages, or only estimate it.  "
            "\\[default: measure where it is 400 pairs at most]",
            show_default=False,
            rich_help_panel=opt.SEARCH_PANEL,
        ),
    ] = None,
    path: opt.PathOption = None,
    type_: opt.TypeOption = None,
    format_: opt.FormatOption = Format.table,
    quiet: opt.QuietOption = False,
    index: opt.IndexOption = None,
    model: opt.ModelOption = None,
    cross_encoder: opt.CrossEncoderOption = None,
    runtime: opt.RuntimeOption = "auto",
    device: opt.DeviceOption = "auto",
    threads: opt.ThreadsOption = None,
    offline: opt.OfflineOption = False,
) -> int:
    """Put the bi-encoder's and the cross-encoder's rankings side by side, with their cost.

    Shows where each passage moves, how much the rankings agree, and the time of both
    approaches, stage by stage, beside that of reading every passage with the cross-encoder.
    """
    from bienc_cli.cli import environment, standard_input
    from bienc_cli.cli.loading import ModelChoice
    from bienc_cli.cli.progress import counting
    from bienc_cli.errors import EXIT_NO_RESULT, EXIT_OK
    from bienc_cli.evaluation.comparison import CompareOptions
    from bienc_cli.evaluation.comparison import compare as run
    from bienc_cli.render import comparison as rendered
    from bienc_cli.search import check_query

    output = Output(format_, quiet=quiet)
    choice = ModelChoice(model, cross_encoder, runtime, device, threads, offline, output)
    compare_options = CompareOptions(
        k=k,
        candidates=candidates,
        exhaustive=exhaustive,
        where=opt.document_filter(path, type_),
    )
    texts = queries
    if queries == ["-"]:
        texts = [standard_input.parse_query(*line).text for line in standard_input.lines()]
    for text in texts:
        check_query(text)
    with environment.open_index(index) as reader:
        bi_encoder = choice.load_bi_encoder(reader.info.encoder)
        reranker = choice.load_cross_encoder()
        with counting(output, "comparing", len(texts)) as advance:
            result = run(reader, texts, bi_encoder, reranker, compare_options, lambda _: advance())
    for warning in result.warnings:
        output.warn(warning)
    if output.machine:
        output.print_json(rendered.as_json(result))
    elif output.format is Format.plain:
        output.print_lines(rendered.as_lines(result))
    else:
        output.print_rich(rendered.as_table(result))
    return EXIT_OK if any(one.bi_encoder for one in result.queries) else EXIT_NO_RESULT
