"""`bienc query`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bienc_cli.cli import completion
from bienc_cli.cli import options as opt
from bienc_cli.cli.output import Output, link_form
from bienc_cli.environment import caller
from bienc_cli.render.view import OutputFormat, QueryFormat
from bienc_cli.server import Declined

if TYPE_CHECKING:
    from bienc_cli.library.front_door import Index
    from bienc_cli.library.index_answers import SearchAnswer
    from bienc_cli.render.search import SearchView
    from bienc_cli.render.view import View
    from bienc_cli.search import Hit, SearchOptions, SearchResult
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
            help="Drop what the cross-encoder finds less relevant.",
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
    exhaustive: Annotated[
        bool,
        typer.Option(
            "--exhaustive",
            help="Let the cross-encoder read more than 2,000 passages.",
            rich_help_panel=opt.SEARCH_PANEL,
        ),
    ] = False,
    path: opt.PathOption = None,
    type_: opt.TypeOption = None,
    full: Annotated[
        bool,
        typer.Option("--full", help="Whole passages.", rich_help_panel=opt.OUTPUT_PANEL),
    ] = False,
    context: Annotated[
        int,
        typer.Option(
            "--context",
            "-C",
            min=0,
            metavar="LINES",
            help="Whole passages with this many lines around them.",
            rich_help_panel=opt.OUTPUT_PANEL,
        ),
    ] = 0,
    compact: Annotated[
        bool | None,
        typer.Option(
            "--compact/--no-compact",
            help="Two lines a hit, or all scores and times.  \\[default: what the terminal has "
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
    from bienc_cli.cli import preload
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
    warm = caller.warm() is not None
    if chosen_strategy.needs_cross_encoder and not warm:
        models.begin_cross_encoder(preload.cross_encoder_begun())
    from bienc_cli.environment.index_places import indexes_to_read
    from bienc_cli.library.front_door import check_queries, search_options
    from bienc_cli.server.resident import MOST_READERS

    from_stdin = text == ["-"]
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
    if not from_stdin:
        check_queries([" ".join(text)])
    editor = None
    if open_ is not None:
        from bienc_cli.cli.editor import editor_for

        editor = editor_for(open_, options.k, from_stdin=from_stdin)
    if warm and (from_stdin or open_ is not None):
        raise Declined("standard input and editor are the client's")
    places = indexes_to_read(index)
    if warm and len(places) > MOST_READERS:
        raise Declined(f"{len(places)} indexes are more than are held")
    with ExitStack() as stack:
        first_index, *other_indexes = (
            stack.enter_context(opened(place, output, models, refresh=refresh)) for place in places
        )
        for opened_index in (first_index, *other_indexes):
            # Report a bad index before a model is loaded.
            opened_index.reader()
        if (chosen_strategy.needs_bi_encoder or budget_tokens is not None) and not warm:
            models.begin_bi_encoder(first_index.info, preload.bi_encoder_begun(first_index.info))
        import bienc_cli.render.search

        if output.format == QueryFormat.table:
            import bienc_cli.render.search_table  # noqa: F401 - used when there is an answer

        with staleness_noted([first_index, *other_indexes], output, check=not no_check):
            printer = _AnswerPrinter(
                output, full=full, context=context, compact=compact, check=not no_check
            )
            if from_stdin:
                return _answer_each(printer, [first_index, *other_indexes], options)
            answer = first_index.answer(" ".join(text), options, other_indexes)
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


def _answer_each(printer: _AnswerPrinter, indexes: Sequence[Index], options: SearchOptions) -> int:
    """Answer standard input line by line; a line that fails does not stop later ones."""
    from bienc_cli.cli import standard_input
    from bienc_cli.errors import EXIT_NO_RESULT, EXIT_OK, EXIT_USAGE, UsageError
    from bienc_cli.render.search import UnaskedView

    def let_go() -> None:
        for index in indexes:
            index.let_go()

    for index in indexes:
        index.outlasts = True
    output, first = printer.output, indexes[0]
    any_found = any_refused = False
    # A single JSON document can only be written at the end.
    documents: list[dict[str, Any]] = []
    for number, line in standard_input.queries(let_go):
        try:
            query_line = standard_input.parse(number, line)
            answer = first.answer(query_line.text, options, indexes[1:])
        except UsageError as error:
            any_refused = True
            reworded = type(error)(*error.typed)
            view: View = UnaskedView(number, reworded)
            if not output.machine:
                output.warn(reworded.message)
        else:
            any_found = any_found or bool(answer)
            query_name = query_line.query_id or str(number)
            view = printer.of(answer, query_name, query_id=query_line.query_id, line=number)
        if output.format == OutputFormat.json:
            documents.append(view.as_json())
        else:
            output.show(view)
    if output.format == OutputFormat.json:
        output.print_json({"schema": "bienc.queries/2", "results": documents})
    if any_refused:
        return EXIT_USAGE
    return EXIT_OK if any_found else EXIT_NO_RESULT


class _AnswerPrinter:
    """Shows answers in the requested format and detail."""

    def __init__(
        self,
        output: Output,
        *,
        full: bool,
        context: int,
        compact: bool | None,
        check: bool,
    ) -> None:
        self.output = output
        self._full = full
        self._context = context
        self._compact = compact
        self._check = check
        self._warned: set[str] = set()
        self._any_shown = False

    def show(self, answer: SearchAnswer) -> None:
        """Print a single answer."""
        self.output.show(self.of(answer))

    def warn(self, result: SearchResult) -> None:
        """Report on stderr what the user should know about an answer, each thing once."""
        for warning in (*result.warnings, *_truncation_warning(result)):
            if warning not in self._warned:
                self.output.warn(warning)
                self._warned.add(warning)

    def of(
        self, answer: SearchAnswer, query_name: str | None = None, **extra: str | int | None
    ) -> SearchView:
        """The view of an answer, after printing its warnings; `query_name` names one of several."""
        from bienc_cli.render.search import SearchView

        result = answer.result
        self.warn(result)
        is_first, self._any_shown = not self._any_shown, True
        warnings: tuple[str, ...] = ()
        if self._check and self.output.machine:
            warnings = answer.changed()
        return SearchView(
            result,
            full=self._full,
            contexts=answer.with_lines_around(self._context) if self._context else None,
            compact=bool(self._compact),
            lines=self._lines(),
            query_name=query_name,
            warnings=warnings,
            extra=extra,
            here=caller.here(),
            header=is_first,
            links=link_form() if caller.stdout().isatty() else None,
            served=caller.warm() is not None,
        )

    def _lines(self) -> int | None:
        """Lines between the typed command and the next prompt; None for no limit."""
        detail_chosen = self._compact is not None or self._full or self._context
        is_limited = not detail_chosen and caller.stdout().isatty()
        return caller.terminal_lines() - 2 if is_limited else None


def _truncation_warning(result: SearchResult) -> list[str]:
    if result.bi_encoder is None or not result.query_truncated:
        return []
    limit = result.bi_encoder.identity.max_tokens
    return [f"the query has {result.query_tokens} tokens; only the first {limit} are read"]
