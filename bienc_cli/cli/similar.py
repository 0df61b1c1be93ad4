"""`bienc similar`."""

from __future__ import annotations

from typing import Annotated

import typer

from bienc_cli.cli import completion
from bienc_cli.cli import options as opt
from bienc_cli.cli.output import Output
from bienc_cli.errors import UsageError
from bienc_cli.render.view import OutputFormat
from bienc_cli.strategy import Strategy, strategy_named


def similar(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="PATH[:LINE]|-",
            help="A document of the index, by path, id or a citation such as notes/a.md:13; or "
            "any other file; - reads a text from standard input.",
            show_default=False,
        ),
    ],
    k: opt.KOption = 10,
    unit: Annotated[
        str,
        typer.Option(
            "--unit",
            metavar="document|passage",
            help="What to look for.",
            rich_help_panel=opt.SEARCH_PANEL,
        ),
    ] = "document",
    strategy: Annotated[
        str,
        typer.Option(
            "--strategy",
            metavar="NAME",
            help="bi-encoder, or bi-encoder+cross-encoder, which reads the best passages in pairs.",
            autocompletion=completion.strategies_without_words,
            rich_help_panel=opt.SEARCH_PANEL,
        ),
    ] = "bi-encoder",
    candidates: opt.CandidatesOption = None,
    min_similarity: opt.MinSimilarityOption = None,
    path: opt.PathOption = None,
    type_: opt.TypeOption = None,
    full: opt.FullOption = False,
    format_: opt.FormatOption = OutputFormat.table,
    quiet: opt.QuietOption = False,
    refresh: opt.RefreshOption = False,
    no_check: opt.NoCheckOption = False,
    index: opt.IndexOption = None,
    model: opt.ModelOption = None,
    cross_encoder: opt.CrossEncoderOption = None,
    runtime: opt.RuntimeOption = "auto",
    device: opt.DeviceOption = "auto",
    threads: opt.ThreadsOption = None,
    offline: opt.OfflineOption = False,
) -> int:
    """Find documents, or passages, like this one.

    Uses the vectors in the index: no model is loaded, unless the text is not in the index
    or a cross-encoder is to read. Exit code 1 when nothing is found.
    """
    from bienc_cli.cli import standard_input
    from bienc_cli.cli.opening import models_for, opened, staleness_noted
    from bienc_cli.render.similar import SimilarView

    output = Output(format_, quiet=quiet)
    models = models_for(output, model, cross_encoder, runtime, device, threads, offline=offline)
    reranks = _reranks(strategy)
    if not reranks:
        opt.refuse_without_effect(
            {"--candidates": candidates, "--cross-encoder": cross_encoder},
            "the strategy bi-encoder has no cross-encoder",
            "leave it out, or add --strategy bi-encoder+cross-encoder",
        )
    if unit not in ("document", "passage"):
        raise UsageError(
            f"--unit takes document or passage, not '{unit}'.", "bienc similar PATH --unit passage"
        )
    with (
        opened(index, output, models, refresh=refresh) as opened_index,
        staleness_noted([opened_index], output, check=not no_check),
    ):
        from_stdin = subject == "-"
        answer = opened_index.similar(
            None if from_stdin else subject,
            k,
            text=standard_input.text() if from_stdin else None,
            called="standard input",
            unit=unit,
            rerank=reranks,
            candidates=candidates,
            min_similarity=min_similarity,
            among=opt.resolved_patterns(path),
            type=type_ or (),
        )
    output.warn_all(answer.warnings)
    output.show(SimilarView(answer.result, full=full))
    return 0 if answer else 1


def _reranks(strategy_name: str) -> bool:
    strategy = strategy_named(strategy_name)
    if strategy not in (Strategy.BI_ENCODER, Strategy.BI_ENCODER_RERANKED):
        raise UsageError(
            f"What is similar is found by vectors alone, not by {strategy}.",
            f"use --strategy {Strategy.BI_ENCODER}, or {Strategy.BI_ENCODER_RERANKED}",
        )
    return strategy.needs_cross_encoder
