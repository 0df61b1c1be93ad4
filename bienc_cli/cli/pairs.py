"""`bienc pairs`."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from bienc_cli.cli import caller
from bienc_cli.cli import options as opt
from bienc_cli.cli.output import Output, OutputFormat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bienc_cli.search.clusters import PairsResult
    from bienc_cli.search.pairs import Pair


def pairs(
    min_similarity: Annotated[
        float,
        typer.Option(
            "--min-similarity",
            metavar="-1..1",
            help="Only pairs at least so similar; the same text is one at any similarity.",
            rich_help_panel=opt.SEARCH_PANEL,
        ),
    ] = 0.9,
    min_shared: Annotated[
        float,
        typer.Option(
            "--min-shared",
            metavar="0..1",
            help="Only pairs that have this share of their words in common: 0.5 leaves duplicates "
            "and their variants.",
            rich_help_panel=opt.SEARCH_PANEL,
        ),
    ] = 0.0,
    exact: Annotated[
        bool,
        typer.Option("--exact", help="Only the same text.", rich_help_panel=opt.SEARCH_PANEL),
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
            help="The other from these.",
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
            help="Only pairs that it gives this label, such as contradiction.",
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
            help="Exit with 1 if more than N passages could be done without, else with 0.",
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

    By the vectors that the index holds, confirmed by the words of the texts. With plain and
    jsonl each pair is a line as soon as it is found. What was interrupted goes on where it was.
    Exit code 1 when nothing is found.
    """
    from bienc_cli.cli import environment, freshness
    from bienc_cli.cli.loading import ModelChoice
    from bienc_cli.render.pairs import PairsView
    from bienc_cli.search.clusters import gathered
    from bienc_cli.search.pair_log import PairLog
    from bienc_cli.search.pairs import PairsOptions, find_pairs, search_key
    from bienc_cli.stages import Stopwatch

    output = Output(format_, quiet=quiet)
    _check_places(between, with_, path)
    choice = ModelChoice(None, classify, runtime, device, threads, offline, output)
    options = PairsOptions(
        min_similarity=min_similarity,
        min_shared=min_shared,
        exact=exact,
        label=label,
        between=opt.document_filter(between or path, type_),
        against=opt.document_filter(with_, type_) if with_ else None,
    )
    watch = Stopwatch()
    with watch.stage("open index"):
        reader = freshness.open_index(index, output, choice, refresh=refresh)
    with reader, freshness.noted(reader, output, check=not no_check):
        classifier = None
        if classify is not None:
            with watch.stage("load models"):
                classifier = choice.load_cross_encoder()
        logs = environment.cache_directory() / "pairs"
        with (
            PairLog(logs, search_key(reader, options, classifier)) as log,
            _bar(output) as advance,
            watch.stage("search"),
        ):
            if log.portions:
                output.note("note: going on where the interrupted search was")
            found = find_pairs(reader, options, classifier, log, advance)
            kept = list(_shown_as_found(found, output))
            log.finish()
        result = gathered(reader, kept, options, classifier, watch)
        places = (
            [options.between] if options.against is None else [options.between, options.against]
        )
        compared = all(reader.count(place) for place in places)
    for warning in result.warnings:
        output.warn(warning)
    if output.format != OutputFormat.plain:
        output.show(PairsView(result))
    return _verdict(result, compared, fail_over, output)


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


@contextmanager
def _bar(output: Output) -> Iterator[Callable[[int, int], None]]:
    """None on a screen on which pairs appear as they are found."""
    if output.format in (OutputFormat.jsonl, OutputFormat.plain) and caller.stdout().isatty():
        yield lambda _done, _total: None
        return
    from bienc_cli.cli.progress import portions

    with portions(output, "comparing", "passages") as advance:
        yield advance


def _shown_as_found(found: Iterator[Pair], output: Output) -> Iterator[Pair]:
    """The same pairs; each a line at once, where a line is what is wanted."""
    from bienc_cli.render.pairs import PairView

    for pair in found:
        if output.format in (OutputFormat.jsonl, OutputFormat.plain):
            output.show(PairView(pair))
        yield pair


def _verdict(result: PairsResult, compared: bool, allowed: int | None, output: Output) -> int:
    if allowed is None:
        return 0 if result.pairs else 1
    if not compared:
        # A check that has looked at nothing would pass for ever.
        output.tell("nothing was compared, so --fail-over has nothing to go by")
        return 1
    if result.superfluous <= allowed:
        return 0
    output.warn(
        f"{result.superfluous:,} passages could be done without; --fail-over allows {allowed:,}"
    )
    return 1
