"""`bienc judge`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bienc_cli.cli import completion
from bienc_cli.cli import options as opt
from bienc_cli.cli.keys import read_key, unseen
from bienc_cli.cli.output import Output, OutputFormat

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from bienc_cli.evaluation.judging import Judging, JudgingSummary, Question
    from bienc_cli.evaluation.pooling import PoolOptions
    from bienc_cli.evaluation.queries import Query

_GRADE_KEYS = ("0", "1", "2", "3")


def judge(
    queries: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="QUERY",
            help="Queries, each one argument; kept with their ids beside the judgments.",
            show_default=False,
        ),
    ] = None,
    queries_file: Annotated[
        Path | None,
        typer.Option(
            "--queries",
            metavar="FILE",
            help="Queries: text lines, JSON lines, TSV or TREC topics.",
            show_default=False,
        ),
    ] = None,
    qrels: Annotated[
        Path,
        typer.Option(
            "--qrels",
            metavar="FILE",
            help="Where the judgments go, TREC qrels; what it knows already is not asked again.",
        ),
    ] = Path("judgments.qrels"),
    strategies: Annotated[
        str | None,
        typer.Option(
            "--strategies",
            metavar="A,B,...",
            help="Whose answers are judged.  \\[default: all that compare measures]",
            autocompletion=completion.strategy_list,
            show_default=False,
            rich_help_panel=opt.SEARCH_PANEL,
        ),
    ] = None,
    depth: Annotated[
        int,
        typer.Option(
            "--depth",
            metavar="N",
            help="How many documents of each strategy.",
            rich_help_panel=opt.SEARCH_PANEL,
        ),
    ] = 5,
    exhaustive: Annotated[
        bool,
        typer.Option(
            "--exhaustive",
            help="Let the cross-encoder read more than 2,000 passages.",
            rich_help_panel=opt.SEARCH_PANEL,
        ),
    ] = False,
    format_: opt.FormatOption = OutputFormat.table,
    quiet: opt.QuietOption = False,
    index: opt.IndexOption = None,
    model: opt.ModelOption = None,
    cross_encoder: opt.CrossEncoderOption = None,
    runtime: opt.RuntimeOption = "auto",
    device: opt.DeviceOption = "auto",
    threads: opt.ThreadsOption = None,
    offline: opt.OfflineOption = False,
) -> int:
    """Judge passages, one key each, to measure on your own folder.

    Shows the pooled first documents of all strategies, without saying whose they are. Every
    answer is saved at once; the same command goes on where you stopped.
    """
    from bienc_cli.cli import environment
    from bienc_cli.cli.loading import ModelChoice
    from bienc_cli.errors import EXIT_NO_RESULT, EXIT_OK
    from bienc_cli.evaluation.judging import Judging
    from bienc_cli.evaluation.judgments import JudgmentFile
    from bienc_cli.evaluation.pooling import PoolOptions, pool
    from bienc_cli.evaluation.qrels import judged_in
    from bienc_cli.render import judging as rendered
    from bienc_cli.strategy import strategies_named

    output = Output(format_, quiet=quiet)
    choice = ModelChoice(model, cross_encoder, runtime, device, threads, offline, output)
    options = PoolOptions(depth=depth, exhaustive=exhaustive)
    if strategies is not None:
        options = PoolOptions(strategies_named(strategies.split(",")), depth, exhaustive)
    _check_source(queries, queries_file, qrels)
    compares = any(one.needs_bi_encoder for one in options.strategies)
    reranks = any(one.needs_cross_encoder for one in options.strategies)
    named = ", ".join(options.strategies)
    if not compares:
        opt.refuse_without_effect(
            {"--model": model}, f"nothing of {named} compares vectors", "leave it out"
        )
    if not reranks:
        opt.refuse_without_effect(
            {"--cross-encoder": cross_encoder, "--exhaustive": exhaustive},
            f"nothing of {named} has a cross-encoder",
            "leave it out",
        )
    _check_terminal()
    file = JudgmentFile(qrels)
    with unseen(), environment.open_index(index) as reader:
        queries_path, asked = _queries(queries, queries_file, qrels)
        judged = judged_in(file.qrels, reader.documents())
        for warning in judged.warnings:
            output.warn(warning)
        if compares or reranks:
            output.note("note: loading the models")
        bi_encoder = choice.load_bi_encoder(reader.info) if compares else None
        reranker = choice.load_cross_encoder() if reranks else None
        judging = Judging(
            asked,
            lambda query: pool(reader, query, judged, bi_encoder, reranker, options),
            judged.by_query,
            file,
        )
        try:
            _ask_all(judging, output.stderr_console())
        except KeyboardInterrupt:
            output.note(rendered.as_sentence(judging.summary(), qrels))
            raise
    summary = judging.summary()
    for warning in rendered.warnings(summary):
        output.warn(warning)
    commands = _next_commands(summary, queries_path, qrels, index, options, strategies)
    output.show(rendered.JudgingView(summary, qrels, commands))
    return EXIT_NO_RESULT if len(summary.empty) == summary.queries else EXIT_OK


def on_terminal() -> bool:
    """Whether somebody can see a passage and press a key."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _check_terminal() -> None:
    from bienc_cli.errors import UsageError

    if not on_terminal():
        raise UsageError(
            "Judging needs a terminal: it shows passages and waits for keys.",
            "run it without redirecting standard input or standard error",
        )


