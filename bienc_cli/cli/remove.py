"""`bienc remove`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bienc_cli.cli import options as opt
from bienc_cli.cli.output import Output
from bienc_cli.render.view import OutputFormat
from bienc_cli.settings import WAIT_SECONDS


def remove(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH",
            help="Files, folders or roots, by the path that is shown or the one on the disk; they "
            "need not exist any more.",
            show_default=False,
        ),
    ],
    wait: opt.WaitOption = WAIT_SECONDS,
    format_: opt.FormatOption = OutputFormat.table,
    quiet: opt.QuietOption = False,
    index: opt.IndexOption = None,
) -> int:
    """Forget files, folders or roots: the index keeps nothing of them.

    The files themselves stay. In a folder that is still covered, they are skipped from then
    on, until you name them again: bienc index PATH. The index is compacted, which takes
    time in proportion to its size. Exit code 1 when the index knows nothing of a path.
    """
    from bienc_cli.cli.opening import opened
    from bienc_cli.errors import EXIT_NO_RESULT, EXIT_OK
    from bienc_cli.render.removal import display_path

    output = Output(format_, quiet=quiet)
    answer = opened(index, output).remove(paths, wait=wait)
    for path in answer.unmatched:
        output.warn(f"the index knows nothing of {display_path(path, Path.cwd())}")
    output.show_answer(answer)
    return EXIT_NO_RESULT if answer.unmatched else EXIT_OK
