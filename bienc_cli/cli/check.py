"""`bienc check`."""

from __future__ import annotations

from typing import Annotated

import typer

from bienc_cli.cli import options as opt
from bienc_cli.cli.output import Output
from bienc_cli.render.view import OutputFormat


def check(
    mend: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="Rebuild what can be derived from undamaged data, and forget files with damaged "
            "texts, so that the next `bienc index` reads them again.",
        ),
    ] = False,
    format_: opt.FormatOption = OutputFormat.table,
    index: opt.IndexOption = None,
) -> int:
    """Verify an index to the last byte; --repair repairs it.

    Checks every text, passage and vector, the word index and the graph. Says what is wrong and
    how to repair it. Exit code 4 when something is wrong.
    """
    from bienc_cli.cli.opening import opened
    from bienc_cli.environment import index_places
    from bienc_cli.errors import EXIT_OK, IndexDamaged

    output = Output(format_)
    opened_index = opened(index, output)
    answer = opened_index.check(mend=mend)
    output.show(answer.view())
    if answer.repaired is not None and answer.repaired.forgotten:
        output.note("now read those files again: bienc index")
    elif answer.problems and not mend:
        output.note(
            "hint: bienc check --repair"
            if index_places.can_be_written(opened_index.place)
            else "note: it cannot be written here; whoever made it can repair it"
        )
    return IndexDamaged.exit_code if answer.problems else EXIT_OK
