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
    from bienc_cli.render.models import ModelsView

    Output(format_).show(ModelsView(known_models(environment.cache_directory())))
    return 0
