"""`bienc score`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bienc_cli.cli import options as opt
from bienc_cli.cli.output import Output, OutputFormat

if TYPE_CHECKING:
    from bienc_cli.errors import UsageError


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
    format_: opt.FormatOption = OutputFormat.table,
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
    from bienc_cli.cli.loading import ModelChoice
    from bienc_cli.errors import EXIT_OK, EXIT_USAGE, UsageError
    from bienc_cli.evaluation.pairs import score_pairs
    from bienc_cli.render.scores import ScoresView

    output = Output(format_)
    choice = ModelChoice(model, cross_encoder, runtime, device, threads, offline, output)
    numbers = [1]
    refused: dict[int, UsageError] = {}
    if texts == ["-"]:
        pairs, numbers, refused = _pairs_from_stdin()
    elif len(texts) == 2:
        pairs = [(texts[0], texts[1])]
    else:
        raise UsageError(
            f"Two texts make a pair, not {len(texts)}.",
            "bienc score 'the query' 'the passage', or bienc score - < pairs.jsonl",
        )
    scoring = score_pairs(pairs, choice.load_bi_encoder(None), choice.load_cross_encoder(), numbers)
    if not output.machine:
        for error in refused.values():
            output.warn(error.message)
    output.show(ScoresView(scoring, refused))
    return EXIT_USAGE if refused else EXIT_OK


def _pairs_from_stdin() -> tuple[list[tuple[str, str]], list[int], dict[int, UsageError]]:
    """The pairs with their lines, and what is wrong with each other line."""
    from bienc_cli.cli import standard_input
    from bienc_cli.errors import UsageError
    from bienc_cli.evaluation.pairs import check_pair

    pairs: list[tuple[str, str]] = []
    numbers: list[int] = []
    refused: dict[int, UsageError] = {}
    for number, line in standard_input.lines():
        try:
            pair = standard_input.parse_pair(number, line)
            check_pair(*pair, f"Line {number} of standard input")
        except UsageError as error:
            refused[number] = error
        else:
            pairs.append(pair)
            numbers.append(number)
    return pairs, numbers, refused
