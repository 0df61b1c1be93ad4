"""`bienc tune`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bienc_cli.cli import options as opt
from bienc_cli.cli.output import Output, OutputFormat

if TYPE_CHECKING:
    from bienc_cli.store import IndexPlace
    from bienc_cli.types import TunedBlend


def tune(
    queries: Annotated[
        Path | None,
        typer.Option(
            "--queries",
            metavar="FILE",
            help="Queries: text lines, JSON lines, TSV or TREC topics.",
            show_default=False,
        ),
    ] = None,
    qrels: Annotated[
        Path | None,
        typer.Option(
            "--qrels",
            metavar="FILE",
            help="Judgments: BEIR TSV, TREC qrels or JSON lines.",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Learn and report; leave the index as it is.")
    ] = False,
    reset: Annotated[bool, typer.Option("--reset", help="Go back to the default weights.")] = False,
    format_: opt.FormatOption = OutputFormat.table,
    quiet: opt.QuietOption = False,
    index: opt.IndexOption = None,
    wait: opt.WaitOption = opt.WAIT_SECONDS,
    cross_encoder: opt.CrossEncoderOption = None,
    runtime: opt.RuntimeOption = "auto",
    device: opt.DeviceOption = "auto",
    threads: opt.ThreadsOption = None,
    offline: opt.OfflineOption = False,
) -> int:
    """Learn the weights of the blends from your own judgments.

    They are kept in the index. The gain is measured on queries that the weights were not
    learned from. Weights that do not help, or may help by chance only, are not kept; the exit
    code is then 1.
    """
    from bienc_cli.cli import environment
    from bienc_cli.cli.loading import ModelChoice
    from bienc_cli.cli.progress import counting
    from bienc_cli.errors import EXIT_NO_RESULT, EXIT_OK, UsageError
    from bienc_cli.render.tuning import ResetView, TuningView

    output = Output(format_, quiet=quiet)
    directory = environment.index_to_read(index)
    if reset:
        if queries or qrels:
            raise UsageError("--reset learns nothing.", "leave out --queries and --qrels")
        if dry_run:
            raise UsageError("--dry-run keeps what --reset takes away.", "leave out one of them")
        with environment.open_index(index) as reader:
            removed = reader.info.blend
        _record(directory, None, wait, output)
        output.show(ResetView(removed))
        return EXIT_OK
    if queries is None or qrels is None:
        raise UsageError(
            "Learning takes queries and judgments.",
            "bienc tune --queries FILE --qrels FILE; bienc judge makes judgments",
        )
    from bienc_cli.evaluation.qrels import judged_in, read_qrels
    from bienc_cli.evaluation.queries import read_queries
    from bienc_cli.evaluation.score_cache import CachedScores
    from bienc_cli.evaluation.tuning import tune as learn

    asked, judgments = read_queries(queries), read_qrels(qrels)
    choice = ModelChoice(None, cross_encoder, runtime, device, threads, offline, output)
    with environment.open_index(index) as reader:
        judged = judged_in(judgments, reader.documents())
        bi_encoder = choice.load_bi_encoder(reader.info)
        cache = environment.cache_directory() / "scores"
        with (
            CachedScores(choice.load_cross_encoder(), cache) as scores,
            counting(output, "reading", len(asked)) as advance,
        ):
            result = learn(reader, asked, judged, bi_encoder, scores, advance)
    kept = result.kept
    recorded = kept is not None and not dry_run
    if recorded:
        _record(directory, kept, wait, output)
    for warning in judged.warnings:
        output.warn(warning)
    if result.missing:
        output.warn(f"{len(result.missing):,} judged documents are not in the index")
    output.show(TuningView(result, recorded=recorded))
    return EXIT_OK if kept is not None else EXIT_NO_RESULT


def _record(directory: IndexPlace, blend: TunedBlend | None, wait: float, output: Output) -> None:
    from bienc_cli.cli import environment
    from bienc_cli.store import open_writer

    with open_writer(
        directory,
        key_dir=environment.key_directory(),
        create=False,
        wait=wait,
        on_wait=lambda holder: output.note(f"waiting for {holder}"),
        ask=True,
    ) as writer:
        writer.put_blend(blend)
        writer.commit()
