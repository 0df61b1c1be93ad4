"""`bienc models`."""

from __future__ import annotations

from bienc_cli.cli import options as opt
from bienc_cli.cli.output import Output, OutputFormat


def models(format_: opt.FormatOption = OutputFormat.table) -> int:
    """List the models known by a short name, and whether they are here, offline.

    Any hub id or local directory of a sentence-transformers bi-encoder or cross-encoder
    works too.
    """
    from bienc_cli.cli import environment
    from bienc_cli.models import known_models
    from bienc_cli.render import models as rendered

    output = Output(format_)
    known = known_models(environment.cache_directory())
    if output.machine:
        output.print_json(rendered.as_json(known))
    elif output.format is OutputFormat.plain:
        output.print_lines(rendered.as_lines(known))
    else:
        output.print_rich(rendered.as_table(known))
    return 0
