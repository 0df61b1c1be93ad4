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
    from bienc_cli.render import info as rendered
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
    if output.machine:
        output.print_json(rendered.as_json(held))
    elif output.format is OutputFormat.plain:
        output.print_lines(rendered.as_lines(held))
    else:
        output.print_rich(rendered.as_table(held))
    return 0
