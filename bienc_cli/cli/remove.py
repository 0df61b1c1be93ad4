"""`bienc remove`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from bienc_cli.cli import options as opt
from bienc_cli.cli.output import Output, OutputFormat


def remove(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH",
            help="Files, folders or roots, as they are shown or as they lie on the disk; they "
            "need not exist any more.",
            show_default=False,
        ),
    ],
    wait: opt.WaitOption = opt.WAIT_SECONDS,
    format_: opt.FormatOption = OutputFormat.table,
    quiet: opt.QuietOption = False,
    index: opt.IndexOption = None,
) -> int:
    """Forget files, folders or roots: the index keeps nothing of them.

    The files themselves stay. What lies in a folder that is still covered is passed over from
    then on, until it is named again: bienc index PATH. The index is compacted, which takes
    time in proportion to its size. Exit code 1 when the index knows nothing of a path.
    """
    from bienc_cli.cli import environment
    from bienc_cli.cli.progress import indexing as progress
    from bienc_cli.errors import EXIT_NO_RESULT, EXIT_OK
    from bienc_cli.indexing.forget import remove_paths
    from bienc_cli.render.removal import RemovalView, shown

    output = Output(format_, quiet=quiet)
    with progress(output) as observer:
        report = remove_paths(
            absolute(paths),
            directory=environment.index_to_read(index),
            key_dir=environment.key_directory(),
            observer=observer,
            wait=wait,
            on_wait=lambda holder: output.note(f"waiting for {holder}"),
        )
    here = Path.cwd()
    for path in report.unmatched:
        output.warn(f"the index knows nothing of {shown(path, here)}")
    for warning in report.warnings:
        output.warn(warning)
    output.show(RemovalView(report, here))
    return EXIT_NO_RESULT if report.unmatched else EXIT_OK


def absolute(paths: list[str]) -> list[Path]:
    """Paths as they were named, from here."""
    return [_without_dots(Path(path).expanduser().absolute()) for path in paths]


def _without_dots(path: Path) -> Path:
    """A path without `..`, which behind a link is the folder above what that leads to.

    What is named behind the last of them stays what it was named, links and all.
    """
    parts = path.parts
    if os.pardir not in parts:
        return path
    last = len(parts) - parts[::-1].index(os.pardir)
    return Path(os.path.realpath(Path(*parts[:last])), *parts[last:])
