"""`bienc similar`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from bienc_cli.cli import completion, outside
from bienc_cli.cli import options as opt
from bienc_cli.cli.output import Output, OutputFormat
from bienc_cli.errors import UsageError
from bienc_cli.strategy import Strategy, strategy_named

if TYPE_CHECKING:
    from collections.abc import Callable

    from bienc_cli.search.similar import Similar
    from bienc_cli.search.subject import Subject
    from bienc_cli.stages import Stopwatch
    from bienc_cli.store import IndexReader
    from bienc_cli.types import BiEncoder


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
            help="What is to be similar.",
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
    full: Annotated[
        bool,
        typer.Option("--full", help="Whole passages.", rich_help_panel=opt.OUTPUT_PANEL),
    ] = False,
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

    By the vectors that the index holds: no model is loaded, unless the text is not in the index
    or a cross-encoder is to read. Exit code 1 when nothing is found.
    """
    from bienc_cli.cli import freshness
    from bienc_cli.cli.loading import ModelChoice
    from bienc_cli.render.similar import SimilarView
    from bienc_cli.search import similar as search
    from bienc_cli.stages import Stopwatch

    output = Output(format_, quiet=quiet)
    choice = ModelChoice(model, cross_encoder, runtime, device, threads, offline, output)
    reranks = _reranks(strategy)
    if not reranks:
        opt.refuse_without_effect(
            {"--candidates": candidates, "--cross-encoder": cross_encoder},
            "the strategy bi-encoder has no cross-encoder",
            "leave it out, or add --strategy bi-encoder+cross-encoder",
        )
    options = search.SimilarOptions(
        unit=_unit(unit),
        k=k,
        candidates=candidates,
        min_similarity=min_similarity,
        where=opt.document_filter(path, type_),
    )
    watch = Stopwatch()
    with watch.stage("open index"):
        reader = freshness.open_index(index, output, choice, refresh=refresh)
    with reader, freshness.noted(reader, output, check=not no_check):
        reranker = None
        if reranks:
            with watch.stage("load models"):
                reranker = choice.load_cross_encoder()
        meant = _subject(subject, reader, watch, lambda: choice.load_bi_encoder(reader.info))
        result = search.similar(reader, meant, options, reranker, watch)
    for warning in result.warnings:
        output.warn(warning)
    output.show(SimilarView(result, full=full))
    return 0 if result.hits else 1


def _subject(
    named: str, reader: IndexReader, watch: Stopwatch, load_encoder: Callable[[], BiEncoder]
) -> Subject:
    """What is meant: a document of the index, else a file or a text from outside.

    Raises:
        PathNotFound: there is neither.
    """
    from bienc_cli.search.subject import foreign_subject, indexed_subject

    if named != "-":
        with watch.stage("find"):
            found = indexed_subject(reader, _spellings(named))
        if found is not None:
            return found
    documents, called = outside.documents(named)
    with watch.stage("load models"):
        encoder = load_encoder()
    with watch.stage("encode"):
        return foreign_subject(reader, called, documents, encoder)


def _spellings(named: str) -> list[str]:
    """What is typed, and the path from here and from the root, with a place behind it or not."""
    real = os.path.realpath(named)
    return [named, os.path.normpath(named), os.path.relpath(real), real]


def _unit(named: str) -> Similar:
    from bienc_cli.search.similar import Similar

    try:
        return Similar(named)
    except ValueError:
        raise UsageError(
            f"--unit takes document or passage, not '{named}'.", "bienc similar PATH --unit passage"
        ) from None


def _reranks(named: str) -> bool:
    strategy = strategy_named(named)
    if strategy not in (Strategy.BI_ENCODER, Strategy.BI_ENCODER_RERANKED):
        raise UsageError(
            f"What is similar is found by vectors alone, not by {strategy}.",
            f"use --strategy {Strategy.BI_ENCODER}, or {Strategy.BI_ENCODER_RERANKED}",
        )
    return strategy.needs_cross_encoder
