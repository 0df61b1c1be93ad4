"""`bienc compare`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from bienc_cli.cli import completion
from bienc_cli.cli import options as opt
from bienc_cli.cli.compare_checks import (
    queries_as_given,
    refuse_what_nothing_uses,
    refuse_with_a_file,
    refuse_without_a_file,
)
from bienc_cli.cli.output import Output
from bienc_cli.library.report_files import make_folder
from bienc_cli.render.view import CompareFormat, OutputFormat

if TYPE_CHECKING:
    from bienc_cli.library.front_door import Index
    from bienc_cli.library.measured_answers import EvaluateAnswer
    from bienc_cli.library.search_answers import CompareAnswer
    from bienc_cli.library.shared_models import Models

_MANY = "Many queries"


class OutputFiles(NamedTuple):
    """Files to write for many queries: a folder of run files, and a page."""

    run_out: Path | None
    report: Path | None


def compare(
    queries: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="QUERY",
            help="Queries, each one argument; - reads them from standard input, one a line.",
            show_default=False,
        ),
    ] = None,
    k: Annotated[
        int | None,
        typer.Option(
            "-k",
            min=1,
            metavar="N",
            help="How many passages to show.  \\[default: 10]",
            show_default=False,
            rich_help_panel=opt.SEARCH_PANEL,
        ),
    ] = None,
    strategies: Annotated[
        str | None,
        typer.Option(
            "--strategies",
            metavar="A,B,...",
            help="What to compare; the first is the baseline.  \\[default: bi-encoder and "
            "bi-encoder+cross-encoder; with --queries also bm25, light-blend and blend]",
            autocompletion=completion.strategy_list,
            show_default=False,
            rich_help_panel=opt.SEARCH_PANEL,
        ),
    ] = None,
    candidates: Annotated[
        str | None,
        typer.Option(
            "--candidates",
            metavar="N,...",
            help="How many passages the cross-encoder reads; with --queries several numbers are "
            "measured one by one.  \\[default: 20, or k if that is more]",
            show_default=False,
            rich_help_panel=opt.SEARCH_PANEL,
        ),
    ] = None,
    exhaustive: Annotated[
        bool | None,
        typer.Option(
            "--exhaustive/--no-exhaustive",
            help="Measure the cross-encoder over all passages, or only estimate it.  "
            "\\[default: measure where it is 400 pairs at most]",
            show_default=False,
            rich_help_panel=opt.SEARCH_PANEL,
        ),
    ] = None,
    path: opt.PathOption = None,
    type_: opt.TypeOption = None,
    queries_file: Annotated[
        Path | None,
        typer.Option(
            "--queries",
            metavar="FILE",
            help="Queries: text lines, JSON lines, TSV or TREC topics.",
            show_default=False,
            rich_help_panel=_MANY,
        ),
    ] = None,
    qrels: Annotated[
        Path | None,
        typer.Option(
            "--qrels",
            metavar="FILE",
            help="Judgments: BEIR TSV, TREC qrels or JSON lines.",
            show_default=False,
            rich_help_panel=_MANY,
        ),
    ] = None,
    beir: Annotated[
        Path | None,
        typer.Option(
            "--beir",
            metavar="DIR",
            help="Both at once: queries.jsonl and qrels/SPLIT.tsv of a BEIR collection.",
            show_default=False,
            rich_help_panel=_MANY,
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            "--split",
            metavar="NAME",
            help="Which judgments of --beir.  \\[default: test]",
            show_default=False,
            rich_help_panel=_MANY,
        ),
    ] = None,
    measures: Annotated[
        str | None,
        typer.Option(
            "--measures",
            metavar="A,B,...",
            help="Measures, in the grammar of ir-measures.  \\[default: nDCG@10,RR@10,R@100]",
            show_default=False,
            rich_help_panel=_MANY,
        ),
    ] = None,
    fail_under: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-under",
            metavar="[STRATEGY:]MEASURE=X",
            help="Exit 1 where a measure is lower; blend's, unless named; repeatable.",
            show_default=False,
            rich_help_panel=_MANY,
        ),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            "--baseline",
            metavar="FILE",
            help="JSON of an earlier comparison; exit 1 where a mean fell by more than --max-drop.",
            show_default=False,
            rich_help_panel=_MANY,
        ),
    ] = None,
    max_drop: Annotated[
        float | None,
        typer.Option(
            "--max-drop",
            min=0,
            metavar="X",
            help="How far below --baseline a mean may fall.  \\[default: 0.02]",
            show_default=False,
            rich_help_panel=_MANY,
        ),
    ] = None,
    run_out: Annotated[
        Path | None,
        typer.Option(
            "--run-out",
            metavar="DIR",
            help="Write each strategy's rankings as a TREC run file.",
            show_default=False,
            rich_help_panel=_MANY,
        ),
    ] = None,
    rerun: Annotated[
        list[Path] | None,
        typer.Option(
            "--rerun",
            metavar="FILE",
            help="Measure a TREC run file of any system too; repeatable.",
            show_default=False,
            rich_help_panel=_MANY,
        ),
    ] = None,
    passage_tokens: Annotated[
        str | None,
        typer.Option(
            "--passage-tokens",
            metavar="N,...",
            help="Measure passages of these lengths, each by an index of its own in the cache; "
            "--model A,B and --cross-encoder A,B likewise compare models.",
            show_default=False,
            rich_help_panel=_MANY,
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report",
            metavar="FILE.html",
            help="Also write a page with plots and every query.",
            show_default=False,
            rich_help_panel=_MANY,
        ),
    ] = None,
    format_: opt.CompareFormatOption = CompareFormat.table,
    quiet: opt.QuietOption = False,
    index: opt.IndexOption = None,
    model: opt.ModelOption = None,
    cross_encoder: opt.CrossEncoderOption = None,
    runtime: opt.RuntimeOption = "auto",
    device: opt.DeviceOption = "auto",
    threads: opt.ThreadsOption = None,
    offline: opt.OfflineOption = False,
) -> int:
    """Put strategies side by side: rankings, cost, quality.

    With queries as arguments: the rankings of the first and the last strategy beside each
    other, and the time of all, stage by stage, beside that of reading every passage.

    With --queries or --beir: quality against judgments, significance, agreement and time; also
    of several models (--model A,B) and lengths of passages, each by an index of its own.
    """
    from bienc_cli.cli.opening import models_for
    from bienc_cli.library.quality import MAX_DROP, check_judged
    from bienc_cli.strategy import strategies_named

    output = Output(format_, quiet=quiet)
    models = models_for(output, model, cross_encoder, runtime, device, threads, offline=offline)
    chosen_strategies = strategies_named(strategies.split(",")) if strategies else ()
    depths = opt.numbers("--candidates", candidates)
    lengths = opt.numbers("--passage-tokens", passage_tokens)
    many_query_options = {
        "--qrels": qrels,
        "--fail-under": fail_under,
        "--baseline": baseline,
        "--run-out": run_out,
        "--rerun": rerun,
        "--report": report,
    }
    refuse_what_nothing_uses(
        chosen_strategies,
        many_query_options
        | {"--beir": beir, "--split": split, "--measures": measures, "--max-drop": max_drop}
        | {"--path": path, "--type": type_, "--candidates": candidates},
    )
    path_patterns, formats = opt.resolved_patterns(path), type_ or ()
    if queries_file is not None or beir is not None:
        refuse_with_a_file(queries, k)
        for folder in (run_out, report.parent if report else None):
            make_folder(folder)
        judged_split = split or "test"
        check_judged(queries_file, qrels, beir, judged_split)
        return _measure(
            output,
            models,
            index,
            OutputFiles(run_out, report),
            lambda opened_index: opened_index.evaluate(
                queries_file,
                qrels,
                strategies,
                beir=beir,
                split=judged_split,
                measures=measures,
                candidates=depths,
                exhaustive=bool(exhaustive),
                path=path_patterns,
                type=formats,
                models=models.model or (),
                cross_encoders=models.cross_encoder or (),
                passage_tokens=lengths,
                runs=rerun or (),
                fail_under=fail_under or (),
                baseline=baseline,
                max_drop=MAX_DROP if max_drop is None else max_drop,
            ),
        )
    refuse_without_a_file(
        many_query_options, bool(lengths) or "," in f"{model}{cross_encoder}", depths, format_
    )
    return _compare(
        output,
        models,
        index,
        queries_as_given(queries, output),
        lambda opened_index, texts: opened_index.compare(
            texts,
            strategies,
            10 if k is None else k,
            candidates=depths[0] if depths else None,
            exhaustive=exhaustive,
            path=path_patterns,
            type=formats,
        ),
    )


def _compare(
    output: Output,
    models: Models,
    index: str | None,
    queries: list[str],
    ask: Callable[[Index, list[str]], CompareAnswer],
) -> int:
    """Show the rankings of some queries side by side; returns the exit code."""
    from bienc_cli.cli import standard_input
    from bienc_cli.cli.opening import opened, staleness_noted
    from bienc_cli.errors import EXIT_NO_RESULT, EXIT_OK
    from bienc_cli.library.front_door import check_queries

    texts = queries
    if queries == ["-"]:
        texts = [standard_input.parse(*record).text for record in standard_input.queries()]
    check_queries(texts)
    with opened(index, output, models) as opened_index, staleness_noted([opened_index], output):
        answer = ask(opened_index, texts)
    output.show_answer(answer)
    return EXIT_OK if answer else EXIT_NO_RESULT


def _measure(
    output: Output,
    models: Models,
    index: str | None,
    files: OutputFiles,
    ask: Callable[[Index], EvaluateAnswer],
) -> int:
    """Show quality and cost over many queries; returns the exit code."""
    from bienc_cli.cli.opening import opened, staleness_noted
    from bienc_cli.errors import EXIT_NO_RESULT, EXIT_OK
    from bienc_cli.render.gates import gate_line

    with opened(index, output, models) as opened_index, staleness_noted([opened_index], output):
        answer = ask(opened_index)
    if files.run_out is not None:
        answer.write_runs(files.run_out)
    if files.report is not None:
        answer.write_report(files.report)
    output.show_answer(answer)
    if output.format != OutputFormat.table:
        for gate in answer.gates:
            (output.note if gate.passed else output.tell)(gate_line(gate))
    if files.report is not None:
        output.note(f"report: {files.report}")
    return EXIT_OK if answer.passed else EXIT_NO_RESULT