def _check_source(texts: list[str] | None, file: Path | None, qrels: Path) -> None:
    from bienc_cli.errors import UsageError

    if bool(texts) == (file is not None):
        raise UsageError(
            "Queries come as arguments, or from a file.",
            "bienc judge 'first query' 'second query', or bienc judge --queries FILE",
        )
    if file is not None and file.resolve() == qrels.resolve():
        raise UsageError(
            f"'{file}' cannot hold the queries and take the judgments.",
            "give --qrels another file",
        )


def _queries(
    texts: list[str] | None, file: Path | None, qrels: Path
) -> tuple[Path, tuple[Query, ...]]:
    """Where the queries are, and what they are."""
    from bienc_cli.evaluation.judgments import check_query_id, queries_beside
    from bienc_cli.evaluation.queries import read_queries
    from bienc_cli.search import check_query

    if file is None:
        for text in texts or ():
            check_query(text)
        return queries_beside(qrels, texts or ())
    queries = read_queries(file)
    for query in queries:
        check_query_id(query.query_id)
    return file, queries


def _next_commands(
    summary: JudgingSummary,
    queries: Path,
    qrels: Path,
    index: str | None,
    options: PoolOptions,
    strategies: str | None,
) -> list[str]:
    """What to type next: go on where not all is judged, compare where anything is."""
    from bienc_cli.evaluation.pooling import DEFAULT_DEPTH

    files = ["--queries", str(queries), "--qrels", str(qrels)]
    where = [] if index is None else ["--index", str(index)]
    commands = []
    # What was not pooled is not judged: the same strategies are compared.
    named = [] if strategies is None else ["--strategies", strategies]
    named += ["--exhaustive"] if options.exhaustive else []
    if summary.finished < summary.queries:
        depth = [] if options.depth == DEFAULT_DEPTH else ["--depth", str(options.depth)]
        commands.append(shlex.join(["bienc", "judge", *files, *named, *depth, *where]))
    if summary.judged:
        commands.append(shlex.join(["bienc", "compare", *files, *named, *where]))
    return commands


def _ask_all(judging: Judging, console: Console) -> None:
    """Ask until everything is answered or the user quits."""
    from bienc_cli.render import judging as rendered

    said = ""
    while True:
        question = judging.question()
        if question is not None:
            goes_on, said = _ask(judging, question, console, said)
            if not goes_on:
                return
        elif judging.can_undo:
            _show(console, rendered.end_screen(), said)
            if read_key() != "u":
                return
            said = _undo(judging)
        else:
            return


def _ask(judging: Judging, question: Question, console: Console, said: str) -> tuple[bool, str]:
    """Ask one question until there is an answer; whether to go on, and what to say of it."""
    from bienc_cli.render import judging as rendered

    shown = 0
    while True:
        screens = rendered.question_screens(question, console)
        _show(console, screens[shown % len(screens)], said)
        key = read_key()
        said = ""
        if key in _GRADE_KEYS:
            return True, rendered.answered(judging.answer(question, int(key)))
        if key == "s":
            judging.skip()
            return True, "skipped"
        if key == "n":
            judging.next_query()
            return True, "left the rest of the last query"
        if key == "u" and judging.can_undo:
            return True, _undo(judging)
        if key == "q":
            return False, ""
        if key == "m":
            shown += 1
        elif key == "?":
            _show(console, rendered.help_screen(), "")
            read_key()
        else:
            said = "nothing to undo in this session" if key == "u" else "no such key; ? shows them"


def _undo(judging: Judging) -> str:
    from bienc_cli.errors import StorageError

    try:
        judging.undo()
    except StorageError as error:
        return error.message
    return "taken back"


def _show(console: Console, screen: RenderableType, said: str) -> None:
    from bienc_cli.render.columns import AT_BLANKS, Words

    console.clear()
    console.print(screen)
    console.print(Words(said, "yellow", AT_BLANKS))
