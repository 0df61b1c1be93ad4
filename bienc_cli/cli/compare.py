"""`bienc compare`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from bienc_cli.cli import completion
from bienc_cli.cli import options as opt
from bienc_cli.cli.output import Output
from bienc_cli.library.report_files import make_folder
from bienc_cli.render.view import CompareFormat, OutputFormat

if TYPE_CHECKING:
    from bienc_cli.library.shared_models import Models

_MANY = "Many queries"
_MAX_DROP = 0.02


class Kept(NamedTuple):
    """What is to be written of many queries: a folder of run files, and a page."""

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
            help="In the grammar of ir-measures.  \\[default: nDCG@10,RR@10,R@100]",
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
    from bienc_cli.errors import UsageError
    from bienc_cli.strategy import Strategy, strategies_named

    output = Output(format_, quiet=quiet)
    models = models_for(output, model, cross_encoder, runtime, device, threads, offline=offline)
    named = strategies_named(strategies.split(",")) if strategies else None
    depths = opt.numbers("--candidates", candidates)
    lengths = opt.numbers("--passage-tokens", passage_tokens)
    if beir is None:
        opt.refuse_without_effect(
            {"--split": split}, "it names judgments of --beir", "give --beir DIR, or leave it out"
        )
        if qrels is None:
            opt.refuse_without_effect(
                {"--measures": measures}, "there are no judgments", "give --qrels FILE too"
            )
    if baseline is None:
        opt.refuse_without_effect(
            {"--max-drop": max_drop}, "there is no baseline", "give --baseline FILE too"
        )
    if rerun:
        opt.refuse_without_effect(
            {"--path": path, "--type": type_},
            "a run that was made elsewhere is measured as it is",
            "leave it out, or --rerun",
        )
    if named and all(not one.needs_cross_encoder or one is Strategy.CROSS_ENCODER for one in named):
        opt.refuse_without_effect(
            {"--candidates": candidates},
            f"nothing of {', '.join(named)} reads candidates",
            f"leave it out, or compare a strategy like {Strategy.BLEND}",
        )
    if queries_file is not None or beir is not None:
        if queries:
            raise UsageError(
                "Queries were given as arguments and as a file.", "leave out one or the other"
            )
        opt.refuse_without_effect(
            {"-k": k},
            "what is measured is ranked to its end",
            "leave it out; --measures has cutoffs",
        )
        return _measure(
            output,
            models,
            index,
            Kept(run_out, report),
            queries=queries_file,
            qrels=qrels,
            strategies=strategies,
            beir=beir,
            split=split or "test",
            measures=measures,
            candidates=depths,
            exhaustive=bool(exhaustive),
            path=opt.as_they_lie(path),
            type=type_ or (),
            models=models.model or (),
            cross_encoders=models.cross_encoder or (),
            passage_tokens=lengths,
            runs=rerun or (),
            fail_under=fail_under or (),
            baseline=baseline,
            max_drop=_MAX_DROP if max_drop is None else max_drop,
        )
    if lengths or "," in f"{model}{cross_encoder}":
        raise UsageError(
            "Several models or lengths of passages are measured over a file of queries.",
            "give --queries FILE too",
        )
    of_many = {
        "--qrels": qrels,
        "--fail-under": fail_under,
        "--baseline": baseline,
        "--run-out": run_out,
        "--rerun": rerun,
        "--report": report,
    }
    for flag, value in of_many.items():
        if value:
            raise UsageError(f"{flag} is for many queries.", "give --queries FILE too")
    if not queries:
        raise UsageError("There is no query to compare.", "bienc compare 'your question'")
    for query in queries:
        if _names_a_file(query):
            output.note(
                f"note: {query} is a file, and its name is compared as a query "
                f"(bienc compare --queries {shlex.quote(query)} reads it)"
            )
    if format_ in (CompareFormat.markdown, CompareFormat.junit):
        raise UsageError(
            f"--format {format_} is for many queries.", "give --queries FILE too, or --format json"
        )
    if len(depths) > 1:
        raise UsageError(
            "Several depths are measured over a file of queries.", "give --queries FILE too"
        )
    return _compare(
        output,
        models,
        index,
        queries,
        strategies,
        10 if k is None else k,
        candidates=depths[0] if depths else None,
        exhaustive=exhaustive,
        path=opt.as_they_lie(path),
        type=type_ or (),
    )


def _names_a_file(query: str) -> bool:
    try:
        return Path(query).is_file()
    except OSError:
        # Too long for a name.
        return False


def _compare(
    output: Output,
    models: Models,
    index: str | None,
    queries: list[str],
    *asked: Any,
    **wanted: Any,
) -> int:
    """Rankings of some queries side by side; see `Index.compare`. The exit code."""
    from bienc_cli.cli import standard_input
    from bienc_cli.cli.opening import opened, staleness_noted
    from bienc_cli.errors import EXIT_NO_RESULT, EXIT_OK
    from bienc_cli.library.front_door import check_queries

    texts = queries
    if queries == ["-"]:
        texts = [standard_input.parse(*record).text for record in standard_input.queries()]
    check_queries(texts)
    with opened(index, output, models) as compared, staleness_noted([compared], output):
        answer = compared.compare(texts, *asked, **wanted)
    for warning in answer.warnings:
        output.warn(warning)
    output.show(answer.view())
    return EXIT_OK if answer else EXIT_NO_RESULT


def _measure(
    output: Output, models: Models, index: str | None, kept: Kept, /, **wanted: Any
) -> int:
    """Quality and cost over many queries; see `Index.evaluate`. The exit code."""
    from bienc_cli.cli.opening import opened, staleness_noted
    from bienc_cli.errors import EXIT_NO_RESULT, EXIT_OK
    from bienc_cli.library.quality import check_judged
    from bienc_cli.render.gates import gate_line

    for folder in (kept.run_out, kept.report.parent if kept.report else None):
        make_folder(folder)
    check_judged(wanted["queries"], wanted["qrels"], wanted["beir"], wanted["split"])
    with opened(index, output, models) as measured, staleness_noted([measured], output):
        answer = measured.evaluate(**wanted)
    if kept.run_out is not None:
        answer.write_runs(kept.run_out)
    if kept.report is not None:
        answer.write_report(kept.report)
    for warning in answer.warnings:
        output.warn(warning)
    output.show(answer.view())
    if output.format != OutputFormat.table:
        for gate in answer.gates:
            (output.note if gate.passed else output.tell)(gate_line(gate))
    if kept.report is not None:
        output.note(f"report: {kept.report}")
    return EXIT_OK if answer.passed else EXIT_NO_RESULT
