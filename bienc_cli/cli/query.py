"""`bienc query`."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from bienc_cli.cli import completion
from bienc_cli.cli import options as opt
from bienc_cli.cli.output import Output
from bienc_cli.cli.query_answers import AnswerPrinter, answer_each
from bienc_cli.environment import caller
from bienc_cli.render.view import QueryFormat
from bienc_cli.server import Declined

if TYPE_CHECKING:
    from bienc_cli.library.shared_models import Models
    from bienc_cli.search import Hit, SearchOptions
    from bienc_cli.store import IndexInfo, IndexPlace
    from bienc_cli.strategy import Strategy


def query(
    text: Annotated[
        list[str],
        typer.Argument(
            metavar="TEXT",
            help="What you are looking for; - reads queries from standard input, one a line, "
            'or JSON lines like {"_id": "1", "text": "..."}.',
            show_default=False,
        ),
    ],
    k: Annotated[
        int | None,
        typer.Option(
            "-k",
            min=1,
            metavar="N",
            help="How many passages to show.  \\[default: 10, or what --budget-tokens holds]",
            show_default=False,
            rich_help_panel=opt.SEARCH_PANEL,
        ),
    ] = None,
    strategy: Annotated[
        str | None,
        typer.Option(
            "--strategy",
            metavar="NAME",
            help="How to find and order passages: bm25, bi-encoder, hybrid, each also with "
            "+cross-encoder, light-blend, blend, cross-encoder; or short: bi, ce, bi+ce, light.  "
            "\\[default: blend]",
            autocompletion=completion.strategies,
            show_default=False,
            rich_help_panel=opt.SEARCH_PANEL,
        ),
    ] = None,
    candidates: opt.CandidatesOption = None,
    rerank: Annotated[
        bool,
        typer.Option(
            "--rerank/--no-rerank",
            help="Let the cross-encoder read the candidates; without it, light-blend.",
            rich_help_panel=opt.SEARCH_PANEL,
        ),
    ] = True,
    rerank_budget: Annotated[
        float | None,
        typer.Option(
            "--rerank-budget",
            metavar="MS",
            help="Rerank only as many candidates, best first, as fit into this time.",
            show_default=False,
            rich_help_panel=opt.SEARCH_PANEL,
        ),
    ] = None,
    min_relevance: Annotated[
        float | None,
        typer.Option(
            "--min-relevance",
            metavar="0..1",
            help="Drop hits that the cross-encoder finds less relevant.",
            show_default=False,
            rich_help_panel=opt.SEARCH_PANEL,
        ),
    ] = None,
    budget_tokens: Annotated[
        int | None,
        typer.Option(
            "--budget-tokens",
            metavar="N",
            help="As many whole passages as fit into N tokens, best first, without near-repeats.",
            show_default=False,
            rich_help_panel=opt.OUTPUT_PANEL,
        ),
    ] = None,
    exhaustive: opt.ExhaustiveOption = False,
    path: opt.PathOption = None,
    type_: opt.TypeOption = None,
    full: opt.FullOption = False,
    context: Annotated[
        int,
        typer.Option(
            "--context",
            "-C",
            min=0,
            metavar="LINES",
            help="Show whole passages with this many lines around them.",
            rich_help_panel=opt.OUTPUT_PANEL,
        ),
    ] = 0,
    compact: Annotated[
        bool | None,
        typer.Option(
            "--compact/--no-compact",
            help="Two lines per hit, or all scores and times.  \\[default: what the terminal has "
            "lines for]",
            show_default=False,
            rich_help_panel=opt.OUTPUT_PANEL,
        ),
    ] = None,
    open_: Annotated[
        int | None,
        typer.Option(
            "--open",
            min=1,
            metavar="N",
            help="Then open the Nth hit in $VISUAL or $EDITOR, at its line.",
            show_default=False,
            rich_help_panel=opt.OUTPUT_PANEL,
        ),
    ] = None,
    format_: opt.QueryFormatOption = QueryFormat.table,
    quiet: opt.QuietOption = False,
    refresh: opt.RefreshOption = False,
    no_check: opt.NoCheckOption = False,
    index: opt.IndexesOption = None,
    model: opt.ModelOption = None,
    cross_encoder: opt.CrossEncoderOption = None,
    runtime: opt.RuntimeOption = "auto",
    device: opt.DeviceOption = "auto",
    threads: opt.ThreadsOption = None,
    offline: opt.OfflineOption = False,
    _no_server: opt.NoServerOption = False,
) -> int:
    """Find the passages that answer a query.

    The bi-encoder and BM25 propose candidates, the cross-encoder reads each together with the
    query, and all three put them in order. Exit code 1 when nothing is found.
    """
    from bienc_cli.cli.opening import models_for, opened, staleness_noted
    from bienc_cli.strategy import strategy_chosen

    full = full or budget_tokens is not None
    if compact and (full or context):
        opt.refuse_without_effect(
            {"--compact": compact}, "whole passages take their lines", "leave it out"
        )
    output = Output(format_, quiet=quiet)
    models = models_for(output, model, cross_encoder, runtime, device, threads, offline=offline)
    chosen_strategy = strategy_chosen(strategy, rerank)
    _refuse_what_nothing_uses(
        chosen_strategy,
        {"--rerank-budget": rerank_budget, "--candidates": candidates},
        model,
        cross_encoder,
    )
    # Start each model as soon as it is known, so that it loads during the imports.
    _begin_cross_encoder(models, chosen_strategy)
    from bienc_cli.library.front_door import check_queries, search_options

    options = search_options(
        k,
        strategy=strategy,
        rerank=rerank,
        candidates=candidates,
        rerank_seconds=None if rerank_budget is None else rerank_budget / 1000,
        min_relevance=min_relevance,
        exhaustive=exhaustive,
        budget_tokens=budget_tokens,
        path=opt.resolved_patterns(path),
        type=type_ or (),
        best_sentence=not (full or context or output.machine or output.format == QueryFormat.files),
    )
    from_stdin, query_text = text == ["-"], " ".join(text)
    if not from_stdin:
        check_queries([query_text])
    editor = _editor(open_, options.k, from_stdin=from_stdin)
    places = _places(index, needs_client=from_stdin or editor is not None)
    printer = AnswerPrinter(output, full=full, context=context, compact=compact, check=not no_check)
    with ExitStack() as stack:
        indexes = [
            stack.enter_context(opened(place, output, models, refresh=refresh)) for place in places
        ]
        for opened_index in indexes:
            # Report a bad index before a model is loaded.
            opened_index.reader()
        _begin_bi_encoder(models, chosen_strategy, options, indexes[0].info)
        _import_views(output)
        with staleness_noted(indexes, output, check=not no_check):
            if from_stdin:
                return answer_each(printer, indexes, options)
            answer = indexes[0].answer(query_text, options, indexes[1:])
            printer.show(answer)
    if editor is not None and open_ is not None and answer:
        return _open_hit(editor, answer.result.hits[min(open_, len(answer)) - 1], output)
    return 0 if answer else 1


def _refuse_what_nothing_uses(
    strategy: Strategy,
    candidate_options: Mapping[str, object],
    model: str | None,
    cross_encoder: str | None,
) -> None:
    """Refuse options that have no effect with a strategy.

    Raises:
        UsageError: naming the option.
    """
    from bienc_cli.strategy import Strategy

    hint = f"leave it out, or give a strategy like {Strategy.BLEND}"
    if not strategy.needs_cross_encoder or strategy is Strategy.CROSS_ENCODER:
        reads = "everything" if strategy.needs_cross_encoder else "nothing"
        why = f"with the strategy {strategy} the cross-encoder reads {reads}"
        opt.refuse_without_effect(candidate_options, why, hint)
    if not strategy.needs_cross_encoder:
        why = f"the strategy {strategy} has none"
        opt.refuse_without_effect({"--cross-encoder": cross_encoder}, why, hint)
    if not strategy.needs_bi_encoder:
        why = f"the strategy {strategy} compares no vectors"
        opt.refuse_without_effect({"--model": model}, why, hint)


def _begin_cross_encoder(models: Models, strategy: Strategy) -> None:
    """Start loading the cross-encoder, if a strategy needs it and no server holds it ready."""
    from bienc_cli.cli import preload

    if strategy.needs_cross_encoder and caller.warm() is None:
        models.begin_cross_encoder(preload.cross_encoder_begun())


def _begin_bi_encoder(
    models: Models, strategy: Strategy, options: SearchOptions, info: IndexInfo
) -> None:
    """The same for the bi-encoder, which also counts the tokens of a budget."""
    from bienc_cli.cli import preload

    is_needed = strategy.needs_bi_encoder or options.budget_tokens is not None
    if is_needed and caller.warm() is None:
        models.begin_bi_encoder(info, preload.bi_encoder_begun(info))


def _import_views(output: Output) -> None:
    """Import what shows the answer, while the models load."""
    import bienc_cli.render.search

    if output.format == QueryFormat.table:
        import bienc_cli.render.search_table  # noqa: F401 - used when there is an answer


def _editor(rank: int | None, shown: int, *, from_stdin: bool) -> str | None:
    """The editor for `--open RANK`; None without it. See `editor_for`."""
    if rank is None:
        return None
    from bienc_cli.cli.editor import editor_for

    return editor_for(rank, shown, from_stdin=from_stdin)


def _places(index: list[str] | None, *, needs_client: bool) -> list[IndexPlace]:
    """The indexes to search.

    Args:
        index: as typed.
        needs_client: the command uses standard input or an editor, which are the client's.

    Raises:
        Declined: a server cannot do this for a client.
    """
    from bienc_cli.environment.index_places import indexes_to_read

    if caller.warm() is None:
        return indexes_to_read(index)
    from bienc_cli.server.resident import MOST_READERS

    if needs_client:
        raise Declined("standard input and editor are the client's")
    places = indexes_to_read(index)
    if len(places) > MOST_READERS:
        raise Declined(f"{len(places)} indexes are more than are held")
    return places


def _open_hit(editor: str, hit: Hit, output: Output) -> int:
    """Open a hit in an editor after the answer; returns the exit code."""
    from bienc_cli.cli.editor import open_hit
    from bienc_cli.errors import UsageError

    try:
        open_hit(editor, hit)
    except UsageError as error:
        if not output.machine:
            raise
        # The document on stdout is already complete.
        output.tell(f"error: {error.message}\nhint: {error.hint}")
        return error.exit_code
    return 0
