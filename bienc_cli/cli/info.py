"""`bienc info`."""

from __future__ import annotations

from bienc_cli.cli import options as opt
from bienc_cli.cli.output import Output, OutputFormat


def info(
    format_: opt.FormatOption = OutputFormat.table,
    index: opt.IndexOption = None,
) -> int:
    """Show what an index holds: documents, passages, formats, model, chunking, sizes, age."""
    from bienc_cli.cli import environment
    from bienc_cli.render.info import InfoView
    from bienc_cli.store import exposed

    output = Output(format_)
    with environment.open_index(index) as reader:
        held = reader.info
        for warning in reader.warnings:
            output.warn(warning)
    if others := exposed(held.directory):
        output.warn(
            f"others may read or change {others[0]}"
            + (f" and {len(others) - 1} more in it" if len(others) > 1 else "")
            + " (bienc index takes their rights away)"
        )
    output.show(InfoView(held))
    return 0
