"""`bienc classify`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bienc_cli.cli import options as opt
from bienc_cli.cli.output import Output
from bienc_cli.render.view import OutputFormat

if TYPE_CHECKING:
    from bienc_cli.library.shared_models import Models


def classify(
    texts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[A B]|-|[PATH]...",
            help="Two texts; - reads pairs from standard input, as JSON lines like "
            '["A", "B"] or {"a": "A", "b": "B"}. With --labels: documents of the index, by '
            "path or pattern; all of them if none is given.",
            show_default=False,
        ),
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option(
            "--labels",
            metavar="A,B,...",
            help="Give documents one of these labels, which no model was trained for.",
            show_default=False,
        ),
    ] = None,
    both: Annotated[
        bool, typer.Option("--both", help="Read each pair also the other way round.")
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
    """Label documents by labels of your own, or pairs by a model's.

    The labels of pairs, their order and how they become probabilities are the model's own. Labels
    for documents are only names: the bi-encoder compares them with the vectors of the index, and
    a cross-encoder that is named reads them with the text, by entailment if it knows that, else
    by relevance.
    """
    from bienc_cli.cli.opening import models_for

    output = Output(format_, quiet=quiet)
    models = models_for(output, model, cross_encoder, runtime, device, threads, offline=offline)
    if labels is None:
        opt.refuse_without_effect(
            {"--index": index, "--model": model},
            "pairs are read by a cross-encoder alone",
            "leave it out, or add --labels A,B to label documents",
        )
        return _pairs(texts or [], output, models, both=both)
    opt.refuse_without_effect(
        {"--both": both}, "a label has no other way round", "leave it out, or leave out --labels"
    )
    return _documents(labels.split(","), texts, output, models, index)


def _pairs(texts: list[str], output: Output, models: Models, *, both: bool) -> int:
    from bienc_cli.cli import standard_input
    from bienc_cli.errors import EXIT_OK, EXIT_USAGE

    pairs, errors_by_line = standard_input.pairs(
        texts,
        "bienc classify 'one text' 'the other', bienc classify - < pairs.jsonl, or "
        "bienc classify --labels A,B PATH",
    )
    answer = models.classify(pairs, both=both)
    if not output.machine:
        output.warn_all(error.message for error in errors_by_line.values())
    output.show(answer.view(errors_by_line))
    return EXIT_USAGE if errors_by_line else EXIT_OK


def _documents(
    labels: list[str],
    paths: list[str] | None,
    output: Output,
    models: Models,
    index: str | None,
) -> int:
    from bienc_cli.cli.opening import opened

    with opened(index, output, models) as opened_index:
        answer = opened_index.classify(
            labels, path=opt.resolved_patterns(paths), rerank=models.cross_encoder is not None
        )
    output.warn_all(answer.warnings)
    if not answer and paths:
        output.warn(f"no document of the index matches {' '.join(paths)}")
    output.show(answer.view())
    return 0 if answer else 1
