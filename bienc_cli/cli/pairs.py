"""`bienc pairs`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bienc_cli.cli import options as opt
from bienc_cli.cli.output import Output
from bienc_cli.environment import caller
from bienc_cli.library.reporting import Reporter
from bienc_cli.render.view import OutputFormat

if TYPE_CHECKING:
    from bienc_cli.search.clusters import PairsResult


def pairs(
    min_similarity: Annotated[
        float,
        typer.Option(
            "--min-similarity",
            metavar="-1..1",
            help="Only pairs at least this similar; identical texts count at any similarity.",
            rich_help_panel=opt.SEARCH_PANEL,
        ),
    ] = 0.9,
    min_shared: Annotated[
        float,
        typer.Option(
            "--min-shared",
            metavar="0..1",
            help="Only pairs with this share of their words in common: 0.5 leaves duplicates and "
            "variants.",
            rich_help_panel=opt.SEARCH_PANEL,
        ),
    ] = 0.0,
    exact: Annotated[
        bool,
        typer.Option("--exact", help="Only identical texts.", rich_help_panel=opt.SEARCH_PANEL),
    ] = False,
    between: Annotated[
        list[str] | None,
        typer.Option(
            "--between",
            metavar="GLOB",
            help="One passage of each pair from documents whose path matches; with --with.",
            show_default=False,
            rich_help_panel=opt.SEARCH_PANEL,
        ),
    ] = None,
    with_: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="GLOB",
            help="The other passage from documents whose path matches.",
            show_default=False,
            rich_help_panel=opt.SEARCH_PANEL,
        ),
    ] = None,
    path: opt.PathOption = None,
    type_: opt.TypeOption = None,
    classify: Annotated[
        str | None,
        typer.Option(
            "--classify",
            metavar="MODEL",
            help="A cross-encoder with several labels reads each pair, both ways: hub id or "
            "directory.",
            show_default=False,
            rich_help_panel=opt.MODELS_PANEL,
        ),
    ] = None,
    label: Annotated[
        str | None,
        typer.Option(
            "--label",
            metavar="NAME",
            help="Only pairs with this label, such as contradiction; with --classify.",
            show_default=False,
            rich_help_panel=opt.SEARCH_PANEL,
        ),
    ] = None,
    fail_over: Annotated[
        int | None,
        typer.Option(
            "--fail-over",
            metavar="N",
            min=0,
            help="Exit with 1 if more than N passages are superfluous, else with 0.",
            show_default=False,
            rich_help_panel=opt.OUTPUT_PANEL,
        ),
    ] = None,
    format_: opt.FormatOption = OutputFormat.table,
    quiet: opt.QuietOption = False,
    refresh: opt.RefreshOption = False,
    no_check: opt.NoCheckOption = False,
    index: opt.IndexOption = None,
    runtime: opt.RuntimeOption = "auto",
    device: opt.DeviceOption = "auto",
    threads: opt.ThreadsOption = None,
    offline: opt.OfflineOption = False,
) -> int:
    """Find duplicates, variants and contradictions among passages.

    Uses the vectors in the index, and confirms pairs by the words of the texts. With plain and
    jsonl each pair is a line as soon as it is found. An interrupted search continues where it was.
    Exit code 1 when nothing is found.
    """
    from bienc_cli.cli.opening import models_for, opened, staleness_noted
    from bienc_cli.render.pairs import PairsView, PairView

    output = Output(format_, quiet=quiet)
    _check_places(between, with_, path)
    models = models_for(output, None, classify, runtime, device, threads, offline=offline)
    by_line = output.format in (OutputFormat.jsonl, OutputFormat.plain)
    sides = [opt.resolved_patterns(between or path)]
    if with_:
        sides.append(opt.resolved_patterns(with_))
    with (
        opened(index, output, models, refresh=refresh) as opened_index,
        staleness_noted([opened_index], output, check=not no_check),
    ):
        if by_line and caller.stdout().isatty():
            # No progress bar on a screen where pairs appear as they are found.
            opened_index.reporter = Reporter()
        answer = opened_index.pairs(
            min_similarity=min_similarity,
            min_shared=min_shared,
            exact=exact,
            label=label,
            path=sides[0],
            type=type_ or (),
            against=sides[1] if with_ else (),
            classify=classify is not None,
            on_pair=(lambda pair: output.show(PairView(pair))) if by_line else (lambda _: None),
        )
        has_documents = all(opened_index.count(path=side, type=type_ or ()) for side in sides)
    output.warn_all(answer.warnings)
    if output.format != OutputFormat.plain:
        output.show(PairsView(answer.result))
    return _exit_code(answer.result, has_documents, fail_over, output)


def _check_places(
    between: list[str] | None, with_: list[str] | None, path: list[str] | None
) -> None:
    from bienc_cli.errors import UsageError

    if bool(between) != bool(with_):
        raise UsageError(
            "--between and --with go together: one passage of a pair is from each.",
            "bienc pairs --between 'old/' --with 'new/', or bienc pairs --path 'old/'",
        )
    if between:
        opt.refuse_without_effect(
            {"--path": path}, "--between and --with say which documents count", "leave it out"
        )


def _exit_code(
    result: PairsResult, has_documents: bool, allowed: int | None, output: Output
) -> int:
    if allowed is None:
        return 0 if result.pairs else 1
    if not has_documents:
        # A check that compares nothing would always pass.
        output.tell("nothing was compared, so --fail-over has nothing to go by")
        return 1
    if result.superfluous <= allowed:
        return 0
    output.warn(
        f"{result.superfluous:,} passages could be done without; --fail-over allows {allowed:,}"
    )
    return 1
