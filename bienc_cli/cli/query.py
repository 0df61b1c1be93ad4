"""`bienc query`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Annotated, Any, Self

import typer

from bienc_cli.cli import caller, completion
from bienc_cli.cli import options as opt
from bienc_cli.cli.answers import Answers
from bienc_cli.cli.output import Output, OutputFormat, QueryFormat
from bienc_cli.errors import BiencError
from bienc_cli.server import Declined

if TYPE_CHECKING:
    from bienc_cli.render.view import View
    from bienc_cli.search import SearchResult
    from bienc_cli.search.joined import Joined
    from bienc_cli.store import IndexReader


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
    from bienc_cli.cli.loading import ModelChoice
    from bienc_cli.strategy import Strategy, strategy_chosen

    full = full or budget_tokens is not None
    if compact and (full or context):
        opt.refuse_without_effect(
            {"--compact": compact}, "whole passages take their lines", "leave it out"
        )
    output = Output(format_, quiet=quiet)
    choice = ModelChoice(model, cross_encoder, runtime, device, threads, offline, output)
    chosen = strategy_chosen(strategy, rerank)
    if not chosen.needs_cross_encoder or chosen is Strategy.CROSS_ENCODER:
        reads = "everything" if chosen.needs_cross_encoder else "nothing"
        opt.refuse_without_effect(
            {"--rerank-budget": rerank_budget, "--candidates": candidates},
            f"with the strategy {chosen} the cross-encoder reads {reads}",
            f"leave it out, or give a strategy like {Strategy.BLEND}",
        )
    if not chosen.needs_cross_encoder:
        opt.refuse_without_effect(
            {"--cross-encoder": cross_encoder},
            f"the strategy {chosen} has none",
            f"leave it out, or give a strategy like {Strategy.BLEND}",
        )
    if not chosen.needs_bi_encoder:
        opt.refuse_without_effect(
            {"--model": model},
            f"the strategy {chosen} compares no vectors",
            f"leave it out, or give a strategy like {Strategy.BLEND}",
        )
    # Each model is begun as soon as it can be named, so that it is loaded beside the imports.
    warm = caller.warm() is not None
    if chosen.needs_cross_encoder and not warm:
        choice.begin_cross_encoder()
    from bienc_cli.cli import environment, freshness
    from bienc_cli.search import DEFAULT_K, SearchOptions, check_query, search
    from bienc_cli.search.budget import passages_for
    from bienc_cli.search.joined import Joined, joined
    from bienc_cli.stages import Stopwatch

    if k is None:
        k = DEFAULT_K if budget_tokens is None else passages_for(budget_tokens, candidates)
    search_options = SearchOptions(
        strategy=chosen,
        k=k,
        candidates=candidates,
        rerank_seconds=None if rerank_budget is None else rerank_budget / 1000,
        min_relevance=min_relevance,
        exhaustive=exhaustive,
        budget_tokens=budget_tokens,
        where=opt.document_filter(path, type_),
        best_sentence=not (full or context or output.machine or output.format == QueryFormat.files),
    )
    from_stdin = text == ["-"]
    if open_ is not None and (from_stdin or open_ > k):
        opt.refuse_without_effect(
            {f"--open {open_}": open_},
            "several queries are asked" if from_stdin else f"-k {k} shows fewer",
            "give one query, and a rank that is shown",
        )
    editor = environment.editor() if open_ is not None else ""
    if not from_stdin:
        check_query(" ".join(text))
    if warm and (from_stdin or open_ is not None):
        raise Declined("standard input and editor are the client's")
    watch, opened = Stopwatch(), ExitStack()
    with watch.stage("open index"):
        places = environment.indexes_to_read(index)
        reader = opened.enter_context(
            freshness.all_held_or_opened(places, output, choice, refresh=refresh)
        )
    with opened:
        if isinstance(reader, Joined) and chosen.needs_bi_encoder:
            reader.check_same_model()
        # Of a budget it counts the tokens.
        encodes = chosen.needs_bi_encoder or budget_tokens is not None
        if encodes and not warm:
            choice.begin_bi_encoder(reader.info)
        import bienc_cli.render.search

        if output.format == QueryFormat.table:
            import bienc_cli.render.search_table  # noqa: F401 - used when there is an answer

        with freshness.noted(reader, output, check=not no_check):
            with watch.stage("load models"):
                bi_encoder = choice.load_bi_encoder(reader.info) if encodes else None
                reranker = choice.load_cross_encoder() if chosen.needs_cross_encoder else None
            view = Answers(
                output,
                reader,
                full=full,
                context=context,
                compact=compact,
                check=not no_check,
            )
            if from_stdin:
                snapshot = _Snapshot(
                    reader, lambda: joined([environment.open_index(place) for place in places])
                )
                with snapshot:
                    return _answer_each(
                        view,
                        snapshot,
                        lambda current, asked: search(
                            current, asked, bi_encoder, reranker, search_options
                        ),
                    )
            result = search(reader, " ".join(text), bi_encoder, reranker, search_options, watch)
            view.show(result)
    if open_ is not None and result.hits:
        from bienc_cli.cli.editor import open_hit

        open_hit(editor, result.hits[min(open_, len(result.hits)) - 1])
    return 0 if result.hits else 1


class _Snapshot:
    """The index between one query and the next: a new generation is read when there is one.

    Args:
        reader: to begin with; its owner closes it.
        reopen: gives another reader of the same index.
    """

    def __init__(
        self, reader: IndexReader | Joined, reopen: Callable[[], IndexReader | Joined]
    ) -> None:
        self._reader: IndexReader | Joined | None = reader
        self._reopen = reopen

    def current(self) -> IndexReader | Joined:
        """A reader of the generation that is there now."""
        self.let_go()
        if self._reader is None:
            self._reader = self._reopen()
        return self._reader

    def let_go(self) -> None:
        """Give up a generation that is over, whose log would be kept for it."""
        # An index that is gone, or is being made anew, is answered from as it was.
        with suppress(BiencError):
            if self._reader is not None and not self._reader.is_current():
                self._reader.close()
                self._reader = None

    def __enter__(self) -> Self:
        """The snapshot itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close what was opened."""
        if self._reader is not None:
            self._reader.close()


def _answer_each(
    view: Answers,
    snapshot: _Snapshot,
    answer: Callable[[IndexReader | Joined, str], SearchResult],
) -> int:
    """Answer standard input line by line; a line that cannot be answered stops none behind it."""
    from bienc_cli.cli import standard_input
    from bienc_cli.errors import EXIT_NO_RESULT, EXIT_OK, EXIT_USAGE, UsageError
    from bienc_cli.render.search import UnaskedView

    output = view.output
    found = failed = False
    # One JSON document can only be written when everything is known.
    collected: list[dict[str, Any]] = []
    for number, line in standard_input.queries(snapshot.let_go):
        try:
            asked = standard_input.parse(number, line)
            view.reader = snapshot.current()
            result = answer(view.reader, asked.text)
        except UsageError as error:
            failed = True
            shown: View = UnaskedView(number, error)
            if not output.machine:
                output.warn(error.message)
        else:
            found = found or bool(result.hits)
            name = asked.query_id or str(number)
            shown = view.of(result, name, query_id=asked.query_id, line=number)
        if output.format == OutputFormat.json:
            collected.append(shown.as_json())
        else:
            output.show(shown)
    if output.format == OutputFormat.json:
        output.print_json({"schema": "bienc.queries/2", "results": collected})
    if failed:
        return EXIT_USAGE
    return EXIT_OK if found else EXIT_NO_RESULT
