"""`bienc query`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any, Self

import typer

from bienc_cli.cli import caller, completion
from bienc_cli.cli import options as opt
from bienc_cli.cli.output import Output, OutputFormat, QueryFormat
from bienc_cli.errors import BiencError
from bienc_cli.server import Declined

if TYPE_CHECKING:
    from bienc_cli.render.search import SearchView
    from bienc_cli.render.view import View
    from bienc_cli.search import SearchResult
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
    k: opt.KOption = 10,
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
            help="One or two lines a hit.  \\[default: on terminals of fewer than 40 lines]",
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
    index: opt.IndexOption = None,
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
    from bienc_cli.search import SearchOptions, check_query, search
    from bienc_cli.stages import Stopwatch

    search_options = SearchOptions(
        strategy=chosen,
        k=k,
        candidates=candidates,
        rerank_seconds=None if rerank_budget is None else rerank_budget / 1000,
        min_relevance=min_relevance,
        exhaustive=exhaustive,
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
    watch = Stopwatch()
    with watch.stage("open index"):
        opened = freshness.held_or_opened(index, output, choice, refresh=refresh)
    with opened as reader:
        if chosen.needs_bi_encoder and not warm:
            choice.begin_bi_encoder(reader.info)
        import bienc_cli.render.search  # noqa: F401 - used when there is an answer

        with freshness.noted(reader, output, check=not no_check):
            with watch.stage("load models"):
                bi_encoder = (
                    choice.load_bi_encoder(reader.info) if chosen.needs_bi_encoder else None
                )
                reranker = choice.load_cross_encoder() if chosen.needs_cross_encoder else None
            view = _View(
                output,
                reader,
                full=full,
                context=context,
                compact=compact if compact is not None else output.short and not (full or context),
                check=not no_check,
            )
            if from_stdin:
                snapshot = _Snapshot(reader, lambda: environment.open_index(index))
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


class _View:
    """Shows search results in the format and detail that were asked for."""

    def __init__(
        self,
        output: Output,
        reader: IndexReader,
        *,
        full: bool,
        context: int,
        compact: bool,
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
            compact=self._compact,
            asked=asked,
            warnings=changed,
            extra=extra,
            here=caller.here(),
            header=first,
            links=environment.link_form() if caller.stdout().isatty() else None,
            served=caller.warm() is not None,
        )

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


class _Snapshot:
    """The index between one query and the next: a new generation is read when there is one.

    Args:
        reader: to begin with; its owner closes it.
        reopen: gives another reader of the same index.
    """

    def __init__(self, reader: IndexReader, reopen: Callable[[], IndexReader]) -> None:
        self._reader: IndexReader | None = reader
        self._reopen = reopen

    def current(self) -> IndexReader:
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
    view: _View,
    snapshot: _Snapshot,
    answer: Callable[[IndexReader, str], SearchResult],
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
