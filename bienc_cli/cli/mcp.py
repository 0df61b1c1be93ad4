"""`bienc mcp`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bienc_cli.cli import options as opt
from bienc_cli.cli.output import Output
from bienc_cli.cli.serve import HTTP_HINT, host_and_port
from bienc_cli.render.view import OutputFormat

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server


def mcp(
    http: Annotated[
        str | None,
        typer.Option(
            "--http",
            metavar="127.0.0.1:PORT",
            help="Speak by streamable HTTP instead, until interrupted; port 0 for any that is "
            "free.",
            show_default=False,
            rich_help_panel=opt.HTTP_PANEL,
        ),
    ] = None,
    token: opt.TokenOption = None,
    allow_refresh: Annotated[
        bool,
        typer.Option("--allow-refresh", help="Also offer the tool that updates the index."),
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
    compare, pairs, classify and status, and the documents as resources. Documents are read out of
    the index, never from the disk, and nothing is written without --allow-refresh.

    With --http it serves several clients at once, by its address and the token.
    """
    from bienc_cli import __version__
    from bienc_cli.environment import index_places, variables
    from bienc_cli.library.front_door import Index
    from bienc_cli.library.shared_models import Models
    from bienc_cli.server.guard import checked_token
    from bienc_cli.server.http import listen
    from bienc_cli.server.mcp import serve
    from bienc_cli.server.mcp_http import PATH, over_http

    def open_index() -> Index:
        models = Models(
            cross_encoder=cross_encoder,
            runtime=runtime,
            device=device,
            threads=threads,
            offline=offline,
        )
        opened_index = Index(index_places.index_to_read(index), models)
        opened_index.reader()
        return opened_index

    output = Output(OutputFormat.plain)
    if http is None:
        opt.refuse_without_effect(
            {"--token": variables.token_typed(token)},
            "over standard input and output there is only the one who started it",
            HTTP_HINT,
        )
        if sys.stdin.isatty():
            output.note(
                "note: waiting for a client that speaks MCP on standard input; agents and editors "
                "start this command themselves (Ctrl-C ends)"
            )
        serve(open_index, version=__version__, allow_refresh=allow_refresh)
        return 0
    secret = checked_token(token)
    with listen(*host_and_port(http)) as http_socket:
        host, port = http_socket.getsockname()[:2]
        lines = [f"http://{f'[{host}]' if ':' in host else host}:{port}{PATH}"]
        if not token:
            lines.append(f"Authorization: Bearer {secret}")

        async def transport(server: Server[Any]) -> None:
            output.print_lines(lines)
            await over_http(http_socket, secret)(server)

        serve(open_index, transport, version=__version__, allow_refresh=allow_refresh)
    return 0
