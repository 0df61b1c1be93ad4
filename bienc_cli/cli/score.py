"""`bienc score`."""

from __future__ import annotations

from typing import Annotated

import typer

from bienc_cli.cli import options as opt
from bienc_cli.cli.output import Format, Output


def score(
    texts: Annotated[
        list[str],
        typer.Argument(
            metavar="TEXT",
            help="A query and a passage; - reads pairs from standard input, as JSON lines like "
            '["A", "B"] or {"a": "A", "b": "B"}.',
            show_default=False,
        ),
    ],
    format_: opt.FormatOption = Format.table,
    model: opt.ModelOption = None,
    cross_encoder: opt.CrossEncoderOption = None,
    runtime: opt.RuntimeOption = "auto",
    device: opt.DeviceOption = "auto",
    threads: opt.ThreadsOption = None,
    offline: opt.OfflineOption = False,
) -> int:
    """Score two texts with both encoders: cosine similarity, and relevance.

    A cross-encoder with several labels, such as an NLI model, gives all of them.
    """
    from bienc_cli.cli import standard_input
    from bienc_cli.cli.loading import ModelChoice
    from bienc_cli.errors import UsageError
    from bienc_cli.evaluation.pairs import score_pairs
    from bienc_cli.render import scores as rendered

    output = Output(format_)
    choice = ModelChoice(model, cross_encoder, runtime, device, threads, offline, output)
    if texts == ["-"]:
        pairs = [standard_input.parse_pair(*line) for line in standard_input.lines()]
    elif len(texts) == 2:
        pairs = [(texts[0], texts[1])]
    else:
        raise UsageError(
            f"Two texts make a pair, not {len(texts)}.",
            "bienc score 'the query' 'the passage', or bienc score - < pairs.jsonl",
        )
    scoring = score_pairs(pairs, choice.load_bi_encoder(None), choice.load_cross_encoder())
    if output.format is Format.json:
        output.print_json(rendered.as_json(scoring))
    elif output.format is Format.jsonl:
        for pair in scoring.pairs:
            output.print_json({"schema": rendered.SCHEMA, **rendered.pair_as_json(pair)})
    elif output.format is Format.plain:
        output.print_lines(rendered.as_lines(scoring))
    else:
        output.print_rich(rendered.as_table(scoring))
    return 0
