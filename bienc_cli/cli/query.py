"""`bienc query`."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from bienc_cli.cli import caller, completion
from bienc_cli.cli import options as opt
from bienc_cli.cli.output import Output, QueryFormat
from bienc_cli.server import Declined

if TYPE_CHECKING:
    from bienc_cli.render.search import SearchView
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
                from bienc_cli.cli.standard_input import Snapshot, answer_each

                snapshot = Snapshot(
                    reader, lambda: joined([environment.open_index(place) for place in places])
                )
                with snapshot:
                    return answer_each(
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


class Answers:
    """Shows one answer, or several."""

    def __init__(
        self,
        output: Output,
        reader: IndexReader | Joined,
        *,
        full: bool,
        context: int,
        compact: bool | None,
        check: bool,
    ) -> None:
        self.output = output
        self.reader = reader
        self._full = full
        self._context = context
        self._compact = compact
        self._check = check
        self._warned: set[str] = set()
        self._any_shown = False

    def show(self, result: SearchResult) -> None:
        """Print the only answer."""
        self.output.show(self.of(result))

    def warn(self, result: SearchResult) -> None:
        """Say on stderr what the user should know about this answer, each thing once."""
        for warning in (*result.warnings, *_cut_query(result)):
            if warning not in self._warned:
                self.output.warn(warning)
                self._warned.add(warning)

    def of(
        self, result: SearchResult, asked: str | None = None, **extra: str | int | None
    ) -> SearchView:
        """An answer to be printed, its warnings said; `asked` names the query among several."""
        from bienc_cli.cli import environment
        from bienc_cli.render.search import SearchView

        self.warn(result)
        first, self._any_shown = not self._any_shown, True
        changed: tuple[str, ...] = ()
        if self._check and self.output.machine:
            from bienc_cli.indexing.freshness import changed_since

            changed = tuple(changed_since(hit.passage for hit in result.hits))
        return SearchView(
            result,
            full=self._full,
            contexts=self._contexts(result),
            compact=bool(self._compact),
            lines=self._lines(),
            asked=asked,
            warnings=changed,
            extra=extra,
            here=caller.here(),
            header=first,
            links=environment.link_form() if caller.stdout().isatty() else None,
            served=caller.warm() is not None,
        )

    def _lines(self) -> int | None:
        """Of the terminal, less the command above and the prompt below; None for any length."""
        asked_for = self._compact is not None or self._full or self._context
        terminal = not asked_for and caller.stdout().isatty()
        return caller.terminal_lines() - 2 if terminal else None

    def _contexts(self, result: SearchResult) -> dict[int, str] | None:
        if not self._context:
            return None
        from bienc_cli.search.context import with_lines_around

        passages = [hit.passage for hit in result.hits]
        return with_lines_around(self.reader, passages, self._context)


def _cut_query(result: SearchResult) -> list[str]:
    if result.bi_encoder is None or not result.query_truncated:
        return []
    limit = result.bi_encoder.identity.max_tokens
    return [f"the query has {result.query_tokens} tokens; only the first {limit} are read"]
