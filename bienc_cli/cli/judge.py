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
from bienc_cli.cli.output import Output
from bienc_cli.render.view import OutputFormat

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from bienc_cli.evaluation.judging import Judging, Question

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
            help="File for the judgments, TREC qrels; what it already holds is not asked again.",
        ),
    ] = Path("judgments.qrels"),
    strategies: Annotated[
        str | None,
        typer.Option(
            "--strategies",
            metavar="A,B,...",
            help="Strategies whose answers to judge.  \\[default: all that compare measures]",
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
    exhaustive: opt.ExhaustiveOption = False,
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
    answer is saved at once; the same command continues where you stopped.
    """
    from bienc_cli.cli.opening import models_for, opened
    from bienc_cli.errors import EXIT_NO_RESULT, EXIT_OK
    from bienc_cli.evaluation.results import MEASURED_BY_DEFAULT
    from bienc_cli.render import judging as rendering
    from bienc_cli.strategy import strategies_named

    output = Output(format_, quiet=quiet)
    models = models_for(output, model, cross_encoder, runtime, device, threads, offline=offline)
    chosen_strategies = (
        strategies_named(strategies.split(",")) if strategies else MEASURED_BY_DEFAULT
    )
    strategy_names = ", ".join(chosen_strategies)
    if not any(strategy.needs_bi_encoder for strategy in chosen_strategies):
        opt.refuse_without_effect(
            {"--model": model}, f"nothing of {strategy_names} compares vectors", "leave it out"
        )
    if not any(strategy.needs_cross_encoder for strategy in chosen_strategies):
        opt.refuse_without_effect(
            {"--cross-encoder": cross_encoder, "--exhaustive": exhaustive},
            f"nothing of {strategy_names} has a cross-encoder",
            "leave it out",
        )
    _check_terminal()
    with unseen(), opened(index, output, models) as opened_index:
        judging = opened_index.judge(
            queries or (),
            qrels,
            queries_file=queries_file,
            strategies=strategies,
            depth=depth,
            exhaustive=exhaustive,
        )
        output.warn_all(judging.warnings)
        try:
            _ask_all(judging, output.stderr_console())
        except KeyboardInterrupt:
            output.note(rendering.as_sentence(judging.summary(), qrels))
            raise
    summary = judging.summary()
    output.warn_all(rendering.warnings(summary))
    commands = _next_commands(judging, qrels, index, depth, strategies, exhaustive=exhaustive)
    output.show(rendering.JudgingView(summary, qrels, commands))
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


def _next_commands(
    judging: Judging,
    qrels: Path,
    index: str | None,
    depth: int,
    strategies: str | None,
    *,
    exhaustive: bool,
) -> list[str]:
    """What to type next: continue if not everything is judged, compare if anything is."""
    from bienc_cli.evaluation.pooling import DEFAULT_DEPTH

    summary = judging.summary()
    files = ["--queries", str(judging.source), "--qrels", str(qrels)]
    index_option = [] if index is None else ["--index", str(index)]
    commands = []
    # Compare the pooled strategies only: documents outside the pool are not judged.
    pool_options = [] if strategies is None else ["--strategies", strategies]
    pool_options += ["--exhaustive"] if exhaustive else []
    if summary.finished < summary.queries:
        depth_option = [] if depth == DEFAULT_DEPTH else ["--depth", str(depth)]
        commands.append(
            shlex.join(["bienc", "judge", *files, *pool_options, *depth_option, *index_option])
        )
    if summary.judged:
        commands.append(shlex.join(["bienc", "compare", *files, *pool_options, *index_option]))
    return commands


def _ask_all(judging: Judging, console: Console) -> None:
    """Ask until everything is answered, or the user quits."""
    from bienc_cli.render import judging as rendering

    message = ""
    while True:
        question = judging.question()
        if question is not None:
            goes_on, message = _ask(judging, question, console, message)
            if not goes_on:
                return
        elif judging.can_undo:
            _show(console, rendering.end_screen(), message)
            if read_key() != "u":
                return
            message = _undo(judging)
        else:
            return


def _ask(judging: Judging, question: Question, console: Console, message: str) -> tuple[bool, str]:
    """Ask one question until it is answered; returns whether to go on, and what to report."""
    from bienc_cli.render import judging as rendering

    screen_number = 0
    while True:
        screens = rendering.question_screens(question, console)
        _show(console, screens[screen_number % len(screens)], message)
        key = read_key()
        message = ""
        if key in _GRADE_KEYS:
            return True, rendering.answered(judging.answer(question, int(key)))
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
            screen_number += 1
        elif key == "?":
            _show(console, rendering.help_screen(), "")
            read_key()
        else:
            message = (
                "nothing to undo in this session" if key == "u" else "no such key; ? shows them"
            )


def _undo(judging: Judging) -> str:
    from bienc_cli.errors import StorageError

    try:
        judging.undo()
    except StorageError as error:
        return error.message
    return "taken back"


def _show(console: Console, screen: RenderableType, message: str) -> None:
    from bienc_cli.render.columns import AT_BLANKS, Words

    console.clear()
    console.print(screen)
    console.print(Words(message, "yellow", AT_BLANKS))
