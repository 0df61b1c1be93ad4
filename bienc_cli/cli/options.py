"""Options shared by several commands, each defined once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from bienc_cli.cli import completion
from bienc_cli.environment import caller
from bienc_cli.render.view import CompareFormat, OutputFormat, QueryFormat

HTTP_PANEL = "HTTP"
INDEX_PANEL = "Index"
MODELS_PANEL = "Models"
OUTPUT_PANEL = "Output"
SEARCH_PANEL = "Search"

IndexOption = Annotated[
    str | None,
    typer.Option(
        "--index",
        envvar="BIENC_INDEX",
        metavar="DIR",
        help="The index directory, or an address in Milvus: milvus+http://HOST:PORT/NAME, "
        "milvus+file:PATH.db.  \\[default: BIENC_INDEX, else the nearest .bienc upwards]",
        show_default=False,
        rich_help_panel=INDEX_PANEL,
    ),
]
IndexesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--index",
        metavar="DIR",
        help="The index directory, or an address in Milvus: milvus+http://HOST:PORT/NAME, "
        "milvus+file:PATH.db; several are searched as one.  \\[default: BIENC_INDEX, else the "
        "nearest .bienc upwards]",
        show_default=False,
        rich_help_panel=INDEX_PANEL,
    ),
]
FormatOption = Annotated[
    OutputFormat,
    typer.Option(
        "--format",
        "-f",
        help="How to print the result.",
        rich_help_panel=OUTPUT_PANEL,
    ),
]
QueryFormatOption = Annotated[
    QueryFormat,
    typer.Option(
        "--format",
        "-f",
        help="How to print the answer; files, grep and csv are for other programs.",
        rich_help_panel=OUTPUT_PANEL,
    ),
]
CompareFormatOption = Annotated[
    CompareFormat,
    typer.Option(
        "--format",
        "-f",
        help="How to print the result; junit reports --fail-under and --baseline.",
        rich_help_panel=OUTPUT_PANEL,
    ),
]
QuietOption = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="No progress, no notes.", rich_help_panel=OUTPUT_PANEL),
]
ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="NAME",
        help="Bi-encoder: alias, hub id or directory.  \\[default: the index's, else BIENC_MODEL, "
        "else granite-30m]",
        autocompletion=completion.bi_encoders,
        show_default=False,
        rich_help_panel=MODELS_PANEL,
    ),
]
CrossEncoderOption = Annotated[
    str | None,
    typer.Option(
        "--cross-encoder",
        metavar="NAME",
        help="Cross-encoder: alias, hub id or directory.  \\[default: BIENC_CROSS_ENCODER, else "
        "ms-marco-minilm-l12]",
        autocompletion=completion.cross_encoders,
        show_default=False,
        rich_help_panel=MODELS_PANEL,
    ),
]
RuntimeOption = Annotated[
    str,
    typer.Option(
        "--runtime",
        metavar="auto|openvino|torch",
        help="Library that runs the models.",
        autocompletion=completion.runtimes,
        rich_help_panel=MODELS_PANEL,
    ),
]
DeviceOption = Annotated[
    str,
    typer.Option(
        "--device",
        metavar="NAME",
        help="Device that they run on: auto, cpu, cuda, mps.",
        autocompletion=completion.devices,
        rich_help_panel=MODELS_PANEL,
    ),
]
ThreadsOption = Annotated[
    int | None,
    typer.Option(
        "--threads",
        metavar="N",
        min=1,
        help="CPU threads.  \\[default: all cores]",
        show_default=False,
        rich_help_panel=MODELS_PANEL,
    ),
]
OfflineOption = Annotated[
    bool,
    typer.Option(
        "--offline", help="Never look anything up on the network.", rich_help_panel=MODELS_PANEL
    ),
]
KOption = Annotated[
    int,
    typer.Option(
        "-k", min=1, metavar="N", help="How many passages to show.", rich_help_panel=SEARCH_PANEL
    ),
]
CandidatesOption = Annotated[
    int | None,
    typer.Option(
        "--candidates",
        min=1,
        metavar="N",
        help="How many passages the cross-encoder reads.  \\[default: 20, or k if that is more]",
        show_default=False,
        rich_help_panel=SEARCH_PANEL,
    ),
]
MinSimilarityOption = Annotated[
    float | None,
    typer.Option(
        "--min-similarity",
        metavar="-1..1",
        help="Drop hits with a lower cosine.",
        show_default=False,
        rich_help_panel=SEARCH_PANEL,
    ),
]
PathOption = Annotated[
    list[str] | None,
    typer.Option(
        "--path",
        metavar="GLOB",
        help="Only documents whose path matches, as in .gitignore; repeatable.",
        show_default=False,
        rich_help_panel=SEARCH_PANEL,
    ),
]
TypeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--type",
        metavar="FORMAT",
        help="Only documents of this format, or suffix: markdown, pdf, py, ...; repeatable.",
        autocompletion=completion.formats,
        show_default=False,
        rich_help_panel=SEARCH_PANEL,
    ),
]

FullOption = Annotated[
    bool,
    typer.Option("--full", help="Show whole passages.", rich_help_panel=OUTPUT_PANEL),
]
ExhaustiveOption = Annotated[
    bool,
    typer.Option(
        "--exhaustive",
        help="Let the cross-encoder read more than 2,000 passages.",
        rich_help_panel=SEARCH_PANEL,
    ),
]
RefreshOption = Annotated[
    bool,
    typer.Option(
        "--refresh",
        help="Update the index first.",
        rich_help_panel=INDEX_PANEL,
    ),
]
NoServerOption = Annotated[
    bool,
    typer.Option(
        "--no-server",
        help="Do not ask a running server (bienc serve).",
        rich_help_panel=MODELS_PANEL,
    ),
]
NoCheckOption = Annotated[
    bool,
    typer.Option(
        "--no-check",
        help="Do not check whether files have changed since they were indexed.",
        rich_help_panel=INDEX_PANEL,
    ),
]
TokenOption = Annotated[
    str | None,
    typer.Option(
        "--token",
        envvar="BIENC_TOKEN",
        metavar="TOKEN",
        help="Required of every HTTP request; others on this machine can read command lines, "
        "so set BIENC_TOKEN instead.  \\[default: a random one, printed]",
        show_default=False,
        rich_help_panel=HTTP_PANEL,
    ),
]
WaitOption = Annotated[
    float,
    typer.Option(
        "--wait",
        metavar="SECONDS",
        min=0,
        help="Wait this long for another process that is writing to the index; one that encodes "
        "makes room within seconds.  \\[default: 30]",
        show_default=False,
        rich_help_panel=INDEX_PANEL,
    ),
]


def numbers(flag: str, text: str | None) -> tuple[int, ...]:
    """Parse `10,20,50`; empty for None.

    Raises:
        UsageError: it is malformed, or a number is below 1.
    """
    from bienc_cli.errors import UsageError

    try:
        values = tuple(int(part) for part in text.split(",")) if text is not None else ()
    except ValueError:
        values = (0,)
    if any(number < 1 for number in values):
        raise UsageError(f"{flag} {text} is not a list of numbers.", f"give {flag} 10,20,50, say")
    return tuple(dict.fromkeys(values))


def refuse_without_effect(given: Mapping[str, object], why: str, hint: str) -> None:
    """Refuse options that would silently be ignored.

    Args:
        given: values by flag; None and False mean not given.
        why: the reason, as a clause.
        hint: what to type.

    Raises:
        UsageError: naming the first given option.
    """
    from bienc_cli.errors import UsageError

    for flag, value in given.items():
        if value is not None and value is not False:
            raise UsageError(f"{flag} has no effect: {why}.", hint)


def resolved_patterns(patterns: list[str] | None) -> list[str]:
    """Path patterns of a command's `--path`, translated to paths in an index."""
    return [_resolved_pattern(pattern) for pattern in patterns or ()]


def _resolved_pattern(pattern: str) -> str:
    """A pattern that names an existing path through a link or `..`, with the links resolved."""
    negation, name = ("!", pattern[1:]) if pattern.startswith("!") else ("", pattern)
    here = str(caller.here())
    full_path = os.path.join(here, name)  # noqa: PTH118  (accepts any string as a name)
    exists = os.path.exists(full_path)  # noqa: PTH110
    if not exists or not (os.pardir in Path(name).parts or _has_link(here, name)):
        return pattern
    real, here = os.path.realpath(full_path), os.path.realpath(here)
    is_inside = real.startswith(f"{here}/")
    slash = "/" if name.endswith("/") else ""
    return f"{negation}/{os.path.relpath(real, here) if is_inside else real[1:]}{slash}"


def _has_link(here: str, name: str) -> bool:
    path = Path(name)
    return any(
        (here / ancestor).is_symlink() for ancestor in (path, *path.parents) if ancestor.parts
    )
