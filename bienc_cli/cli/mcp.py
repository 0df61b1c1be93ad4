"""`bienc mcp`."""

from __future__ import annotations

from typing import Annotated

import typer

from bienc_cli.cli import options as opt


def mcp(
    allow_refresh: Annotated[
        bool,
        typer.Option(
            "--allow-refresh", help="Also offer the tool that brings the index up to date."
        ),
    ] = False,
    index: opt.IndexOption = None,
    cross_encoder: opt.CrossEncoderOption = None,
    runtime: opt.RuntimeOption = "auto",
    device: opt.DeviceOption = "auto",
    threads: opt.ThreadsOption = None,
    offline: opt.OfflineOption = False,
) -> int:
    """Let agents and editors search, by the Model Context Protocol.

    Speaks MCP over standard input and output, until the client closes it: search, read, similar,
    compare and status, and the documents as resources. Documents are read out of the index, never
    from the disk, and nothing is written without --allow-refresh.
    """
    from bienc_cli import __version__
    from bienc_cli.cli import environment
    from bienc_cli.library import Index
    from bienc_cli.server.mcp import serve
    from bienc_cli.shared_models import Models

    def opened() -> Index:
        models = Models(
            cross_encoder=cross_encoder,
            runtime=runtime,
            device=device,
            threads=threads,
            offline=offline,
        )
        found = Index(environment.index_to_read(index), models)
        found.reader()
        return found

    serve(opened, version=__version__, allow_refresh=allow_refresh)
    return 0
